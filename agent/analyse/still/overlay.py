"""Lines of text burnt into the picture: a clock's seconds change all the time, its minutes and hours now and then.

Where something small has changed every second or two for a while, in a strip along the upper or lower edge and with
nobody there, stands a clock; what is small and in the same strip near by belongs to the same line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.region import Region
from agent.core.geometry import Box

STRIP = 0.12
"""Of the picture's height."""
CELL_PX = 8
LEAST_PX = 2
PAUSE_S, LASTING_S = 2.5, 8.0
"""So long it may rest in between, and so long it must have gone on."""
LINE = 0.35
"""Of the picture's width: so far to either side the line may go on."""
MOST_SHARE = 0.4
"""Of a strip's columns: where more of them change, it rains."""


class Overlay:
    """One per view."""

    def __init__(self, height: int, width: int) -> None:
        self._columns, self._width, self._height = width // CELL_PX + 1, width, height
        strip = max(4, round(STRIP * height))
        self._strips = (slice(0, strip), slice(height - strip, height))
        self._since_s = np.full((2, self._columns), np.inf)
        self._last_s = np.full((2, self._columns), -np.inf)

    def look(self, moving: NDArray[np.bool_], known: Sequence[Box], clock_s: float) -> None:
        """What moves now, and where somebody known is."""
        edges = np.arange(0, self._width, CELL_PX)
        for number, strip in enumerate(self._strips):
            counts = np.add.reduceat(moving[strip].sum(axis=0), edges)
            changes = np.zeros(self._columns, bool)
            changes[: len(edges)] = counts >= LEAST_PX
            for box in known:
                if box.y1 * self._height < strip.stop and box.y2 * self._height > strip.start:
                    changes[max(0, int(box.x1 * self._columns) - 1) : int(box.x2 * self._columns) + 2] = False
            since, last = self._since_s[number], self._last_s[number]
            since[clock_s - last > PAUSE_S] = np.inf
            since[changes & ~np.isfinite(since)] = clock_s
            last[changes] = clock_s

    def covers(self, region: Region, clock_s: float) -> bool:
        """Is the region a part of a line of text?"""
        rows, columns = region.mask.shape
        for number, strip in enumerate(self._strips):
            if strip.start <= region.y and region.y + rows <= strip.stop:
                lasting = clock_s - self._since_s[number] >= LASTING_S
                first = (region.x / self._width - LINE) * self._columns
                last = ((region.x + columns) / self._width + LINE) * self._columns
                near = lasting[max(0, int(first)) : int(last) + 1]
                return bool(near.any()) and float(lasting.mean()) < MOST_SHARE
        return False
