"""Moves footage that has grown old to the second tier, a folder on another disk.

1. Copy to `*.mp4.part` there, hashing on the way; what is not as recorded stays where it is.
2. fsync, rename to `*.mp4`, fsync of the folder.
3. The row names the other tier.
4. The file on the first tier is unlinked, its folder synced.

Killed before 3, the same segment is moved again; killed after it, the sweep removes the file that no row names.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from agent.core.clock import NS, Clock
from agent.core.durable import sync_folder
from agent.core.errors import LamppostError
from agent.core.stop import StopToken
from agent.record.boxes import read_layout
from agent.record.disk import make_folders
from agent.record.limits import TierLimits
from agent.record.segment import Segment, parse_tail
from agent.record.store import SegmentStore

log = logging.getLogger(__name__)

PART_SUFFIX = ".part"
BYTES_PER_S = 32 << 20
"""Recording has the disk first. When room is needed there, moving goes as fast as it can."""
_IDLE_S = 10.0
_PIECE_BYTES = 1 << 20
_BATCH = 20
_DAY_NS = 86_400 * NS
_MORE = 1.1
"""As retention frees: a tenth more than the floor."""


class _Damaged(Exception):
    """A segment that cannot be moved, and why."""


class Mover:
    """A `Worker` between the store's first two tiers, whose limits are `first` and `second`."""

    name = "archive"

    def __init__(
        self,
        store: SegmentStore,
        clock: Clock,
        *,
        after_days: float,
        first: TierLimits,
        second: TierLimits,
        bytes_per_s: int = BYTES_PER_S,
    ) -> None:
        self._store, self._clock, self._bytes_per_s = store, clock, bytes_per_s
        self._after_ns = int(after_days * _DAY_NS)
        self._first, self._second = first, second
        self._bad: dict[str, str] = {}
        self._error = ""
        self._able = False

    def can_move(self) -> bool:
        """Is the disk there, with room on it?"""
        return self._able

    @property
    def problem(self) -> str:
        """What keeps footage from moving, in one line; else empty."""
        damaged = f"{len(self._bad)} segments stay: {next(iter(self._bad.values()))}" if self._bad else ""
        return self._error or damaged

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; a disk that is not there, or fails, is tried again."""
        while not stop.is_set():
            moved = 0
            try:
                moved = self.round(stop)
                self._note("")
            except LamppostError as error:
                self._note(str(error))
            except OSError as error:
                self._note(f"{error.filename or self._store.tiers[1].root}: {error.strerror}; look at the disk")
            if not moved:
                stop.wait(_IDLE_S)

    def round(self, stop: StopToken) -> int:
        """Move some of what should go, oldest first; returns how many went.

        Raises:
            StorageError: a disk is not there, or the catalogue fails.
            OSError: a disk does not do it.
        """
        self._store.check()
        self._store.reach(1)
        self._able = self._has_room()
        self._bad = {one: why for one, why in self._bad.items() if self._store.catalogue.knows(one)}
        moved = 0
        for segment in self._due():
            if stop.is_set() or not self._has_room():
                break  # retention there makes room before the next round
            with self._store.moving:
                moved += self._move(segment, stop)
        return moved

    def _due(self) -> Iterator[Segment]:
        """What is old enough, and after that what must make room, while it must."""
        now_ns = self._clock.wall_ns()
        for one in self._store.catalogue.oldest_on(0, _BATCH + len(self._bad), now_ns):
            if one.start_ns >= now_ns - self._after_ns and not self._is_needed():
                return
            if one.id not in self._bad:
                yield one

    def _is_needed(self) -> bool:
        """Does the first tier lack room?"""
        limits, tier = self._first, self._store.tiers[0]
        over = limits.max_bytes is not None and self._store.catalogue.totals(tier=0).bytes > limits.max_bytes
        return over or tier.free_bytes() < limits.min_free * _MORE

    def _has_room(self) -> bool:
        """Retention there keeps the floor, and deletes when one segment goes below it."""
        return self._store.tiers[1].free_bytes() >= self._second.min_free

    def _move(self, segment: Segment, stop: StopToken) -> bool:
        tier = self._store.tiers[1]
        source, target = self._store.path_of(segment), tier.root / segment.path
        part = target.with_name(target.name + PART_SUFFIX)
        tier.check()
        make_folders(tier.root, target.parent)
        try:
            if not self._copy(source, part, segment, stop):
                return False
            part.rename(target)
            sync_folder(target.parent)
        except _Damaged as error:
            self._leave(segment, str(error))
            return False
        finally:
            part.unlink(missing_ok=True)
        self._hand_over(segment, source, target)
        return True

    def _leave(self, segment: Segment, why: str) -> None:
        """It stays where it is; unless it was deleted while we copied."""
        if self._store.catalogue.get(segment.id) is not None:
            self._bad[segment.id] = why
            log.error("archive: not moved: %s", why)

    def _hand_over(self, segment: Segment, source: Path, target: Path) -> None:
        """Steps 3 and 4. Where the segment was deleted meanwhile, its copy goes."""
        gone = source if self._store.catalogue.move(segment, 1) else target
        gone.unlink(missing_ok=True)
        sync_folder(gone.parent)
        self._store.leave(gone.parent, self._store.tiers[0 if gone == source else 1].root)

    def _copy(self, source: Path, part: Path, segment: Segment, stop: StopToken) -> bool:
        """Step 1 and the fsync; False when it was stopped."""
        with _opened(source) as given, part.open("wb") as taken:
            tail = parse_tail(read_layout(given).tail)
            digest = self._pour(given, taken, tail.size if tail else 0, stop)
            if stop.is_set():
                return False
            if tail is None or (tail.id, tail.sha256) != (segment.id, digest) or taken.tell() != segment.bytes:
                raise _Damaged(f"{source}: its bytes are not those that were recorded")
            taken.flush()
            os.fsync(taken.fileno())
            for file in (given, taken):  # nobody reads it again soon: leave the memory to others
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return True

    def _pour(self, given: BinaryIO, taken: BinaryIO, signed: int, stop: StopToken) -> str:
        """Copy all, and return the SHA-256 of the first `signed` bytes."""
        digest = hashlib.sha256()
        given.seek(0)
        while not stop.is_set() and (piece := _read(given)):
            digest.update(piece[: max(0, signed)])
            signed -= len(piece)
            taken.write(piece)
            if not self._is_needed():
                stop.wait(len(piece) / self._bytes_per_s)
        return digest.hexdigest()

    def _note(self, error: str) -> None:
        self._able = self._able and not error
        if error and error != self._error:
            log.error("archive: %s", error)
        self._error = error


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise _Damaged(f"{source}: {error.strerror}") from error


def _read(given: BinaryIO) -> bytes:
    try:
        return given.read(_PIECE_BYTES)
    except OSError as error:
        raise _Damaged(f"{given.name}: {error.strerror}; look at the disk") from error
