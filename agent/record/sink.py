"""The file under an open segment: written straight through, hashed as it lies there, synced at fragment ends."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from agent.core.clock import NS, Clock
from agent.record.boxes import box_header, check_sum
from agent.record.cipher import crypt
from agent.record.pace import Pace

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16


_NEXT_NS = 3 * NS // 2
"""So long the next fragment may take: fragments are about a second, and not all alike."""


class FragmentFile:
    """What PyAV writes into. `write` never raises into the muxer: the first error is kept in `error`.

    The file must not exist yet. A check sum follows each fragment, so that recovery can tell what the disk really has.
    `whole_bytes` ends with the last whole fragment; what is not synced is never more than `sync_interval_s`, the
    fragment that is still in the making included (but for one that alone takes longer).
    With a `key` what stands in `mdat` boxes is encrypted.
    """

    def __init__(self, path: Path, clock: Clock, sync_interval_s: float, pace: Pace, key: bytes | None = None) -> None:
        self._pace = pace
        self._clock, self._interval_ns = clock, int(sync_interval_s * NS)
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self._digest = hashlib.sha256()
        self._header, self._left, self._kind = b"", 0, b""
        self._key = key
        self._synced_bytes, self._synced_mono_ns = 0, clock.mono_ns()
        self.bytes, self.whole_bytes = 0, 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Append `data`; after an error, do nothing."""
        try:
            self._follow_boxes(memoryview(data))
        except OSError as error:
            self.error = self.error or error
        return len(data)

    def sync_if_due(self) -> None:
        """Sync what waits when the end of the next fragment would come too late for the interval."""
        if self.error or self._synced_bytes >= self.whole_bytes:
            return
        if self._clock.mono_ns() - self._synced_mono_ns >= self._interval_ns - _NEXT_NS:
            self._sync()

    def sha256(self) -> str:
        """Of all that was written so far."""
        return self._digest.copy().hexdigest()

    def finish(self) -> None:
        """Sync and close.

        Raises:
            OSError: the disk did not take it all; the file stays, open, for recovery.
        """
        try:
            if self.error:
                raise self.error
            with self._pace.timed():
                os.fsync(self._handle)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without promising anything; safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _append(self, view: memoryview) -> None:
        if self.error or self._handle < 0:
            return
        while view:
            done = os.write(self._handle, view)
            self._digest.update(view[:done])
            self.bytes += done
            view = view[done:]

    def _follow_boxes(self, view: memoryview) -> None:
        """Write, and notice where an mdat ends: that is where a fragment is whole."""
        while view and not self.error:
            if self._left:
                step = min(self._left, len(view))
                self._left -= step
                self._append(self._stored(view[:step]))
            else:
                step = self._take_header(view)
                self._append(view[:step])
            view = view[step:]
            if not self._left and self._kind == b"mdat":
                self._append(memoryview(check_sum(self._digest)))
                self._kind, self.whole_bytes = b"", self.bytes
                self.sync_if_due()

    def _stored(self, payload: memoryview) -> memoryview:
        """What goes to the disk for a piece of a box."""
        if self._key is None or self._kind != b"mdat":
            return payload
        return memoryview(crypt(self._key, self.bytes, payload))

    def _take_header(self, view: memoryview) -> int:
        large = self._header[:4] == b"\0\0\0\1"
        wanted = (_LARGE_HEADER_BYTES if large else _HEADER_BYTES) - len(self._header)
        piece = bytes(view[:wanted])
        self._header += piece
        self._large_or_small()
        return len(piece)

    def _large_or_small(self) -> None:
        large = self._header[:4] == b"\0\0\0\1"
        if len(self._header) < (_LARGE_HEADER_BYTES if large else _HEADER_BYTES):
            return
        self._kind, size = box_header(self._header)
        self._left = max(0, size - len(self._header))
        self._header = b""

    def _sync(self) -> None:
        with self._pace.timed():
            os.fdatasync(self._handle)
        self._synced_bytes, self._synced_mono_ns = self.whole_bytes, self._clock.mono_ns()
