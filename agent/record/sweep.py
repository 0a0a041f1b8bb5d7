"""Goes through all folders and rows in the background, slowly: what has no row, and which row has no file?

Nothing here is urgent, and an archive may have millions of files: a folder a second, and the disk hardly notices.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from agent.core.clock import NS, Clock
from agent.core.errors import LamppostError
from agent.core.stop import StopToken
from agent.record.archive import PART_SUFFIX
from agent.record.rebuild import Rebuild
from agent.record.recovery import describe
from agent.record.segment import OPEN_SUFFIX, UNREADABLE_SUFFIX, Segment
from agent.record.store import MISSING, SegmentStore
from agent.record.tiers import Tier

log = logging.getLogger(__name__)

_STEP_S = 1.0
_AGAIN_S = 3600.0
_LOOK_AGAIN_NS = 60 * NS
_PAGE = 500
_FAST = 500
"""Files listed between two breaths while the catalogue is made again."""


class Sweep:
    """A `Worker`; `on_adopted` hears of every row that was missing."""

    name = "sweep"

    def __init__(
        self, store: SegmentStore, clock: Clock, on_adopted: Callable[[Segment], None] = lambda _: None
    ) -> None:
        self._store, self._clock, self._on_adopted = store, clock, on_adopted
        self._rebuild = Rebuild(store.tiers, store.catalogue)
        self._strays: dict[Path, str] = {}
        self._absent: dict[str, int] = {}
        self._lost = 0
        self._error = ""

    @property
    def problem(self) -> str:
        """What was found and needs a person, in one line; else empty. What was lost is said until the next start."""
        lost = f"{self._lost} files of recordings are gone that nobody deleted here" if self._lost else ""
        strays = list(self._strays.items())
        first = f"{strays[0][0]}: {strays[0][1]}" if strays else ""
        more = f" (and {len(strays) - 1} more)" if len(strays) > 1 else ""
        return "; ".join(filter(None, [self._error, lost, first + more]))

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; a disk that fails is tried again."""
        while not stop.is_set():
            try:
                for _ in self.steps(stop):
                    if stop.wait(_STEP_S):
                        return
                self._error = ""
                pause_s = _AGAIN_S
            except LamppostError as error:
                self._error, pause_s = str(error), _STEP_S * 10
            except OSError as error:
                self._error, pause_s = f"{error.filename}: {error.strerror}; look at the disk", _STEP_S * 10
            stop.wait(min(pause_s, self._next_look_s()))

    def steps(self, stop: StopToken) -> Iterator[None]:
        """One pass over everything, in steps that cost little each.

        Raises:
            StorageError: the folder is gone, or the catalogue fails.
            OSError: a disk cannot be read.
        """
        self._store.check()
        if self._store.is_partial:
            yield from self._list_all(stop)
        cameras = sorted({*self._store.camera_folders(), *self._store.catalogue.cameras()})
        for camera in cameras:
            yield from chain(self._files(camera), self._rows(camera))
        self._strays = {path: why for path, why in self._strays.items() if path.exists()}

    def _list_all(self, stop: StopToken) -> Iterator[None]:
        """The catalogue was begun anew: older footage is listed again."""
        listed = 0
        for camera in self._store.camera_folders():
            for segment in self._rebuild.rest(camera, stop):
                self._on_adopted(segment)
                listed += 1
                if listed % _FAST == 0:
                    yield
        self._rebuild.skipped.clear()  # the pass over the files says what is wrong with them
        if stop.is_set():
            return
        self._store.all_listed()
        log.info("the catalogue is whole again: %d older segments listed", listed)

    def _files(self, camera: str) -> Iterator[None]:
        """Files without a row."""
        for tier in self._store.tiers:
            if not tier.is_there():
                continue
            for folder in sorted((tier.root / camera).glob("*/*")):
                self._store.check()
                if folder.is_dir():
                    self._folder(camera, tier, folder)
                    yield

    def _folder(self, camera: str, tier: Tier, folder: Path) -> None:
        written = folder == self._store.current(camera)
        found = sorted(path for path in folder.iterdir() if not (written and path.suffix == OPEN_SUFFIX))
        relative = {str(path.relative_to(tier.root)): path for path in found}
        listed = self._store.catalogue.paths_among(list(relative), camera, tier.number)
        for name, path in relative.items():
            if name not in listed:
                self._unlisted(camera, tier, path, name)

    def _unlisted(self, camera: str, tier: Tier, path: Path, name: str) -> None:
        if path.suffix == PART_SUFFIX and tier.number > 0:
            with self._store.moving:
                path.unlink(missing_ok=True)
            return
        if path.suffix == UNREADABLE_SUFFIX:
            self._stray(
                path, "could not be read after a power cut or a failure; look at the disk, then move it elsewhere"
            )
            return
        try:
            segment = describe(path, name, tier=tier.number)
        except FileNotFoundError:
            return  # deleted or moved a moment ago
        except OSError as error:
            self._stray(path, f"cannot be read ({error.strerror}); look at the disk")
            return
        if segment is None or segment.camera != camera:
            self._stray(path, "is no recording of ours; move it elsewhere")
        elif self._store.catalogue.knows(segment.id):
            self._second(segment, tier, path)
        elif segment.number <= self._store.catalogue.head(camera).number:
            self._adopt(tier, path)

    def _second(self, segment: Segment, tier: Tier, path: Path) -> None:
        """The file of a segment whose row names another: a move was broken off after its row was written."""
        with self._store.moving:
            row = self._store.catalogue.get(segment.id)
            named = self._store.path_of(row) if row else path
            if row is None or named == path or not self._is_whole(named, row):
                return
            log.info("%s: lies in %s; this copy is removed", path, named)
            path.unlink(missing_ok=True)
            self._store.leave(path.parent, tier.root)

    def _adopt(self, tier: Tier, path: Path) -> None:
        segment = self._rebuild.add(tier, path)
        if segment is not None:
            log.info("%s: had no row; listed", path)
            self._on_adopted(segment)
        elif self._rebuild.skipped[-1:] == [path]:
            self._rebuild.skipped.pop()
            self._stray(path, "was deleted, or another segment has its place; move it elsewhere")

    def _rows(self, camera: str) -> Iterator[None]:
        """Rows without a file: looked at again a minute later before anything is stated."""
        after = 0
        while page := self._store.catalogue.in_chain(camera, after, _PAGE):
            there = {tier.number for tier in self._store.tiers if tier.is_there()}
            absent = [one for one in page if one.tier in there and not self._exists(one)]
            self._absent_now(absent, {one.id for one in page})
            after = page[-1].number
            yield

    def _absent_now(self, absent: list[Segment], seen: set[str]) -> None:
        now_ns = self._clock.mono_ns()
        ids = {one.id for one in absent}
        self._absent = {known: at for known, at in self._absent.items() if known not in seen or known in ids}
        for known in ids:
            self._absent.setdefault(known, now_ns)
        gone = [one for one in absent if now_ns - self._absent[one.id] >= _LOOK_AGAIN_NS]
        if not gone:
            return
        self._store.check()
        taken = self._store.delete([one for one in gone if self._is_still_absent(one)], MISSING)
        for one in taken:
            log.error("%s: the file is gone, and nobody deleted it here; stated as missing", one.path)
        self._lost += len(taken)
        for one in gone:
            self._absent.pop(one.id, None)

    def _is_still_absent(self, one: Segment) -> bool:
        row = self._store.catalogue.get(one.id)
        return row == one and not self._exists(one) and self._store.tiers[one.tier].is_there()

    def _exists(self, one: Segment) -> bool:
        """Only a file that is surely not there is absent."""
        try:
            self._store.path_of(one).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def _is_whole(self, path: Path, row: Segment) -> bool:
        try:
            return path.stat().st_size == row.bytes
        except OSError:
            return False

    def _next_look_s(self) -> float:
        """Rows whose file was absent are looked at again soon."""
        return _LOOK_AGAIN_NS / NS + _STEP_S if self._absent else _AGAIN_S

    def _stray(self, path: Path, why: str) -> None:
        if path not in self._strays:
            log.warning("%s: %s", path, why)
        self._strays[path] = why
