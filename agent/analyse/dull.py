"""Dull places: something always changes there and the detector never finds anything. They wake nobody.

A clock burnt into the picture changes every second for ever; so do a blinking lamp, a flag, a screen. A place is dull
once it has kept to itself for long enough and no look at it found a thing that fits into it. What moves across a dull
place and beyond it is told of as ever. The place is forgotten when nothing has moved there for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.analyse.overlap import any_of, array, shares_inside
from agent.core.clock import NS
from agent.core.geometry import Box

STAYED_S = 10.0
LEAST_SECONDS = 6
"""In so many different seconds something must have changed there,"""
LEAST_BLANKS = 4
"""and so many looks must have found nothing."""
DOUBT_S, DOUBT_SECONDS = 1.0, 4
"""Until then, once it has changed in four different seconds and looks found nothing, one look in so long is enough."""
FORGET_S = 150.0
CANDIDATE_FORGET_S = 20.0
LARGEST_SHARE = 0.04
"""Of the picture: more than a line of text at its edge is not left unwatched."""
MOST_PLACES = 32
WIDER = 0.2
MARGIN = 0.015
INSIDE_SHARE = 0.75


@dataclass(slots=True)
class Place:
    """Where something changes: since when, when last, in how many different seconds, seen how often without a find."""

    first: Box
    box: Box
    since_ns: int
    moved_ns: int
    seconds: int = 1
    blanks: int = 0
    told_ns: int = 0
    dull: bool = False
    wide: Box = field(init=False)
    """`box` with the margin within which it may change."""

    def __post_init__(self) -> None:
        self.move(self.box)

    def move(self, box: Box) -> None:
        """From now on it is there."""
        self.box, wide = box, box.grown(WIDER)
        self.wide = Box(wide.x1 - MARGIN, wide.y1 - MARGIN, wide.x2 + MARGIN, wide.y2 + MARGIN)


class Dull:
    """One per camera."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    @property
    def places(self) -> tuple[Box, ...]:
        """What is masked now."""
        return tuple(place.box for place in self._places if place.dull)

    def without(self, boxes: Sequence[Box], wall_ns: int) -> list[Box]:
        """Those of the places that move now which are worth a look; learns from all."""
        self._places = [place for place in self._places if not _stale(place, wall_ns)]
        homes = self._homes(boxes, self._places)
        return [box for box, home in zip(boxes, homes, strict=True) if not self._is_dull(box, home, wall_ns)]

    def without_known(self, boxes: Sequence[Box]) -> list[Box]:
        """Those that do not lie within a dull place; learns nothing."""
        homes = self._homes(boxes, [place for place in self._places if place.dull])
        return [box for box, home in zip(boxes, homes, strict=True) if home is None]

    def looked(self, found: Sequence[Box], regions: Sequence[Box]) -> None:
        """The detector looked at `regions` and found these."""
        if not self._places:
            return
        wide, boxes = array([place.wide for place in self._places]), array([place.box for place in self._places])
        things = any_of((shares_inside(array(found), wide) >= INSIDE_SHARE).T)
        shown = any_of(shares_inside(boxes, array(regions)) >= 1 - 1e-9)
        for place, was_shown in zip(self._places, shown, strict=True):
            place.blanks += was_shown
        self._places = [place for place, thing in zip(self._places, things, strict=True) if not thing]

    def _homes(self, boxes: Sequence[Box], places: Sequence[Place]) -> list[Place | None]:
        """The place in which each box lies, None where there is none or the box is too large for one."""
        if not places:
            return [None] * len(boxes)
        inside = shares_inside(array(boxes), array([place.wide for place in places])) >= INSIDE_SHARE
        rows = zip(boxes, any_of(inside), inside.argmax(1).tolist(), strict=True)
        return [places[first] if is_in and box.area <= LARGEST_SHARE else None for box, is_in, first in rows]

    def _is_dull(self, box: Box, home: Place | None, wall_ns: int) -> bool:
        if home is not None:
            return self._again(home, box, wall_ns)
        if box.area <= LARGEST_SHARE and len(self._places) < MOST_PLACES:
            self._places.append(Place(box, box, wall_ns, wall_ns))
        return False

    def _again(self, place: Place, box: Box, wall_ns: int) -> bool:
        place.seconds += wall_ns // NS != place.moved_ns // NS
        place.moved_ns = wall_ns
        if place.dull:
            return True
        around = Box(
            min(place.box.x1, box.x1), min(place.box.y1, box.y1), max(place.box.x2, box.x2), max(place.box.y2, box.y2)
        )
        if around.area > LARGEST_SHARE or not box.meets(place.first.grown(1.0)):  # it goes somewhere
            place.first = box
            place.move(box)
            place.since_ns, place.seconds, place.blanks = wall_ns, 1, 0
            return False
        place.move(around)
        stayed = wall_ns - place.since_ns >= STAYED_S * NS
        place.dull = stayed and place.seconds >= LEAST_SECONDS and place.blanks >= LEAST_BLANKS
        doubtful = place.seconds >= DOUBT_SECONDS and place.blanks >= LEAST_BLANKS
        if place.dull or (doubtful and wall_ns - place.told_ns < DOUBT_S * NS):
            return True
        place.told_ns = wall_ns
        return False


def _stale(place: Place, wall_ns: int) -> bool:
    return wall_ns - place.moved_ns > (FORGET_S if place.dull else CANDIDATE_FORGET_S) * NS
