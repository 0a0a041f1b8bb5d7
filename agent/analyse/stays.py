"""For how long a track has been in each zone."""

from __future__ import annotations

from collections.abc import Sequence

from agent.config.gateway import Zone
from agent.core.clock import NS
from agent.core.geometry import Point, inside

UNKNOWN_NS = 8 * NS + NS // 2
"""Between two sights further apart nobody knows where it was: that time counts for no zone.

A standing track may be missed for as long as the tracker keeps it, 8 s.
"""


class Stays:
    """Of one track. Time between two sights counts half for where it was and half for where it is."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = zones
        self._ns: dict[str, int] = {}
        self._last: tuple[int, tuple[str, ...]] | None = None

    def go(self, wall_ns: int, foot: Point, blind_s: float = 0.0) -> None:
        """It stands there now; before that nobody had looked for `blind_s`."""
        now = tuple(zone.name for zone in self._zones if inside(foot, zone.polygon))
        if self._last is not None:
            before_ns, before = self._last
            half_ns = _share_ns(wall_ns - before_ns, blind_s) // 2
            for name in (*before, *now):
                self._ns[name] = self._ns.get(name, 0) + half_ns
        self._last = wall_ns, now
        for name in now:
            self._ns.setdefault(name, 0)

    def seconds(self) -> dict[str, float]:
        """Zone -> seconds in it, in the order in which they were entered; nothing that nobody saw."""
        return {name: round(spent / NS, 2) for name, spent in self._ns.items()}


def _share_ns(gap_ns: int, blind_s: float) -> int:
    return 0 if blind_s or not 0 < gap_ns < UNKNOWN_NS else gap_ns
