"""The recording folder: its marker, its catalogue, and what is found in it at the start.

```
<root>/.lamppost-store                                marker: this is ours, and the disk is mounted
<root>/.reserve                                       1 MiB given up when the disk is full: a deletion needs a row
<root>/catalogue.sqlite
<root>/<camera>/<YYYY-MM-DD>/<HH>/<start>_<camera>_<epoch>.mp4        closed, synced
<root>/<camera>/<YYYY-MM-DD>/<HH>/<start>_<camera>_<epoch>.mp4.open   being written
```
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError, StorageMissing
from agent.core.ids import is_id
from agent.record.catalogue import Catalogue
from agent.record.recovery import cut_and_close, describe
from agent.record.segment import OPEN_SUFFIX, Segment, folder_of

log = logging.getLogger(__name__)

MARKER = ".lamppost-store"
RESERVE = ".reserve"
RESERVE_BYTES = 1 << 20
_NOT_OURS_NOT_FOREIGN = frozenset({"lost+found"})
_HOUR_NS = 3600 * NS


class SegmentStore:
    """Paths and catalogue of one recording folder. `root` holds nothing but recordings."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root, self.clock = root, clock
        self.catalogue = Catalogue(root / "catalogue.sqlite")

    def prepare(self) -> list[Segment]:
        """Make the folder at the first start; finish what a kill left half done. Returns the segments adopted.

        Raises:
            StorageMissing: the folder holds something but not our marker; nothing is written there.
            StorageError: the disk does not take or give what it should.
        """
        try:
            self._claim()
            self._use_reserve_if_full()
            self.finish_deletions()
            adopted = [segment for camera in self._cameras() for segment in self.adopt(camera)]
            self.keep_reserve()
        except OSError as error:
            raise StorageError(f"{self.root}: {error.strerror}; look at the disk") from error
        return adopted

    def check(self) -> None:
        """Raises: StorageMissing when the marker is gone: then nothing may be written or deleted here."""
        if not (self.root / MARKER).is_file():
            raise StorageMissing(f"{self.root}: no {MARKER} there; is the disk mounted?")

    def check_room(self) -> None:
        """Raises: StorageError when too little is left to begin a segment, StorageMissing as `check`."""
        self.check()
        if self.free_bytes() < 2 * RESERVE_BYTES:
            raise StorageError(f"{self.root}: the disk is full; free some of it, or lower keep_days or max_bytes")

    def keep_reserve(self) -> None:
        """Take the reserve (again) when there is room for it."""
        path = self.root / RESERVE
        if path.exists() or self.free_bytes() < 4 * RESERVE_BYTES:
            return
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            os.fsync(file.fileno())

    def adopt(self, camera: str) -> list[Segment]:
        """Close leftovers of a camera that nobody writes, and list closed files that have no row yet."""
        adopted = []
        for path in list(self._recent(camera)):
            if path.name.endswith(".mp4" + OPEN_SUFFIX):
                closed = self._close_leftover(path)
            else:
                closed = path if path.suffix == ".mp4" else None
            segment = None if closed is None else self._list(closed)
            if segment is not None:
                log.info("adopted %s (%s, %d packets)", segment.path, segment.reason, segment.packets)
                adopted.append(segment)
        return adopted

    def open_files(self, camera: str, start_ns: int, end_ns: int) -> list[Path]:
        """Segments being written that began between an hour before `start_ns` and `end_ns`."""
        hours = range((start_ns - _HOUR_NS) // _HOUR_NS, end_ns // _HOUR_NS + 1)
        folders = [self.root / folder_of(camera, max(0, hour) * _HOUR_NS) for hour in hours]
        return [path for folder in folders for path in sorted(folder.glob("*" + OPEN_SUFFIX))]

    def delete(self, segments: Sequence[Segment]) -> None:
        """Row to garbage, file away, row gone: a kill between any two is mended by `finish_deletions`."""
        self._use_reserve_if_full()
        self.catalogue.to_garbage([segment.id for segment in segments])
        self.finish_deletions()

    def finish_deletions(self) -> None:
        """The last two steps for everything that is garbage."""
        waiting = self.catalogue.garbage()
        folders = set()
        for _, path in waiting:
            (self.root / path).unlink(missing_ok=True)
            folders.add((self.root / path).parent)
        for folder in folders:
            if folder.is_dir():
                sync_folder(folder)
                _remove_empty(folder, self.root)
        self.catalogue.forget([one for one, _ in waiting])

    def free_bytes(self) -> int:
        """What is left on the disk for us."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def total_bytes(self) -> int:
        """The size of the disk."""
        found = os.statvfs(self.root)
        return found.f_blocks * found.f_frsize

    def close(self) -> None:
        """Let go of the catalogue."""
        self.catalogue.close()

    def _use_reserve_if_full(self) -> None:
        if self.free_bytes() < RESERVE_BYTES:
            (self.root / RESERVE).unlink(missing_ok=True)

    def _claim(self) -> None:
        marker = self.root / MARKER
        if marker.is_file():
            return
        self.root.mkdir(parents=True, exist_ok=True)
        found = sorted(entry.name for entry in self.root.iterdir() if entry.name not in _NOT_OURS_NOT_FOREIGN)
        if found:
            raise StorageMissing(
                f"{self.root}: holds {found[0]!r} but no {MARKER}; mount the right disk, or name an empty folder"
            )
        marker.write_text("This folder belongs to Lamppost. Without this file nothing is recorded or deleted here.\n")
        sync_file(marker)
        sync_folder(self.root)

    def _cameras(self) -> list[str]:
        return sorted(entry.name for entry in self.root.iterdir() if entry.is_dir() and is_id(entry.name))

    def _recent(self, camera: str) -> Iterator[Path]:
        """Files of the hours that may hold something without a row: from the newest row's hour on."""
        newest_ns = self.catalogue.newest_start_ns(camera)
        first = "" if newest_ns is None else folder_of(camera, newest_ns - _HOUR_NS).removeprefix(f"{camera}/")
        for folder in sorted((self.root / camera).glob("*/*")):
            if f"{folder.parent.name}/{folder.name}" >= first and folder.is_dir():
                yield from sorted(folder.iterdir())

    def _close_leftover(self, path: Path) -> Path | None:
        if not cut_and_close(path, "recovered"):
            log.info("%s: nothing whole in it; removed", path)
            path.unlink()
            return None
        closed = path.with_suffix("")
        path.rename(closed)
        sync_folder(path.parent)
        return closed

    def _list(self, path: Path) -> Segment | None:
        relative = str(path.relative_to(self.root))
        if self.catalogue.knows(relative):
            return None
        segment = describe(path, relative)
        if segment is None:
            log.warning("%s: not a segment of ours; left alone", path)
            return None
        return segment if self.catalogue.add(segment) else None


def sync_folder(folder: Path) -> None:
    """Make names in a folder last: a rename or a new file is safe only after this."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(root: Path, folder: Path) -> None:
    """Make `folder` below `root`, each level synced into the one above."""
    missing = []
    while folder != root and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
