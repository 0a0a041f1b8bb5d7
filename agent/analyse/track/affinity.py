"""How badly a detection fits a track: what the association minimises.

One minus the intersection over union of widened boxes (C-BIoU, Yang et al., WACV 2023): at 3 fps a walker's boxes
hardly overlap. How much wider goes by how uncertain the filter is of that track, so that the same numbers serve 2 and
25 fps, and a track just lost as one long hidden. Beside that, size and foot: whoever passes behind somebody is smaller
and stands higher in the picture, which the overlap alone hardly sees. And of two tracks that could have one detection,
the one that the other hides gets it less easily.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Detection
from agent.analyse.track.filter import PLACE, PP, SIZE, Floats
from agent.analyse.track.track import Track

WIDER = 0.1
PER_SIGMA = 1.0
WIDEST = 1.2
"""Shares of the box added on each side: always, per standard deviation of its place, at most."""
SIZE_COST = 0.3
FOOT_COST = 0.3
OTHER_LABEL_COST = 0.17
HIDDEN_COST = 0.1
SHAPELESS = "object"
SHAPELESS_EASE = 0.12
"""What merely moves falls apart and grows together from picture to picture: its shape says nothing, and it may fit
worse."""
TINY = 1e-6


def costs(tracks: Sequence[Track], states: Floats, found: Sequence[Detection], boxes: Floats, aspect: float) -> Floats:
    """Tracks x detections. `states` are predicted, `boxes` as `filter` has them, `aspect` width over height, px."""
    height = np.maximum(states[3], TINY)
    sigma = np.sqrt(states[PP])
    sigma[0] *= height / np.maximum(states[2] * aspect, TINY)
    wider = np.minimum(WIDEST, WIDER + PER_SIGMA * sigma)
    cost = 1.0 - _widened_iou(states, boxes, wider)
    labels = {track.label for track in tracks} | {one.label for one in found}
    if len(labels) > 1:
        cost += OTHER_LABEL_COST * _differ(tracks, found)
    shape = _shape_costs(states, boxes, height)
    if SHAPELESS in labels:
        shaped = np.array([track.label != SHAPELESS for track in tracks])[:, None]
        shape = np.where(shaped, shape, -SHAPELESS_EASE)
    cost += shape
    return cost


def _shape_costs(states: Floats, boxes: Floats, height: Floats) -> Floats:
    """What size, foot and being hidden say."""
    larger = np.abs(np.log(boxes[3]) - np.log(height)[:, None])
    gap = (boxes[1] + boxes[3] / 2) - (states[1] + states[3] / 2)[:, None]
    cost = SIZE_COST * np.minimum(1.0, larger)
    cost += FOOT_COST * np.minimum(1.0, np.abs(gap) / height[:, None])
    return np.asarray(cost + HIDDEN_COST * _hidden(states)[:, None])


def _differ(tracks: Sequence[Track], found: Sequence[Detection]) -> NDArray[np.bool_]:
    """Where the labels are not the same."""
    numbers: dict[str, int] = {}
    ours = np.array([numbers.setdefault(track.label, len(numbers)) for track in tracks])
    theirs = np.array([numbers.setdefault(one.label, len(numbers)) for one in found])
    return np.asarray(ours[:, None] != theirs[None])


def _widened_iou(states: Floats, boxes: Floats, wider: Floats) -> Floats:
    """Each track's box, and each detection's by the same share of its own size, made wider: n x m."""
    share = 0.5 + wider
    half, other = (states[SIZE] * share)[:, :, None], share[:, :, None] * boxes[2:, None]
    apart = np.abs(states[PLACE][:, :, None] - boxes[:2, None])
    shared = np.minimum(half + other - apart, 2 * np.minimum(half, other))
    np.maximum(shared, 0, out=shared)
    overlap = shared[0] * shared[1]
    union = 4 * (half[0] * half[1] + other[0] * other[1]) - overlap
    return np.asarray(overlap / np.maximum(union, TINY * TINY))


def _hidden(states: Floats) -> Floats:
    """How much of each track others cover that stand nearer, their feet lower in the picture: n, 0..1."""
    middle, half = states[PLACE], states[SIZE] / 2
    low, high = middle - half, middle + half
    shared = np.minimum(high[:, :, None], high[:, None]) - np.maximum(low[:, :, None], low[:, None])
    np.maximum(shared, 0, out=shared)
    nearer = high[1] > high[1][:, None]
    area = np.maximum(states[2] * states[3], TINY * TINY)
    return np.asarray((shared[0] * shared[1] * nearer).max(1) / area)
