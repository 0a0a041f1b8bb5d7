"""How much moved around each place lately: things are put down and taken by somebody, light is not."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.scale import Field

TAU_S = 3.0
CELL_PX = 8


class Bustle:
    """`company` and `upheaval` (height x width) are of the moment in which what a place shows became firm.

    The first is the share of its surroundings that moved then, the second that of the whole picture; both 0..1.
    """

    def __init__(self, height: int, width: int) -> None:
        self.company = np.zeros((height, width), np.float32)
        self.upheaval = np.zeros((height, width), np.float32)
        self._stir: Field = np.zeros((height // CELL_PX + 1, width // CELL_PX + 1), np.float32)
        self._around: Field = np.zeros((height, width), np.float32)
        self._commotion = 0.0

    def look(self, moving: NDArray[np.bool_], firm: NDArray[np.bool_], elapsed_s: float) -> None:
        """What moves now, and which places have become firm."""
        height, width = moving.shape
        fading = math.exp(-elapsed_s / TAU_S)
        rows, columns = self._stir.shape
        cells = cv2.resize(moving.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        self._stir = np.maximum(cv2.blur(cells, (3, 3)), self._stir * fading, dtype=np.float32)
        self._commotion = max(float(cells.mean()), self._commotion * fading)
        if firm.any():
            around = cv2.resize(self._stir, (width, height), interpolation=cv2.INTER_LINEAR)
            self._around = np.asarray(around, np.float32)
            self.mark(firm)

    def mark(self, firm: NDArray[np.bool_]) -> None:
        """These places have become firm just now."""
        self.company[firm] = self._around[firm]
        self.upheaval[firm] = self._commotion
