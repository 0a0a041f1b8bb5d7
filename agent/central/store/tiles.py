"""Where a track's foot went, coarsely: a bit for each of 63 tiles of the picture, so that a search passes over most.

A bit is set for every tile that the foot stood in or may have crossed between two points of its path: never too few.
What is drawn is asked for as tiles first, then looked at exactly (see `drawn`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from agent.central.store.pack import Points
from agent.core.geometry import Box

COLUMNS, ROWS = 9, 7
"""63 bits: a whole number of 64 bits with a sign has them in both databases."""
_WHOLE = 10_000

Numbers = npt.NDArray[np.int64]


def _of_blocks() -> Numbers:
    """By first and last column, first and last row: the bits of that block of tiles."""
    table = np.zeros((COLUMNS, COLUMNS, ROWS, ROWS), np.int64)
    for left, right, top, bottom in np.ndindex(*table.shape):
        rows, columns = range(top, bottom + 1), range(left, right + 1)
        table[left, right, top, bottom] = sum(1 << row * COLUMNS + column for row in rows for column in columns)
    return table


_BLOCKS = _of_blocks()


def tiles_of(points: Points, firsts: Numbers) -> Numbers:
    """Of many paths behind each other, none of them empty: each one's bits. `firsts` are where they begin."""
    columns = np.clip((points[:, 1] + points[:, 3]) * COLUMNS // (2 * _WHOLE), 0, COLUMNS - 1)
    rows = np.clip(points[:, 4] * ROWS // _WHOLE, 0, ROWS - 1)
    blocks = _BLOCKS[(*_steps(columns, firsts), *_steps(rows, firsts))]
    return np.asarray(np.bitwise_or.reduceat(blocks, firsts), np.int64)


def tiles_of_path(points: Points) -> int:
    """Of one path, which may be empty."""
    return int(tiles_of(points, np.zeros(1, np.int64))[0]) if len(points) else 0


def tiles_where(touches: Callable[[Box], bool]) -> int:
    """The bits of the tiles, a little grown, for which that is so."""
    found = 0
    for number in range(COLUMNS * ROWS):
        row, column = divmod(number, COLUMNS)
        tile = Box(column / COLUMNS, row / ROWS, (column + 1) / COLUMNS, (row + 1) / ROWS)
        found |= touches(tile.grown(2 / _WHOLE * COLUMNS)) << number
    return found


def _steps(places: Numbers, firsts: Numbers) -> tuple[Numbers, Numbers]:
    """The lower and the higher of each place and the one before it in its path."""
    before = np.empty_like(places)
    before[1:] = places[:-1]
    before[firsts] = places[firsts]
    return np.minimum(places, before), np.maximum(places, before)
