"""Reading YOLOX's raw output (Ge et al., YOLOX, arXiv 2107.08430; demo code of the project, Apache-2.0)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agent.analyse.models import ModelInput

Floats = NDArray[np.float32]
STRIDES = (8, 16, 32)


@lru_cache(maxsize=8)
def _grid(width: int, height: int) -> tuple[Floats, Floats]:
    cells, strides = [], []
    for stride in STRIDES:
        ys, xs = np.meshgrid(np.arange(height // stride), np.arange(width // stride), indexing="ij")
        cells.append(np.stack([xs.ravel(), ys.ravel()], 1))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def rows_of(shape: ModelInput) -> int:
    """How many rows the output has for this input size."""
    return sum((shape.width // stride) * (shape.height // stride) for stride in STRIDES)


def decode_yolox(raw: Floats, shape: ModelInput, lowest: float) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """`raw` rows x (4 + 1 + classes) -> boxes n x 4 in the model's px, scores n, classes n, all above `lowest`.

    Row: centre offset x, y in cells, log width, height in strides, objectness, a share per class. Score is objectness
    times the best class.
    """
    cells, strides = _grid(shape.width, shape.height)
    hopeful = np.flatnonzero(raw[:, 4] >= lowest)
    shares = raw[hopeful, 5:]
    classes = shares.argmax(1)
    scores = raw[hopeful, 4] * shares[np.arange(len(hopeful)), classes]
    good = scores >= lowest
    kept, scores, classes = hopeful[good], scores[good], classes[good]
    centres = (raw[kept, :2] + cells[kept]) * strides[kept]
    halves = np.exp(np.minimum(raw[kept, 2:4], 10.0)) * strides[kept] / 2
    return np.concatenate([centres - halves, centres + halves], 1), scores, classes
