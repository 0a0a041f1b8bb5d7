"""Which things a rule is about: their kind, size and speed."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.analyse.observe import Observation, Seen
from agent.analyse.travel import Travel
from agent.config.gateway import Camera
from agent.config.rules import About, Unit

PER_MPS: dict[Unit, float] = {"m/s": 1.0, "km/h": 3.6, "mph": 3600 / 1609.344}
Limits = tuple[float | None, float | None]
ANY: Limits = (None, None)


@dataclass(frozen=True, slots=True)
class Who:
    """A filter; two alike are equal. `unit` is that of `speed`."""

    labels: frozenset[str] = frozenset()
    size: Limits = ANY
    height_m: Limits = ANY
    speed: Limits = ANY
    unit: Unit = "heights/s"
    measures: bool = field(init=False, compare=False)
    """Does it ask for more than the kind?"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", not self.size == self.height_m == self.speed == ANY)

    def passes(self, seen: Seen, observation: Observation) -> bool:
        """Does this thing count, as it is now? Finer classes count too: `car` is a `vehicle`. Not known: no."""
        if self.labels and seen.label not in self.labels and seen.kind not in self.labels:
            return False
        return not self.measures or self._measured(seen, observation.aspect)

    def _measured(self, seen: Seen, aspect: float) -> bool:
        if self.size != ANY and not _within(max(seen.box.width * aspect, seen.box.height), self.size):
            return False
        if self.height_m != ANY:
            size_m = seen.travel.size_m
            if size_m is None or not _within(size_m[1], self.height_m):
                return False
        return self.speed == ANY or _within(speed_in(seen.travel, self.unit), self.speed)


def who_of(rule: About, camera: Camera) -> Who:
    """The filter of a rule's table."""
    return Who(
        frozenset(rule.labels), (rule.min_size, rule.max_size), (rule.min_height_m, rule.max_height_m),
        (rule.min_speed, rule.max_speed), unit_of(rule, camera),
    )  # fmt: skip


def unit_of(rule: About, camera: Camera) -> Unit:
    """What a rule's speeds are in: when not said, m/s where the camera has a ground, learnt yet or not."""
    return rule.unit or ("heights/s" if camera.ground is None else "m/s")


def speed_in(travel: Travel, unit: Unit) -> float | None:
    """How fast something moves, None when that is not known in this unit."""
    if unit == "heights/s":
        return travel.heights_s
    return None if travel.mps is None else travel.mps * PER_MPS[unit]


def _within(value: float | None, limits: Limits) -> bool:
    low, high = limits
    return value is not None and (low is None or value >= low) and (high is None or value <= high)
