"""What is given up first when the child cannot keep up: half the pictures, then all but keyframes. Recording never."""

from __future__ import annotations

from fractions import Fraction

STEPS = ("none", "half the pictures", "keyframes only")
LATE_S = 1.0
LOST_SHARE = 0.3
PATIENCE_BAD = 2
PATIENCE_GOOD = 10
MOST_PATIENCE = 320
"""Seconds, as `note` is called once a second."""


class Ladder:
    """One for the child. It goes down after two bad seconds and up after ten good ones.

    A step up that had to be taken back doubles the patience for the next, so that it does not swing.
    """

    def __init__(self, fps: Fraction) -> None:
        self._fps = fps
        self._level = self._bad = self._good = 0
        self._patience = PATIENCE_GOOD
        self._rose = False

    @property
    def shed(self) -> str:
        """What is given up now, for health."""
        return STEPS[self._level]

    @property
    def fps(self) -> Fraction:
        """How many pictures a second are looked at now."""
        return self._fps if self._level == 0 else self._fps / 2

    @property
    def keyframes_only(self) -> bool:
        """Is everything but keyframes thrown away before it is decoded?"""
        return self._level == len(STEPS) - 1

    def note(self, late_s: float, lost_share: float) -> None:
        """Once a second: how old the pictures were when looked at, which share of them a newer one replaced."""
        if late_s > LATE_S or lost_share > LOST_SHARE:
            self._bad, self._good = self._bad + 1, 0
        else:
            self._bad, self._good = 0, self._good + 1
        if self._bad >= PATIENCE_BAD:
            self._down()
        elif self._good >= self._patience:
            self._up()

    def _down(self) -> None:
        if self._rose:
            self._patience = min(MOST_PATIENCE, self._patience * 2)
        self._rose, self._bad = False, 0
        self._level = min(len(STEPS) - 1, self._level + 1)

    def _up(self) -> None:
        if self._level == 0:
            self._patience = PATIENCE_GOOD
        self._good, self._rose = 0, self._level > 0
        self._level = max(0, self._level - 1)
