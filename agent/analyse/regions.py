"""Where in a picture the detector looks: crops around what moves, or all of it when crops would cost more.

A nano model sees a 640x360 picture at two thirds of its size; a crop of 320 px at more than its own. Objects of 16 to
64 px are found two to five times as often in the crop, for the price of the same one inference (figures: tests/bench
and docs/design/analysis.md). Each crop costs one: more than one is worth it only for small things, and there is a cap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from agent.analyse.detect.port import Detection, Image
from agent.analyse.motion import WHOLE
from agent.core.geometry import Box, iou

LEAST_PX = 320
"""The side of the smallest crop: about the size of a nano model's input, whatever lies in it."""
ROOM = 3.0
"""A crop is so many times as high as the objects in it,"""
MARGIN = 1.5
"""and so many times as large as what moves."""
SMALL_SHARE = 0.18
"""Objects lower than this share of the picture's longer side are worth more than one crop."""
ALL_SHARE = 0.8
"""Crops that together cover more of the picture than this are the whole picture."""
CELLS = 8
LEARN = 0.2
SAME_IOU = 0.5
EDGE_PX = 2.0


class Sizes:
    """How high objects are, by where they stand: learnt per cell of an 8 x 8 grid from what was found there."""

    def __init__(self) -> None:
        self._heights: dict[tuple[int, int], float] = {}

    def learn(self, boxes: Iterable[Box]) -> None:
        """These were found."""
        for box in boxes:
            cell = _cell(box)
            old = self._heights.get(cell, box.height)
            self._heights[cell] = math.exp((1 - LEARN) * math.log(old) + LEARN * math.log(max(1e-3, box.height)))

    def expected(self, box: Box) -> float:
        """The height, 0..1, of an object of which something moves in `box`; at least that of `box`."""
        return max(box.height, self._heights.get(_cell(box), 0.0))


def _cell(box: Box) -> tuple[int, int]:
    x, y = box.clipped().foot
    return min(CELLS - 1, int(x * CELLS)), min(CELLS - 1, int(y * CELLS))


def cover(targets: Sequence[Box], sizes: Sizes, size: tuple[int, int], most: int) -> list[Box]:
    """Regions that show all `targets`, for a picture of that width and height in px: at most `most`, or the whole."""
    groups: list[tuple[Box, float]] = []
    for target in sorted(targets, key=lambda box: -box.area):
        height = sizes.expected(target)
        if square(target, height, size) is None:
            return [WHOLE]
        _join(groups, target, height, size)
        if len(groups) > most:
            return [WHOLE]
    regions = [region for around, height in groups if (region := square(around, height, size))]
    if sum(region.area for region in regions) > ALL_SHARE:
        return [WHOLE]
    small = any(height * size[1] < SMALL_SHARE * max(size) for _, height in groups)
    return regions if len(regions) == 1 or small else [WHOLE]


def square(around: Box, height: float, size: tuple[int, int]) -> Box | None:
    """The square crop for things within `around` that are `height` high; None when it would be the whole picture."""
    width_px, height_px = size
    most = min(size)
    side = max(LEAST_PX, ROOM * height * height_px, MARGIN * max(around.width * width_px, around.height * height_px))
    if side > most:
        side = most if max(around.width * width_px, around.height * height_px) * MARGIN <= most else 0
    if not side or side * side > ALL_SHARE * width_px * height_px:
        return None
    x, y = around.centre
    w, h = side / width_px, side / height_px
    x1, y1 = min(1 - w, max(0.0, x - w / 2)), min(1 - h, max(0.0, y - h / 2))
    return Box(x1, y1, x1 + w, y1 + h)


def tour(size: tuple[int, int]) -> list[Box]:
    """The parts of the picture that are looked at in turn while nothing moves: all of it, then its squares."""
    width_px, height_px = size
    side = min(size)
    if side < LEAST_PX or side * side > ALL_SHARE * width_px * height_px:
        return [WHOLE]
    count = math.ceil(max(size) / side)
    steps = [number / (count - 1) * (1 - side / max(size)) for number in range(count)]
    share = side / max(size)
    if width_px > height_px:
        return [WHOLE, *(Box(step, 0.0, step + share, 1.0) for step in steps)]
    return [WHOLE, *(Box(0.0, step, 1.0, step + share) for step in steps)]


def crop(picture: Image, region: Box) -> Image:
    """The part of the picture, a view."""
    height, width = picture.shape[:2]
    x1, y1 = round(region.x1 * width), round(region.y1 * height)
    return picture[y1 : max(y1 + 1, round(region.y2 * height)), x1 : max(x1 + 1, round(region.x2 * width))]


def placed(found: Iterable[Detection], region: Box) -> list[Detection]:
    """What was found in a region, in the coordinates of the picture."""
    if region == WHOLE:
        return list(found)
    w, h = region.width, region.height
    return [
        one._replace(
            box=Box(
                region.x1 + one.box.x1 * w, region.y1 + one.box.y1 * h,
                region.x1 + one.box.x2 * w, region.y1 + one.box.y2 * h,
            )
        )
        for one in found
    ]  # fmt: skip


def is_cut(box: Box, region: Box, size: tuple[int, int]) -> bool:
    """Does the box end where the region does, inside the picture? Then the thing goes on beyond."""
    dx, dy = EDGE_PX / size[0], EDGE_PX / size[1]
    return (
        (region.x1 > dx and box.x1 < region.x1 + dx)
        or (region.y1 > dy and box.y1 < region.y1 + dy)
        or (region.x2 < 1 - dx and box.x2 > region.x2 - dx)
        or (region.y2 < 1 - dy and box.y2 > region.y2 - dy)
    )


def merged(found: Iterable[Detection]) -> list[Detection]:
    """Of what several regions found, each thing once, the surest first."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda detection: -detection.score):
        if not any(other.label == one.label and iou(other.box, one.box) > SAME_IOU for other in kept):
            kept.append(one)
    return kept


def _join(groups: list[tuple[Box, float]], target: Box, height: float, size: tuple[int, int]) -> None:
    """Put `target` into the first group with which it fits into one square, else begin a group."""
    for index, (around, tallest) in enumerate(groups):
        both = Box(
            min(around.x1, target.x1), min(around.y1, target.y1), max(around.x2, target.x2), max(around.y2, target.y2)
        )
        if square(both, max(tallest, height), size) is not None:
            groups[index] = both, max(tallest, height)
            return
    groups.append((target, height))
