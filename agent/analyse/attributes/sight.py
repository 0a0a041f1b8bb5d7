"""How much one sight of a thing says of its colours, before its pixels are looked at: size, whole or cut, upright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.sharp import BLURRED, sharpness
from agent.core.geometry import Box

SMALLEST_PX, GOOD_PX = {"person": 7.0, "vehicle": 14.0}, {"person": 30.0, "vehicle": 60.0}
"""Of the box's width: nothing can be told, everything can."""
EDGE = 0.004
STOOPED, UPRIGHT = 1.2, 1.9
"""Height over width, px: who sits or bends down has the trousers elsewhere; who walks is slimmer."""
SHARP_PX = 48


@dataclass(frozen=True, slots=True)
class Worth:
    """Of a sight, 0..1, for each half of the thing. Vehicles have one half, the upper."""

    upper: float
    lower: float

    def of(self, part: str) -> float:
        """For a part by name."""
        return self.lower if part == "lower" else self.upper


def worth_of(label: str, box: Box, size: tuple[int, int]) -> Worth:
    """`size`: the picture's width and height in px."""
    width, height = box.width * size[0], box.height * size[1]
    least = SMALLEST_PX[label]
    large = min(1.0, max(0.0, (width - least) / (GOOD_PX[label] - least)))
    beside = 0.4 if box.x1 < EDGE or box.x2 > 1 - EDGE else 1.0
    if label != "person" or width <= 0:
        cut = 0.4 if box.y1 < EDGE or box.y2 > 1 - EDGE else 1.0
        return Worth(large * beside * cut, 0.0)
    straight = min(1.0, max(0.15, (height / width - STOOPED) / (UPRIGHT - STOOPED)))
    worth = large * beside * straight
    if box.y2 > 1 - EDGE:  # the legs are outside, and where the belt is nobody knows
        return Worth(0.3 * worth, 0.0)
    return Worth(worth, worth) if box.y1 > EDGE else Worth(0.2 * worth, 0.2 * worth)


def sharpness_of(picture: Image, box: Box) -> float:
    """`BLURRED`..1: a blurred sight counts for less."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = int(box.x1 * width), int(box.y1 * height), int(box.x2 * width), int(box.y2 * height)
    step = 1 + max(x2 - x1, y2 - y1) // SHARP_PX
    crop = np.ascontiguousarray(picture[y1:y2:step, x1:x2:step, 1])
    return BLURRED if min(crop.shape) < 3 else sharpness(crop)
