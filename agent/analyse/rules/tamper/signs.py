"""What each sign of tampering looks like in one picture, given what is usual; not how long it must last."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent.analyse.motion import Grey
from agent.analyse.rules.tamper.structure import Floats, Likeness, Look, Structure
from agent.config.rules import Sign
from agent.core.clock import NS
from agent.core.geometry import Point

DARK, BRIGHT = 24.0, 232.0
"""Grey levels. Dark: all but the brightest hundredth are below; bright: all but the darkest fifth are above."""
SUDDEN = 3.0
"""The brightest hundredth was usually so many times brighter: a night that falls does that in hours, a hood at once."""
USUAL_TAU_S = 600.0
LOST, FOUND = 0.25, 0.45
"""Less of the usual edges: the view is lost; more: it is back."""
BLANK = 0.4
"""Of the usual edges, whatever they are: with fewer there is nothing to see instead."""
SOFT, SHARP = 0.5, 0.65
"""The usual edges are only so steep, for the picture's contrast: out of focus; steeper: in focus again."""
NUDGED, ALIGNED, LEAST_SHIFT = 0.65, 0.6, 0.008
"""When less of the usual edges is kept, and so much is with the picture shifted by at least this share of its width,
the camera was nudged."""
SAME_LAYOUT = 0.7
STIRRED = 0.02
"""A picture is frozen while not even so much of its blocks changes: a clock that is drawn in may go on."""
CHANGE = 0.3
"""Grey levels a block must change: less than the noise of any sensor."""
GRAIN = 32, 18


class Signs:
    """One camera's: call `look` for each small grey picture, at most a few times a second."""

    def __init__(self, hidden: Sequence[Sequence[Point]] = ()) -> None:
        self._hidden = hidden
        self._structure = Structure(hidden)
        self._last_ns = self._still_ns = 0
        self._still: Floats | None = None
        self._usual: tuple[float, float] | None = None
        self._lost = False

    def look(self, grey: Grey, wall_ns: int) -> tuple[Sign | None, int]:
        """The sign that this picture shows, if any, and for how many ns nothing has changed in it."""
        elapsed_ns = max(0, wall_ns - self._last_ns) if self._last_ns else 0
        self._last_ns = wall_ns
        frozen_ns = self._frozen(grey, wall_ns)
        low, high = _levels(grey)
        sign = self._light(low, high) or self._view(grey, elapsed_ns)
        if sign is None:
            self._follow(low, high, elapsed_ns)
        return sign, frozen_ns

    def begin_again(self) -> None:
        """The picture as it is now is how it should be."""
        self._structure, self._usual, self._lost = Structure(self._hidden), None, False

    def _light(self, low: float, high: float) -> Sign | None:
        usual_low, usual_high = self._usual or (low, high)
        if high < DARK and usual_high > SUDDEN * max(high, 8.0):
            return "dark"
        return "bright" if low > BRIGHT and usual_low < BRIGHT - 40 else None

    def _view(self, grey: Grey, elapsed_ns: int) -> Sign | None:
        look = self._structure.look(grey)
        like = self._structure.compare(look)
        sign = self._strange(look, like) if self._structure.learnt else None
        self._lost = sign is not None
        if sign is None:
            self._structure.learn(look, elapsed_ns)
        return sign

    def _strange(self, look: Look, like: Likeness) -> Sign | None:
        lost, soft = (FOUND, SHARP) if self._lost else (LOST, SOFT)
        if like.kept < lost and like.own < BLANK:
            return "defocused" if like.layout >= SAME_LAYOUT else "covered"
        if like.crisp < soft and like.layout >= SAME_LAYOUT:
            return "defocused"
        if like.kept < lost:
            return "moved"
        if like.kept < NUDGED:
            shift, kept = self._structure.nudged(look)
            return "moved" if shift >= LEAST_SHIFT and kept >= max(ALIGNED, 1.3 * like.kept) else None
        return None

    def _follow(self, low: float, high: float, elapsed_ns: int) -> None:
        usual_low, usual_high = self._usual or (low, high)
        weight = min(1.0, elapsed_ns / NS / USUAL_TAU_S)
        self._usual = usual_low + weight * (low - usual_low), usual_high + weight * (high - usual_high)

    def _frozen(self, grey: Grey, wall_ns: int) -> int:
        blocks = cv2.resize(grey, GRAIN, interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._still is not None and self._still.shape == blocks.shape:
            stirred = float((np.abs(blocks - self._still) > CHANGE).mean())
            if stirred <= STIRRED:
                return wall_ns - self._still_ns
        self._still, self._still_ns = blocks, wall_ns
        return 0


def _levels(grey: Grey) -> tuple[float, float]:
    """The grey below which a fifth lies, and all but a hundredth."""
    counts = np.bincount(grey[::2, ::2].ravel(), minlength=256).cumsum()
    low, high = np.searchsorted(counts, (0.2 * counts[-1], 0.99 * counts[-1]))
    return float(low), float(high)
