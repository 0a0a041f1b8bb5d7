"""How boxes lie to each other, all of one list with all of another at once: a crowd has thousands of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box

Floats = NDArray[np.float64]


def array(boxes: Sequence[Box]) -> Floats:
    """An array n x 4 of n boxes."""
    return np.fromiter(chain.from_iterable(boxes), np.float64, 4 * len(boxes)).reshape(-1, 4)


def shares_inside(boxes: Floats, others: Floats) -> Floats:
    """How much of each of `boxes` (n x 4) lies in each of `others` (m x 4): n x m, 0..1."""
    return np.asarray(_common(boxes, others) / np.maximum(_areas(boxes)[:, None], 1e-12))


def ious(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of each of `boxes` (n x 4) with each of `others` (m x 4): n x m, 0..1."""
    common = _common(boxes, others)
    return np.asarray(common / np.maximum(_areas(boxes)[:, None] + _areas(others)[None] - common, 1e-12))


def any_of(pairs: NDArray[np.bool_]) -> list[bool]:
    """For each row: is any of it true?"""
    return [bool(one) for one in np.logical_or.reduce(pairs, axis=1)]


def all_but(track: str, boxes: Mapping[str, Box]) -> Iterator[Box]:
    """The boxes of the other tracks, one by one: few ask for them, and most not to the end."""
    return (box for other, box in boxes.items() if other != track)


def _common(boxes: Floats, others: Floats) -> Floats:
    width = np.minimum(boxes[:, None, 2], others[None, :, 2]) - np.maximum(boxes[:, None, 0], others[None, :, 0])
    height = np.minimum(boxes[:, None, 3], others[None, :, 3]) - np.maximum(boxes[:, None, 1], others[None, :, 1])
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0))


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0))
