"""Mode `events`: everything is written, and goes again after a while unless an event wants it.

While nobody can say whether something happens (the analysis is off, silent, falls, or has not begun) everything is
wanted: recordings that are not needed cost room, those that are missing cannot be had again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from agent.core.clock import NS, Clock
from agent.core.errors import LamppostError
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.wanted import Wanted

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_SWEEP_NS = 30 * NS
_BATCH = 200
_MOST_WAITING = 10_000
_LATE_NS = 60 * NS
"""An event may be told so long after it began, and still finds what lay before it."""
_UNSURE_NS = 10 * NS
"""The analysis may have been silent for so long before anybody noticed, and may need as long to see well again."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Of one camera: what is kept before and after an event, and how long the rest waits."""

    pre_s: float
    post_s: float
    ring_s: float

    @property
    def wait_ns(self) -> int:
        """How long footage waits for an event that wants it: long enough for the seconds before one, too."""
        return max(int(self.ring_s * NS), int(self.pre_s * NS) + _LATE_NS)


_STRAY = Roll(10, 10, 300)
"""For cameras whose mode is no longer `events`, or that are gone: what still waits goes as it would have."""


class Sight(Protocol):
    """What must be known of whoever tells of events."""

    @property
    def life(self) -> int:
        """Grows with each fall: events of an earlier life that have not ended never will."""

    def blind(self, camera: str) -> str:
        """Why events of this camera would not be noticed now, in words; empty when they would."""


class Ring:
    """A `Worker`. `hear` and `written` may be called from any thread and return at once.

    `on_wanted` is called from the worker's thread for each segment that turned out to be wanted. Nothing is deleted
    before all that was heard is written down.
    """

    name = "ring"

    def __init__(
        self,
        store: SegmentStore,
        clock: Clock,
        rolls: Mapping[str, Roll],
        sight: Sight,
        on_wanted: Callable[[Segment], None],
    ) -> None:
        self._store, self._clock, self._rolls, self._sight = store, clock, dict(rolls), sight
        self._on_wanted = on_wanted
        self._wanted = Wanted(store.catalogue)
        self._queue: BoundedQueue[Callable[[], None]] = BoundedQueue(_MOST_WAITING)
        self._next: Callable[[], None] | None = None
        self._began = self._overrun = False
        self._open: dict[str, tuple[str, int]] = {}
        self._blind: dict[str, tuple[str, int]] = {}
        self._seen: dict[str, int] = {}
        self._untold: list[str] = []
        self._sweep_mono_ns = 0
        self.why_kept: dict[str, str] = {}
        """Cameras of which everything is kept now, and why."""
        self.error = ""

    def hear(self, event: str, camera: str, start_ns: int, end_ns: int | None, life: int) -> None:
        """An event began, goes on, or (with an end) is over; `life` as the sight's when it was told."""
        if camera in self._rolls and not self._queue.put(partial(self._write, event, camera, start_ns, end_ns, life)):
            self._overrun = True

    def written(self, segment: Segment) -> None:
        """A segment was written that nobody wanted when it began."""
        self._queue.put(partial(self._look_at, segment.id))

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; a disk that fails is tried again."""
        while not stop.is_set():
            self._try(self.step)
            if self._next is None:
                self._next = self._queue.get(_LOOK_S)
            else:
                stop.wait(_LOOK_S)

    def flush(self) -> None:
        """After all who give have ended: write down what is left, trying once."""
        self._try(self._write_down)

    def step(self) -> None:
        """Write down what was heard, look at the analysis, and from time to time delete.

        Raises:
            StorageError, OSError: the disk does not do it; nothing is forgotten.
        """
        if not self._began:
            self._wanted.end_all(self._clock.wall_ns())  # those who told of them are gone
            self._began = True
        self._write_down()
        self._look()
        self._tell()
        if self._clock.mono_ns() - self._sweep_mono_ns >= _SWEEP_NS:
            self.sweep()
            self._sweep_mono_ns = self._clock.mono_ns()

    def sweep(self) -> list[Segment]:
        """Delete what waited long enough and nobody wanted; returns it.

        Raises:
            StorageError, OSError: the folder is gone, or the disk does not do it.
        """
        self._store.check()
        gone: list[Segment] = []
        for camera in self._wanted.waiting_cameras():
            wait_ns = self._rolls.get(camera, _STRAY).wait_ns
            while batch := self._wanted.expired(camera, self._clock, wait_ns, _BATCH):
                gone += self._store.delete(batch, "ring")
            self._wanted.forget(camera, self._clock.wall_ns() - wait_ns - _LATE_NS)
        return gone

    def _write_down(self) -> None:
        while (action := self._next or self._queue.get(0)) is not None:
            self._next = action
            action()
            self._next = None
            self._tell()

    def _write(self, event: str, camera: str, start_ns: int, end_ns: int | None, life: int) -> None:
        roll = self._rolls[camera]
        start_ns -= int(roll.pre_s * NS)
        self._want(event, camera, start_ns, None if end_ns is None else end_ns + int(roll.post_s * NS))
        if end_ns is None:
            self._open[event] = (camera, life)
        else:
            self._open.pop(event, None)

    def _look_at(self, segment_id: str) -> None:
        segment = self._store.catalogue.get(segment_id)
        if segment is not None and segment.wanted:
            self._on_wanted(segment)

    def _look(self) -> None:
        self._end_what_fell()
        overrun, self._overrun = self._overrun, False
        for camera in self._rolls:
            why = self._sight.blind(camera) or ("more events came than could be written down" if overrun else "")
            if why:
                self._fail_open(camera, why)
            else:
                self._trust(camera)

    def _end_what_fell(self) -> None:
        life = self._sight.life
        for event, (camera, told_in) in list(self._open.items()):
            if told_in < life:
                self._wanted.end(event, self._clock.wall_ns() + int(self._rolls[camera].post_s * NS))
                del self._open[event]

    def _fail_open(self, camera: str, why: str) -> None:
        if camera not in self._blind:
            since_ns = self._seen.get(camera, self._clock.wall_ns()) - _UNSURE_NS
            start_ns = since_ns - int(self._rolls[camera].pre_s * NS)
            span = f"failopen-{camera}-{start_ns}"
            self._want(span, camera, start_ns, None)
            self._blind[camera] = span, start_ns
            log.info("%s: %s: everything is kept meanwhile", camera, why)
        self.why_kept = {**self.why_kept, camera: why}

    def _trust(self, camera: str) -> None:
        now_ns = self._clock.wall_ns()
        if camera in self._blind:
            span, start_ns = self._blind[camera]
            self._want(span, camera, start_ns, now_ns + _UNSURE_NS + int(self._rolls[camera].post_s * NS))
            del self._blind[camera]
            log.info("%s: analysed again; what no event wants goes", camera)
        self._seen[camera] = now_ns
        self.why_kept = {other: why for other, why in self.why_kept.items() if other != camera}

    def _want(self, span: str, camera: str, start_ns: int, end_ns: int | None) -> None:
        self._untold += self._wanted.want(span, camera, start_ns, end_ns)

    def _tell(self) -> None:
        while self._untold:
            self._look_at(self._untold[0])
            del self._untold[0]

    def _try(self, work: Callable[[], object]) -> None:
        error = ""
        try:
            work()
        except LamppostError as failed:
            error = str(failed)
        except OSError as failed:
            error = f"{self._store.root}: {failed.strerror}; look at the disk"
        if error and error != self.error:
            log.error("ring: %s", error)
        self.error = error
