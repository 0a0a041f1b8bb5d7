"""What a rule is, and what it says. Rules of other packages are written against this module and `observe`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from agent.analyse.observe import Observation, Seen

Phase = Literal["start", "update", "end"]


@dataclass(frozen=True, slots=True)
class Happening:
    """What a rule decided. `key` is the same from start to end and unlike any other of the same rule at that time.

    Something that takes no time (a line is crossed, a zone is left) is said twice at once: a start and an end with
    the same times, so that whoever waits for starts and whoever waits for ends each count it once.

    `seen` is who did it, None when nobody in particular did; `tracks` are all who take part, if they are more.
    `facts` become attributes of the event: plain values of JSON. Of what is not `shown` no picture is taken.
    """

    key: str
    phase: Phase
    kind: str
    start_ns: int
    end_ns: int | None
    seen: Seen | None
    zone: str | None = None
    line: str | None = None
    direction: str | None = None
    count: int | None = None
    tracks: tuple[str, ...] = ()
    label: str | None = None
    facts: dict[str, object] = field(default_factory=dict)
    shown: bool = True


class Rule(Protocol):
    """One rule of one camera. It keeps its state itself and reads no clock: the same observations, the same words.

    Schedules, cool-down, and the end of what is still going on when the stream ends are seen to by who calls it.
    """

    def step(self, observation: Observation) -> list[Happening]:
        """What this observation makes happen."""


def instant(key: str, kind: str, when_ns: int, seen: Seen, **place: str | None) -> list[Happening]:
    """A happening without duration: start and end at once."""
    return [
        Happening(key, "start", kind, when_ns, None, seen, **place),  # type: ignore[arg-type]
        Happening(key, "end", kind, when_ns, when_ns, seen, **place),  # type: ignore[arg-type]
    ]
