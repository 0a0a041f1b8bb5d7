"""Reading models that decode in their graph: SSD with post-processing, plain rows, rows with a score per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.analyse.detect.grid import shape_misfit
from agent.analyse.detect.port import Floats, Found
from agent.analyse.manifest import ModelInput, PlainSpec, ScoredSpec, SsdSpec

CORNERS = ("x1", "y1", "x2", "y2")
FROM_YXYX = [1, 0, 3, 2]


class SsdDecoder:
    """Four tensors: boxes n x 4 as shares, classes n, scores n, and how many count (TFLite_Detection_PostProcess).

    Implements `Decoder`.
    """

    def __init__(self, spec: SsdSpec, shape: ModelInput, _: int) -> None:
        self._at = {part: spec.order.index(part) for part in spec.order}
        self._order, self._first = spec.order, spec.first_class
        self._size = np.array([shape.width, shape.height] * 2, np.float32)

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        wanted: dict[str, tuple[int | None, ...]] = {
            "boxes": (batch, None, 4), "classes": (batch, None), "scores": (batch, None), "count": (batch,)
        }  # fmt: skip
        wrong = shape_misfit(outputs, [wanted[part] for part in self._order])
        rows = {} if wrong else {outputs[self._at[part]].shape[1] for part in ("boxes", "classes", "scores")}
        return wrong or ("gives boxes, classes and scores of different lengths" if len(rows) > 1 else "")

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        boxes, classes, scores = (outputs[self._at[part]][picture] for part in ("boxes", "classes", "scores"))
        count = max(0, int(outputs[self._at["count"]][picture]))
        kept = np.flatnonzero(scores[:count] >= lowest)
        return Found(boxes[kept][:, FROM_YXYX] * self._size, scores[kept], _numbers(classes[kept], self._first))


class PlainDecoder:
    """Rows whose columns the manifest names; with a column `batch` the rows of all pictures come in one list.

    Implements `Decoder`.
    """

    def __init__(self, spec: PlainSpec, shape: ModelInput, _: int) -> None:
        self._columns = len(spec.columns)
        self._corners = [spec.columns.index(name) for name in CORNERS]
        self._score, self._class = spec.columns.index("score"), spec.columns.index("class")
        self._batch = spec.columns.index("batch") if "batch" in spec.columns else None
        self._first = spec.first_class
        self._unit = np.float32(1) if spec.unit == "px" else np.array([shape.width, shape.height] * 2, np.float32)

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        loose = self._batch is not None or (batch == 1 and len(outputs) == 1 and outputs[0].ndim == 2)
        return shape_misfit(outputs, [(None, self._columns) if loose else (batch, None, self._columns)])

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        rows = self._rows(outputs[0], picture)
        rows = rows[rows[:, self._score] >= lowest]
        return Found(
            rows[:, self._corners] * self._unit, rows[:, self._score], _numbers(rows[:, self._class], self._first)
        )

    def _rows(self, output: Floats, picture: int) -> Floats:
        if self._batch is not None:
            output = output[output[:, self._batch] == picture]
        return output if output.ndim == 2 else np.asarray(output[picture], np.float32)


class ScoredDecoder:
    """`rows x (4 + classes)`: corners in the model's px and a finished score per class. Implements `Decoder`."""

    def __init__(self, _: ScoredSpec, __: ModelInput, classes: int) -> None:
        self._columns = 4 + classes

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """See `Decoder.misfit`."""
        return shape_misfit(outputs, [(batch, None, self._columns)])

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """See `Decoder.read`."""
        rows = outputs[0][picture]
        # to see which rows have one at all takes half as long as the best of every row
        kept = np.unique(np.flatnonzero(rows[:, 4:] >= lowest) // (self._columns - 4))
        scores = rows[kept, 4:]
        return Found(rows[kept, :4], scores.max(1), scores.argmax(1))


def _numbers(classes: Floats, first: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Class numbers from 0; what is no whole number of a class becomes -1."""
    whole = np.rint(classes)
    good = np.isfinite(classes) & (np.abs(classes - whole) < 0.01) & (np.abs(whole) < 1e6)
    return np.where(good, np.where(good, whole, 0).astype(np.int64) - first, -1)
