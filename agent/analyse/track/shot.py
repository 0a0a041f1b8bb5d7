"""The best pictures of a track: large, sharp, whole, not hidden behind others, some seconds apart.

And from several sides, where it showed several.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.sharp import sharpness
from agent.core.clock import NS
from agent.core.geometry import Box, Point

CONTEXT = 0.15
LONGEST_PX = 256
EDGE = 0.004
MOST_SHOTS = 3
SLOW = 0.1
"""Own sizes a second."""
DOWN_THE_STREET = 0.25
"""Own heights up or down the picture for each own width across it: a way that runs into the picture looks short."""
APART_S = 2.0
"""Shots nearer in time show the same: only the better one stays."""
BETTER = 1.05
"""A new shot must be so much better: who walks towards the camera is not coded anew in every picture."""
SAME_S = 1.0
"""In so short a time a thing does not come to look sharper; later its crop is looked at again."""
QUALITY = 80
OTHER_SIDE = 0.4
"""A shot of a side that no other shows stays while it is worth so much of the best one."""
MOST_KEPT = 64
"""About a megabyte a camera."""


@dataclass(slots=True, eq=False)
class Shot:
    """A crop with some context, at most 256 px long, and the box as it was. `worth` only compares.

    `side` is the way it went then (see `side_of`): who comes towards the camera shows another side than who leaves.
    """

    box: Box
    wall_ns: int
    worth: float
    side: str
    width: int
    height: int
    _shown: Image | bytes
    """Pixels, until they are coded."""

    @property
    def jpeg(self) -> bytes:
        """It is coded when it is first asked for: most shots soon make room for a better one of the same moment."""
        if not isinstance(self._shown, bytes):
            _, coded = cv2.imencode(".jpg", self._shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            self._shown = coded.tobytes()
        return self._shown

    def settle(self) -> None:
        """It stays for long: keep it in little memory."""
        self._shown = self.jpeg


class Gallery:
    """The best shots of one track; a few tens of kilobytes however long it lives."""

    def __init__(self) -> None:
        self._shots: list[Shot] = []
        self._sharp, self._sharp_ns = 1.0, 0

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The best first."""
        return tuple(sorted(self._shots, key=lambda shot: -shot.worth))

    def offer(
        self, picture: Image, box: Box, score: float, wall_ns: int, others: Iterable[Box], speed: Point = (0.0, 0.0)
    ) -> bool:
        """Keep what `picture` shows when it is better than what it would replace. True when it is the best now.

        `speed`: see `side_of`.
        """
        near = [shot for shot in self._shots if abs(shot.wall_ns - wall_ns) < APART_S * NS]
        sharpest = self._sharpest(wall_ns)
        if near and math.sqrt(box.area) * score * sharpest <= BETTER * near[0].worth:
            return False  # as most are: there is a better one of this moment
        side = side_of(speed, box)
        least = BETTER * self._to_beat(near, side)
        most = promise(box, score, others)
        crop = _crop(picture, box) if most * sharpest > least else None
        if crop is None:
            return False
        self._sharp, self._sharp_ns = sharpness(np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)), wall_ns
        worth = most * self._sharp
        if worth <= least:
            return False
        best = worth > max((shot.worth for shot in self._shots), default=0.0)
        replaced = near or ([self._least_missed(side)] if len(self._shots) == MOST_SHOTS else [])
        kept = [shot for shot in self._shots if shot not in replaced]
        for shot in kept:
            shot.settle()
        small = _shrunk(crop)
        self._shots = [*kept, Shot(box, wall_ns, worth, side, small.shape[1], small.shape[0], small)]
        return best

    def _sharpest(self, wall_ns: int) -> float:
        """How sharp a crop may be now: not sharper than the one that was looked at a moment ago."""
        return self._sharp if 0 <= wall_ns - self._sharp_ns < SAME_S * NS else 1.0

    def _to_beat(self, near: Sequence[Shot], side: str) -> float:
        """The worth of the shot that a new one would replace, as far as it must be beaten."""
        if near:
            return max(shot.worth for shot in near)
        if len(self._shots) < MOST_SHOTS:
            return 0.0
        if all(shot.side != side for shot in self._shots):
            return OTHER_SIDE * max(shot.worth for shot in self._shots)
        return self._least_missed(side).worth

    def _least_missed(self, side: str) -> Shot:
        """Of a full gallery the shot to give up for one of `side`: the poorest whose side another shows, too."""
        shown = [shot.side for shot in self._shots] + [side]
        most = max(shot.worth for shot in self._shots)
        spare = [shot for shot in self._shots if shown.count(shot.side) > 1 or shot.worth < OTHER_SIDE * most]
        return min(spare or self._shots, key=lambda shot: shot.worth)


def side_of(speed: Point, box: Box) -> str:
    """`towards`, `away`, `left`, `right` in the picture or `still`; `speed` in picture widths and heights a second."""
    x, y = speed[0] / max(1e-6, box.width), speed[1] / max(1e-6, box.height)
    if max(abs(x), abs(y)) < SLOW:
        return "still"
    if abs(y) > DOWN_THE_STREET * abs(x):
        return "towards" if y > 0 else "away"
    return "right" if x > 0 else "left"


class BestShots:
    """The best shot of each of the tracks that ended last, for events that name who was there."""

    def __init__(self) -> None:
        self._shots: OrderedDict[str, Shot] = OrderedDict()

    def keep(self, track: str, gallery: Gallery) -> None:
        """The track has ended."""
        for shot in gallery.shots[:1]:
            shot.settle()
            self._shots[track] = shot
        while len(self._shots) > MOST_KEPT:
            self._shots.popitem(last=False)

    def of(self, track: str) -> Shot | None:
        """None when it never had one, or is forgotten."""
        return self._shots.get(track)


def promise(box: Box, score: float, others: Iterable[Box]) -> float:
    """How good a shot can be at best, before its pixels are looked at; `others` are all other things there."""
    whole = 0.5 if box.x1 < EDGE or box.y1 < EDGE or box.x2 > 1 - EDGE or box.y2 > 1 - EDGE else 1.0
    return math.sqrt(box.area) * score * whole * (1.0 - _hidden(box, others))


def _hidden(box: Box, others: Iterable[Box]) -> float:
    """The share of `box` that one of `others` covers which stands nearer: its foot is lower in the picture."""
    left, top, right, foot = box
    most = 0.0
    for x1, y1, x2, y2 in others:
        if y2 > foot and x1 < right and x2 > left and y1 < foot:
            most = max(most, (min(right, x2) - max(left, x1)) * (foot - max(top, y1)))
    return most / box.area if most > 0 else 0.0


def _crop(picture: Image, box: Box) -> Image | None:
    height, width = picture.shape[:2]
    part = box.grown(CONTEXT).clipped()
    x1, x2, y1, y2 = int(part.x1 * width), int(part.x2 * width), int(part.y1 * height), int(part.y2 * height)
    return picture[y1:y2, x1:x2] if x2 - x1 >= 4 and y2 - y1 >= 4 else None


def _shrunk(crop: Image) -> Image:
    longest = max(crop.shape[:2])
    if longest <= LONGEST_PX:
        return crop.copy()
    factor = LONGEST_PX / longest
    size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
