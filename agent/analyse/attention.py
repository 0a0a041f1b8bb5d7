"""What of a picture deserves the detector, and what is known without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.analyse.anchor import Anchors
from agent.analyse.detect.port import Detection, Detector, Image
from agent.analyse.dull import Dull
from agent.analyse.motion import WHOLE, Grey, Motion
from agent.analyse.overlap import Floats, any_of, array, ious, shares_inside
from agent.analyse.regions import Sizes, cover, crop, is_cut, merged, placed, tour
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box

TOUR_S = 2.0
"""Whatever happens, a part of the picture is looked at this often: somebody may have stood there from the start."""
REST_S = 5.0
"""and this often once all of it was seen twice since something last moved: nobody can be there by now."""
AGAIN_S = 5.0
"""The detector is asked again for a standing thing that looks as it did, this often,"""
FIDGET_S = 1.0
"""for one that moves a little on its spot or was not found at the last look, this often,"""
CHANGED_S = 0.5
"""and for one that stands but looks changed, this often: what walks off leaves its box, and that is seen at once."""
MOST_BLANKS = 2
"""What so many looks in a row did not find is not taken to stand there, whatever its place looks like."""
BUSY_RUN, BUSY_STEP = 15, 5
"""When so many plans in a row were the whole picture for what moved in it, only one of so many is planned."""
MOST_REGIONS = 2
AROUND = 0.2
"""A thing that stands may move so far around its box."""
FITS = 0.85
SURE_SCORE = 0.4
SAME_IOU = 0.5
SEED_IOU = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where to look in a picture (nowhere without `regions`), what for, and the tracks that surely stand still."""

    regions: tuple[Box, ...] = ()
    targets: tuple[Box, ...] = ()
    standing: tuple[Track, ...] = ()


