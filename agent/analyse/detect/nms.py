"""Of boxes that say the same thing, keep the best (greedy non-maximum suppression), label by label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SAME = 0.5
MOST = 300


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of `a` (n x 4) with every box of `b` (m x 4): n x m."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(2)
    union = _areas(a)[:, None] + _areas(b)[None] - overlap
    return np.asarray(overlap / np.maximum(union, 1e-12), np.float32)


def suppress(boxes: Floats, scores: Floats, labels: list[str]) -> list[int]:
    """Which boxes stay, best first, at most `MOST`."""
    order = [int(index) for index in np.argsort(-scores, kind="stable")[: 4 * MOST]]
    same = iou_matrix(boxes[order], boxes[order]) > SAME
    kept: list[int] = []
    for place, index in enumerate(order):
        if not any(same[place, other] and labels[order[other]] == labels[index] for other in kept):
            kept.append(place)
    return [order[place] for place in kept[:MOST]]


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1), np.float32)
