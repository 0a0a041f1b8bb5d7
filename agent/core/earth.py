"""Short ways on the WGS 84 ellipsoid, over distances for which the earth is flat."""

from __future__ import annotations

import math

AXIS_M, FLAT = 6_378_137.0, 0.006_694_379_990_14
"""Half the longer axis, and the first eccentricity squared."""


def moved(latitude: float, longitude: float, east: float, north: float) -> tuple[float, float]:
    """The place so many metres east and north of one."""
    per_north, per_east = _metres_per_degree(latitude)
    return latitude + north / per_north, longitude + east / per_east


def way(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Metres east and north from one latitude and longitude to another."""
    per_north, per_east = _metres_per_degree((start[0] + end[0]) / 2)
    return (end[1] - start[1]) * per_east, (end[0] - start[0]) * per_north


def _metres_per_degree(latitude: float) -> tuple[float, float]:
    """Along the meridian and along the parallel."""
    sine = math.sin(math.radians(latitude))
    bend = 1 - FLAT * sine * sine
    meridian, normal = AXIS_M * (1 - FLAT) / bend**1.5, AXIS_M / math.sqrt(bend)
    return math.radians(meridian), math.radians(normal * math.cos(math.radians(latitude)))
