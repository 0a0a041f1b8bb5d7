"""What rules and writers see of one analysed picture: plain values, time included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from agent.analyse.ground.plane import Plane
from agent.analyse.motion import Grey
from agent.analyse.travel import UNKNOWN, Travel
from agent.core.geometry import Box, Point

EDGE = 1e-3


def foot_of(box: Box) -> Point:
    """Where the thing stands, kept just inside the picture: who is cut by its edge is in the zone that ends there."""
    x, y = box.foot
    if EDGE <= x <= 1 - EDGE and EDGE <= y <= 1 - EDGE:
        return x, y
    return min(1 - EDGE, max(EDGE, x)), min(1 - EDGE, max(EDGE, y))


class Seen(NamedTuple):
    """A track at one moment: a tuple with names. `now` is false when it was not found in this picture.

    `foot` (see `foot_of`) is where it stands, `birth_foot` where it began. `travel` is how it moved until it was last
    found. Rules see a track that continues another (see `rules.lineage`) under the name of that one; `known_as` is its
    own name then.
    """

    track: str
    label: str
    kind: str
    score: float
    box: Box
    foot: Point
    confirmed: bool
    now: bool
    birth_foot: Point
    seen_ns: int
    travel: Travel = UNKNOWN
    known_as: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The tracks that it was and is."""
        return (self.track, self.known_as) if self.known_as else (self.track,)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The picture itself, as far as rules look at it: small and grey, its contrast as it came.

    `moving` is where something moves, None where nobody compared this picture with the others.
    """

    grey: Grey | None = None
    moving: tuple[Box, ...] | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One analysed picture: everything that lives, and what ended just before it.

    `blind_s` is how long nobody had looked before this picture, when that was longer than planned and than the stream
    itself brings pictures, else 0: overload or a gap in the stream. What is decided now may have happened at any time
    in it; events say so. `aspect` is the picture's width over its height, `plane` the ground where that is known.
    `woken` names tracks that nobody had found for long and that go on, each with the one that it was taken for
    meanwhile: those are among `ended`.
    """

    wall_ns: int
    seen: tuple[Seen, ...]
    ended: tuple[Seen, ...] = ()
    blind_s: float = 0.0
    scene: Scene = Scene()
    aspect: float = 16 / 9
    plane: Plane | None = None
    woken: tuple[tuple[str, str], ...] = ()
