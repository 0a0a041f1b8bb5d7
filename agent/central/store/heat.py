"""Where tracks have stood, a picture of small cells per camera, hour and label: what heat maps are made of.

A track counts once in every cell that its foot (the middle of the lower edge of its box) was in, in the hour of its
start.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from agent.central.store.pack import Points

COLUMNS, ROWS = 32, 18
_WHOLE = 10_000
_MOST = (1 << 16) - 1


def cells_of(points: Points) -> npt.NDArray[np.int64]:
    """The number of the cell that the foot was in, point by point."""
    columns = (points[:, 1] + points[:, 3]) * COLUMNS // (2 * _WHOLE)
    rows = points[:, 4] * ROWS // _WHOLE
    cells: npt.NDArray[np.int64] = np.minimum(rows, ROWS - 1) * COLUMNS + np.minimum(columns, COLUMNS - 1)
    return cells


def read_counts(kept: bytes) -> dict[int, int]:
    """What a row of `heat` holds, of the cells that any stood in."""
    numbers = np.frombuffer(kept, "<u2").tolist()
    if len(numbers) == COLUMNS * ROWS:
        return {cell: tracks for cell, tracks in enumerate(numbers) if tracks}
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def write_counts(counts: Mapping[int, int]) -> bytes:
    """What a row of `heat` is to hold: each cell's number, or where few stood their cells with their numbers."""
    kept = [(cell, min(tracks, _MOST)) for cell, tracks in sorted(counts.items()) if tracks > 0]
    if 2 * len(kept) < COLUMNS * ROWS:
        return np.array(kept, "<u2").tobytes()
    cells = np.zeros(COLUMNS * ROWS, "<u2")
    places, numbers = zip(*kept, strict=True)
    cells[list(places)] = numbers
    return cells.tobytes()
