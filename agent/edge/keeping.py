"""What keeps the recordings in bounds: retention, the move to a second disk, the sweep; and what they have to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.config.gateway import Camera, Storage, StorageArchive
from agent.core.clock import Clock
from agent.core.ports import Worker
from agent.record.archive import Mover
from agent.record.limits import CameraLimits, TierLimits
from agent.record.retention import Retention
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep


class Keeping:
    """Built from the configuration; its workers are started with the others. `waits`: see `Retention`."""

    def __init__(
        self,
        storage: Storage,
        cameras: Sequence[Camera],
        store: SegmentStore,
        clock: Clock,
        on_adopted: Callable[[Segment], None],
        waits: Callable[[Segment], bool] = lambda _: False,
    ) -> None:
        self._store = store
        first = TierLimits(storage.keep_days, storage.max_bytes, storage.min_free)
        second = _archive_limits(storage, storage.archive) if storage.archive else None
        self._mover = (
            Mover(store, clock, after_days=storage.archive.after_days, first=first, second=second)
            if storage.archive and second
            else None
        )
        self.retention = Retention(
            store,
            clock,
            [first, second] if second else [first],
            {camera.id: CameraLimits(camera.keep_days, camera.max_bytes, camera.priority) for camera in cameras},
            self._mover.can_move if self._mover else lambda: False,
            waits,
        )
        self._sweep = Sweep(store, clock, on_adopted)

    @property
    def workers(self) -> list[Worker]:
        """To be started by the supervisor."""
        return [self.retention, *([self._mover] if self._mover else []), self._sweep]

    def problems(self) -> list[str]:
        """What is wrong, one line each."""
        said = [
            ("recording", self._store.pace.problem),
            ("retention", self.retention.error),
            ("archive", self._mover.problem if self._mover else ""),
            ("sweep", self._sweep.problem),
        ]
        return [f"{name}: {problem}" for name, problem in said if problem]


def _archive_limits(storage: Storage, archive: StorageArchive) -> TierLimits:
    return TierLimits(archive.keep_days or storage.keep_days, archive.max_bytes, archive.min_free)
