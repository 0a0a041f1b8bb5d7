"""How places on the ground lie to each other: pure. A plane is good enough for some kilometres."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

METRES_A_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6,371 km."""
SEES_M = 100.0
"""So far a camera is taken to show what happens, where nobody knows how far it does."""
_USUAL_VIEW = 60.0
_AT_IT_M = 1.0


class Spot(NamedTuple):
    """Degrees (WGS 84)."""

    latitude: float
    longitude: float


class View(NamedTuple):
    """Where a camera hangs and looks: degrees clockwise from north, and how wide; None: nobody knows."""

    spot: Spot
    bearing: float | None
    field_of_view: float | None


def _way(a: Spot, b: Spot) -> tuple[float, float]:
    """Metres to the east and to the north, the short way round the earth."""
    wide = METRES_A_DEGREE * max(0.01, math.cos(math.radians(a.latitude)))
    turn = (b.longitude - a.longitude + 180.0) % 360.0 - 180.0
    return turn * wide, (b.latitude - a.latitude) * METRES_A_DEGREE


def metres(a: Spot, b: Spot) -> float:
    """From one to the other."""
    return math.hypot(*_way(a, b))


def covers(view: View, spot: Spot) -> bool:
    """Does that place lie in the camera's field of view, and near enough? Buildings are not known of."""
    east, north = _way(view.spot, spot)
    away = math.hypot(east, north)
    width = _USUAL_VIEW if view.field_of_view is None else view.field_of_view
    if away > SEES_M:
        return False
    if away < _AT_IT_M or width >= 360:
        return True
    if view.bearing is None:
        return False
    off = (math.degrees(math.atan2(east, north)) - view.bearing + 180.0) % 360.0 - 180.0
    return abs(off) <= width / 2


class Around:
    """All that lies within so many metres of one of some places."""

    def __init__(self, spots: Iterable[Spot], within_m: float) -> None:
        self._spots, self._within_m = sorted(spots), within_m

    def has(self, spot: Spot) -> bool:
        """Does this place?"""
        span = self._within_m / METRES_A_DEGREE
        first = bisect_left(self._spots, (spot.latitude - span, -math.inf))
        end = bisect_right(self._spots, (spot.latitude + span, math.inf))
        return any(metres(one, spot) <= self._within_m for one in self._spots[first:end])
