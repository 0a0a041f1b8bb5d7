"""An attribute for Lamppost: `high_vis`, true for people in fluorescent yellow or orange (EN ISO 20471).

Install it beside Lamppost (`pip install ./lamppost-high-vis`) and start the gateway again; from then on every track of
a person carries `attributes.high_vis`. It needs no configuration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agent.analyse.attributes.port import Sight

LEAST_SHARE = 0.15
"""Of the upper body."""
FEWEST_SIGHTS = 3
SMALLEST_PX = 12


class HighVis:
    """Implements `TrackAttribute`: one object for each track."""

    def __init__(self) -> None:
        self._shares: list[float] = []

    def see(self, sight: Sight) -> None:
        """Measure how much of the upper body glows. The crop is the camera's own memory: it is only read."""
        height, width = sight.crop.shape[:2]
        if sight.label == "person" and width >= SMALLEST_PX:
            torso = sight.crop[height // 6 : height // 2, width // 5 : width - width // 5]
            self._shares = [*self._shares[-63:], float(_glows(torso).mean())]

    def value(self) -> bool | None:
        """Whether most sights show it; None, which leaves it out, while there are too few."""
        if len(self._shares) < FEWEST_SIGHTS:
            return None
        return float(np.median(self._shares)) >= LEAST_SHARE


def _glows(bgr: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Fluorescent cloth is brighter than any dye: red or green near the top, and blue far below both or below red."""
    blue, green, red = (bgr[..., i].astype(np.int16) for i in range(3))
    yellow = (green > 200) & (blue < 120) & (red > 140)
    orange = (red > 220) & (green > 60) & (green < 160) & (blue < 100)
    return yellow | orange
