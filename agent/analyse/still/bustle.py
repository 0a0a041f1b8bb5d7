"""How much moved around each place lately: things are put down and taken by somebody, light is not."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.scale import Field

TAU_S = 3.0
CELL_PX = 8
NEAR_CELLS = 7
"""So many cells across, around a place, are its surroundings,"""
OWN_SHARE = 0.3
"""without those cells of which so much has become firm itself: what lights up moves nobody."""


class Bustle:
    """`company`, `others` and `upheaval` (height x width) are of the moment in which what a place shows became firm.

    The first is the share of its surroundings that moved then, itself included, the second without what became firm,
    the third that of the whole picture; all 0..1.
    """

    def __init__(self, height: int, width: int) -> None:
        self.company = np.zeros((height, width), np.float32)
        self.others = np.zeros((height, width), np.float32)
        self.upheaval = np.zeros((height, width), np.float32)
        self._cells = (width // CELL_PX + 1, height // CELL_PX + 1)
        self._stir: Field = np.zeros(self._cells[::-1], np.float32)
        self._around: Field = np.zeros((height, width), np.float32)
        self._strangers: Field = np.zeros((height, width), np.float32)
        self._commotion = 0.0

    def look(self, moving: NDArray[np.bool_], firm: NDArray[np.bool_], elapsed_s: float) -> None:
        """What moves now, and which places have become firm."""
        fading = math.exp(-elapsed_s / TAU_S)
        cells = cv2.resize(moving.astype(np.float32), self._cells, interpolation=cv2.INTER_AREA)
        self._stir = np.maximum(cv2.blur(cells, (3, 3)), self._stir * fading, dtype=np.float32)
        self._commotion = max(float(cells.mean()), self._commotion * fading)
        if firm.any():
            self._around = self._spread(self._stir)
            self._strangers = self._spread(self._without(firm))
            self.mark(firm)

    def mark(self, firm: NDArray[np.bool_]) -> None:
        """These places have become firm just now."""
        self.company[firm] = self._around[firm]
        self.others[firm] = self._strangers[firm]
        self.upheaval[firm] = self._commotion

    def _without(self, firm: NDArray[np.bool_]) -> Field:
        """How much moved around each cell, in cells that did not become firm."""
        own = cv2.resize(firm.astype(np.float32), self._cells, interpolation=cv2.INTER_AREA)
        other = (cv2.blur(own, (3, 3)) < OWN_SHARE * 0.3).astype(np.float32)
        size = (NEAR_CELLS, NEAR_CELLS)
        moved = cv2.boxFilter(self._stir * other, -1, size, normalize=False)
        return np.asarray(moved / np.maximum(1.0, cv2.boxFilter(other, -1, size, normalize=False)), np.float32)

    def _spread(self, cells: Field) -> Field:
        height, width = self.company.shape
        return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
