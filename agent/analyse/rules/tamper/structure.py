"""What is usual in a picture: where edges are and how they run, and how brightness is spread.

An edge is kept as its direction, doubled (light may come from the other side and turn dark to bright), and weighted by
how clear it is; averaged over minutes only what never moves is left. How much of it is there now says whether the
camera still sees what it saw: 1 as ever, 0 nothing of it. After gradient-direction matching (Kondo, Zha: robust against
light), with the double angle of orientation tensors (Granlund and Knutsson 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.motion import Grey
from agent.core.clock import NS
from agent.core.geometry import Point

SIZE = 160, 90
BLOCKS = 16, 9
CLEAR = 12.0
"""Grey levels per pixel (Sobel / 4): an edge of this strength has half the full weight."""
TAU_S = 300.0
FIRST_S = 40.0
"""The first so many seconds are averaged evenly, and nothing is judged."""
LEAST = 0.02
"""A picture with fewer edges on average shows nothing that could be missed."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The picture against what is usual: `kept` edges, `own` edges whatever they are, `layout` of brightness.

    `kept` and `own` are shares of what is usual, `layout` is a correlation, -1..1.
    """

    kept: float
    own: float
    layout: float


class Structure:
    """One camera's usual picture. What privacy masks hide, and their edges, is no part of it."""

    def __init__(self, hidden: Sequence[Sequence[Point]] = ()) -> None:
        self._free = _free(hidden)
        self._blocks = np.asarray(cv2.resize(self._free, BLOCKS, interpolation=cv2.INTER_AREA) > 0.5)
        self._edges: Floats | None = None
        self._layout: Floats | None = None
        self._own = 0.0
        self._age_s = 0.0

    @property
    def learnt(self) -> bool:
        """Is it known what is usual, and is there anything to see?"""
        return self._age_s >= FIRST_S and self._own >= LEAST

    def compare(self, grey: Grey) -> tuple[Likeness, Floats, Floats]:
        """How like the usual a small grey picture is, and its edges and layout for `learn`."""
        edges, layout = _edges(grey) * self._free, _layout(grey, self._blocks)
        if self._edges is None or self._layout is None:
            return Likeness(1.0, 1.0, 1.0), edges, layout
        usual = float(np.einsum("ijk,ijk->", self._edges, self._edges))
        kept = float(np.einsum("ijk,ijk->", self._edges, edges)) / usual if usual > 0 else 1.0
        own = _strength(edges) / self._own if self._own > 0 else 1.0
        return Likeness(kept, own, float((layout * self._layout).sum() / max(1, self._blocks.sum()))), edges, layout

    def learn(self, edges: Floats, layout: Floats, elapsed_ns: int) -> None:
        """This is how it usually is."""
        elapsed_s = min(5.0, max(0.0, elapsed_ns / NS))
        if self._edges is None or self._layout is None:
            self._edges, self._layout, self._own = edges, layout, _strength(edges)
            return
        self._age_s += elapsed_s
        weight = max(1 - math.exp(-elapsed_s / TAU_S), elapsed_s / self._age_s if 0 < self._age_s < FIRST_S else 0.0)
        cv2.accumulateWeighted(edges, self._edges, weight)
        cv2.accumulateWeighted(layout, self._layout, weight)
        self._own += weight * (_strength(edges) - self._own)


def _edges(grey: Grey) -> Floats:
    """Double-angle edges, rows x columns x 2, each at most 1 long."""
    small = cv2.resize(grey, SIZE, interpolation=cv2.INTER_AREA)
    right = cv2.Sobel(small, cv2.CV_32F, 1, 0) / 4
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1) / 4
    square = right * right + down * down
    weight = 1 / (square + CLEAR * CLEAR)
    return np.dstack([(right * right - down * down) * weight, 2 * right * down * weight]).astype(np.float32)


def _free(hidden: Sequence[Sequence[Point]]) -> Floats:
    """1 where edges count, 0 where a mask hides them or is near."""
    free = np.ones((SIZE[1], SIZE[0], 1), np.float32)
    for polygon in hidden:
        corners = np.round(np.asarray(polygon) * SIZE).astype(np.int32)
        cv2.fillPoly(free, [corners], 0.0)
        cv2.polylines(free, [corners], isClosed=True, color=0.0, thickness=5)
    return free


def _strength(edges: Floats) -> float:
    return float(cv2.magnitude(edges[..., 0], edges[..., 1]).mean())


def _layout(grey: Grey, free: NDArray[np.bool_]) -> Floats:
    """Brightness of large blocks, its mean 0 and its spread 1; 0 where a mask hides them."""
    blocks = cv2.resize(grey, BLOCKS, interpolation=cv2.INTER_AREA).astype(np.float32)
    seen = blocks[free] if free.any() else blocks.ravel()
    return np.asarray((blocks - seen.mean()) / max(float(seen.std()), 1.0) * free, np.float32)
