"""Reading FastestDet (https://github.com/dog-qiuqiu/FastestDet, BSD-3-Clause; its ONNX Runtime example)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.analyse.detect.grid import shape_misfit
from agent.analyse.detect.port import Floats, Found
from agent.analyse.manifest import FastestdetSpec, ModelInput


class FastestdetDecoder:
    """One map `(1 + 4 + classes) x rows x columns`: objectness, raw centre offset x, y and size, shares.

    The centre is the cell plus tanh of the offset, the size is a sigmoid as a share of the picture, a score is
    objectness^0.6 * share^0.4. Implements `Decoder`.
    """

    def __init__(self, _: FastestdetSpec, shape: ModelInput, classes: int) -> None:
        self._size = np.array([shape.width, shape.height], np.float32)
        self._channels = 5 + classes

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        return shape_misfit(outputs, [(batch, self._channels, None, None)])

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        grid = outputs[0][picture]
        columns, rows = grid.shape[2], grid.shape[1]
        raw = grid.reshape(self._channels, -1)
        scores = np.maximum(raw[0], 0) ** 0.6 * np.maximum(raw[5:].max(0), 0) ** 0.4
        kept = np.flatnonzero(scores >= lowest)
        cells = np.stack([kept % columns, kept // columns], 1)
        centres = (cells + np.tanh(raw[1:3, kept].T)) / np.array([columns, rows], np.float32) * self._size
        halves = self._size / (1 + np.exp(-raw[3:5, kept].T)) / 2
        boxes = np.concatenate([centres - halves, centres + halves], 1).astype(np.float32)
        return Found(boxes, scores[kept], raw[5:, kept].argmax(0))
