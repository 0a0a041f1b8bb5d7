"""Can the events of a camera be relied on? As far as it shows: pictures of it were analysed just now."""

from __future__ import annotations

from collections.abc import Iterable

from agent.config.gateway import Camera
from agent.core.clock import Clock
from agent.edge.child import AnalysisChild
from agent.edge.child_stats import AnalysisStats
from agent.edge.health import RECENT_S
from agent.edge.movement import Movement


class AnalysisSight:
    """See `record.ring.Sight`: what the ring must know of the analysing child."""

    def __init__(self, cameras: Iterable[Camera], child: AnalysisChild | None, clock: Clock) -> None:
        self._ruled = {camera.id: _makes_events(camera) for camera in cameras}
        self._child, self._movement = child, Movement(clock)
        self._fell_at: dict[str, tuple[int, int]] = {}

    def configure(self, camera: Camera) -> None:
        """It has other rules now."""
        self._ruled[camera.id] = _makes_events(camera)

    @property
    def life(self) -> int:
        """How often the child fell."""
        return self._child.restarts if self._child is not None else 0

    def blind(self, camera: str) -> str:
        """Why events of this camera would not be noticed now; empty when they would."""
        if self._child is None:
            return "the analysis is switched off"
        if not self._ruled.get(camera):
            return "no rule of it makes events"
        stats = self._child.stats().get(camera, AnalysisStats())
        if stats.quarantined:
            return "its analysis is quarantined"
        still_s = self._movement.still_s(camera, stats.analysed)
        if still_s < RECENT_S and stats.analysed > self._when_it_fell(camera, stats.analysed):
            return ""
        return "none of its pictures is analysed"

    def _when_it_fell(self, camera: str, analysed: int) -> int:
        """How many pictures had been analysed when the child fell last: the next one must show that it sees again."""
        life, count = self._fell_at.get(camera, (0, 0))
        if life != self.life:
            life, count = self._fell_at[camera] = self.life, analysed
        return count


def _makes_events(camera: Camera) -> bool:
    return camera.still.enabled or any(rule.keeps_footage for rule in camera.rule)
