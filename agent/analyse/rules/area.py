"""Who is in one zone now: asked once a picture for each track, however many rules want to know."""

from __future__ import annotations

from collections.abc import Sequence

from agent.analyse.observe import Observation, Seen
from agent.core.geometry import Point, inside

Bounds = tuple[float, float, float, float]


class Area:
    """A polygon, or with None the whole picture."""

    def __init__(self, polygon: Sequence[Point] | None) -> None:
        self.polygon = polygon
        self._bounds = bounds_of(polygon or ((0.0, 0.0), (1.0, 1.0)))
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

    def is_far_from(self, start: Point, end: Point) -> bool:
        """Does a way surely not touch it?"""
        return passes_by(start, end, self._bounds)


def bounds_of(points: Sequence[Point]) -> Bounds:
    """Left, top, right, bottom."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def passes_by(start: Point, end: Point, bounds: Bounds) -> bool:
    """Does the way from `start` to `end` lie wholly left, right, above or below of `bounds`?"""
    left, top, right, bottom = bounds
    (x1, y1), (x2, y2) = start, end
    return (
        (x1 < left and x2 < left)
        or (x1 > right and x2 > right)
        or (y1 < top and y2 < top)
        or (y1 > bottom and y2 > bottom)
    )
