"""Reading YOLOX's raw output (Ge et al., YOLOX, arXiv 2107.08430; demo code of the project, Apache-2.0)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.analyse.detect.grid import cells_of, shape_misfit
from agent.analyse.detect.port import Floats, Found
from agent.analyse.manifest import ModelInput, YoloxSpec

LARGEST_LOG = 10.0
"""Wider than e^10 strides is no box."""


class YoloxDecoder:
    """`rows x (4 + 1 + classes)`: centre offset x, y in cells, log width, height in strides, objectness, shares.

    A score is objectness times the best share. Implements `Decoder`.
    """

    def __init__(self, spec: YoloxSpec, shape: ModelInput, classes: int) -> None:
        self._cells, self._strides = cells_of(shape, spec.strides)
        self._wanted = len(self._cells), 5 + classes

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        return shape_misfit(outputs, [(batch, *self._wanted)])

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        raw = outputs[0][picture]
        hopeful = np.flatnonzero(raw[:, 4] >= lowest)
        shares = raw[hopeful, 5:]
        classes = shares.argmax(1)
        scores = raw[hopeful, 4] * shares[np.arange(len(hopeful)), classes]
        good = scores >= lowest
        kept, scores, classes = hopeful[good], scores[good], classes[good]
        centres = (raw[kept, :2] + self._cells[kept]) * self._strides[kept]
        halves = np.exp(np.minimum(raw[kept, 2:4], LARGEST_LOG)) * self._strides[kept] / 2
        return Found(np.concatenate([centres - halves, centres + halves], 1), scores, classes)
