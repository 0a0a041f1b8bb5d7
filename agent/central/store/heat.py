"""Where tracks have stood, a picture of small cells per camera, hour and label: what heat maps are made of.

A track counts once in every cell that its foot (the middle of the lower edge of its box) was in, in the hour of its
start.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.central.store.pack import points_of

COLUMNS, ROWS = 32, 18
Cells = npt.NDArray[np.int32]
"""COLUMNS x ROWS tracks, row by row from the upper left corner."""

_WHOLE = 10_000
_MOST = (1 << 16) - 1


def cells_of(path: bytes) -> list[int]:
    """The numbers of the cells that a packed path's foot was in."""
    points = points_of(path)
    columns = (points[:, 1] + points[:, 3]) * COLUMNS // (2 * _WHOLE)
    rows = points[:, 4] * ROWS // _WHOLE
    return list(set((np.minimum(rows, ROWS - 1) * COLUMNS + np.minimum(columns, COLUMNS - 1)).tolist()))


def empty() -> Cells:
    """No track anywhere."""
    return np.zeros(COLUMNS * ROWS, np.int32)


def read_cells(kept: bytes) -> Cells:
    """What a row of `heat` holds."""
    numbers = np.frombuffer(kept, "<u2").astype(np.int32)
    if len(numbers) == COLUMNS * ROWS:
        return numbers
    cells = empty()
    cells[numbers[::2]] = numbers[1::2]
    return cells


def write_cells(cells: Cells) -> bytes:
    """What a row of `heat` is to hold: each number, or where few stood their cells with their numbers."""
    numbers = np.clip(cells, 0, _MOST).astype("<u2")
    (places,) = numbers.nonzero()
    if 2 * len(places) >= COLUMNS * ROWS:
        return numbers.tobytes()
    return np.column_stack((places, numbers[places])).astype("<u2").tobytes()
