"""Who stands before and beside a thing: which points of its box are surely its own, for two who walk side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.analyse.track.track import Track
from agent.core.geometry import Box

THROUGH = 0.4
"""Of somebody behind a bicycle or a bag: their boxes are mostly air."""
NARROW = 0.4
"""Standard deviation over half the width of a box: how far from its middle line somebody is still likely."""
ALONE = (0.15, 0.4)
"""Of a part, the share that is in no box of another: from the second on that will do, and the rest is left out."""
NEARLY, UNSURE = 0.1, 0.05
"""Feet that are so little higher, of the height, hardly say who stands before whom: so much is believed of it."""
Floats = NDArray[np.floating[Any]]


class Other(NamedTuple):
    """Another thing whose box meets the thing's own."""

    box: Box
    left: float
    """What is the thing's at most where both are."""
    behind: bool


def others_of(box: Box, track: Track, tracks: Sequence[Track]) -> tuple[Other, ...]:
    """Whose boxes have a part of `box`: all that stand nearer (their feet are lower), those of its label behind it."""
    found = []
    for other in tracks:
        if other is track or not box.meets(other.box):
            continue
        if other.box.y2 > box.y2:
            found.append(Other(other.box, THROUGH if other.label in {"two_wheeler", "bag"} else 0.0, behind=False))
        elif other.label == track.label:
            close = other.box.y2 > box.y2 - NEARLY * box.height
            found.append(Other(other.box, UNSURE if close else 1.0, behind=True))
    return tuple(found)


def leave_out(others: Sequence[Other], box: Box, points: Floats, guess: Floats) -> None:
    """Make less of `guess` [n], how surely each of the `points` ([n, 2], 0..1 of the picture) is the thing's in `box`.

    Where somebody stands behind, a point is his to whose middle it is nearer.
    """
    for other in others:
        shared = _inside(points, other.box)
        if other.behind:
            mine, theirs = _nearness(points[shared], box), _nearness(points[shared], other.box)
            guess[shared] *= _needed(guess, shared) * mine / np.maximum(mine + theirs, 1e-6)
        guess[shared] *= other.left


def _needed(guess: Floats, shared: NDArray[np.bool_]) -> float:
    """1 where the part is hardly to be seen but in the shared box, 0 where enough of it is outside."""
    alone = 1.0 - float(guess[shared].sum()) / max(float(guess.sum()), 1e-6)
    return 1.0 - min(1.0, max(0.0, (alone - ALONE[0]) / (ALONE[1] - ALONE[0])))


def _inside(points: Floats, box: Box) -> NDArray[np.bool_]:
    x, y = points[:, 0], points[:, 1]
    return np.asarray((x >= box.x1) & (x <= box.x2) & (y >= box.y1) & (y <= box.y2))


def _nearness(points: Floats, box: Box) -> Floats:
    """1 on the middle line of a box, little at its sides."""
    away = (points[:, 0] - (box.x1 + box.x2) / 2) / max(box.width / 2, 1e-6)
    return np.asarray(np.exp(-((away / NARROW) ** 2) / 2))
