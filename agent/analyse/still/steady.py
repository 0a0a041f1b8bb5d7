"""The camera's shaking taken out: each working picture is laid over the background to a fraction of a pixel.

One shift and one gain for the whole picture, by least squares on the picture's gradients (Lucas and Kanade 1981, with
outliers left out), on a small picture: what moves in it hardly matters, and neither do things of a few pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.analyse.still.scale import Field

GUIDE_PX = 160
"""The longer side of the picture on which the shift is measured."""
ROUNDS = 4
LEAST_PX = 0.12
"""Smaller shifts are left: to move a picture blurs it a little."""
MOST_PX = 6.0
BETTER = 0.93
"""What differs must grow smaller by this factor, or it was no shift."""
RENEW_S = 2.0
FEW = 7
"""Every so many pixels are enough for a median."""
TRIM = 2.5
"""What differs by so many times the median is not the street any more."""


class Steady:
    """One per view. All sizes in px of the working picture."""

    def __init__(self) -> None:
        self._guide: Field | None = None
        self._slopes: NDArray[np.float32] = np.zeros((0, 4), np.float32)
        self._learnt_s = 0.0
        self.shift = (0.0, 0.0)
        """Of the last picture, x and y."""

    def aligned(self, picture: Image, background: Field, clock_s: float) -> Image:
        """`picture` moved to where `background` is; itself when it is there."""
        if self._guide is None or clock_s - self._learnt_s >= RENEW_S:
            self._learn(background, clock_s)
        self.shift = self._measured(picture)
        if max(abs(value) for value in self.shift) < LEAST_PX:
            return picture
        return moved(picture, self.shift)

    def _learn(self, background: Field, clock_s: float) -> None:
        guide = _guide(background)
        across, down = (cv2.Sobel(guide, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
        flat = np.ones(guide.size, np.float32)
        self._slopes = np.stack((across.ravel(), down.ravel(), guide.ravel() / 255, flat), axis=1)
        self._guide, self._learnt_s = guide, clock_s

    def _measured(self, picture: Image) -> tuple[float, float]:
        assert self._guide is not None  # noqa: S101 - it has just been learnt
        now, scale = _guide(picture), max(picture.shape[:2]) / max(self._guide.shape)
        shift, seen = np.zeros(2), now
        before = after = 0.0
        for turn in range(ROUNDS):
            step, missed = self._step(seen)
            before, after = (missed, missed) if turn == 0 else (before, missed)
            if turn == ROUNDS - 1:
                break
            shift = shift + step
            if np.abs(shift).max() * scale > MOST_PX:
                return 0.0, 0.0
            if turn == 0 and np.abs(shift).max() * scale < LEAST_PX:
                return 0.0, 0.0
            seen = _shifted(now, (float(shift[0]), float(shift[1])))
        return (float(shift[0]) * scale, float(shift[1]) * scale) if after < BETTER * before else (0.0, 0.0)

    def _step(self, seen: Field) -> tuple[NDArray[np.float64], float]:
        """How much farther the picture is off, and by how much it differs (grey levels, but for gain and outliers)."""
        assert self._guide is not None  # noqa: S101 - see above
        gap = (seen - self._guide).ravel()
        off = np.abs(gap - np.median(gap[::FEW]))
        kept = off <= TRIM * max(1.0, float(np.median(off[::FEW])))
        slopes = self._slopes[kept]
        found = np.linalg.lstsq(slopes.T @ slopes, slopes.T @ gap[kept], rcond=None)[0]
        plain = gap[kept] - slopes[:, 2:] @ found[2:]
        return -found[:2].astype(np.float64), float(np.abs(plain).mean())


def moved(picture: Image, shift: tuple[float, float]) -> Image:
    """`picture` with what lay at `shift` more to the right and below now in its place."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def _shifted(picture: Field, shift: tuple[float, float]) -> Field:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32)


def _guide(picture: Image | Field) -> Field:
    height, width = picture.shape[:2]
    scale = min(1.0, GUIDE_PX / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    grey = small.mean(axis=2, dtype=np.float32) if scale >= 1 else np.asarray(small, np.float32).mean(axis=2)
    return np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.float32)
