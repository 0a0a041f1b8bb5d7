"""All rules of one camera, and what of their words is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from agent.analyse.observe import Observation
from agent.analyse.rules.build import Builder
from agent.analyse.rules.gate import Gate
from agent.analyse.rules.lineage import Lineage
from agent.analyse.rules.plugin import Foreign
from agent.analyse.rules.port import Happening, Rule
from agent.config.gateway import Camera
from agent.config.hours import Calendar
from agent.config.rules import Base, Count, Plugin, Tamper


@dataclass(frozen=True, slots=True)
class _Bench:
    table: Base
    rule: Rule
    gate: Gate


Verdict = tuple[int, Base, Happening]
"""Number and table of the rule, and what is told."""


class Judge:
    """One per camera. `zone` is the time zone of all hours (None: the machine's)."""

    def __init__(self, camera: Camera, zone: tzinfo | None = None) -> None:
        self._camera = camera
        place = camera.place
        self._calendar = Calendar(zone, None if place is None else (place.latitude, place.longitude))
        self.looks_at_pictures = any(isinstance(table, Tamper | Plugin) for table in camera.rule)
        """Does any rule want the picture itself (`Scene.grey`)?"""
        self._benches = self._seated()
        self._lineage = Lineage()

    @property
    def trouble(self) -> str:
        """Which rules of others were set aside, and why."""
        foreign = (bench.rule for bench in self._benches if isinstance(bench.rule, Foreign))
        return "; ".join(rule.trouble for rule in foreign if rule.trouble)

    def step(self, observation: Observation) -> list[Verdict]:
        """What is told of one picture."""
        if not self._benches:
            return []
        lasting = self._lineage.step(observation)
        return [verdict for number in range(len(self._benches)) for verdict in self._ask(number, lasting)]

    def finish(self, observation: Observation) -> list[Verdict]:
        """The stream is over: nothing stays open, and the next picture is the first."""
        lasting = self._lineage.step(observation, last=True)
        told = []
        for number, bench in enumerate(self._benches):
            told += self._ask(number, lasting)
            told += [(number, bench.table, one) for one in bench.gate.end_all(observation.wall_ns)]
        self._benches, self._lineage = self._seated(self._benches), Lineage()
        return told

    def _ask(self, number: int, lasting: Observation) -> list[Verdict]:
        bench = self._benches[number]
        said = bench.rule.step(lasting)
        told = bench.gate.step(said, lasting.wall_ns)
        if isinstance(bench.rule, Foreign) and bench.rule.trouble:
            told += bench.gate.end_all(lasting.wall_ns)
        return [(number, bench.table, one) for one in told]

    def _seated(self, before: list[_Bench] | None = None) -> list[_Bench]:
        """Rules that have seen nothing yet; one that was set aside stays so."""
        builder, benches = Builder(self._camera), []
        for number, table in enumerate(self._camera.rule):
            is_open = partial(self._calendar.any, table.when)
            aside = before is not None and isinstance(old := before[number].rule, Foreign) and bool(old.trouble)
            rule = before[number].rule if before is not None and aside else builder.rule(table, is_open)
            hours = partial(self._calendar.any, ()) if isinstance(table, Count) else is_open
            benches.append(_Bench(table, rule, Gate(hours, table.cooldown_s)))
        return benches


def only_rules_differ(before: Camera, after: Camera) -> bool:
    """Is it the rules alone, with their zones and lines, that these settings have otherwise?

    Things left and taken know the zones they are kept to from the beginning.
    """
    if after.still.zones and before.zone != after.zone:
        return False
    ruled = {"zone": after.zone, "line": after.line, "rule": after.rule}
    return before.model_copy(update=ruled) == after
