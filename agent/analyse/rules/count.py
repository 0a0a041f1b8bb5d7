"""How many went where: sums that an analyst can add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.analyse.observe import Observation
from agent.analyse.rules.line import Crossings
from agent.analyse.rules.port import Happening, Phase
from agent.analyse.rules.zone import Visits
from agent.core.clock import NS

Passed = Callable[[Observation], list[tuple[str, str]]]
"""Direction and label of everybody who passed now."""


@dataclass(slots=True)
class _Sum:
    direction: str | None
    label: str | None
    count: int = 0


class Count:
    """For each interval (`every_s`, by the wall clock), direction and label an event with `count`.

    It begins with the first who passes and is said again with each, so that a fall of the analysis loses nobody who
    was told; its end has the whole sum. An interval in which nobody passed is told as one event with count 0, so that
    nothing and not having looked can be told apart; the fact `blind_s` is for how long nobody looked.
    """

    def __init__(
        self, place: dict[str, str], passed: Passed, every_s: int, is_open: Callable[[int], bool]
    ) -> None:  # fmt: skip
        self._zone, self._line = place.get("zone"), place.get("line")
        self._passed, self._every_ns, self._is_open = passed, every_s * NS, is_open
        self._since_ns: int | None = None
        self._slot = 0
        self._blind_s = 0.0
        self._sums: dict[str, _Sum] = {}

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        wall_ns, slot = observation.wall_ns, observation.wall_ns // self._every_ns
        is_open, passed = self._is_open(wall_ns), self._passed(observation)
        said: list[Happening] = []
        if self._since_ns is not None and (slot != self._slot or not is_open):
            said = self._close(min(wall_ns, (self._slot + 1) * self._every_ns) if slot > self._slot else wall_ns)
        if not is_open:
            return said
        if self._since_ns is None:
            # what came right after an interval belongs to the next from its very beginning
            self._since_ns = slot * self._every_ns if said else wall_ns
            self._slot, self._blind_s = slot, 0.0
        self._blind_s += observation.blind_s
        return said + [self._add(*one) for one in passed]

    def _add(self, direction: str, label: str) -> Happening:
        key = f"{self._slot} {direction} {label}"
        known = self._sums.setdefault(key, _Sum(direction, label))
        known.count += 1
        return self._say("start" if known.count == 1 else "update", key, known, None)

    def _close(self, end_ns: int) -> list[Happening]:
        said = [self._say("end", key, known, end_ns) for key, known in self._sums.items()]
        if not said:
            nobody, key = _Sum(None, None), f"{self._slot} nobody"
            said = [self._say("start", key, nobody, None), self._say("end", key, nobody, end_ns)]
        self._since_ns = None
        self._sums.clear()
        return said

    def _say(self, phase: Phase, key: str, known: _Sum, end_ns: int | None) -> Happening:
        facts: dict[str, object] = {"every_s": self._every_ns // NS}
        if self._blind_s:
            facts["blind_s"] = round(min(self._blind_s, self._every_ns / NS), 2)
        start_ns = self._since_ns or 0
        return Happening(
            key, phase, "count", min(start_ns, end_ns or start_ns), end_ns, None, zone=self._zone, line=self._line,
            direction=known.direction, label=known.label, count=known.count, facts=facts, shown=False,
        )  # fmt: skip


def over_line(crossings: Crossings) -> Passed:
    """Over a line: `left_to_right` and `right_to_left`."""
    return lambda observation: [(direction, seen.label) for seen, direction in crossings.step(observation)]


def through_zone(visits: Visits) -> Passed:
    """Into a zone and out of it: `in` and `out`. Who was first seen inside did not come in."""

    def passed(observation: Observation) -> list[tuple[str, str]]:
        begun, over = visits.step(observation)
        came = [("in", visit.last.label) for visit in begun if visits.came_in(visit)]
        return came + [("out", one.visit.last.label) for one in over if one.walked]

    return passed
