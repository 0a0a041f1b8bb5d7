"""What a piece of the picture that changed and lies still is: a thing that came, one that is gone, or neither."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from agent.analyse.still.company import PEOPLE, Actor, Company, Place
from agent.analyse.still.cues import Cues, cues_of, large_light
from agent.analyse.still.layers import Layers
from agent.analyse.still.region import Region

SURE = 0.2
"""From here on the measures decide between came and gone,"""
VERY_SURE = 0.42
"""and from here on they do so where little else is known."""
OLD_S = 10.0
"""What was seen for less than this before it changed may be a ghost of the start,"""
KNOWN_S, PLAINLY_GONE = 4.0, -0.5
"""and for so much less when it is plain that a thing is gone, and people and vehicles would be known."""
LEAST_CONTRAST = 0.8
"""Of the threshold from which a place counts as changed."""
CLEAR_CONTRAST = 3.4
UNDECIDED_CONTRAST, COMPACT = 1.6, 0.6
CLEAN, LEAST_SOLID = 0.8, 0.25
"""Of its box a thing fills the first, and no thing less than the second."""
RAGGED_DOUBT, FAINT_DOUBT = 0.45, 0.25
"""So much surer the measures must be of a ragged or faint region."""
UPHEAVAL = 0.1
"""When so much of the picture moved at once (a train, a bus), what then is gone was a part of it."""
LONELY = 0.03
"""Less movement than this was around when it began: nobody was there to put it down or take it."""
GRADUAL, GRADUAL_CONTRAST = 0.9, 1.8
"""What at first differed by less than this share of what it does now, and by less than so many thresholds, came by
degrees: no thing does."""
RESTLESS = 0.35
"""What moved for so much of the half minute before is a flag or a curtain at rest."""
FAINT = 0.22
"""Log of the ratio of brightness: a thing is hardly ever so like the ground."""
CROWDED_RING = 0.45
RING_PX = 5
MAIN_SHARE = 0.6
SOLID = 0.6
SHADE = 0.4
SAME_TIME_S = 4.0
"""What began within so long of each other may be one thing."""
HOT = 0.35
FILLED_SHARE = 0.25
"""While people fill so much of the picture, the camera's exposure plays tricks."""
LARGEST_SHARE = 0.15
"""Of the picture, by its box: larger changes are scenery."""
MOST_UNDECIDED = 0.02
PERSON_SHAPE = (1.5, 5.0)
PERSON_HEIGHT = 0.12
VEHICLE_AREA = 0.04


class Kind(StrEnum):
    """LEFT to STOPPED make events; the next ones turn into background; with WAIT it is judged again later."""

    LEFT = "object_left"
    REMOVED = "object_removed"
    CHANGE = "static_change"
    STOPPED = "vehicle_stopped"
    LIGHT = "light"
    GHOST = "ghost"
    SOMEBODY = "somebody"
    SCENERY = "scenery"
    WAIT = "wait"


