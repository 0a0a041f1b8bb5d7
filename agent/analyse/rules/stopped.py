"""A vehicle that stands."""

from __future__ import annotations

import math

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.latch import Latch
from agent.core.geometry import Point

NEAR = 0.25
"""Of its longer side: within that of where it came to rest it stands, boxes tremble."""
NEAR_ON = 0.4


class Stopped:
    """See `conduct.Doing`. It stands where it was first seen since it last moved."""

    def __init__(self) -> None:
        self._spot: Point | None = None

    def does(self, seen: Seen, observation: Observation, latch: Latch) -> bool | None:
        """Is it still where it came to rest?"""
        aspect, (x, y) = observation.aspect, seen.box.centre
        if self._spot is None or latch.idle:
            self._spot = x, y
        size = max(seen.box.width * aspect, seen.box.height)
        way = math.hypot((x - self._spot[0]) * aspect, y - self._spot[1])
        if way <= (NEAR_ON if latch.on else NEAR) * size:
            return True
        if not latch.on:  # it rolls on: where it stands next is yet to be seen
            self._spot = x, y
        return False

    def facts(self) -> dict[str, object]:
        """Nothing more."""
        return {}
