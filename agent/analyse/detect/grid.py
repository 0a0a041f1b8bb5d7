"""What decoders of dense models share: the cells of a picture by stride, and saying how shapes differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.analyse.detect.port import Floats
from agent.analyse.manifest import ModelInput


def cells_of(shape: ModelInput, strides: Sequence[int]) -> tuple[Floats, Floats]:
    """For every cell, row by row and stride by stride: its x, y in cells (n x 2) and its stride in px (n x 1)."""
    cells, sizes = [], []
    for stride in strides:
        ys, xs = np.meshgrid(np.arange(shape.height // stride), np.arange(shape.width // stride), indexing="ij")
        cells.append(np.stack([xs.ravel(), ys.ravel()], 1))
        sizes.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def shape_misfit(outputs: Sequence[Floats], wanted: Sequence[tuple[int | None, ...]]) -> str:
    """How the outputs' shapes differ from those wanted (None: any length); empty when they fit."""
    if len(outputs) != len(wanted):
        return f"gives {len(outputs)} outputs instead of {len(wanted)}"
    for output, want in zip(outputs, wanted, strict=True):
        if len(output.shape) != len(want) or any(
            b is not None and a != b for a, b in zip(output.shape, want, strict=True)
        ):
            return f"gives {_text(output.shape)} instead of {_text(want)}"
    return ""


def _text(shape: Sequence[int | None]) -> str:
    return " x ".join("n" if length is None else str(length) for length in shape) or "a single number"
