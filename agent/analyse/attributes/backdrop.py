"""The street without anybody: a small picture in colour of what stands there, learnt where nothing moves or is known.

It says what colour the light is (`light`), how bright it is in a place, and which pixels of a box are the thing's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.analyse.mask import Painter
from agent.analyse.motion import Grey
from agent.core.clock import NS
from agent.core.geometry import Box

WIDTH_PX = 160
EVERY_S = 1.0
TAU_LOOKS = 20
"""So many looks, of which there is one a second, make the average."""
AROUND = 0.15
"""Of a box, on every side: detectors cut shadows and feet off."""
Floats = NDArray[np.float32]


class Backdrop:
    """One per camera; `looks` counts how often it has learnt. What `painter` covers is no street, and never known."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self.colours: Floats = np.zeros((0, 0, 3), np.float32)
        """Blue green red, 0..255, at the backdrop's own size."""
        self.known: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        """How often each place was seen free, up to `TAU_LOOKS`; 0: never."""
        self.looks = 0
        self._next_ns = 0

    def forget(self) -> None:
        """Another scene, or another light: begin again."""
        self.colours, self.known = np.zeros((0, 0, 3), np.float32), np.zeros((0, 0), np.uint8)
        self._next_ns = 0

    def due(self, wall_ns: int) -> bool:
        """Is it time to learn?"""
        return wall_ns >= self._next_ns or wall_ns < self._next_ns - 2 * EVERY_S * NS

    def learn(self, picture: Image, moving: Grey | None, boxes: Iterable[Box], wall_ns: int) -> None:
        """Take in `picture` (any size) outside of `boxes` and of where something is `moving` (0 or 255, any size)."""
        self._next_ns, self.looks = wall_ns + round(EVERY_S * NS), self.looks + 1
        height, width = picture.shape[:2]
        size = WIDTH_PX, max(2, round(WIDTH_PX * height / width))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.float32)
        if self.known.shape != small.shape[:2]:
            self.colours, self.known = small, np.zeros(small.shape[:2], np.uint8)
        free = self._free(size, moving, boxes)
        weight = free / (1.0 + self.known)
        self.colours += weight[..., None] * (small - self.colours)
        self.known = np.minimum(self.known + free, TAU_LOOKS).astype(np.uint8)

    def _free(self, size: tuple[int, int], moving: Grey | None, boxes: Iterable[Box]) -> NDArray[np.uint8]:
        """1 where nothing is."""
        free = np.ones(size[::-1], np.uint8)
        self._painter.paint_grey(free)
        free[free != 1] = 0
        if moving is not None:
            free[cv2.resize(moving, size, interpolation=cv2.INTER_NEAREST) != 0] = 0
        for box in boxes:
            part = box.grown(AROUND).clipped()
            x1, x2 = int(part.x1 * size[0]), math.ceil(part.x2 * size[0])
            free[int(part.y1 * size[1]) : math.ceil(part.y2 * size[1]), x1:x2] = 0
        return free
