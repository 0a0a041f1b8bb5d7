"""What people hid while the background was learnt: it is learnt as soon as they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box

RIM_PX = 3
LIES_S = 2.0
"""What lies still for so long once they are gone is the background."""
PLAIN_S = 3.0
"""What has not changed for so long though nobody is there was the background."""


class Seen(Protocol):
    """What the layers know of this picture."""

    changed: NDArray[np.uint8]
    same: NDArray[np.bool_]
    shown_s: NDArray[np.float32]
    elapsed_s: float


class Hidden:
    """One per view of `size` (height, width); `people` stood there at the start."""

    def __init__(self, size: tuple[int, ...], people: Sequence[Box]) -> None:
        self._doubtful = _covered(size, people)
        self._plain_s = np.zeros(size, np.float32)
        self._none = np.zeros(size, bool)

    def uncovered(self, seen: Seen, people: Sequence[Box]) -> NDArray[np.bool_]:
        """Where what is shown now may be the background that they hid; `people` are there now."""
        if not self._doubtful.any():
            return self._none
        free = self._doubtful & ~_covered(self._none.shape[:2], people)
        changed = seen.changed > 0
        found = free & seen.same & (seen.shown_s >= LIES_S)
        self._plain_s += np.where(free & ~changed, np.float32(seen.elapsed_s), np.float32(0))
        self._doubtful &= (self._plain_s < PLAIN_S) | changed
        return found


def _covered(size: tuple[int, ...], boxes: Sequence[Box]) -> NDArray[np.bool_]:
    height, width = size
    covered = np.zeros(size, bool)
    for box in boxes:
        left, right = int(box.x1 * width) - RIM_PX, int(box.x2 * width) + RIM_PX
        top, bottom = int(box.y1 * height) - RIM_PX, int(box.y2 * height) + RIM_PX
        covered[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return covered
