"""Who has a bag with him: a bag that the detector finds at somebody again and again, and that goes where he goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Point

AT_HAND = 0.2
"""A bag's middle is at most so much of the box outside of it."""
SWINGS = (0.5, 0.25)
"""Of the person's width and height: so far a bag moves to and fro at its bearer."""
LONGEST_GAP_S = 3.0
LEAST_WAY, LEAST_SIGHTS = 0.5, 3
"""The way together in heights of the person: whoever stands at a bag does not carry it yet."""


@dataclass(slots=True)
class _Pair:
    """One person with a bag, as last seen; the way they have gone together; votes on what the bag is."""

    seen_ns: int
    person: Point
    bag: Point
    at: Point
    way: float = 0.0
    sights: int = 1
    kinds: dict[str, float] = field(default_factory=dict)


class Carrying:
    """One per camera. `aspect` is the picture's width over its height."""

    def __init__(self) -> None:
        self._pairs: dict[str, _Pair] = {}

    def look(self, tracks: Sequence[Track], aspect: float, wall_ns: int) -> None:
        """After a picture in which `tracks` were just found."""
        bags = [track for track in tracks if track.label == "bag"]
        if not bags:
            return
        people = [track for track in tracks if track.label == "person"]
        for bag in bags:
            owner = min((one for one in people if _at_hand(bag, one)), key=lambda one: _apart(bag, one), default=None)
            if owner is not None:
                self._see(owner, bag, aspect, wall_ns)

    def told(self, track: str) -> dict[str, object]:
        """`carries_bag`, and `bag` for its kind; nothing where no bag was seen: that does not say there is none."""
        pair = self._pairs.get(track)
        if pair is None or pair.way < LEAST_WAY or pair.sights < LEAST_SIGHTS:
            return {}
        kind = max(pair.kinds, key=lambda name: pair.kinds[name], default="")
        return {"carries_bag": True, **({"bag": kind} if kind else {})}

    def drop(self, track: str) -> None:
        """It is over."""
        self._pairs.pop(track, None)

    def _see(self, owner: Track, bag: Track, aspect: float, wall_ns: int) -> None:
        at = _relative(bag, owner)
        person, place = owner.box.centre, bag.box.centre
        pair = self._pairs.get(owner.id)
        if pair is None:
            pair = self._pairs[owner.id] = _Pair(wall_ns, person, place, at)
        elif pair.seen_ns == wall_ns:  # a second bag: the first will do
            return
        else:
            steady = abs(at[0] - pair.at[0]) < SWINGS[0] and abs(at[1] - pair.at[1]) < SWINGS[1]
            if steady and wall_ns - pair.seen_ns < LONGEST_GAP_S * NS:
                pair.way += _together(pair, person, place, aspect) / max(1e-6, owner.box.height)
                pair.sights += 1
            pair.seen_ns, pair.person, pair.bag, pair.at = wall_ns, person, place, at
        if bag.kind and bag.kind != bag.label:
            pair.kinds[bag.kind] = pair.kinds.get(bag.kind, 0.0) + bag.score


def _at_hand(bag: Track, person: Track) -> bool:
    x, y = bag.box.centre
    near = person.box.grown(AT_HAND)
    return near.x1 < x < near.x2 and near.y1 < y < near.y2 and bag.box.height < person.box.height


def _relative(bag: Track, person: Track) -> Point:
    (x, y), (px, py), box = bag.box.centre, person.box.centre, person.box
    return (x - px) / max(1e-6, box.width), (y - py) / max(1e-6, box.height)


def _apart(bag: Track, person: Track) -> float:
    return math.hypot(*_relative(bag, person))


def _together(pair: _Pair, person: Point, bag: Point, aspect: float) -> float:
    """How far the bag went the person's way, picture heights: nothing for one that lies where it lay."""
    px, py = (person[0] - pair.person[0]) * aspect, person[1] - pair.person[1]
    bx, by = (bag[0] - pair.bag[0]) * aspect, bag[1] - pair.bag[1]
    way = math.hypot(px, py)
    return min(way, (px * bx + py * by) / way) if way > 0 else 0.0
