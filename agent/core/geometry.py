"""Boxes, polygons and lines in the picture: 0..1, y down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle in a picture: `x1 y1` top left, `x2 y2` bottom right, 0..1, y down."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """0..1; 0 for an empty box."""
        return self.x2 - self.x1 if self.x2 > self.x1 else 0.0

    @property
    def height(self) -> float:
        """0..1; 0 for an empty box."""
        return self.y2 - self.y1 if self.y2 > self.y1 else 0.0

    @property
    def area(self) -> float:
        """Share of the picture, 0..1."""
        x1, y1, x2, y2 = self
        return (x2 - x1) * (y2 - y1) if x2 > x1 and y2 > y1 else 0.0

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def foot(self) -> Point:
        """Where the thing stands: the middle of the lower edge."""
        return (self.x1 + self.x2) / 2, self.y2

    def meets(self, other: Box) -> bool:
        """Have the two a part in common?"""
        return self.x1 < other.x2 and self.x2 > other.x1 and self.y1 < other.y2 and self.y2 > other.y1

    def clipped(self) -> Box:
        """The part of the box that lies inside the picture."""
        x1, y1, x2, y2 = self
        if 0.0 <= x1 <= x2 <= 1.0 and 0.0 <= y1 <= y2 <= 1.0:
            return self
        return Box(*(min(1.0, max(0.0, value)) for value in self))

    def grown(self, share: float) -> Box:
        """The box with `share` of its own size added on every side."""
        dx, dy = self.width * share, self.height * share
        return Box(self.x1 - dx, self.y1 - dy, self.x2 + dx, self.y2 + dy)


def iou(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    if not a.meets(b):
        return 0.0
    overlap = Box(max(a.x1, b.x1), max(a.y1, b.y1), min(a.x2, b.x2), min(a.y2, b.y2)).area
    union = a.area + b.area - overlap
    return overlap / union if union > 0 else 0.0


def inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Is `point` inside `polygon` (even-odd rule)? Points on the edge may go either way."""
    x, y = point
    odd = False
    xb, yb = polygon[-1]
    for xa, ya in polygon:
        if (ya > y) != (yb > y) and x < (xb - xa) * (y - ya) / (yb - ya) + xa:
            odd = not odd
        xb, yb = xa, ya
    return odd
