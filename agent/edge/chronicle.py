"""Tells the journal what explains missing footage: cameras that go and come, a disk in trouble, changes of mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.core.stop import StopToken
from agent.edge.cameras import CameraUnit
from agent.record.journal import Journal

_LOOK_S = 1.0
_STEADY_NS = 3 * NS
"""A camera that is back sooner was not worth a line: its segment says `lost`."""
_NO_WORDS_NS = 15 * NS
"""So long a camera may be gone without anybody saying why."""


class Condition(NamedTuple):
    """How a camera is: `since_ns` is when its stream came or went, `trouble` what keeps it from being recorded."""

    camera: str
    online: bool
    since_ns: int | None
    error: str
    trouble: str
    mode: str


class Chronicle:
    """A `Worker`: looks once a second."""

    name = "journal"

    def __init__(self, journal: Journal, conditions: Callable[[], Sequence[Condition]], clock: Clock) -> None:
        self._journal, self._conditions, self._clock = journal, conditions, clock
        self._told: dict[str, _Told] = {}

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`."""
        while not stop.is_set():
            self.look()
            stop.wait(_LOOK_S)

    def look(self) -> None:
        """Tell what changed since the last look."""
        now_ns = self._clock.mono_ns()
        for condition in self._conditions():
            told = self._told.setdefault(condition.camera, _Told(now_ns))
            told.online(condition, now_ns, self._journal)
            told.trouble(condition, self._journal)
            told.mode(condition, self._journal)


class _Told:
    """What the journal knows of one camera. Each run begins with cameras that are online, well and recorded."""

    def __init__(self, now_ns: int) -> None:
        self._online, self._differs_ns = True, now_ns
        self._trouble, self._mode = "", "continuous"

    def online(self, now: Condition, now_ns: int, journal: Journal) -> None:
        """Only what lasts, and if possible with the reason."""
        if now.online == self._online:
            self._differs_ns = now_ns
            return
        lasted_ns = now_ns - self._differs_ns
        if lasted_ns < _STEADY_NS or not (now.online or now.error or lasted_ns > _NO_WORDS_NS):
            return
        self._online, self._differs_ns = now.online, now_ns
        journal.camera("online" if now.online else "offline", now.camera, now.error, now.since_ns)

    def trouble(self, now: Condition, journal: Journal) -> None:
        """Begin and end; other words for a trouble that goes on are not worth a line."""
        if bool(now.trouble) != bool(self._trouble):
            journal.camera("trouble" if now.trouble else "well", now.camera, now.trouble)
        self._trouble = now.trouble

    def mode(self, now: Condition, journal: Journal) -> None:
        """`continuous` at the start of a run needs no line."""
        if now.mode != self._mode:
            journal.camera("mode", now.camera, now.mode)
        self._mode = now.mode


def condition_of(unit: CameraUnit, wall_ns: int) -> Condition:
    """A camera's condition at this moment."""
    main = unit.captured().get("main")
    return Condition(
        camera=unit.camera.id,
        online=main is not None and main.online,
        since_ns=main.since_wall_ns if main and main.since_wall_ns else None,
        error=main.error if main else "",
        trouble=unit.recorder.stats().error if unit.recorder else "",
        mode=unit.plan.mode(wall_ns).value,
    )