TELLING = frozenset({Kind.LEFT, Kind.REMOVED, Kind.CHANGE, Kind.STOPPED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` 0..1 is how sure. `actor` is the vehicle that stopped. `why` is for people who tune."""

    kind: Kind
    score: float = 0.0
    why: str = ""
    cues: Cues | None = None
    actor: Actor | None = None


class Judge:
    """`sensitivity` 0..1 moves the limits; `detecting` says whether people and vehicles would be known."""

    def __init__(self, sensitivity: float) -> None:
        self._ease = 1.5 - sensitivity
        self.detecting = True

    def judge(
        self, layers: Layers, region: Region, company: Company, since_ns: int, share: float, *, patient: bool = True
    ) -> Verdict:
        """Decide about `region`, `share` of a larger one, which has lain still for long enough.

        A judge who is not `patient` any more does not wait until a crowd is gone.
        """
        if layers.overlay.covers(region, layers.clock_s):
            return Verdict(Kind.GHOST, why="part of a line of text")
        large = region.box.area > LARGEST_SHARE
        if large and large_light(layers, region):
            return Verdict(Kind.LIGHT, why="another light on a large part")
        known = self._wait(layers, region, company, patient=patient) or _vehicle(region, company, since_ns)
        if known is None and large:
            known = Verdict(Kind.SCENERY, why="too large for a thing")
        if known is not None:
            return known
        seen = _Seen.of(layers, region, share)
        place = company.who_stood_there(region, since_ns)
        return self._nothing(seen, place) or self._came_or_gone(region, seen)

    def _wait(self, layers: Layers, region: Region, company: Company, *, patient: bool) -> Verdict | None:
        if company.covering(region, PEOPLE) is not None or (
            company.heat(region) > HOT and (patient or company.stands_at(region))
        ):
            return Verdict(Kind.WAIT, why="somebody is there")
        if float(region.of(layers.same).mean()) < 0.5:
            return Verdict(Kind.WAIT, why="something is in front")
        if ring_changed(layers, region) > CROWDED_RING:
            return Verdict(Kind.WAIT, why="part of something larger")
        if patient and company.covered_share(PEOPLE) > FILLED_SHARE:
            return Verdict(Kind.WAIT, why="people fill the picture")
        return None

    def _nothing(self, seen: _Seen, place: Place | None) -> Verdict | None:
        """Why it is none of our business, if it is not."""
        cues, came = seen.cues, seen.cues.came
        moved_much = -VERY_SURE < came < 0 and seen.upheaval > UPHEAVAL
        causes = (
            (is_light(cues, seen.company), Kind.LIGHT, "the texture is the same, the brightness is not"),
            (seen.contrast < LEAST_CONTRAST * self._ease, Kind.LIGHT, "hardly any contrast"),
            (seen.share < MAIN_SHARE and (abs(came) < VERY_SURE or cues.solid < SOLID), Kind.SCENERY, "a part of more"),
            (cues.solid < LEAST_SOLID, Kind.SCENERY, "shreds"),
            (place is not None and came < SURE, Kind.SOMEBODY, "somebody or a vehicle stood there"),
            (seen.age_s < self._old_s(came) and came < VERY_SURE, Kind.GHOST, "what was there before is hardly known"),
            (seen.company < LONELY and abs(came) < VERY_SURE, Kind.GHOST, "nothing moved there when it began"),
            (seen.others < LONELY, Kind.GHOST, "nobody was near when it began"),
            (seen.gradual, Kind.GHOST, "it came little by little"),
            (seen.unrest > RESTLESS, Kind.SCENERY, "that place is hardly ever at rest"),
            (moved_much, Kind.SCENERY, "much of the picture moved when it began"),
        )
        return next((Verdict(kind, why=why, cues=cues) for applies, kind, why in causes if applies), None)

    def _old_s(self, came: float) -> float:
        return KNOWN_S if self.detecting and came < PLAINLY_GONE else OLD_S

    def _came_or_gone(self, region: Region, seen: _Seen) -> Verdict:
        cues, came = seen.cues, seen.cues.came
        score = round(min(0.99, 0.5 + 0.5 * abs(came) / 0.8), 3)
        ragged, faint = 1 - min(1.0, (cues.solid / CLEAN) ** 2), 1 - min(1.0, seen.contrast / CLEAR_CONTRAST)
        if abs(came) < (SURE + RAGGED_DOUBT * ragged + FAINT_DOUBT * faint) * self._ease:
            return self._undecided(region, seen)
        if not self.detecting and _like_somebody(region):
            return Verdict(Kind.CHANGE, score, "no detector says whether it is a person or a vehicle", cues)
        return Verdict(Kind.LEFT if came > 0 else Kind.REMOVED, score, "", cues)

    def _undecided(self, region: Region, seen: _Seen) -> Verdict:
        compact = seen.cues.solid >= COMPACT and region.box.area < MOST_UNDECIDED
        company = seen.company > 2 * LONELY and seen.age_s > 3 * OLD_S
        if compact and company and seen.contrast > UNDECIDED_CONTRAST * self._ease:
            return Verdict(Kind.CHANGE, 0.5, "came or gone: the measures do not decide", seen.cues)
        return Verdict(Kind.SCENERY, why="neither came nor gone", cues=seen.cues)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is measured of a region; `contrast` in thresholds, the rest as in Bustle, Layers and Judge.judge.

    `onset` is by how much it differed at first, as a share of by how much it does now; 1 where that is not known.
    """

    cues: Cues
    share: float
    contrast: float
    age_s: float
    company: float
    upheaval: float
    others: float
    unrest: float
    onset: float

    @property
    def gradual(self) -> bool:
        """Did it come little by little?"""
        return self.onset < GRADUAL and self.onset * self.contrast < GRADUAL_CONTRAST

    @staticmethod
    def of(layers: Layers, region: Region, share: float) -> _Seen:
        cues, bustle = cues_of(layers, region), layers.bustle
        contrast = cues.contrast / max(1.0, region.middle(layers.threshold))
        strength = np.abs(layers.shown[region.where] - layers.background[region.where]).max(axis=2)[region.mask]
        most = max(1.0, float(np.median(strength)))
        return _Seen(
            cues, share, contrast, region.middle(layers.age), region.middle(bustle.company),
            region.middle(bustle.upheaval), region.middle(bustle.others), region.middle(bustle.unrest),
            (region.middle(layers.onset) or most) / most,
        )  # fmt: skip


def _vehicle(region: Region, company: Company, since_ns: int) -> Verdict | None:
    """What a vehicle has to do with it, if one has."""
    vehicle = company.stopped_at(region, since_ns)
    if vehicle is not None:
        return Verdict(Kind.STOPPED, 0.9, "a vehicle stands there", actor=vehicle)
    if company.passing_at(region):
        return Verdict(Kind.WAIT, why="a vehicle is there")
    if company.part_of_vehicle(region, since_ns):
        return Verdict(Kind.SCENERY, why="a part of a vehicle")
    return None


def is_light(cues: Cues, company: float) -> bool:
    """Shadow, sun, lamp: brightness changed evenly, colour and fine texture did not. Things hardly ever do that."""
    known = not math.isnan(cues.alike)
    if known and cues.alike > 0.93 and cues.spread < 0.12:  # whatever the colour of the lamp
        return True
    if cues.spread < 0.05 and cues.tint < 0.06 and 0.38 < cues.ratio < 2.2 and not cues.alike < 0.15:
        faint = _change(cues) < FAINT or company < 2 * LONELY or abs(cues.came) < VERY_SURE
        return known or faint  # without texture only how faint it is, and whether somebody was there, can tell
    if known and cues.spread < 0.06 and cues.tint < 0.05 and cues.alike > 0.3 and 0.55 < cues.ratio < 1.8:
        return True
    even = cues.spread < min(0.2, 0.6 * _change(cues) + 0.05) and cues.tint < 0.12
    return cues.alike > 0.6 and even and 0.3 < cues.ratio < 3.3


def _change(cues: Cues) -> float:
    return abs(math.log(max(1e-3, cues.ratio)))


def ring_changed(layers: Layers, region: Region) -> float:
    """The share of what surrounds the region that has changed, too, and not by something that lies there by itself."""
    rows, columns = region.where
    grown = np.pad(region.mask, RING_PX + 1).astype(np.uint8)
    ring = (cv2.dilate(grown, np.ones((2 * RING_PX + 1,) * 2, np.uint8)) > 0) & (
        cv2.dilate(grown, np.ones((5, 5), np.uint8)) == 0
    )
    top, left = max(0, rows.start - RING_PX - 1), max(0, columns.start - RING_PX - 1)
    where = slice(top, rows.stop + RING_PX + 1), slice(left, columns.stop + RING_PX + 1)
    changed = layers.changed[where] > 0
    ring = ring[top - rows.start + RING_PX + 1 :, left - columns.start + RING_PX + 1 :]
    ring = ring[: changed.shape[0], : changed.shape[1]]
    apart = layers.same[where] & (np.abs(layers.since_s[where] - region.middle(layers.since_s)) > SAME_TIME_S)
    strong = layers.difference[where] > SHADE * region.middle(layers.difference)  # else it is its shadow
    return float((changed & strong & ~apart)[ring].mean()) if ring.any() else 0.0


def _like_somebody(region: Region) -> bool:
    rows, columns = region.mask.shape
    low, high = PERSON_SHAPE
    upright = low <= rows / columns <= high and rows >= PERSON_HEIGHT * region.height
    return upright or region.box.area > VEHICLE_AREA
