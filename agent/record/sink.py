"""The file under an open segment: written straight through, hashed as it lies there, synced at fragment ends."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from agent.core.clock import NS, Clock
from agent.record.boxes import check_sum
from agent.record.cipher import crypt
from agent.record.fragment import Fragment
from agent.record.pace import Pace

_NEXT_NS = 3 * NS // 2
"""So long the next fragment may take: fragments are about a second, and not all alike."""

_MOST_PIECES = 1000
"""The kernel takes 1,024 pieces at a time (IOV_MAX)."""


class FragmentFile:
    """Boxes in order. The file must not exist yet; all calls but `abandon` raise OSError when the disk does.

    A check sum follows each fragment, so that recovery can tell what the disk really has.
    What is not synced is never more than `sync_interval_s`, the fragment that is still in the making included (but for
    one that alone takes longer). With a `key` the samples are encrypted.
    """

    def __init__(self, path: Path, clock: Clock, sync_interval_s: float, pace: Pace, key: bytes | None = None) -> None:
        self._pace = pace
        self._clock, self._interval_ns = clock, int(sync_interval_s * NS)
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self._digest = hashlib.sha256()
        self._key = key
        self._synced_bytes, self._synced_mono_ns = 0, clock.mono_ns()
        self.bytes, self.whole_bytes = 0, 0

    def write(self, boxes: bytes) -> None:
        """Append boxes that are not fragments: the init segment, a note."""
        self._digest.update(boxes)
        self._append([boxes])

    def add(self, fragment: Fragment) -> None:
        """Append a fragment and its check sum, and sync when it is time."""
        pieces = [fragment.front, *self._stored(fragment)]
        for piece in pieces:
            self._digest.update(piece)
        pieces.append(check_sum(self._digest))
        self._digest.update(pieces[-1])
        self._append(pieces)
        self.whole_bytes = self.bytes
        self.sync_if_due()

    def sync_if_due(self) -> None:
        """Sync what waits when the end of the next fragment would come too late for the interval."""
        if self._synced_bytes >= self.whole_bytes:
            return
        if self._clock.mono_ns() - self._synced_mono_ns >= self._interval_ns - _NEXT_NS:
            self._sync()

    def sha256(self) -> str:
        """Of all that was written so far."""
        return self._digest.copy().hexdigest()

    def finish(self) -> None:
        """Sync and close; when the disk did not take it all, the file stays for recovery."""
        try:
            with self._pace.timed():
                os.fsync(self._handle)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without promising anything; safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _stored(self, fragment: Fragment) -> list[bytes]:
        """What goes to the disk for the samples."""
        if self._key is None:
            return fragment.samples
        return [crypt(self._key, self.bytes + len(fragment.front), b"".join(fragment.samples))]

    def _append(self, pieces: Sequence[bytes]) -> None:
        for first in range(0, len(pieces), _MOST_PIECES):
            self._append_some(pieces[first : first + _MOST_PIECES])

    def _append_some(self, pieces: Sequence[bytes]) -> None:
        size = sum(map(len, pieces))
        done = os.writev(self._handle, pieces)
        while done < size:  # a disk that fills takes a part, and says so at the next call
            done += os.write(self._handle, b"".join(pieces)[done:])
        self.bytes += size

    def _sync(self) -> None:
        with self._pace.timed():
            os.fdatasync(self._handle)
        self._synced_bytes, self._synced_mono_ns = self.whole_bytes, self._clock.mono_ns()
