"""Of boxes that say the same thing, keep the best (greedy non-maximum suppression), label by label."""

from __future__ import annotations

import cv2
import numpy as np

from agent.analyse.detect.port import Floats, Ints

SAME = 0.65
"""Of the union; as YOLOX has it. Two who walk side by side share more than half."""
MOST = 300
"""Boxes kept in one picture."""


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of `a` (n x 4) with every box of `b` (m x 4): n x m."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(2)
    union = _areas(a)[:, None] + _areas(b)[None] - overlap
    return np.asarray(overlap / np.maximum(union, 1e-12), np.float32)


def suppress(boxes: Floats, scores: Floats, labels: Ints) -> list[int]:
    """Which of the boxes n x 4 stay, best first, at most `MOST`; boxes with different labels leave each other alone."""
    if not len(boxes):
        return []
    corners_and_sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    # lists: the binding reads them twenty times as fast as arrays
    kept = cv2.dnn.NMSBoxesBatched(corners_and_sizes.tolist(), scores.tolist(), labels.tolist(), 0.0, SAME)
    return [int(index) for index in kept[:MOST]]


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1), np.float32)
