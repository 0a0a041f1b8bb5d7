"""Where on a thing its colours are looked for: points in its box, as shares of it, and how surely each is on it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIDE = 6
POINTS = SIDE * SIDE
PARTS = {
    "person": {"upper": (0.20, 0.17, 0.80, 0.47), "lower": (0.25, 0.54, 0.75, 0.86)},
    "vehicle": {"vehicle": (0.14, 0.42, 0.86, 0.74)},
}
"""Label -> part -> x1 y1 x2 y2 of the box. Above the upper is the head, below the lower are shoes; a vehicle's upper
third is glass, its lowest quarter wheels and the dark below."""
KINDS = {"bus": {"vehicle": (0.14, 0.18, 0.86, 0.74)}, "truck": {"vehicle": (0.14, 0.25, 0.86, 0.70)}}
SLIM = 0.2
"""A body is at most so wide, of its box's height: what is wider are swinging arms and legs, and the street between."""
SPREAD = 0.8
"""Standard deviation over half the width of a part: what is at its edge is more likely an arm, a bag or the street."""


def parts_of(label: str, kind: str) -> dict[str, tuple[float, float, float, float]]:
    """The parts of a thing that have a colour of their own."""
    return KINDS.get(kind, PARTS["vehicle"]) if label == "vehicle" else PARTS.get(label, {})


@lru_cache(maxsize=16)
def points_of(area: tuple[float, float, float, float]) -> Floats:
    """`POINTS` points of a part, [n, 2]: x and y as shares of the box, row by row."""
    x1, y1, x2, y2 = area
    steps = (np.arange(SIDE) + 0.5) / SIDE
    ys, xs = np.meshgrid(y1 + (y2 - y1) * steps, x1 + (x2 - x1) * steps, indexing="ij")
    return np.stack([xs, ys], axis=-1).reshape(POINTS, 2).astype(np.float32)


@lru_cache(maxsize=1)
def prior() -> Floats:
    """How surely each point of a part is on the thing, before anybody has looked; [n], 1 in the middle."""
    away = np.abs(np.arange(SIDE) + 0.5 - SIDE / 2) / (SIDE / 2)
    across = np.exp(-((away / SPREAD) ** 2) / 2)
    return np.tile(across, SIDE).astype(np.float32)
