"""A calibrated ground: from points of the picture to metres, compass and map, and back to nothing but plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.core.earth import moved
from agent.core.geometry import Box, Point

Matrix = NDArray[np.float64]
FAR_M = 500.0
"""Beyond, a pixel is many metres: nothing is said of what stands there."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where on the map the point `at` of the plane lies: degrees, WGS 84."""

    latitude: float
    longitude: float
    at: Point = (0.0, 0.0)


class Plane:
    """The ground as a plane with axes of its own, x to the right of y as seen from above, in metres.

    `to_picture` (3 x 4) takes a point (x, y, z up, 1) to the picture, 0..1, with a depth above 0 for what is seen; its
    third column may be NaN, then heights are not known. `north` is the compass bearing of the y axis, where known.
    `source` says where it comes from: `points` or `people`.
    """

    def __init__(
        self, to_picture: Matrix, *, north: float | None = None, anchor: Anchor | None = None, source: str = "points"
    ) -> None:
        self.to_picture, self.north, self.anchor, self.source = to_picture, north, anchor, source
        self._back: list[float] = np.linalg.inv(to_picture[:, [0, 1, 3]]).ravel().tolist()
        self._up: list[list[float]] = to_picture.tolist()

    def at(self, point: Point) -> Point | None:
        """Metres along the axes for a point of the picture; None at and above the horizon, and too far away."""
        a, b, c, d, e, f, g, h, i = self._back
        x, y = point
        depth = g * x + h * y + i
        if depth <= 0:
            return None
        place = (a * x + b * y + c) / depth, (d * x + e * y + f) / depth
        return place if abs(place[0]) < FAR_M and abs(place[1]) < FAR_M else None

    def size(self, box: Box) -> tuple[float, float] | None:
        """Width and height in metres of something that stands on the lower edge of `box`."""
        left, right, foot = (self.at((x, box.y2)) for x in (box.x1, box.x2, (box.x1 + box.x2) / 2))
        if left is None or right is None or foot is None:
            return None
        height = self._height(foot, box.y1)
        return None if height is None else (math.dist(left, right), height)

    def apart(self, a: Box, b: Box) -> float | None:
        """Metres between where two things stand; None where that is not known."""
        one, other = self.at(a.foot), self.at(b.foot)
        return None if one is None or other is None else math.dist(one, other)

    def bearing(self, dx: float, dy: float) -> float | None:
        """Of a way along the axes: degrees clockwise from true north."""
        return None if self.north is None else (self.north + math.degrees(math.atan2(dx, dy))) % 360

    def position(self, place: Point) -> tuple[float, float] | None:
        """Latitude and longitude of a place in metres along the axes."""
        if self.anchor is None or self.north is None:
            return None
        turn = math.radians(self.north)
        dx, dy = place[0] - self.anchor.at[0], place[1] - self.anchor.at[1]
        east = dx * math.cos(turn) + dy * math.sin(turn)
        north = dy * math.cos(turn) - dx * math.sin(turn)
        return moved(self.anchor.latitude, self.anchor.longitude, east, north)

    def area(self, polygon: Sequence[Point]) -> float | None:
        """Square metres of a part of the picture; None where some of it is above the horizon."""
        places = [self.at(point) for point in polygon]
        known = [place for place in places if place is not None]
        if len(known) < len(places):
            return None
        turns = zip(known, [*known[1:], known[0]], strict=True)
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in turns)) / 2

    def _height(self, foot: Point, top: float) -> float | None:
        """How far above `foot` the row `top` of the picture is, metres."""
        _, row, depth = self._up
        x, y = foot
        lift, away = row[0] * x + row[1] * y + row[3], depth[0] * x + depth[1] * y + depth[3]
        down = row[2] - top * depth[2]
        height = (top * away - lift) / down if down else math.nan
        return height if 0 < height < FAR_M else None
