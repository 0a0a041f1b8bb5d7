"""A picture of any shape into a model's fixed one, and boxes back.

The tensor is kept and filled again: after the resize each grey level is touched once, and the padding only when the
shape of the picture changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Floats, Image, Tensor
from agent.analyse.manifest import ModelInput


class Placed(NamedTuple):
    """Where a picture stands in the model's input, px."""

    x: int
    y: int
    width: int
    height: int

    def back(self, boxes: Floats) -> Floats:
        """Boxes n x 4 from the model's px to 0..1 of the picture, clipped to it."""
        corner = np.array([self.x, self.y] * 2, np.float32)
        size = np.array([self.width, self.height] * 2, np.float32)
        return np.asarray(np.minimum(np.maximum((boxes - corner) / size, 0.0), 1.0), np.float32)


def place(width: int, height: int, shape: ModelInput) -> Placed:
    """Where a picture of that size goes."""
    if shape.place == "stretch":
        return Placed(0, 0, shape.width, shape.height)
    factor = min(shape.width / width, shape.height / height)
    wide, high = max(1, round(width * factor)), max(1, round(height * factor))
    if shape.place == "centre":
        return Placed((shape.width - wide) // 2, (shape.height - high) // 2, wide, high)
    return Placed(0, 0, wide, high)


class Letterbox:
    """Makes the input of one model. The tensor it gives is good until the next call."""

    def __init__(self, shape: ModelInput, dtype: np.dtype[Any]) -> None:
        self._shape, self._dtype = shape, dtype
        self._plain = not any(shape.mean) and shape.scale == (1.0, 1.0, 1.0)
        self._tensor = self._empty(1)
        self._padded_for: list[Placed | None] = [None]
        self._channels = np.zeros((3, 0, 0), np.uint8)

    def fill(self, pictures: Sequence[Image], least: int = 1) -> tuple[Tensor, list[Placed]]:
        """The tensor for these pictures, at least `least` long, and where each picture stands in it."""
        count = max(len(pictures), least)
        if len(self._tensor) < count:
            self._tensor, self._padded_for = self._empty(count), [None] * count
        return self._tensor[:count], [self._put(picture, slot) for slot, picture in enumerate(pictures)]

    def _put(self, picture: Image, slot: int) -> Placed:
        placed = place(picture.shape[1], picture.shape[0], self._shape)
        if self._padded_for[slot] != placed:
            self._pad(slot)
            self._padded_for[slot] = placed
        small = cv2.resize(picture, (placed.width, placed.height))
        area = slice(placed.y, placed.y + placed.height), slice(placed.x, placed.x + placed.width)
        if self._shape.layout == "NHWC":
            self._tensor[slot][area] = self._normal(small[:, :, ::-1] if self._shape.order == "RGB" else small)
        else:
            self._split(small, self._tensor[slot][:, *area])
        return placed

    def _split(self, small: NDArray[Any], planes: NDArray[Any]) -> None:
        if self._channels.shape != planes.shape:
            self._channels = np.empty(planes.shape, np.uint8)
        cv2.split(small, list(self._channels))  # into memory that is there: new memory takes longer than the work
        planes[:] = self._channels[::-1] if self._shape.order == "RGB" else self._channels
        if not self._plain:
            for plane, mean, scale in zip(planes, self._shape.mean, self._shape.scale, strict=True):
                np.subtract(plane, np.float32(mean), out=plane)
                np.multiply(plane, np.float32(1 / scale), out=plane)

    def _normal(self, values: NDArray[Any]) -> NDArray[Any]:
        if self._plain:
            return values
        return (values - np.asarray(self._shape.mean, np.float32)) / np.asarray(self._shape.scale, np.float32)

    def _pad(self, slot: int) -> None:
        grey = self._normal(np.full(3, self._shape.padding, np.float32))
        self._tensor[slot] = grey if self._shape.layout == "NHWC" else grey[:, None, None]

    def _empty(self, count: int) -> Tensor:
        height, width = self._shape.height, self._shape.width
        size = (count, height, width, 3) if self._shape.layout == "NHWC" else (count, 3, height, width)
        return np.zeros(size, self._dtype)
