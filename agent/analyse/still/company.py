"""Who is and was in the picture: people, vehicles and animals, from the tracks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from agent.analyse.still.region import Region
from agent.core.clock import NS
from agent.core.geometry import Box, iou

PEOPLE = frozenset({"person", "animal"})
VEHICLES = frozenset({"vehicle", "two_wheeler"})
WHO = PEOPLE | VEHICLES | {"object"}
"""Who may put something down; `object` is what moves while there is no detector."""
BYSTANDER = 0.1
"""Who was in touch for less than this share of the longest time was a bystander."""
PARKED = 1e-3
"""What a vehicle near by counts as the likely owner, against a person."""
HEAT_CELLS = 80
LEAST_HEAT_S, MOST_HEAT_S = 3.0, 10.0
MEMORY_S = 90.0
MEMORY_STEP_NS = NS // 4
STANDS_IOU = 0.6
STOOD_S = 3.0
JUST_STOPPED_S = 8.0
FILLS_SHARE, PART_SHARE = 0.3, 0.2
STOOD_SHARE = 0.5
HALF_SHARE = 0.35
BROKEN_S = 10.0
MISSED_S = 2.0
MOST_PLACES = 64
FORGET_PLACE_S = 180.0


@dataclass(frozen=True, slots=True)
class Actor:
    """A confirmed track in one picture.

    `now`: it was found in this very one, or stood there and nothing has moved since. Else it was lost at `box`.
    """

    track: str
    label: str
    box: Box
    now: bool


@dataclass(slots=True)
class Place:
    """Where somebody or something stands, or stood until it left."""

    actor: Actor
    box: Box
    since_ns: int
    until_ns: int

    @property
    def stood_s(self) -> float:
        """For how long."""
        return (self.until_ns - self.since_ns) / NS


class Company:
    """One per camera. Remembers who was there for `after_s`, after which things count, and a while more."""

    def __init__(self, after_s: float) -> None:
        self._memory_ns = int((after_s + MEMORY_S) * NS)
        self._heat_s = min(MOST_HEAT_S, max(LEAST_HEAT_S, after_s))
        self._past: deque[tuple[int, tuple[Actor, ...]]] = deque()
        self._standing: dict[str, Place] = {}
        self._left: deque[Place] = deque(maxlen=MOST_PLACES)
        self._heat = np.zeros((HEAT_CELLS, HEAT_CELLS), np.float32)
        self._seen_ns = 0
        self.now: tuple[Actor, ...] = ()
        self._here: tuple[Actor, ...] = ()

    def note(self, actors: Iterable[Actor], wall_ns: int) -> None:
        """Take down who is in the picture."""
        self.now = tuple(actors)
        self._here = tuple(actor for actor in self.now if actor.now)
        if not self._past or wall_ns - self._past[-1][0] >= MEMORY_STEP_NS:
            self._past.append((wall_ns, self.now))
        while wall_ns - self._past[0][0] > self._memory_ns:
            self._past.popleft()
        self._warm(max(0.0, min(5.0, (wall_ns - self._seen_ns) / NS)))
        self._seen_ns = wall_ns
        self._stand(wall_ns)

    def heat(self, region: Region) -> float:
        """How much of the last seconds (`after_s`, at most ten) people covered the region, 0..1."""
        ys, xs = np.nonzero(region.mask)
        rows = (ys + region.y) * HEAT_CELLS // region.height
        columns = (xs + region.x) * HEAT_CELLS // region.width
        return float(self._heat[rows, columns].mean())

    def covering(self, region: Region, labels: frozenset[str]) -> Actor | None:
        """Who covers most of the region now."""
        places = (*self._standing.values(), *self._left)
        recent = [place.actor for place in places if self._seen_ns - place.until_ns < MISSED_S * NS]
        found = [(region.share_in(one.box), one) for one in (*self._here, *recent) if one.label in labels]
        share, actor = max(found, default=(0.0, None), key=lambda pair: pair[0])
        return actor if share >= 0.5 else None

    def covered_share(self, labels: frozenset[str]) -> float:
        """How much of the picture they cover, overlaps counted twice."""
        return sum(actor.box.clipped().area for actor in self.now if actor.label in labels)

    def who_was_near(self, box: Box, near: Box, since_ns: int, until_ns: int) -> list[str]:
        """People and vehicles that touched `near` in that time, the ones longest in touch with `box` first.

        Where somebody touched `box` itself, who only sat near by has nothing to do with it.
        """
        touched: dict[str, float] = {}
        for at_ns, actors in self._past:
            if since_ns <= at_ns <= until_ns:
                for actor in actors:
                    if actor.label in WHO and actor.box.meets(near):
                        weight = (1.0 if actor.box.meets(box) else 0.01) * (PARKED if actor.label in VEHICLES else 1)
                        touched[actor.track] = touched.get(actor.track, 0.0) + weight
        least = BYSTANDER * max(touched.values(), default=0.0)
        return sorted((one for one in touched if touched[one] >= least), key=lambda track: -touched[track])

    def near(self, tracks: Sequence[str], near: Callable[[Box], bool]) -> bool:
        """Is one of `tracks` near now? A parked car attends to nothing."""
        return any(actor.track in tracks and actor.label not in VEHICLES and near(actor.box) for actor in self.now)

    def somebody_else_stands(self, tracks: Sequence[str], near: Callable[[Box], bool]) -> bool:
        """Is none of `tracks` in the picture, and does somebody stand near, perhaps under another name?"""
        if any(actor.track in tracks for actor in self.now):
            return False
        return any(
            place.actor.label in PEOPLE and place.stood_s >= STOOD_S and near(place.box)
            for place in self._standing.values()
        )

    def stopped_at(self, region: Region, since_ns: int) -> Actor | None:
        """The vehicle that the region is, which has stood there for most of the region's time.

        What was put down in front of a car that had been parked there is no part of the car.
        """
        vehicle = self.covering(region, VEHICLES)
        for place in self._vehicles_around(region):
            least = PART_SHARE if self._stopped_then(place, since_ns) else FILLS_SHARE
            stood = place.stood_s >= STOOD_SHARE * (self._seen_ns - since_ns) / NS
            if stood and _whole(region, place.box) >= least:
                return vehicle
        return None

    def passing_at(self, region: Region) -> bool:
        """Does a vehicle cover the region now, which is as large as a vehicle?"""
        vehicle = self.covering(region, VEHICLES)
        return vehicle is not None and _whole(region, vehicle.box) >= FILLS_SHARE

    def part_of_vehicle(self, region: Region, since_ns: int) -> bool:
        """Is the region a piece of a vehicle that stopped, or was first found, just then, and is there still?"""
        around = [one for one in self._vehicles_around(region) if self._seen_ns - one.until_ns < BROKEN_S * NS]
        return any(self._stopped_then(place, since_ns) for place in around)

    def _vehicles_around(self, region: Region) -> list[Place]:
        places = [one for one in (*self._standing.values(), *self._left) if one.actor.label in VEHICLES]
        return [one for one in places if region.share_in(one.box) >= 0.5]

    @staticmethod
    def _stopped_then(place: Place, since_ns: int) -> bool:
        return place.since_ns - since_ns > -JUST_STOPPED_S * NS

    def stands_at(self, region: Region) -> bool:
        """Does somebody stand there, or did until some seconds ago? Passers-by do not."""
        return any(
            place.actor.label in PEOPLE and place.stood_s >= STOOD_S and region.share_in(place.box) >= HALF_SHARE
            for place in (*self._standing.values(), *self._left)
            if self._seen_ns - place.until_ns < BROKEN_S * NS
        )

    def who_stood_there(self, region: Region, since_ns: int) -> Place | None:
        """Somebody or a vehicle that stood just there until the region changed: it is not a thing that is gone."""
        for place in (*self._standing.values(), *self._left):
            whole = _whole(region, place.box)
            left_then = abs(place.until_ns - since_ns) < 6 * NS or place.until_ns > since_ns
            enough = place.actor.label in VEHICLES or whole > 0.2
            if place.stood_s >= STOOD_S and left_then and enough and region.share_in(place.box) >= 0.6:
                return place
        return None

    def _warm(self, elapsed_s: float) -> None:
        inside = np.zeros_like(self._heat)
        for actor in self._here:
            if actor.label in PEOPLE:
                x1, y1, x2, y2 = (value * HEAT_CELLS for value in actor.box.clipped())
                inside[math.floor(y1) : math.ceil(y2), math.floor(x1) : math.ceil(x2)] = 1
        self._heat += (inside - self._heat) * (1 - math.exp(-elapsed_s / self._heat_s))

    def _stand(self, wall_ns: int) -> None:
        standing: dict[str, Place] = {}
        for actor in self._here:
            if actor.label not in PEOPLE | VEHICLES:
                continue
            place = self._standing.pop(actor.track, None) or self._back(actor, wall_ns)
            if place is not None and iou(place.box, actor.box) >= STANDS_IOU:
                place.until_ns = wall_ns
            else:
                self._leave(place)
                place = Place(actor, actor.box, wall_ns, wall_ns)
            standing[actor.track] = place
        for track, place in self._standing.items():
            if wall_ns - place.until_ns < MISSED_S * NS:  # the detector misses somebody now and then
                standing[track] = place
            else:
                self._leave(place)
        self._standing = standing
        while self._left and wall_ns - self._left[0].until_ns > FORGET_PLACE_S * NS:
            self._left.popleft()

    def _back(self, actor: Actor, wall_ns: int) -> Place | None:
        """The place that was left a moment ago by what looks the same: the track broke."""
        for place in self._left:
            recent = wall_ns - place.until_ns < BROKEN_S * NS and place.actor.label == actor.label
            if recent and iou(place.box, actor.box) >= STANDS_IOU:
                self._left.remove(place)
                return place
        return None

    def _leave(self, place: Place | None) -> None:
        if place is not None and place.stood_s >= STOOD_S:
            self._left.append(place)


def _whole(region: Region, box: Box) -> float:
    """How much of a box the region would fill."""
    return region.area_px / max(1.0, box.area * region.width * region.height)


def around(box: Box, widths: float, aspect: float) -> Box:
    """`box` with so many of its own sizes (the larger side) added on every side; `aspect` is the picture's."""
    side = max(box.width * aspect, box.height) * widths
    return Box(box.x1 - side / aspect, box.y1 - side, box.x2 + side / aspect, box.y2 + side)
