"""How a track moves just now, over the last second and a half: in the picture and, where known, on the ground."""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

from agent.analyse.ground.plane import Plane
from agent.core.clock import NS
from agent.core.geometry import Box, Point

WINDOW_NS = 16 * NS // 10
STEP_NS = NS // 11
"""Sights closer together than this add nothing."""
LEAST_NS = 3 * NS // 10
"""A speed needs sights so far apart."""
CUT = 0.004
STILL = 0.12
"""Of its height: who moved less in the window has no direction."""

SECTORS = ("up", "up-right", "right", "down-right", "down", "down-left", "left", "up-left")
COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
Unit = Literal["m/s", "heights/s"]


@dataclass(frozen=True, slots=True)
class Travel:
    """What is None is not known. Angles are degrees clockwise: from the picture's up, or from true north.

    `heights_s` is in heights of its own box per second. `place` is in metres, in the plane's own axes, and `heading`
    clockwise from its y axis.
    """

    heights_s: float | None = None
    angle: float | None = None
    mps: float | None = None
    heading: float | None = None
    bearing: float | None = None
    place: Point | None = None
    size_m: tuple[float, float] | None = None

    @property
    def speed(self) -> float | None:
        """In `unit`."""
        return self.heights_s if self.mps is None else self.mps

    @property
    def unit(self) -> Unit:
        """What `speed` is in."""
        return "heights/s" if self.mps is None else "m/s"

    @property
    def direction(self) -> str | None:
        """`SE` and the like by compass; where that is not known `down-right` and the like in the picture."""
        return named(self.angle, self.bearing)


UNKNOWN = Travel()


def named(angle: float | None, bearing: float | None) -> str | None:
    """The word for a direction: a point of the compass, else one of eight directions of the picture."""
    if bearing is not None:
        return COMPASS[round(bearing / 45) % 8]
    return None if angle is None else SECTORS[round(angle / 45) % 8]


class Walk:
    """The last sights of one track."""

    def __init__(self) -> None:
        self._sights: deque[tuple[int, Point, Point | None, float]] = deque()
        self.travel = UNKNOWN

    def go(self, wall_ns: int, box: Box, aspect: float, plane: Plane | None) -> Travel:
        """It is there now; `aspect` is the picture's width over its height.

        Of what is cut by the picture's edge nobody sees where it stands: what was known of it stays.
        """
        if box.x1 < CUT or box.x2 > 1 - CUT or box.y2 > 1 - CUT:
            self._sights.clear()
            return self.travel
        x, y = box.foot
        place = None if plane is None else plane.at((x, y))
        sights = self._sights
        if len(sights) > 1 and wall_ns - sights[-2][0] < STEP_NS:
            sights.pop()
        sights.append((wall_ns, (x * aspect, y), place, box.height))
        while wall_ns - sights[0][0] > WINDOW_NS:
            sights.popleft()
        self.travel = self._measured(box, place, plane)
        return self.travel

    def _measured(self, box: Box, place: Point | None, plane: Plane | None) -> Travel:
        size_m = plane.size(box) if plane is not None and place is not None else None
        sights = self._sights
        span_ns = sights[-1][0] - sights[0][0]
        if span_ns < LEAST_NS or box.height <= 0:
            return Travel(place=place, size_m=size_m)
        times = [(sight[0] - sights[0][0]) / NS for sight in sights]
        vx, vy = _slope(times, [sight[1] for sight in sights])
        height = sum(sight[3] for sight in sights) / len(sights)
        moved = math.hypot(vx, vy) * span_ns / NS > STILL * height
        heights_s = math.hypot(vx, vy) / height
        angle = clockwise(vx, -vy) if moved else None
        if plane is None or place is None:
            return Travel(heights_s, angle)
        ground = [sight[2] for sight in sights if sight[2] is not None]
        if len(ground) < len(sights):
            return Travel(heights_s, angle, place=place, size_m=size_m)
        gx, gy = _slope(times, ground)
        heading = clockwise(gx, gy) if moved else None
        bearing = plane.bearing(gx, gy) if moved else None
        return Travel(heights_s, angle, math.hypot(gx, gy), heading, bearing, place, size_m)


def clockwise(right: float, up: float) -> float:
    """The angle of a way, degrees clockwise from up, 0..360."""
    return math.degrees(math.atan2(right, up)) % 360


def apart(a: float, b: float) -> float:
    """Between two angles, 0..180 degrees."""
    return abs((a - b + 180) % 360 - 180)


def along(points: list[Point], least: list[float]) -> float:
    """The length of a way; moves shorter than `least` at that point are trembling."""
    anchors = points[:1]
    for point, stride in zip(points[1:], least[1:], strict=True):
        if math.dist(anchors[-1], point) > stride:
            anchors.append(point)
    return sum(math.dist(a, b) for a, b in itertools.pairwise(anchors))


def _slope(times: list[float], points: list[Point]) -> tuple[float, float]:
    """Of the straight line through the points, least squares, per second."""
    middle = sum(times) / len(times)
    down = sum((time - middle) ** 2 for time in times)
    right = sum((time - middle) * point[0] for time, point in zip(times, points, strict=True))
    up = sum((time - middle) * point[1] for time, point in zip(times, points, strict=True))
    return right / down, up / down
