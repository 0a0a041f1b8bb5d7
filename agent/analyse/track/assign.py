"""Which detection belongs to which track: least total cost under a limit."""

from __future__ import annotations

from typing import Any

import lap
import numpy as np
from numpy.typing import NDArray

Pairs = list[tuple[int, int]]


def assign(cost: NDArray[np.floating[Any]], most: float) -> Pairs:
    """Pairs (row, column) of least total cost, each at most `most` (Jonker and Volgenant 1987, through `lap`)."""
    if cost.size == 0:
        return []
    columns = cost.argmin(1)
    least = cost[np.arange(len(cost)), columns].tolist()
    wished = [(row, column) for row, column in enumerate(columns.tolist()) if least[row] <= most]
    if len({column for _, column in wished}) == len(wished):  # nobody wants what another one wants
        return wished
    _, columns, _ = _solve(np.ascontiguousarray(cost, np.float64), most)
    pairs = enumerate(columns.tolist())
    return [(row, column) for row, column in pairs if column >= 0 and cost[row, column] <= most]


def _solve(cost: NDArray[np.float64], most: float) -> Any:
    return lap.lapjv(cost, extend_cost=True, cost_limit=most)
