"""Where a track has been: boxes half a second apart, fewer the longer it lives, and what they say of its way."""

from __future__ import annotations

import itertools
import math

from agent.core.clock import NS
from agent.core.geometry import Box, Point

STEP_NS = NS // 2
MOST_POINTS = 600
STRIDE = 0.25
"""Of the box height: smaller moves are the detector's trembling."""

SECTORS = ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")


class Path:
    """Of one track. `aspect` below is the picture's width over its height."""

    def __init__(self) -> None:
        self._points: list[tuple[int, Box]] = []
        self._last: tuple[int, Box] | None = None
        self._step_ns = STEP_NS

    def go(self, wall_ns: int, box: Box) -> None:
        """The track is there now."""
        self._last = wall_ns, box
        if not self._points or wall_ns - self._points[-1][0] >= self._step_ns:
            self._points.append((wall_ns, box))
        if len(self._points) > MOST_POINTS:  # half as many points, twice as far apart: a day's track stays small
            self._points = self._points[::2]
            self._step_ns *= 2

    def points(self) -> list[tuple[int, Box]]:
        """Times and boxes, the last sight included."""
        if self._last is None or self._points[-1][0] >= self._last[0]:
            return self._points
        return [*self._points, self._last]

    def size(self) -> float:
        """Share of the picture, the median."""
        areas = sorted(box.area for _, box in self.points())
        return areas[len(areas) // 2]

    def speed(self, aspect: float, age_s: float) -> float:
        """Box heights per second over a life of `age_s`."""
        points = self.points()
        way = sum(_gap(a, b, aspect) for a, b in itertools.pairwise(self._anchors(aspect)))
        height = sum(box.height for _, box in points) / len(points)
        return way / height / age_s if height > 0 and age_s > 0 else 0.0

    def direction(self, aspect: float) -> str | None:
        """One of eight sectors of the picture, None for a thing that stayed where it was."""
        points = self.points()
        start, end = points[0][1], points[-1][1]
        return sector(start.centre, end.centre, aspect, least=max(start.height, end.height) / 2)

    def _anchors(self, aspect: float) -> list[Point]:
        points = self.points()
        anchors = [points[0][1].centre]
        for _, box in points[1:]:
            if _gap(anchors[-1], box.centre, aspect) > STRIDE * box.height:
                anchors.append(box.centre)
        return anchors


def sector(start: Point, end: Point, aspect: float, least: float) -> str | None:
    """The direction from `start` to `end` as seen in the picture, None when shorter than `least` picture heights."""
    dx, dy = (end[0] - start[0]) * aspect, end[1] - start[1]
    if math.hypot(dx, dy) < least:
        return None
    return SECTORS[round(math.atan2(dy, dx) / (math.pi / 4)) % 8]


def _gap(a: Point, b: Point, aspect: float) -> float:
    return math.hypot((b[0] - a[0]) * aspect, b[1] - a[1])
