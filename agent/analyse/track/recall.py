"""Long occlusions: somebody who was lost inside the picture and comes back is known again by his looks.

A track that ends in the middle of the picture sleeps for a while instead. When a new person is confirmed who looks
like one sleeper and unlike the others, and could have walked there in the time, the old track wakes in his place.
"""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.analyse.appearance import Appearance
from agent.analyse.detect.port import Floats, Image
from agent.analyse.track.shot import promise
from agent.analyse.track.track import Track
from agent.analyse.track.tracker import Step, Tracker
from agent.core.clock import NS
from agent.core.errors import ModelError
from agent.core.geometry import Box
from agent.wire import messages as wire

log = logging.getLogger(__name__)

LABEL = "person"
SOON_S = 5.0
"""After its first sight a track has been told of, and stays who it is."""
LIKE = 0.72
"""Cosine from which two sights show the same person,"""
CLEARLY = 0.08
"""and so much more than any other sleeper."""
AGAIN_S = 1.0
MOST_SIGHTS = 6
WHOLE = 0.7
"""Nobody is looked at who is hidden or cut further than that: his looks would be another's."""
SMALLEST_PX = 24
PACE = 2.5
"""Own heights a second: who would have had to go faster is somebody else."""
ALIKE_SIZE = 0.7
"""The logarithm of how much larger or smaller he may have become."""


@dataclass(slots=True)
class Looks:
    """The mean of some sights of one track."""

    total: Floats
    sights: int = 1
    seen_ns: int = 0
    _unit: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._unit = self.total

    def add(self, vector: Floats, wall_ns: int) -> None:
        """One more sight."""
        self.total = self.total + vector
        self.sights, self.seen_ns = self.sights + 1, wall_ns
        self._unit = np.asarray(self.total / np.linalg.norm(self.total), np.float32)

    def kept(self) -> bytes:
        """A signed byte for each dimension."""
        return np.rint(self._unit * 127).astype(np.int8).tobytes()

    def like(self, vector: Floats) -> float:
        """The cosine, -1..1."""
        return float(self._unit @ vector)


class Recall:
    """One per camera that names a model of appearance; goes with its tracker.

    `trouble` says why nobody is known again any more, once the model has failed; empty while it works.
    """

    def __init__(self, appearance: Appearance, tracker: Tracker) -> None:
        self._appearance, self._tracker = appearance, tracker
        self._looks: dict[str, Looks] = {}
        self.trouble = ""
        tracker.may_sleep = lambda track: not self.trouble and track.confirmed and track.id in self._looks

    def step(self, step: Step, picture: Image, wall_ns: int) -> Step:
        """After the tracker's step: learn looks, wake who came back. The step as it is then."""
        now = [track for track in step.tracks if track.seen_ns == wall_ns]
        woken: list[tuple[Track, Track]] = []
        try:
            for track in now:
                if self._wants(track, wall_ns):
                    others = [other.box for other in now if other is not track]
                    woken += self._meet(track, picture, others, wall_ns)
        except ModelError as error:  # following goes on without it
            self.trouble = f"nobody is known again by his looks any more: {error}"
            log.warning("%s", self.trouble)
        living = self._tracker.living
        self._forget((*living, *step.ended))
        return Step(living, (*step.ended, *(track for _, track in woken)), tuple(woken))

    def told(self, track: Track) -> wire.Appearance | None:
        """What a track looks like, living or just ended; None for one that was never seen well."""
        looks = self._looks.get(track.id)
        if looks is None:
            return None
        return wire.Appearance(model=self._appearance.name, vector=base64.b64encode(looks.kept()).decode())

    def _wants(self, track: Track, wall_ns: int) -> bool:
        if self.trouble or not track.confirmed or track.label != LABEL:
            return False
        looks = self._looks.get(track.id)
        return looks is None or (looks.sights < MOST_SIGHTS and wall_ns - looks.seen_ns >= AGAIN_S * NS)

    def _meet(self, track: Track, picture: Image, others: Sequence[Box], wall_ns: int) -> list[tuple[Track, Track]]:
        """Look at one; where it is an older one come back, that one, and the track that is none of its own any more."""
        crop = _crop(picture, track.box.clipped(), others)
        if crop is None:
            return []
        vector = self._appearance.look([crop])[0]
        looks = self._looks.get(track.id)
        if looks is None:
            sleeper = self._known(track, vector)
            if sleeper is not None:
                self._tracker.wake(sleeper, track)
                self._looks[sleeper.id].add(vector, wall_ns)
                return [(sleeper, track)]
            self._looks[track.id] = Looks(vector, seen_ns=wall_ns)
        else:
            looks.add(vector, wall_ns)
        return []

    def _known(self, track: Track, vector: Floats) -> Track | None:
        if track.age_s > SOON_S:
            return None
        able = [one for one in self._tracker.sleeping if one.id in self._looks and _could_be(one, track, self._aspect)]
        ranked = sorted(((self._looks[one.id].like(vector), one) for one in able), key=lambda pair: -pair[0])
        if not ranked or ranked[0][0] < LIKE:
            return None
        clear = len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= CLEARLY
        return ranked[0][1] if clear else None

    @property
    def _aspect(self) -> float:
        return self._tracker.aspect

    def _forget(self, living: Iterable[Track]) -> None:
        ids = {track.id for track in living}
        self._looks = {name: looks for name, looks in self._looks.items() if name in ids}


def _crop(picture: Image, box: Box, others: Sequence[Box]) -> Image | None:
    """The person alone; None when too little of him is to be seen."""
    free = promise(box, 1.0, others) / math.sqrt(max(1e-9, box.area))
    height, width = picture.shape[:2]
    x1, x2, y1, y2 = int(box.x1 * width), int(box.x2 * width), int(box.y1 * height), int(box.y2 * height)
    good = free >= WHOLE and x2 - x1 >= SMALLEST_PX // 2 and y2 - y1 >= SMALLEST_PX
    return picture[y1:y2, x1:x2] if good else None


def _could_be(old: Track, new: Track, aspect: float) -> bool:
    """Could the old one, last seen there, have come here by the time the new one was first seen?"""
    gap_s = (new.first_ns - old.seen_ns) / NS
    height = max(old.box.height, new.box.height)
    if gap_s <= 0 or height <= 0 or abs(math.log(new.box.height / max(1e-6, old.box.height))) > ALIKE_SIZE:
        return False
    (x1, y1), (x2, y2) = old.box.foot, new.box.foot
    return math.hypot((x2 - x1) * aspect, y2 - y1) <= height * (1 + PACE * gap_s)
