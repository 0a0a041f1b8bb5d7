"""People close together."""

from __future__ import annotations

import math

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.area import Area
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.occupancy import MOST_TRACKS
from agent.analyse.rules.port import Happening
from agent.analyse.rules.who import Who
from agent.core.clock import NS
from agent.core.geometry import Point

KEY = "crowd"
EACH_NS = 4 * NS // 10
"""So often people are counted: a crowd does not come and go within a picture."""
KEPT_NS = 2 * NS
"""Who was missed for less is still there: in a crowd people hide each other."""


class Crowd:
    """An event while somewhere more than `over` are within `radius` of one of them; `count` is how many there are.

    `radius` is in metres on a calibrated ground, else in heights of the one in the middle.
    """

    def __init__(self, zone: str | None, area: Area, who: Who, over: int, radius: float, latch: Latch) -> None:
        self._zone, self._area, self._who = zone, area, who
        self._over, self._radius, self._latch = over, radius, latch
        self._looked_ns = self._said = self._most = self._since_ns = 0
        self._blind = False

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        self._blind = self._blind or observation.blind_s > 0
        if 0 <= observation.wall_ns - self._looked_ns < EACH_NS:
            return []
        self._looked_ns, blind, self._blind = observation.wall_ns, self._blind, False
        group = self._densest(observation)
        turn = self._latch.step(len(group) > self._over, observation.wall_ns, blind=blind)
        if turn == "start":
            self._since_ns, self._most = self._latch.since_ns, 0
        if turn is None and (not self._latch.on or len(group) == self._said):
            return []
        self._said, self._most = len(group), max(self._most, len(group))
        facts: dict[str, object] = {"most": self._most, "radius": self._radius}
        facts["radius_unit"] = "heights" if observation.plane is None else "m"
        end_ns = self._latch.off_at_ns if turn == "end" else None
        tracks = tuple(track for seen in group for track in seen.ids)[:MOST_TRACKS]
        middle = group[0] if group else None
        return [
            Happening(
                KEY, turn or "update", "crowd", self._since_ns, end_ns, middle, zone=self._zone, count=len(group),
                tracks=tracks, facts=facts,
            )
        ]  # fmt: skip

    def _densest(self, observation: Observation) -> list[Seen]:
        """The one with most others around, and those."""
        people = [
            (seen, spot)
            for seen in observation.seen
            if seen.confirmed and observation.wall_ns - seen.seen_ns < KEPT_NS
            if self._area.holds(seen, observation) and self._who.passes(seen, observation)
            if (spot := _spot(seen, observation)) is not None
        ]
        best: list[Seen] = []
        for seen, (x, y) in people:
            reach = self._radius if observation.plane is not None else self._radius * seen.box.height
            near = [one for one, (a, b) in people if math.hypot(a - x, b - y) <= reach and one is not seen]
            if len(near) >= len(best):
                best = [seen, *near]
        return best


def _spot(seen: Seen, observation: Observation) -> Point | None:
    """Where it stands, in the unit of `radius`: metres, or picture heights."""
    x, y = seen.foot
    return (x * observation.aspect, y) if observation.plane is None else observation.plane.at((x, y))
