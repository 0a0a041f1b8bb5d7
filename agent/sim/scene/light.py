"""The sun and the camera's exposure: both drift slowly and are back where they began when the loop ends."""

from __future__ import annotations

import math

import cv2
import numpy as np

from agent.sim.scene.paint import Image

SUN_SHIFT = (0.75, 0.30)
"""Metres that a shadow reaches (x, y) per metre of height."""


def sunshine(phase: float) -> float:
    """0 (overcast) .. 1 (clear) at `phase` (0..1) of the loop."""
    return 0.56 + 0.34 * math.cos(2 * math.pi * phase) + 0.06 * math.sin(4 * math.pi * phase)


def exposed(picture: Image, phase: float) -> Image:
    """The picture as the sensor renders it at `phase`: a little warmer and brighter in the sun."""
    sun = sunshine(phase)
    base = np.arange(256, dtype=np.float32)
    gains = np.array([0.985 - 0.03 * sun, 0.965 + 0.03 * sun, 0.955 + 0.065 * sun], np.float32)
    table = np.clip(base[:, None] * gains[None, :] + 1.0, 0, 255).astype(np.uint8)
    lit: Image = cv2.LUT(picture, table[None, :, :]).astype(np.uint8, copy=False)
    return lit


class SensorNoise:
    """Grey noise of a good sensor by day: one field, laid at another place in every frame."""

    def __init__(self, width: int, height: int, seed: int, strength: float = 1.6) -> None:
        self._rng_seed, self._size = seed, (width, height)
        rng = np.random.default_rng(seed)
        field: Image = rng.normal(128.0, strength, (height + 96, width + 96)).astype(np.float32)
        field = cv2.GaussianBlur(field, (3, 3), 0.55)
        grey = np.clip(np.rint(field), 0, 255).astype(np.uint8)
        self._field: Image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)

    def added(self, picture: Image, frame: int) -> Image:
        """`picture` with the noise of frame number `frame`."""
        width, height = self._size
        left, top = np.random.default_rng((self._rng_seed, frame)).integers(0, 96, 2)
        noise = self._field[top : top + height, left : left + width]
        noisy: Image = cv2.addWeighted(picture, 1.0, noise, 1.0, -128.0)
        return noisy
