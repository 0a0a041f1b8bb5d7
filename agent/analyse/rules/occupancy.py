"""How many are in a zone."""

from __future__ import annotations

from agent.analyse.observe import Observation
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.port import Happening, Phase
from agent.analyse.rules.zone import Visit, Visits

KEY = "occupancy"
MOST_TRACKS = 64


class Occupancy:
    """An event while more than `over` are in: `count` is how many are now, the fact `most` how many there were at most.

    Said again whenever the count changes.
    """

    def __init__(self, zone: str, visits: Visits, over: int, latch: Latch) -> None:
        self._zone, self._visits, self._over, self._latch = zone, visits, over, latch
        self._said = self._most = self._since_ns = 0

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        self._visits.step(observation)
        present = self._visits.present
        turn = self._latch.step(len(present) > self._over, observation.wall_ns, blind=observation.blind_s > 0)
        if turn == "start":
            self._since_ns, self._most = self._latch.since_ns, 0
        if turn is None and (not self._latch.on or len(present) == self._said):
            return []
        self._said, self._most = len(present), max(self._most, len(present))
        return [self._say(turn or "update", present, self._latch.off_at_ns if turn == "end" else None)]

    def _say(self, phase: Phase, present: list[Visit], end_ns: int | None) -> Happening:
        first = present[0].last if present else None
        return Happening(
            KEY, phase, "occupancy", self._since_ns, end_ns, None, zone=self._zone, count=len(present),
            label=None if first is None else first.label, facts={"most": self._most},
            tracks=tuple(track for visit in present for track in visit.last.ids)[:MOST_TRACKS],
        )  # fmt: skip
