"""Who is in one zone now: asked once a picture for each track, however many rules want to know."""

from __future__ import annotations

from collections.abc import Sequence

from agent.analyse.observe import Observation, Seen
from agent.core.geometry import Point, inside


class Area:
    """A polygon, or with None the whole picture."""

    def __init__(self, polygon: Sequence[Point] | None) -> None:
        self.polygon = polygon
        xs, ys = zip(*(polygon or ((0, 0), (1, 1))), strict=True)
        self._bounds = min(xs), min(ys), max(xs), max(ys)
        self._of: Observation | None = None
        self._inside: dict[str, bool] = {}

    def holds(self, seen: Seen, observation: Observation) -> bool:
        """Is its foot inside?"""
        if self.polygon is None:
            return True
        if observation is not self._of:
            self._of, self._inside = observation, {}
        found = self._inside.get(seen.track)
        if found is None:
            found = self._inside[seen.track] = self.has(seen.foot)
        return found

    def has(self, point: Point) -> bool:
        """Is this point inside?"""
        if self.polygon is None:
            return True
        left, top, right, bottom = self._bounds
        x, y = point
        return left <= x <= right and top <= y <= bottom and inside(point, self.polygon)
