"""Arithmetic on boxes x1 y1 x2 y2, in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def areas(boxes: Floats) -> Floats:
    """Area of each box, n."""
    sides: Floats = np.clip(boxes[:, 2:4] - boxes[:, :2], 0, None)
    return sides[:, 0] * sides[:, 1]


def intersections(one: Floats, other: Floats) -> Floats:
    """Shared area of each pair, n x m."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:4], other[None, :, 2:4])
    sides: Floats = np.clip(high - low, 0, None)
    return sides[..., 0] * sides[..., 1]


def overlaps(one: Floats, other: Floats) -> Floats:
    """Intersection over union of each pair, n x m."""
    shared = intersections(one, other)
    union = areas(one)[:, None] + areas(other)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-6), np.float32)
