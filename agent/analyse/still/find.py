"""Where something may be to tell: regions that have lain still for long enough, outside of what has been told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from agent.analyse.still.candidate import Candidate
from agent.analyse.still.cues import cues_of
from agent.analyse.still.layers import FIRM_S, Layers
from agent.analyse.still.region import Bools, Region, apart, regions_of, strong_part
from agent.analyse.still.verdict import SAME_TIME_S
from agent.core.geometry import Box

GROWN_SHARE = 0.4
"""A thing is all that has lain there for this share of `after_s`, around what has for all of it."""
RIPE_SHARE = 0.3
MOST_JUDGED = 16
STRONG_SHARE = 0.4
LEAST_PX = 10
PART_PX = 6
LEFT_S = 0.7
"""Somebody's place and what he puts down there are not seen at the same moment."""
Polygons = Sequence[Sequence[tuple[float, float]]]


class Finder:
    """`size` is that of the working picture; `hidden` polygons and the places outside `only` polygons tell nothing."""

    def __init__(
        self, size: tuple[int, int], after_s: float, min_size: float, hidden: Polygons, only: Polygons
    ) -> None:
        self._size, self._after_s = size, after_s
        self._least_side = min_size * size[1]
        self._least_px = max(LEAST_PX, int(0.3 * self._least_side**2))
        self.allowed = _allowed(size, hidden, only)

    def anything(self, layers: Layers) -> bool:
        """Does anything lie there that may become an event?"""
        return bool(np.count_nonzero((layers.shown_s >= FIRM_S) & self.allowed) >= LEAST_PX)

    def ripe(self, layers: Layers, told: Sequence[Candidate]) -> Iterator[tuple[Region, float]]:
        """Each region, and which share of a larger one it is."""
        evidence = layers.shown_s
        lies = (evidence >= max(FIRM_S, GROWN_SHARE * self._after_s)) & self.allowed
        for one in told:
            lies[one.whole.where] &= ~one.whole.mask
        ripe = lies & (evidence >= self._after_s)
        if np.count_nonzero(ripe) < RIPE_SHARE * self._least_px:
            return
        for whole in regions_of(lies, self._least_px, MOST_JUDGED):
            if not whole.of(ripe).any():
                continue
            for region, share in apart(whole, layers.since_s, SAME_TIME_S, self._least_px):
                if region.of(ripe).mean() >= RIPE_SHARE and max(region.mask.shape) >= self._least_side:
                    yield region, share

    def uncovered(self, layers: Layers) -> Iterator[Region]:
        """What people hid while the background was learnt and is seen now, without what they put down there."""
        if layers.uncovered.any():
            for whole in regions_of(layers.uncovered, self._least_px, MOST_JUDGED):
                for region, _ in apart(whole, layers.since_s, LEFT_S, self._least_px):
                    if cues_of(layers, region).came < 0:
                        yield region

    def strong(self, layers: Layers, region: Region) -> Region:
        """The thing without its shadow."""
        where = region.where
        strength = np.abs(layers.shown[where] - layers.background[where]).max(axis=2)
        return strong_part(region, strength, STRONG_SHARE, self._least_px)

    def part_of_told(self, box: Box, told: Sequence[Candidate]) -> bool:
        """Does `box` lie in what was told, or close to it and is smaller?"""
        return any(_part_of(box, one.box, self._size) for one in told)


def _part_of(box: Box, told: Box, size: tuple[int, int]) -> bool:
    x, y = (max(PART_PX, 0.15 * side * px) / px for side, px in zip((told.width, told.height), size, strict=True))
    near = Box(told.x1 - x, told.y1 - y, told.x2 + x, told.y2 + y)
    overlap = Box(max(box.x1, near.x1), max(box.y1, near.y1), min(box.x2, near.x2), min(box.y2, near.y2)).area
    return overlap >= 0.5 * box.area and box.area <= 1.5 * told.area


def _allowed(size: tuple[int, int], hidden: Polygons, only: Polygons) -> Bools:
    width, height = size
    painted = np.full((height, width), 0 if only else 1, np.uint8)
    for polygons, value in ((only, 1), (hidden, 0)):
        for polygon in polygons:
            cv2.fillPoly(painted, [np.round(np.asarray(polygon) * (width, height)).astype(np.int32)], value)
    if hidden:  # the rim of a mask is blurred into what lies beside it
        return np.asarray(cv2.erode(painted, np.ones((3, 3), np.uint8), borderValue=1) > 0)
    return np.asarray(painted > 0)