class Attention:
    """One per camera. `size` below is the picture's width and height in px.

    With `most_regions` 0 the detector is always shown whole pictures.
    """

    def __init__(self, most_regions: int = MOST_REGIONS) -> None:
        self._dull, self._anchors, self._sizes = Dull(), Anchors(), Sizes()
        self._last_ns: int | None = None
        self.stirred_ns = 0
        """When something last moved that is worth a look."""
        self._toured_ns: int | None = None
        self._tours = self._barren = 0
        self._busy = self._foreseen = 0
        self.most_regions = most_regions

    def plan(self, motion: Motion, grey: Grey, tracks: Sequence[Track], size: tuple[int, int], wall_ns: int) -> Plan:
        """Decide for one picture."""
        before_ns, self._last_ns = self._last_ns, wall_ns
        awake = self._dull.without(motion.boxes, wall_ns)
        self.stirred_ns = wall_ns if awake or motion.relearning else self.stirred_ns
        if motion.relearning or before_ns is None:
            self._toured_ns, self._tours, self._barren = wall_ns, 1, 0
            return Plan((WHOLE,))
        standing, doubtful = self._sort(tracks, awake, grey, before_ns, wall_ns)
        strange = _unexplained(awake, standing)
        targets = [*strange, *doubtful]
        regions = cover(targets, self._sizes, size, self.most_regions) if targets else []
        self._barren = 0 if strange else self._barren
        self._busy = self._busy + 1 if regions == [WHOLE] and strange else 0
        regions += self._tour(regions, size, wall_ns)
        return Plan(tuple(regions), tuple(targets), tuple(standing))

    def foresee(self, wall_ns: int) -> Plan | None:
        """The plan for a picture that nobody need compare with anything: it will be looked at whole anyway."""
        self._foreseen = (self._foreseen + 1) % BUSY_STEP if self._busy >= BUSY_RUN else 0
        if not self._foreseen:
            return None
        self._last_ns = self._toured_ns = self.stirred_ns = wall_ns
        return Plan((WHOLE,))

    def steady(self, tracks: Sequence[Track], wall_ns: int) -> bool:
        """Do all tracks stand, and are they found whenever the detector looks?"""
        return all(self._anchors.ripe(track.id, wall_ns) and not self._anchors.blanks(track.id) for track in tracks)

    def glance(
        self, boxes: Sequence[Box], grey: Grey, tracks: Sequence[Track], size: tuple[int, int], wall_ns: int
    ) -> Plan | None:
        """Of a resting camera whose tracks all stand: where to look, when `boxes` are what is unusual in its picture.

        None: that alone is reason to wake.
        """
        intact = all(self._anchors.intact(track.id, grey, wall_ns, touched=True) for track in tracks)
        if not intact or _unexplained(self._dull.without_known(boxes), tracks):
            self.stirred_ns = wall_ns
            return None
        return Plan(tuple(self._tour((), size, wall_ns)), standing=tuple(tracks))

    def look(self, detector: Detector, picture: Image, plan: Plan) -> tuple[list[Detection], int]:
        """Ask the detector about the planned regions: what is there, and how many pictures it was shown.

        What a region cuts through is looked at once more in the whole picture.
        """
        if plan.regions == (WHOLE,):
            return _detect(detector, picture, plan.regions)[0], 1
        size = picture.shape[1], picture.shape[0]
        found, cut = [], False
        for region, part in zip(plan.regions, _detect(detector, picture, plan.regions), strict=True):
            for one in part:
                if is_cut(one.box, region, size):
                    cut = cut or (one.score >= SURE_SCORE and any(one.box.meets(box) for box in plan.targets))
                else:
                    found.append(one)
        if not cut or WHOLE in plan.regions:
            return (merged(found) if len(plan.regions) > 1 else found), len(plan.regions)
        return merged([*found, *_detect(detector, picture, (WHOLE,))[0]]), len(plan.regions) + 1

    def surprised(self, found: Sequence[Detection], plan: Plan, wall_ns: int) -> bool:
        """Was something found at a glance that is none of the tracks that stand?"""
        sure = array([one.box for one in found if one.score >= SURE_SCORE])
        known = ious(sure, array([track.box for track in plan.standing]))
        new = not all(any_of(known > SEED_IOU))
        self.stirred_ns = wall_ns if new else self.stirred_ns
        return new

    def seeds(self, found: Sequence[Detection], plan: Plan) -> list[Detection]:
        """For the tracks that stand and were not found just now: what the detector would say if it saw well."""
        if not plan.standing:
            return []
        seen = any_of(_same(plan.standing, found) > SEED_IOU)
        return [
            Detection(track.label, track.score, track.box, track.kind)
            for track, is_seen in zip(plan.standing, seen, strict=True)
            if not is_seen
        ]

    def learn(self, found: Sequence[Detection], plan: Plan, tracks: Sequence[Track], grey: Grey, wall_ns: int) -> None:
        """After the tracker saw `found`."""
        self._dull.looked([one.box for one in found if one.score >= SURE_SCORE], plan.regions)
        same = _same(tracks, found) > SAME_IOU
        seen, sure = any_of(same), any_of(same & (np.array([one.score for one in found]) >= SURE_SCORE))
        shown = any_of(shares_inside(array([track.box for track in tracks]), array(plan.regions)) > FITS)
        for row, track in enumerate(tracks):
            if seen[row]:
                self._anchors.found(track, grey, wall_ns, sure=sure[row])
            elif shown[row]:
                self._anchors.blank(track.id, wall_ns)
        self._anchors.keep_only({track.id for track in tracks})
        self._sizes.learn(track.box for track in tracks if track.confirmed and track.seen_ns == wall_ns)

    def _sort(
        self, tracks: Sequence[Track], moving: Sequence[Box], grey: Grey, before_ns: int, wall_ns: int
    ) -> tuple[list[Track], list[Box]]:
        """The tracks that surely stand where they stood, and the boxes of those that the detector must see."""
        standing, doubtful = [], []
        for track in tracks:
            box = track.expected(wall_ns)
            if not (track.confirmed and track.stands() and self._anchors.ripe(track.id, wall_ns)):
                doubtful.append(box)
                continue
            touched = any(box.meets(other) for other in moving)
            intact = self._anchors.intact(track.id, grey, wall_ns, touched=touched)
            lost = track.seen_ns < before_ns or self._anchors.blanks(track.id) >= MOST_BLANKS
            pace_s = FIDGET_S if lost or (intact and touched) else AGAIN_S if intact else CHANGED_S
            if self._anchors.unasked_s(track.id, wall_ns) >= pace_s:
                doubtful.append(box)
            elif not lost:
                standing.append(track)
        return standing, doubtful

    def _tour(self, regions: Sequence[Box], size: tuple[int, int], wall_ns: int) -> list[Box]:
        if WHOLE in regions:
            self._toured_ns = wall_ns
            return []
        parts = tour(size) if self.most_regions else [WHOLE]
        wait_s = TOUR_S if self._barren < 2 * len(parts) else REST_S
        if self._toured_ns is not None and wall_ns - self._toured_ns < wait_s * NS:
            return []
        self._toured_ns, self._tours, self._barren = wall_ns, self._tours + 1, self._barren + 1
        return [parts[(self._tours - 1) % len(parts)]]


def _detect(detector: Detector, picture: Image, regions: Sequence[Box]) -> list[list[Detection]]:
    parts = detector.detect([picture if region == WHOLE else crop(picture, region) for region in regions])
    return [placed(part, region) for region, part in zip(regions, parts, strict=True)]


def _unexplained(boxes: Sequence[Box], standing: Sequence[Track]) -> list[Box]:
    """What moves otherwise than a thing that moves on its spot."""
    around = array([track.box.grown(AROUND) for track in standing])
    explained = any_of(shares_inside(array(boxes), around) >= FITS)
    return [box for box, known in zip(boxes, explained, strict=True) if not known]


def _same(tracks: Sequence[Track], found: Sequence[Detection]) -> Floats:
    """Intersection over union of each track with each detection of its label; 0 with those of others."""
    numbers = {label: number for number, label in enumerate({one.label for one in found})}
    mine, theirs = [numbers.get(track.label, -1) for track in tracks], [numbers[one.label] for one in found]
    boxes = ious(array([track.box for track in tracks]), array([one.box for one in found]))
    return np.asarray(boxes * np.equal.outer(mine, theirs))
