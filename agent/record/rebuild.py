"""Makes a catalogue again from what lies on the disk: tombstones, closed segments, their place in the chain.

The rest of the gateway needs only the end of each chain to go on recording; `heads` is quick, `rest` takes as long as
there are files, and may run beside the recorder.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record.catalogue import Catalogue
from agent.record.recovery import describe
from agent.record.segment import Segment
from agent.record.tiers import Tier
from agent.record.tombstones import Graveyard

log = logging.getLogger(__name__)


class Rebuild:
    """Reads the folders of all tiers; writes nothing but rows."""

    def __init__(self, tiers: tuple[Tier, ...], catalogue: Catalogue) -> None:
        self._tiers, self._catalogue = tiers, catalogue
        self._graveyard = Graveyard(catalogue, tiers[0].root)
        self.skipped: list[Path] = []
        """Files that are no whole segments of ours, or whose place in the chain is taken or stated as deleted."""

    def heads(self, camera: str, current: Path | None) -> None:
        """What is needed before the camera's next segment: its tombstones and the folder it was last written into."""
        self._graveyard.restore(camera)
        for path in sorted(current.glob("*.mp4")) if current else ():
            self.add(self._tiers[0], path)

    def rest(self, camera: str, stop: StopToken) -> Iterator[Segment]:
        """The rows that were missing, as they are written."""
        for tier in self._tiers:
            for path in sorted((tier.root / camera).glob("*/*/*.mp4")):
                if stop.is_set():
                    return
                segment = self.add(tier, path)
                if segment is not None:
                    yield segment

    def add(self, tier: Tier, path: Path) -> Segment | None:
        """The row of one file; None when it has one, or may have none: then it stands in `skipped`."""
        try:
            segment = describe(path, str(path.relative_to(tier.root)), tier=tier.number)
        except FileNotFoundError:
            return None  # deleted or moved a moment ago
        camera = path.relative_to(tier.root).parts[0]
        if segment is None or segment.camera != camera:
            self.skipped.append(path)
            return None
        if self._graveyard.covering(camera, segment.number) is not None:
            self.skipped.append(path)
            return None
        try:
            return segment if self._catalogue.add(segment) else None
        except StorageError as error:
            log.warning("%s: left alone (%s)", path, error)
            self.skipped.append(path)
            return None
