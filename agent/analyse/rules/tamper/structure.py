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
    """The picture against what is usual: `kept` edges, `own` edges whatever they are, `crisp` ones, `layout`.

    `kept` and `own` are shares of what is usual; `crisp` is how steep the usual edges are for the contrast there is, as
    a share of what is usual; `layout` is a correlation of brightness, -1..1.
    """

    kept: float
    own: float
    crisp: float
    layout: float


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Of one picture: double-angle edges, how steep they are, brightness of large blocks."""

    edges: Floats
    steep: Floats
    layout: Floats
    contrast: float


class Structure:
    """One camera's usual picture. What privacy masks hide, and their edges, is no part of it."""

    def __init__(self, hidden: Sequence[Sequence[Point]] = ()) -> None:
        self._free = _free(hidden)
        self._blocks = np.asarray(cv2.resize(self._free, BLOCKS, interpolation=cv2.INTER_AREA) > 0.5)
        self._edges: Floats | None = None
        self._layout: Floats | None = None
        self._own = self._crisp = 0.0
        self._age_s = 0.0

    @property
    def learnt(self) -> bool:
        """Is it known what is usual, and is there anything to see?"""
        return self._age_s >= FIRST_S and self._own >= LEAST

    def look(self, grey: Grey) -> Look:
        """Take from a small grey picture what is compared."""
        small = cv2.resize(grey, SIZE, interpolation=cv2.INTER_AREA)
        right = cv2.Sobel(small, cv2.CV_32F, 1, 0) / 4
        down = cv2.Sobel(small, cv2.CV_32F, 0, 1) / 4
        square = right * right + down * down
        weight = self._free / (square + CLEAR * CLEAR)
        edges = np.dstack([(right * right - down * down) * weight, 2 * right * down * weight])
        blocks = cv2.resize(grey, BLOCKS, interpolation=cv2.INTER_AREA).astype(np.float32)
        seen = blocks[self._blocks] if self._blocks.any() else blocks.ravel()
        spread = max(float(seen.std()), 1.0)
        layout = (blocks - seen.mean()) / spread * self._blocks
        return Look(edges.astype(np.float32), np.sqrt(square), layout.astype(np.float32), max(float(small.std()), 1.0))

    def compare(self, look: Look) -> Likeness:
        """How like the usual it is."""
        if self._edges is None or self._layout is None:
            return Likeness(1.0, 1.0, 1.0, 1.0)
        usual = float(np.einsum("ijk,ijk->", self._edges, self._edges))
        kept = float(np.einsum("ijk,ijk->", self._edges, look.edges)) / usual if usual > 0 else 1.0
        own = _strength(look.edges) / self._own if self._own > 0 else 1.0
        crisp = self._crispness(look) / self._crisp if self._crisp > 0 else 1.0
        return Likeness(kept, own, crisp, float((look.layout * self._layout).sum() / max(1, self._blocks.sum())))

    def nudged(self, look: Look) -> tuple[float, float]:
        """By how much the picture has shifted, a share of its width, and how much of the usual edges is kept so."""
        if self._edges is None:
            return 0.0, 1.0
        usual, now = self._edges, look.edges
        (right, down), _ = cv2.phaseCorrelate(np.ascontiguousarray(usual[..., 0]), np.ascontiguousarray(now[..., 0]))
        back = np.roll(now, (-round(down), -round(right)), axis=(0, 1))
        square = float(np.einsum("ijk,ijk->", usual, usual))
        kept = float(np.einsum("ijk,ijk->", usual, back)) / square if square > 0 else 1.0
        return math.hypot(right, down) / SIZE[0], kept

    def learn(self, look: Look, elapsed_ns: int) -> None:
        """This is how it usually is."""
        elapsed_s = min(5.0, max(0.0, elapsed_ns / NS))
        if self._edges is None or self._layout is None:
            self._edges, self._layout, self._own = look.edges.copy(), look.layout.copy(), _strength(look.edges)
            self._crisp = self._crispness(look)
            return
        self._age_s += elapsed_s
        weight = max(1 - math.exp(-elapsed_s / TAU_S), elapsed_s / self._age_s if 0 < self._age_s < FIRST_S else 0.0)
        cv2.accumulateWeighted(look.edges, self._edges, weight)
        cv2.accumulateWeighted(look.layout, self._layout, weight)
        self._own += weight * (_strength(look.edges) - self._own)
        self._crisp += weight * (self._crispness(look) - self._crisp)

    def _crispness(self, look: Look) -> float:
        """Mean steepness where edges usually are, in units of the picture's contrast."""
        if self._edges is None:
            return 0.0
        usual = cv2.magnitude(self._edges[..., 0], self._edges[..., 1])
        return float((usual * look.steep).sum() / max(float(usual.sum()), 1e-6) / look.contrast)


def _strength(edges: Floats) -> float:
    return float(cv2.magnitude(edges[..., 0], edges[..., 1]).mean())


def _free(hidden: Sequence[Sequence[Point]]) -> Floats:
    """1 where edges count, 0 where a mask hides them or is near."""
    free = np.ones((SIZE[1], SIZE[0]), np.float32)
    for polygon in hidden:
        corners = np.round(np.asarray(polygon) * SIZE).astype(np.int32)
        cv2.fillPoly(free, [corners], 0.0)
        cv2.polylines(free, [corners], isClosed=True, color=0.0, thickness=5)
    return free
