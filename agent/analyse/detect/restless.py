"""Places that move and go nowhere: a clock burnt into the picture, a blinking lamp, a flag. For motion alone.

Whatever never leaves the place where it appeared is no object; from then on what moves wholly inside that place is
not told of. The place is forgotten when nothing has moved there for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.analyse.detect.port import Detection
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box

STAYED_S = 10.0
FORGET_S = 150.0
MOST_PLACES = 64
WIDER = 0.25
INSIDE_SHARE = 0.7


@dataclass(slots=True)
class Home:
    """Where a track has been so far, while that is still its first place."""

    first: Box
    around: Box
    away: bool = False


@dataclass(slots=True)
class Place:
    """Where a track stayed, and when something last moved there."""

    box: Box
    moved_ns: int


class Restless:
    """One per camera that goes by motion alone."""

    def __init__(self) -> None:
        self._homes: dict[str, Home] = {}
        self._places: list[Place] = []

    def without(self, found: Sequence[Detection], wall_ns: int) -> list[Detection]:
        """`found` without what moves inside a restless place."""
        self._places = [place for place in self._places if wall_ns - place.moved_ns < FORGET_S * NS]
        return [one for one in found if not self._held(one.box, wall_ns)]

    def learn(self, living: Iterable[Track], ended: Iterable[Track], wall_ns: int) -> None:
        """Look where the tracks are after a picture."""
        for track in living:
            home = self._homes.setdefault(track.id, Home(track.box, track.box))
            if track.seen_ns != wall_ns or home.away:
                continue
            home.away = _share_inside(track.box, home.first) == 0
            home.around = _around(home.around, track.box)
            if not home.away and track.age_s > STAYED_S:
                self._settle(home.around.grown(WIDER), wall_ns)
        for track in ended:
            if track.id in self._homes:
                del self._homes[track.id]

    def _held(self, box: Box, wall_ns: int) -> bool:
        for place in self._places:
            if _share_inside(box, place.box) >= INSIDE_SHARE:
                place.moved_ns = wall_ns
                return True
        return False

    def _settle(self, box: Box, wall_ns: int) -> None:
        others = [place for place in self._places if _share_inside(place.box, box) < INSIDE_SHARE]
        self._places = [*others[1 - MOST_PLACES :], Place(box, wall_ns)]


def _share_inside(box: Box, other: Box) -> float:
    """How much of `box` lies in `other`."""
    width = min(box.x2, other.x2) - max(box.x1, other.x1)
    height = min(box.y2, other.y2) - max(box.y1, other.y1)
    return width * height / box.area if width > 0 and height > 0 and box.area > 0 else 0.0


def _around(a: Box, b: Box) -> Box:
    return Box(min(a.x1, b.x1), min(a.y1, b.y1), max(a.x2, b.x2), max(a.y2, b.y2))
