"""How much moved around each place lately: things are put down and taken by somebody, light is not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.scale import Field
from agent.core.geometry import Box

TAU_S = 3.0
UNREST_TAU_S = 30.0
STIR_SHARE = 0.2
"""Of a cell; drops and flakes move less."""
CELL_PX = 8
SPARSE_S = 1.0
NEAR_CELLS = 7
"""So many cells across, around a place, are its surroundings,"""
OWN_SHARE = 0.3
"""without those cells of which so much has become firm itself: what lights up moves nobody."""


class Bustle:
    """All of it (height x width, 0..1) is of the moment in which what a place shows became firm.

    `company` is the share of its surroundings that moved then, itself included, `others` without what became firm, and
    `upheaval` that of the whole picture. `unrest` is the share of the half minute before in which it moved there though
    nobody known was there: a flag, a curtain, leaves.
    """

    def __init__(self, height: int, width: int) -> None:
        self.company = np.zeros((height, width), np.float32)
        self.others = np.zeros((height, width), np.float32)
        self.upheaval = np.zeros((height, width), np.float32)
        self.unrest = np.zeros((height, width), np.float32)
        self._cells = (width // CELL_PX + 1, height // CELL_PX + 1)
        self._stir: Field = np.zeros(self._cells[::-1], np.float32)
        self._around: Field = np.zeros((height, width), np.float32)
        self._restless: Field = np.zeros(self._cells[::-1], np.float32)
        self._stirring: Field = np.zeros((height, width), np.float32)
        self._strangers: Field = np.zeros((height, width), np.float32)
        self._commotion = self._seen_s = 0.0

    def look(
        self, moving: NDArray[np.bool_], firm: NDArray[np.bool_], elapsed_s: float, known: Sequence[Box] = ()
    ) -> None:
        """What moves now, which places have become firm, and where somebody known is."""
        fading = math.exp(-elapsed_s / TAU_S)
        cells = cv2.resize(moving.astype(np.float32), self._cells, interpolation=cv2.INTER_AREA)
        self._stir = np.maximum(cv2.blur(cells, (3, 3)), self._stir * fading, dtype=np.float32)
        if elapsed_s > SPARSE_S:
            self.look_away()
        self._commotion = max(float(cells.mean()), self._commotion * fading)
        self._note_unrest(np.asarray(cells, np.float32), elapsed_s, known)
        if firm.any():
            self._around = self._spread(self._stir)
            self._strangers = self._spread(self._without(firm))
            self._stirring = self._spread(self._restless / (1 - math.exp(-max(1.0, self._seen_s) / UNREST_TAU_S)))
            self.mark(firm)

    def look_away(self) -> None:
        """Nobody looked for a while: somebody may have been anywhere."""
        self._stir[:] = 1.0

    def mark(self, firm: NDArray[np.bool_]) -> None:
        """These places have become firm just now."""
        self.company[firm] = self._around[firm]
        self.others[firm] = self._strangers[firm]
        self.unrest[firm] = self._stirring[firm]
        self.upheaval[firm] = self._commotion

    def _note_unrest(self, cells: Field, elapsed_s: float, known: Sequence[Box]) -> None:
        now = (cells > STIR_SHARE).astype(np.float32)
        self._seen_s += elapsed_s
        columns, rows = self._cells
        for box in known:
            left, right = math.floor(box.x1 * columns) - 1, math.ceil(box.x2 * columns) + 1
            top, bottom = math.floor(box.y1 * rows) - 1, math.ceil(box.y2 * rows) + 1
            now[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 0
        self._restless += (now - self._restless) * (1 - math.exp(-elapsed_s / UNREST_TAU_S))

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
