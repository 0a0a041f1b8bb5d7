"""A connected piece of the working picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box

Bools = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)
MOST_PIECES = 6
LEAST_PART = 0.2
MOST_CORNERS = 16
JOIN_PX = 2
"""Pieces whose gap is at most twice this are one thing."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """`mask` covers the rectangle at `x`, `y`; the whole picture is `width` x `height` px."""

    x: int
    y: int
    mask: Bools
    width: int
    height: int

    @property
    def where(self) -> tuple[slice, slice]:
        """Cuts the region's rectangle out of an array of the working size."""
        rows, columns = self.mask.shape
        return slice(self.y, self.y + rows), slice(self.x, self.x + columns)

    @property
    def area_px(self) -> int:
        """Pixels of the thing itself."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> Box:
        """The rectangle, as a share of the picture."""
        rows, columns = self.mask.shape
        return Box(
            self.x / self.width, self.y / self.height, (self.x + columns) / self.width, (self.y + rows) / self.height
        )

    def of(self, array: NDArray[T]) -> NDArray[T]:
        """The values of `array` at the region's pixels."""
        return np.asarray(array[self.where][self.mask])

    def middle(self, array: NDArray[np.float32] | NDArray[np.uint8]) -> float:
        """The median of `array` at the region's pixels."""
        return float(np.median(array[self.where][self.mask]))

    def whole(self) -> Bools:
        """The mask at the size of the picture."""
        whole = np.zeros((self.height, self.width), bool)
        whole[self.where] = self.mask
        return whole

    def outline(self) -> list[tuple[float, float]]:
        """The contour of its largest piece: at most `MOST_CORNERS` points, 0..1."""
        closed = cv2.morphologyEx(np.pad(self.mask, 2).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        longest = max(contours, key=cv2.contourArea)
        corners, slack = longest, 0.5
        while len(corners) > MOST_CORNERS:
            corners, slack = cv2.approxPolyDP(longest, slack, True), slack * 1.5
        points = corners.reshape(-1, 2).tolist()
        return [
            (round((x - 1.5 + self.x) / self.width, 4), round((y - 1.5 + self.y) / self.height, 4)) for x, y in points
        ]

    def share_in(self, box: Box) -> float:
        """How much of the region lies in `box`."""
        rows, columns = self.mask.shape
        x1, x2 = (round(value * self.width) - self.x for value in (box.x1, box.x2))
        y1, y2 = (round(value * self.height) - self.y for value in (box.y1, box.y2))
        part = self.mask[max(0, y1) : max(0, min(rows, y2)), max(0, x1) : max(0, min(columns, x2))]
        return np.count_nonzero(part) / max(1, self.area_px)


def regions_of(lies: Bools, least_px: int, most: int) -> Iterator[Region]:
    """The `most` largest connected pieces of `lies`, near pieces joined, with at least `least_px` pixels each."""
    height, width = lies.shape
    return _pieces(Region(0, 0, lies, width, height), least_px, most)


def _pieces(region: Region, least_px: int, most: int) -> Iterator[Region]:
    mask = np.pad(region.mask, JOIN_PX)
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((2 * JOIN_PX + 1,) * 2, np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    if count < 2:
        return
    left, top = region.x - JOIN_PX, region.y - JOIN_PX
    sizes = np.bincount(labels[mask], minlength=count)
    for label in np.argsort(-sizes)[:most].tolist():
        if label == 0 or sizes[label] < least_px:
            continue
        x, y, w, h, _ = stats[label].tolist()
        where = slice(y, y + h), slice(x, x + w)
        piece = (labels[where] == label) & mask[where]
        yield _tight(Region(left + x, top + y, piece, region.width, region.height))


def apart(
    region: Region, since_s: NDArray[np.float32], together_s: float, least_px: int
) -> Iterator[tuple[Region, float]]:
    """The pieces of `region` that began within `together_s` of each other, and which share of it each is.

    A bag in front of a train is no part of the train.
    """
    began = since_s[region.where]
    left = region.mask.copy()
    for _ in range(MOST_PIECES):
        if np.count_nonzero(left) < least_px:
            return
        middle = _commonest(began[left], together_s)
        piece = left & (np.abs(began - middle) <= together_s)
        left &= ~piece
        for one in _pieces(replace(region, mask=piece), least_px, MOST_PIECES):
            yield one, one.area_px / region.area_px


def strong_part(region: Region, strength: NDArray[np.float32], share: float, least_px: int) -> Region:
    """The thing without its shadow and reflection: the largest piece that is `share` as strong as the strongest.

    `strength` is of the region's rectangle.
    """
    strong = region.mask & (strength >= share * float(np.percentile(strength[region.mask], 90)))
    part = next(_pieces(replace(region, mask=strong), least_px, 1), None)
    return part if part is not None and part.area_px >= LEAST_PART * region.area_px else region


def _commonest(values: NDArray[np.float32], width: float) -> float:
    """The middle of the window of +-`width` that holds most values."""
    ordered = np.sort(values)
    ends = np.searchsorted(ordered, ordered + 2 * width, side="right")
    best = int(np.argmax(ends - np.arange(len(ordered))))
    return float(ordered[best : ends[best]].mean())


def _tight(region: Region) -> Region:
    rows, columns = np.flatnonzero(region.mask.any(axis=1)), np.flatnonzero(region.mask.any(axis=0))
    mask = region.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Region(region.x + int(columns[0]), region.y + int(rows[0]), mask, region.width, region.height)
