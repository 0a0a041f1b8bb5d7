"""What people call a colour: the eleven basic names of English (Berlin and Kay 1969) as a table over all colours.

A colour is called as its nearest prototypes in CIE L*a*b* are. The prototypes (`prototypes.py`) are the centres of what
some 200,000 people typed for colours on their screens (the xkcd colour survey, CC0); `models/colours/derive.py` makes
them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agent.analyse.attributes.lab import Floats, lab_of
from agent.analyse.attributes.prototypes import PROTOTYPES

NAMES = tuple(PROTOTYPES)
UNKNOWN = "unknown"
BITS = 5
"""Of each channel: colours nearer than that are one."""
SOFT = 3.5
"""Differences in L*a*b* within which a colour has two names."""
LIGHTNESS = 0.8
"""A difference in lightness counts for so much of one in hue: shade and folds change the one and not the other."""


@lru_cache(maxsize=1)
def table() -> Floats:
    """For each colour (see `index_of`) the shares of the eleven names, then its L*, a*, b*: [32768, 14]."""
    levels = (np.arange(1 << BITS) + 0.5) * (256 >> BITS)
    blue, green, red = np.meshgrid(levels, levels, levels, indexing="ij")
    lab = lab_of(np.stack([blue, green, red], axis=-1).reshape(-1, 3))
    return np.ascontiguousarray(np.concatenate([shares_of(lab), lab], axis=1))


def index_of(bgr: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The rows of `table` for colours, [..., 3] -> [...]."""
    high = bgr.astype(np.intp) >> (8 - BITS)
    return np.asarray((high[..., 0] << 2 * BITS) | (high[..., 1] << BITS) | high[..., 2])


def shares_of(lab: Floats) -> Floats:
    """How far each colour bears each name: [n, 3] -> [n, 11], rows sum to 1."""
    scale = np.array((LIGHTNESS, 1.0, 1.0), np.float32)
    gaps = [_nearest(lab * scale, np.array(PROTOTYPES[name], np.float32) * scale) for name in NAMES]
    near = np.stack(gaps, axis=1)
    weights = np.exp(-(near - near.min(axis=1, keepdims=True)) / SOFT)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _nearest(lab: Floats, prototypes: Floats) -> Floats:
    return np.asarray(np.linalg.norm(lab[:, None, :] - prototypes[None], axis=2).min(axis=1), np.float32)
