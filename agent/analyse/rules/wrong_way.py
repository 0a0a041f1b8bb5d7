"""Somebody goes against the arrow."""

from __future__ import annotations

from agent.analyse.ground.plane import Plane
from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.latch import Latch
from agent.analyse.travel import apart, clockwise
from agent.core.geometry import Point

SLOWEST = 0.15
"""Heights a second: who is slower goes nowhere."""


class WrongWay:
    """See `conduct.Doing`. On a calibrated ground angles are those seen from above, else those of the picture."""

    def __init__(self, arrow: tuple[Point, Point], tolerance: float) -> None:
        self._arrow, self._tolerance = arrow, tolerance
        self._of: tuple[Plane | None, float] | None = None
        self._right: tuple[float, float | None] = 0.0, None
        self._off = 0.0

    def does(self, seen: Seen, observation: Observation, latch: Latch) -> bool | None:
        """Does it go against the arrow now?"""
        del latch
        travel = seen.travel
        if travel.heights_s is None:
            return None
        if travel.angle is None or travel.heights_s < SLOWEST:
            return False
        in_picture, on_ground = self._way(observation)
        if on_ground is not None and travel.heading is not None:
            self._off = apart(travel.heading, on_ground)
        else:
            self._off = apart(travel.angle, in_picture)
        return self._off >= 180 - self._tolerance

    def facts(self) -> dict[str, object]:
        """How far from the right way."""
        return {"off_by": round(self._off)}

    def _way(self, observation: Observation) -> tuple[float, float | None]:
        """The right way in the picture and, where known, on the ground."""
        if self._of != (observation.plane, observation.aspect):
            self._of = observation.plane, observation.aspect
            (x1, y1), (x2, y2) = self._arrow
            picture = clockwise((x2 - x1) * observation.aspect, y1 - y2)
            self._right = picture, _on_ground(self._arrow, observation.plane)
        return self._right


def _on_ground(arrow: tuple[Point, Point], plane: Plane | None) -> float | None:
    start, end = (None, None) if plane is None else (plane.at(arrow[0]), plane.at(arrow[1]))
    return None if start is None or end is None else clockwise(end[0] - start[0], end[1] - start[1])
