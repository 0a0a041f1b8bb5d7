"""Reading NanoDet (https://github.com/RangiLyu/nanodet, Apache-2.0): the head of arXiv 2006.04388."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.analyse.detect.grid import cells_of, shape_misfit
from agent.analyse.detect.port import Floats, Found
from agent.analyse.manifest import ModelInput, NanodetSpec


class NanodetDecoder:
    """Finished shares per class; each side's distance is the mean of a distribution over `bins` strides.

    The outputs are either shares and distances per stride (shares of all strides first), or one of
    `rows x (classes + 4 bins)`. Implements `Decoder`.
    """

    def __init__(self, spec: NanodetSpec, shape: ModelInput, classes: int) -> None:
        cells, self._strides = cells_of(shape, spec.strides)
        self._points = (cells + np.float32(spec.offset)) * self._strides
        self._classes, self._bins = classes, spec.bins
        self._rows = [(shape.width // stride) * (shape.height // stride) for stride in spec.strides]
        self._distances = np.arange(spec.bins, dtype=np.float32)

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        sides = 4 * self._bins
        if len(outputs) == 1:
            return shape_misfit(outputs, [(batch, sum(self._rows), self._classes + sides)])
        shares = [(batch, rows, self._classes) for rows in self._rows]
        return shape_misfit(outputs, [*shares, *((batch, rows, sides) for rows in self._rows)])

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        shares, sides = self._parts([output[picture] for output in outputs])
        best = shares.max(1)
        kept = np.flatnonzero(best >= lowest)
        weights = sides[kept].reshape(-1, 4, self._bins)
        weights = np.exp(weights - weights.max(2, keepdims=True))
        far = weights @ self._distances / weights.sum(2) * self._strides[kept]
        points = self._points[kept]
        return Found(np.concatenate([points - far[:, :2], points + far[:, 2:]], 1), best[kept], shares[kept].argmax(1))

    def _parts(self, outputs: list[Floats]) -> tuple[Floats, Floats]:
        if len(outputs) == 1:
            return outputs[0][:, : self._classes], outputs[0][:, self._classes :]
        strides = len(self._rows)
        return np.concatenate(outputs[:strides]), np.concatenate(outputs[strides:])
