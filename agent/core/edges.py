"""Where a point is against a zone or a line, with a margin: nobody should flicker who stands on an edge.

The gateway's rules go by it as they watch, and the centre as it searches what was drawn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from agent.core.geometry import Point, inside

MARGIN = 0.01
"""Share of the picture."""


def distance(point: Point, a: Point, b: Point) -> float:
    """From `point` to the nearest point of the segment `a` `b`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    along = 0.0 if length2 == 0 else ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length2
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - a[0] - along * dx, point[1] - a[1] - along * dy)


def clearly_outside(point: Point, polygon: Sequence[Point]) -> bool:
    """Outside, and not just over the edge."""
    if inside(point, polygon):
        return False
    edges = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return all(distance(point, a, b) > MARGIN for a, b in edges)


def clear_of(point: Point, line: Sequence[Point]) -> bool:
    """Not on the line, nor so near that the next box may fall on its other side by chance."""
    return all(distance(point, a, b) > MARGIN for a, b in itertools.pairwise(line))


def side(point: Point, a: Point, b: Point) -> float:
    """Above 0 right of the line when looking from `a` to `b` (y points down), below 0 left of it."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def crossing(start: Point, end: Point, line: Sequence[Point]) -> str | None:
    """`left_to_right` or `right_to_left` as seen from the line's first point to its last, None when not crossed."""
    found = [
        "left_to_right" if side(start, a, b) < 0 else "right_to_left"
        for a, b in itertools.pairwise(line)
        if _cross(start, end, a, b)
    ]
    return found[0] if len(found) % 2 else None


def meetings(start: Point, end: Point, polygon: Sequence[Point]) -> list[float]:
    """Where the straight way from `start` to `end` meets the polygon's edges: shares of the way, smallest first."""
    edges = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return sorted(_share(start, end, a, b) for a, b in edges if _cross(start, end, a, b))


def point_at(start: Point, end: Point, share: float) -> Point:
    """The point after that share of the straight way."""
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _share(start: Point, end: Point, a: Point, b: Point) -> float:
    before, after = side(start, a, b), side(end, a, b)
    return before / (before - after)


def _cross(p: Point, q: Point, a: Point, b: Point) -> bool:
    # one end of each segment counts as its own, so that a corner of a line is crossed once, not twice or never
    return (side(p, a, b) < 0) != (side(q, a, b) < 0) and (side(a, p, q) < 0) != (side(b, p, q) < 0)
