"""What rules and writers see of one analysed picture: plain values, time included."""

from __future__ import annotations

from dataclasses import dataclass

from agent.core.geometry import Box, Point

EDGE = 1e-3


def foot_of(box: Box) -> Point:
    """Where the thing stands, kept just inside the picture: who is cut by its edge is in the zone that ends there."""
    x, y = box.foot
    return min(1 - EDGE, max(EDGE, x)), min(1 - EDGE, max(EDGE, y))


@dataclass(frozen=True, slots=True)
class Seen:
    """A track at one moment. `now` is false when it was not found in this picture; `birth_foot` is where it began."""

    track: str
    label: str
    kind: str
    score: float
    box: Box
    confirmed: bool
    now: bool
    birth_foot: Point
    seen_ns: int

    @property
    def foot(self) -> Point:
        """See `foot_of`."""
        return foot_of(self.box)


@dataclass(frozen=True, slots=True)
class Observation:
    """One analysed picture: everything that lives, and what ended just before it.

    `blind_s` is how long nobody had looked before this picture, when that was longer than planned, else 0: overload or
    a gap in the stream. What is decided now may have happened at any time in it; events say so.
    """

    wall_ns: int
    seen: tuple[Seen, ...]
    ended: tuple[Seen, ...] = ()
    blind_s: float = 0.0
