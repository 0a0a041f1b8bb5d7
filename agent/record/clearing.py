"""The last steps of a deletion: tombstones written to their files, footage unlinked, rows gone.

One file that the disk does not give up (a damaged folder, mostly) must not keep the others, or the disk would fill: its
row stays garbage, and it is tried again when somebody asks for that.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from agent.core.durable import sync_folder
from agent.record.catalogue import Catalogue
from agent.record.segment import Segment
from agent.record.tiers import Tier
from agent.record.tombstones import Graveyard

_WHOLE_DISK = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT})
"""Not of one file: nothing else would go either."""


class Clearing:
    """Clears what is garbage; one caller at a time. `leave` removes a folder (of a root) that may be empty by now."""

    def __init__(
        self,
        tiers: Sequence[Tier],
        catalogue: Catalogue,
        graveyard: Graveyard,
        leave: Callable[[Path, Path], None],
    ) -> None:
        self._tiers, self._catalogue, self._graveyard, self._leave = tiers, catalogue, graveyard, leave
        self._kept: dict[str, str] = {}
        self._told: set[str] = set()
        self.read_only: frozenset[int] = frozenset()
        """Tiers beside the first that took no deletion at the last try."""

    @property
    def problem(self) -> str:
        """What the disk does not give up, in one line; else empty."""
        kept = list(self._kept.values())
        return f"{len(kept)} files cannot be deleted, {kept[0]}; look at the disk" if kept else ""

    def finish(self, *, again: bool) -> None:
        """Clear what lies on disks that are there; `again` includes what failed before.

        Raises:
            OSError: the first tier's disk takes no deletion at all.
            StorageError: the catalogue fails.
        """
        if again:
            self.read_only = frozenset()
        kept: dict[str, str] = {} if again else dict(self._kept)
        there = {tier.number for tier in self._tiers if tier.is_there()}
        waiting = [one for one in self._catalogue.garbage() if one.tier in there and one.id not in kept]
        gone = [segment.id for segment in self._unlink(self._tell(waiting, kept), kept)]
        if gone:
            self._catalogue.forget(gone)
        self._kept = kept
        self._told &= set(kept)

    def _tell(self, waiting: Iterable[Segment], kept: dict[str, str]) -> list[Segment]:
        """Each camera's tombstones go to its file, once; returns what may be unlinked."""
        ready: list[Segment] = []
        for _, of_camera in groupby(sorted(waiting, key=attrgetter("camera")), key=attrgetter("camera")):
            segments = list(of_camera)
            untold = [one for one in segments if one.id not in self._told]
            try:
                if untold:
                    self._graveyard.write(untold)
                self._told.update(one.id for one in untold)
            except OSError as error:
                _keep(untold, self._words(error, self._tiers[0]), kept)
            ready += [one for one in segments if one.id in self._told]
        return ready

    def _unlink(self, ready: Iterable[Segment], kept: dict[str, str]) -> list[Segment]:
        """Returns those whose files are gone, and made to stay so."""
        gone: list[Segment] = []
        for (number, folder), of_folder in groupby(sorted(ready, key=_place), key=_place):
            segments = list(of_folder)
            tier = self._tiers[number]
            if number in self.read_only:
                _keep(segments, self._words(OSError(errno.EROFS, "Read-only file system"), tier), kept)
                continue
            away = [one for one in segments if self._is_away(one, tier, kept)]
            gone += away if self._lasts(away, tier, tier.root / folder, kept) else []
        return gone

    def _is_away(self, segment: Segment, tier: Tier, kept: dict[str, str]) -> bool:
        """Only a file that is surely not there counts as gone."""
        try:
            (tier.root / segment.path).unlink(missing_ok=True)
        except OSError as error:
            _keep([segment], self._words(error, tier), kept)
            return False
        return True

    def _lasts(self, away: Sequence[Segment], tier: Tier, folder: Path, kept: dict[str, str]) -> bool:
        try:
            if away and folder.is_dir():
                sync_folder(folder)
                self._leave(folder, tier.root)
        except OSError as error:
            _keep(away, self._words(error, tier), kept)
            return False
        return True

    def _words(self, error: OSError, tier: Tier) -> str:
        """Why something stays.

        Raises:
            OSError: it is `error`, and the whole first tier's.
        """
        if error.errno in _WHOLE_DISK and tier.number == 0:
            raise error
        if error.errno == errno.EROFS:
            self.read_only |= {tier.number}
            return f"{tier.root}: {error.strerror}"
        return f"{error.filename or tier.root}: {error.strerror}"


def _keep(segments: Iterable[Segment], why: str, kept: dict[str, str]) -> None:
    kept.update(dict.fromkeys((one.id for one in segments), why))


def _place(segment: Segment) -> tuple[int, str]:
    return segment.tier, segment.path.rpartition("/")[0]
