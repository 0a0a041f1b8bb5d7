"""How much of a camera's picture moved, second by second, until the gateway is told."""

from __future__ import annotations

from agent.core.clock import NS
from agent.wire.messages import level_of

MOST_S = 120
"""The gateway is told every second; of more than this the oldest goes."""
LONGEST_REST_S = 10
"""A camera at rest is glanced at every four seconds or sooner: over more than this nobody looked."""


class MotionLog:
    """One per camera, for one thread. Seconds are those of the pictures' own times."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}
        self._last: int | None = None

    def note(self, wall_ns: int, share: float | None) -> None:
        """So much (0..1) of the picture of that time moved; the most of a second counts. None: nobody could tell."""
        second = wall_ns // NS
        self._last = second
        if share is not None:
            self._put(second, level_of(share))

    def rest(self, wall_ns: int) -> None:
        """Nothing has moved from the last picture until this time: the camera rested, and its packets stayed small."""
        second, last = wall_ns // NS, self._last
        near = last is not None and 0 <= second - last <= LONGEST_REST_S
        for quiet in range(last if near and last is not None else second, second + 1):
            self._put(quiet, 0)
        self._last = second

    def take(self) -> list[tuple[int, int]]:
        """Second and level of all that was noted since the last time."""
        taken = list(self._levels.items())
        self._levels.clear()
        return taken

    def _put(self, second: int, level: int) -> None:
        self._levels[second] = max(level, self._levels.get(second, 0))
        if len(self._levels) > MOST_S:
            del self._levels[next(iter(self._levels))]
