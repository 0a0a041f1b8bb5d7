"""A rule for Lamppost: somebody turns around and goes back. An example of the entry point `lamppost.rules`."""

from __future__ import annotations

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.port import Happening, instant
from agent.analyse.rules.who import Who, who_of
from agent.analyse.travel import apart
from agent.config.gateway import Camera
from agent.config.rules import Plugin
from agent.core.clock import NS
from agent.core.geometry import Point, inside

WITHIN_NS = 10 * NS
"""A turn that takes longer is a detour."""


def make(table: Plugin, camera: Camera) -> UTurn:
    """What the entry point names: from the rule's table and its camera to the rule.

    Raises:
        ValueError: the options are wrong; `lamppost config check` shows the text.
    """
    unknown = set(table.options) - {"degrees"}
    if unknown:
        raise ValueError(f"unknown option {min(unknown)!r}; there is: degrees")
    degrees = table.options.get("degrees", 150)
    if not isinstance(degrees, int | float) or not 90 <= degrees <= 180:
        raise ValueError(f"degrees = {degrees!r} is not between 90 and 180")
    polygon = next((zone.polygon for zone in camera.zone if zone.name == table.zone), None)
    return UTurn(who_of(table, camera), table.zone, polygon, float(degrees))


class UTurn:
    """An event without duration when somebody goes against the way that it went within the last ten seconds.

    All state is here, all time comes from the observation: the same observations, the same words.
    """

    def __init__(self, who: Who, zone: str | None, polygon: tuple[Point, ...] | None, degrees: float) -> None:
        self._who, self._zone, self._polygon, self._degrees = who, zone, polygon, degrees
        self._ways: dict[str, list[tuple[int, float]]] = {}

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        for seen in observation.ended:
            self._ways.pop(seen.track, None)
        return [
            said
            for seen in observation.seen
            if seen.confirmed and seen.now and self._who.passes(seen, observation)
            if self._turned(seen, observation.wall_ns)
            for said in instant(seen.track, "u_turn", observation.wall_ns, seen, zone=self._zone)
        ]

    def _turned(self, seen: Seen, wall_ns: int) -> bool:
        angle = seen.travel.angle
        if angle is None or (self._polygon is not None and not inside(seen.foot, self._polygon)):
            return False
        ways = [way for way in self._ways.get(seen.track, []) if wall_ns - way[0] < WITHIN_NS]
        self._ways[seen.track] = [*ways, (wall_ns, angle)]
        if not any(apart(angle, before) >= self._degrees for _, before in ways):
            return False
        self._ways[seen.track] = [(wall_ns, angle)]
        return True
