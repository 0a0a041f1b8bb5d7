"""How much the child has to do, second by second, as the ladder wants to know it."""

from __future__ import annotations

import statistics
from collections.abc import Collection
from typing import Protocol

from agent.analyse.ladder import Load
from agent.core.clock import NS

LEARN = 0.3


class Counts(Protocol):
    """What an intake counts; all since the child began."""

    packets: int
    decodes: int
    decode_ns: int
    offered: int


class Measured(Protocol):
    """One camera: its intake, how many pictures were looked at, and how late the latest was since the last time."""

    analysed: int
    lag_max_s: float

    @property
    def intake(self) -> Counts:
        """Its counts."""


class Gauge:
    """Turns counts into a `Load`. `thought_ns` is how long the thinking thread has worked since the last time."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._packets: dict[int, int] = {}
        self._offered = self._replaced = self._analysed = 0
        self._think_s = 0.0
        self.thought_ns = 0

    def load(self, desks: Collection[Measured], replaced: int, elapsed_s: float) -> Load:
        """What the time since the last call was like; takes the lags out of the desks."""
        lags = [desk.lag_max_s for desk in desks if desk.lag_max_s > 0]
        for desk in desks:
            desk.lag_max_s = 0.0
        arrived = [self._arrived(number, desk.intake) for number, desk in enumerate(desks)]
        decodes = sum(desk.intake.decodes for desk in desks)
        each_ns = sum(desk.intake.decode_ns for desk in desks) / max(1, decodes)
        return Load(
            late_s=statistics.median(lags) if lags else 0.0,
            lost_share=self._lost_share(sum(desk.intake.offered for desk in desks), replaced),
            think_s=self._think(sum(desk.analysed for desk in desks)),
            streams=sum(count > 0 for count in arrived),
            decode_s=each_ns / NS * sum(arrived) / max(1e-3, elapsed_s),
            cores=self._cores,
        )

    def _arrived(self, number: int, intake: Counts) -> int:
        before, self._packets[number] = self._packets.get(number, 0), intake.packets
        return intake.packets - before

    def _lost_share(self, offered: int, replaced: int) -> float:
        tried, lost = offered - self._offered, replaced - self._replaced
        self._offered, self._replaced = offered, replaced
        return lost / tried if tried > 0 else 0.0

    def _think(self, analysed: int) -> float:
        """What one picture costs, smoothed."""
        count, self._analysed = analysed - self._analysed, analysed
        thought_s, self.thought_ns = self.thought_ns / NS, 0
        if count > 0:
            each_s = thought_s / count
            self._think_s += (LEARN if self._think_s else 1.0) * (each_s - self._think_s)
        return self._think_s
