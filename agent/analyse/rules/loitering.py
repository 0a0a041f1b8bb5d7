"""Somebody stays in a zone."""

from __future__ import annotations

from typing import Literal

from agent.analyse.observe import Observation
from agent.analyse.rules.port import Happening
from agent.analyse.rules.zone import Visit, Visits
from agent.core.clock import NS


class Loitering:
    """An event from when a visit has lasted for `after_s` to its end; time in which nobody looked does not count."""

    def __init__(self, zone: str, visits: Visits, after_s: float) -> None:
        self._zone, self._visits, self._after_ns = zone, visits, round(after_s * NS)
        self._told: set[str] = set()

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        _, over = self._visits.step(observation)
        said = [self._say("start", visit, None) for visit in self._visits.present if self._is_long(visit)]
        self._told.update(one.key for one in said)
        for one in over:
            if one.visit.last.track in self._told:
                self._told.remove(one.visit.last.track)
                said.append(self._say("end", one.visit, one.end_ns))
        return said

    def _is_long(self, visit: Visit) -> bool:
        return visit.dwell_ns >= self._after_ns and visit.last.track not in self._told

    def _say(self, phase: Literal["start", "end"], visit: Visit, end_ns: int | None) -> Happening:
        return Happening(
            visit.last.track, phase, "loitering", visit.since_ns, end_ns, visit.last, zone=self._zone,
            facts={"dwell_s": round(visit.dwell_ns / NS, 2)},
        )  # fmt: skip
