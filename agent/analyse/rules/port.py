"""What a rule is, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from agent.analyse.observe import Observation, Seen

Phase = Literal["start", "update", "end"]


@dataclass(frozen=True, slots=True)
class Happening:
    """What a rule decided. `key` is the same from start to end and unlike any other of the same rule at that time.

    Something that takes no time (a line is crossed, a zone is left) is said twice at once: a start and an end with
    the same times, so that whoever waits for starts and whoever waits for ends each count it once.
    """

    key: str
    phase: Phase
    kind: str
    start_ns: int
    end_ns: int | None
    seen: Seen
    zone: str | None = None
    line: str | None = None
    direction: str | None = None


class Rule(Protocol):
    """One rule of one camera. It keeps its state itself and reads no clock: the same observations, the same words."""

    @property
    def name(self) -> str:
        """For people, unique within the camera: `zone_entered plaza`."""

    @property
    def severity(self) -> Literal["info", "alarm"]:
        """What its events are."""

    def step(self, observation: Observation) -> list[Happening]:
        """What this observation makes happen."""


def concerns(labels: tuple[str, ...], seen: Seen) -> bool:
    """Does a filter on labels let this track pass? Finer classes count too: `car` is a `vehicle`."""
    return not labels or seen.label in labels or seen.kind in labels


def instant(key: str, kind: str, when_ns: int, seen: Seen, **place: str | None) -> list[Happening]:
    """A happening without duration: start and end at once."""
    return [
        Happening(key, "start", kind, when_ns, None, seen, **place),
        Happening(key, "end", kind, when_ns, when_ns, seen, **place),
    ]
