"""Makes a catalogue again from what lies on the disk: tombstones, closed segments, their place in the chain.

The rest of the gateway needs only the end of each chain to go on recording; `heads` is quick, `rest` takes as long as
there are files, and may run beside the recorder. Both may be killed, and are begun again by the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection, IntegrityError

from agent.core.stop import StopToken
from agent.record.catalogue import Catalogue, put
from agent.record.disk import is_of_one_file
from agent.record.recovery import describe
from agent.record.segment import Segment
from agent.record.tiers import Tier
from agent.record.tombstones import Graveyard, covering

log = logging.getLogger(__name__)


class Rebuild:
    """Reads the folders of all tiers; writes nothing but rows."""

    def __init__(self, tiers: tuple[Tier, ...], catalogue: Catalogue) -> None:
        self._tiers, self._catalogue = tiers, catalogue
        self._graveyard = Graveyard(catalogue, tiers[0].root)
        self.skipped: list[Path] = []
        """Files that are no whole segments of ours or cannot be read, or whose place is taken or stated as deleted."""

    def heads(self, camera: str, current: Path | None) -> None:
        """What is needed before the camera's next segment: its tombstones and the folder it was last written into.

        All of it or nothing: a chain that has a head needs no more, and its tombstones went on from there.
        """
        if self._catalogue.head(camera).number:
            return
        root = self._tiers[0].root
        files = _newest_files(root / camera, current)
        found = [(path, segment) for path in files if (segment := self._described(self._tiers[0], path))]
        with self._catalogue.transaction() as db:
            self._graveyard.restore(db, camera)
            for path, segment in found:
                self._put(db, path, segment)

    def rest(self, camera: str, stop: StopToken) -> Iterator[Segment]:
        """The rows that were missing, as they are written."""
        for tier in self._tiers:
            for hour in sorted((tier.root / camera).glob("*/*")):
                for path in self._unlisted(camera, tier, hour):
                    if stop.is_set():
                        return
                    segment = self.add(tier, path)
                    if segment is not None:
                        yield segment

    def add(self, tier: Tier, path: Path) -> Segment | None:
        """The row of one file; None when it has one, or may have none: then it stands in `skipped`."""
        segment = self._described(tier, path)
        if segment is None:
            return None
        with self._catalogue.transaction() as db:
            return segment if self._put(db, path, segment) else None

    def _unlisted(self, camera: str, tier: Tier, hour: Path) -> list[Path]:
        """The closed files of a folder without a row: what was listed before a kill is not read again."""
        files = {str(path.relative_to(tier.root)): path for path in sorted(hour.glob("*.mp4"))}
        listed = self._catalogue.paths_among(list(files), camera, tier.number)
        return [path for name, path in files.items() if name not in listed]

    def _described(self, tier: Tier, path: Path) -> Segment | None:
        try:
            segment = describe(path, str(path.relative_to(tier.root)), tier=tier.number)
        except FileNotFoundError:
            return None  # deleted or moved a moment ago
        except OSError as error:
            if not is_of_one_file(error):
                raise
            log.error("%s: cannot be read (%s), left alone; look at the disk", path, error.strerror)  # noqa: TRY400 - one line
            self.skipped.append(path)
            return None
        if segment is None or segment.camera != path.relative_to(tier.root).parts[0]:
            self.skipped.append(path)
            return None
        return segment

    def _put(self, db: Connection, path: Path, segment: Segment) -> bool:
        """Was there no row yet, and is there one now?"""
        if covering(db, segment.camera, segment.number) is not None:
            self.skipped.append(path)
            return False
        try:
            return put(db, segment)
        except IntegrityError as error:
            log.warning("%s: left alone (%s)", path, error)
            self.skipped.append(path)
            return False


def _newest_files(folder: Path, current: Path | None) -> list[Path]:
    """The closed files where the camera was last written; where the hour has just turned, those of the hour before."""
    hours = sorted(folder.glob("*/*"), reverse=True)
    for hour in [current, *hours] if current else hours:
        if files := sorted(hour.glob("*.mp4")):
            return files
    return []
