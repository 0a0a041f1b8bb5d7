"""The motion gate: a running average of a small grey picture says where something moves, for half a millisecond.

Contrast is normalised first, so that dusk, gain and thin fog change nothing. When most of the picture changes at once
(lightning, exposure, infrared switching, the camera turns) the average is learnt again and no motion is claimed, but
the picture is worth a look. After Frigate's gate, see the project's research notes; written anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.core.clock import NS
from agent.core.geometry import Box

WIDTH_PX = 320
THRESHOLD = 22.0
"""Grey levels of the normalised picture."""
LIGHTNING_SHARE = 0.6
SMALLEST_PX = 64
"""After widening,"""
WIDER_PX = 2
"""on each side."""
TAU_STILL_S = 3.0
TAU_MOVING_S = 8.0
"""How fast the average follows where nothing moves, and where something does: what stops is still soon after."""
CHANGE_THRESHOLD = 10.0
CHANGED_SHARE = 0.02
"""A place that differs from what is usual moves only when this share of it differs from the picture before, too:
where somebody stood when the gate began to learn, a hole stays for a while, and a hole does not move."""
TAU_NOISE_S = 15.0
NOISE_FACTOR = 4.0
MOST_THRESHOLD = 55.0
"""Where leaves or water always move a little, the threshold rises up to here."""
TAU_RANGE_S = 10.0
LEAST_RANGE = 48.0

Grey = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where something moves. `mask` is 0 or 255 at the gate's own size; `relearning` says the scene just changed."""

    boxes: tuple[Box, ...]
    mask: Mask
    relearning: bool = False

    @property
    def quiet(self) -> bool:
        """Nothing moves and nothing changed."""
        return not self.boxes and not self.relearning

    def touches(self, box: Box) -> bool:
        """Does anything move inside `box`?"""
        return any(
            other.x1 < box.x2 and other.x2 > box.x1 and other.y1 < box.y2 and other.y2 > box.y1 for other in self.boxes
        )


class MotionGate:
    """One per camera. Its state depends on the pictures and their times alone."""

    def __init__(self) -> None:
        self._average: Grey | None = None
        self._noise: Grey | None = None
        self._before: Grey | None = None
        self._range: tuple[float, float] | None = None
        self._seen_ns = 0

    def look(self, picture: Image, wall_ns: int) -> Motion:
        """Compare the picture with what is usual here, and learn from it."""
        elapsed_s = max(0.0, (wall_ns - self._seen_ns) / NS)
        self._seen_ns = wall_ns
        grey = self._normalised(picture, elapsed_s)
        if self._average is None or self._noise is None or self._average.shape != grey.shape:
            self._noise = np.zeros_like(grey)
            return self._relearn(grey)
        difference = np.abs(grey - self._average)
        mask = _differing(difference, self._noise)
        if cv2.countNonZero(mask) > LIGHTNING_SHARE * mask.size:
            self._range = None
            return self._relearn(self._normalised(picture, 0.0))
        cv2.accumulateWeighted(difference, self._noise, _weight(elapsed_s, TAU_NOISE_S))
        changed = np.abs(grey - (grey if self._before is None else self._before)) > CHANGE_THRESHOLD
        moving, boxes = _moving(mask, changed)
        self._learn(grey, self._average, moving, elapsed_s)
        return Motion(boxes, moving)

    def _relearn(self, grey: Grey) -> Motion:
        self._average, self._before = grey.copy(), grey
        return Motion((), np.zeros(grey.shape, np.uint8), relearning=True)

    def _learn(self, grey: Grey, average: Grey, moving: Mask, elapsed_s: float) -> None:
        cv2.accumulateWeighted(grey, average, _weight(elapsed_s, TAU_STILL_S), cv2.bitwise_not(moving))
        cv2.accumulateWeighted(grey, average, _weight(elapsed_s, TAU_MOVING_S), moving)
        self._before = grey

    def _normalised(self, picture: Image, elapsed_s: float) -> Grey:
        height = max(2, round(picture.shape[0] * WIDTH_PX / picture.shape[1]))
        small = cv2.resize(picture, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3), 0)
        low, high = self._follow(grey, elapsed_s)
        scale = 255.0 / max(LEAST_RANGE, high - low)
        # what is far beyond the usual range counts no more than its end: a lamp would leave a long trail
        levels = (grey.astype(np.float32) - np.float32(low)) * np.float32(scale)
        return np.asarray(np.clip(levels, -32.0, 287.0), np.float32)

    def _follow(self, grey: NDArray[Any], elapsed_s: float) -> tuple[float, float]:
        low, high = (float(level) for level in np.percentile(grey[::4, ::4], (4, 96)))
        if self._range is not None:
            weight = _weight(elapsed_s, TAU_RANGE_S)
            low, high = (old + weight * (new - old) for old, new in zip(self._range, (low, high), strict=True))
        self._range = low, high
        return low, high


def _differing(difference: Grey, noise: Grey) -> Mask:
    threshold = np.clip(noise * NOISE_FACTOR, THRESHOLD, MOST_THRESHOLD)
    different = (difference > threshold).astype(np.uint8) * 255
    opened = cv2.morphologyEx(different, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return np.asarray(cv2.dilate(opened, np.ones((2 * WIDER_PX + 1,) * 2, np.uint8)), np.uint8)


def _weight(elapsed_s: float, tau_s: float) -> float:
    return 1.0 - math.exp(-elapsed_s / tau_s)


def _moving(mask: Mask, changed: NDArray[np.bool_]) -> tuple[Mask, tuple[Box, ...]]:
    """The connected places of `mask` in which enough has changed, as a mask and as boxes."""
    height, width = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    moved = np.bincount(labels[changed], minlength=count)
    areas = stats[:, cv2.CC_STAT_AREA]
    good = (areas >= SMALLEST_PX) & (moved >= np.maximum(3, CHANGED_SHARE * areas))
    good[0] = False
    boxes = [Box(x / width, y / height, (x + w) / width, (y + h) / height) for x, y, w, h, _ in stats[good].tolist()]
    return np.asarray(good[labels] * np.uint8(255), np.uint8), tuple(boxes)
