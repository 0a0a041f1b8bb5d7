"""The small picture that is compared, and the camera's exposure taken out of it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image

Field = NDArray[np.float32]
Mask = NDArray[np.uint8]

TILES = 40
"""Along the longer side: exposure is measured on so many places, each by its mean."""
GAIN_STEP = 0.02
"""Smaller changes of exposure are noise of the measurement."""
MOST_GAIN = 6.0
FIELD_TILES = 10
"""Along the longer side, for lamps: what they add changes slowly over the picture."""
DARK = 6.0
"""Grey levels added above and below, so that ratios of dark places stay tame."""


def small_size(picture: Image, longest_px: int) -> tuple[int, int]:
    """Width and height of the working picture, px; never larger than `picture`."""
    height, width = picture.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    return max(8, round(width * scale)), max(8, round(height * scale))


def small_picture(picture: Image, size: tuple[int, int]) -> Image:
    """`picture` at `size`, a little blurred: the coding's noise is finer than things are."""
    if (picture.shape[1], picture.shape[0]) != size:
        picture = _image(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    return _image(cv2.GaussianBlur(picture, (3, 3), 0))


def gain_of(picture: Image, background: Field, changed: Mask) -> tuple[float, float, float]:
    """By how much each channel of `picture` is brighter than `background`, where it has not `changed` (0 or 255)."""
    width, height = _tiles(picture, TILES)
    now = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    before = cv2.resize(background, (width, height), interpolation=cv2.INTER_AREA)
    quiet = cv2.resize(changed, (width, height), interpolation=cv2.INTER_AREA) < 64
    usable = quiet & (before.max(axis=2) > 2 * DARK) & (now.max(axis=2) < 245) & (before.max(axis=2) < 245)
    if usable.sum() < 0.1 * usable.size:
        return 1.0, 1.0, 1.0
    ratio = np.median((now[usable] + DARK) / (before[usable] + DARK), axis=0)
    kept = [1.0 if abs(value - 1) < GAIN_STEP else float(value) for value in ratio.clip(1 / MOST_GAIN, MOST_GAIN)]
    return kept[0], kept[1], kept[2]


def lamps_of(picture: Image, background: Field) -> Field:
    """A smooth field of gains, height x width x 3, that makes `background` as bright as `picture` place by place.

    Things up to about a sixth of the picture's width hardly move it.
    """
    height, width = picture.shape[:2]
    columns, rows = _tiles(picture, FIELD_TILES)
    ratio = (picture.astype(np.float32) + DARK) / (background + DARK)
    cells = np.ones((rows, columns, 3), np.float32)
    ys, xs = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, columns + 1).astype(int)
    for row in range(rows):
        for column in range(columns):
            cell = ratio[ys[row] : ys[row + 1], xs[column] : xs[column + 1]].reshape(-1, 3)
            cells[row, column] = np.median(cell, axis=0)
    smooth = cv2.GaussianBlur(cv2.medianBlur(cells.clip(1 / MOST_GAIN, MOST_GAIN), 3), (3, 3), 0)
    field = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, np.float32)


def without_gain(picture: Image, gain: tuple[float, float, float]) -> Image:
    """The picture as it would be at the background's exposure."""
    if gain == (1.0, 1.0, 1.0):
        return picture
    table = np.arange(256, dtype=np.float32)[:, None]
    table = ((table + DARK) / np.asarray(gain, np.float32) - DARK).clip(0, 255)
    return _image(cv2.LUT(picture, np.round(table).astype(np.uint8)[None, :, :].reshape(1, 256, 3)))


def greatest(picture: Image) -> Mask:
    """The largest of the three channels, place by place."""
    blue, green, red = cv2.split(picture)
    return _image(cv2.max(cv2.max(blue, green), red))


def relit(model: Field, gain: Field) -> Field:
    """`model` under a light that is `gain` times as bright."""
    return np.asarray(((model + DARK) * gain - DARK).clip(0, 255), np.float32)


def levels(model: Field) -> Image:
    """A model as a picture of whole grey levels."""
    return _image(cv2.convertScaleAbs(model))


def differing(difference: Mask, threshold: Mask) -> Mask:
    """255 where `difference` is above `threshold`."""
    return _image(cv2.compare(difference, threshold, cv2.CMP_GT))


def apart(a: Image, b: Image) -> Mask:
    """By how much two pictures differ, place by place: the channel that differs most."""
    return greatest(_image(cv2.absdiff(a, b)))


def _tiles(picture: Image, longest: int) -> tuple[int, int]:
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    return max(2, round(width * scale)), max(2, round(height * scale))


def _image(value: Any) -> NDArray[np.uint8]:
    return np.asarray(value, np.uint8)
