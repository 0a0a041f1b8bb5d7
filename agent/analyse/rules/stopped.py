"""A vehicle that stands."""

from __future__ import annotations

import math

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.latch import Latch
from agent.core.geometry import Point

NEAR = 0.25
"""Of its longer side: within that of where it came to rest it stands, boxes tremble."""
NEAR_ON = 0.4
MOVED_SIGHTS = 2
"""So many sights in a row elsewhere: it moved. One may be a box that was drawn badly."""


class Stopped:
    """See `conduct.Doing`. It stands where it was first seen since it last moved."""

    def __init__(self) -> None:
        self._spot: Point | None = None
        self._elsewhere = 0

    def does(self, seen: Seen, observation: Observation, latch: Latch) -> bool | None:
        """Is it still where it came to rest?"""
        aspect, (x, y) = observation.aspect, seen.box.centre
        if self._spot is None or latch.idle:
            self._spot, self._elsewhere = (x, y), 0
        size = max(seen.box.width * aspect, seen.box.height)
        way = math.hypot((x - self._spot[0]) * aspect, y - self._spot[1])
        if way <= (NEAR_ON if latch.on else NEAR) * size:
            self._elsewhere = 0
            return True
        self._elsewhere += 1
        if self._elsewhere >= MOVED_SIGHTS and not latch.on:  # it rolls on: time at one spot is none at the next
            latch.begin_again()
        return False

    def facts(self) -> dict[str, object]:
        """Nothing more."""
        return {}
