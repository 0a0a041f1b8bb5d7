"""What is given up first when the child cannot keep up: pictures, step by step, down to keyframes. Recording never."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

RATES = (Fraction(5), Fraction(2))
"""Pictures a second, below what is configured; then keyframes only."""
LATE_S = 1.0
LOST_SHARE = 0.3
PATIENCE_BAD = 2
SETTLE = 3
"""After a step down so many bad seconds more do not count: what was queued before it is still on its way."""
PATIENCE_GOOD = 10
MOST_PATIENCE = 320
"""Seconds, as `note` is called once a second."""
ROOM = 0.8
"""A step up must fill no more than this share of the thinking thread, and of all cores."""


@dataclass(frozen=True, slots=True)
class Load:
    """One second of the child.

    late_s: how old pictures were when they were looked at, the median of the cameras; lost_share: of the pictures that
    were decoded to be looked at, how many were not; think_s: one picture takes the thinking thread so long; streams:
    cameras that bring pictures; decode_s: what decoding all of all streams would take a second; cores: there are.
    """

    late_s: float = 0.0
    lost_share: float = 0.0
    think_s: float = 0.0
    streams: int = 0
    decode_s: float = 0.0
    cores: int = 1


class Ladder:
    """One for the child. It goes down a step after two bad seconds, and up one after ten good ones if that would fit.

    Whether it fits is reckoned from what a picture costs; a step up that had to be taken back all the same doubles the
    patience for the next, until cameras go.
    """

    def __init__(self, fps: Fraction) -> None:
        self._rates = [fps, *(rate for rate in RATES if rate < fps)]
        self._level = self._bad = self._good = 0
        self._patience = PATIENCE_GOOD
        self._rose = False
        self._streams = 0

    @property
    def shed(self) -> str:
        """What is given up now, for health: `none`, `down to 2 pictures a second`, `keyframes only`."""
        if self._level == 0:
            return "none"
        return "keyframes only" if self.keyframes_only else f"down to {float(self.fps):g} pictures a second"

    @property
    def level(self) -> int:
        """How many steps down that is."""
        return self._level

    @property
    def fps(self) -> Fraction:
        """How many pictures a second are looked at now; of keyframes as many as there are, up to the last rate."""
        return self._rates[min(self._level, len(self._rates) - 1)]

    @property
    def keyframes_only(self) -> bool:
        """Is everything but keyframes thrown away before it is decoded?"""
        return self._level == len(self._rates)

    def note(self, load: Load) -> None:
        """Once a second."""
        if load.streams < self._streams:
            self._patience = PATIENCE_GOOD
        self._streams = load.streams
        if load.late_s > LATE_S or load.lost_share > LOST_SHARE:
            self._bad, self._good = self._bad + 1, 0
        else:
            self._bad, self._good = min(0, self._bad + 1), self._good + 1
        if self._bad >= PATIENCE_BAD:
            self._down()
        elif self._good >= self._patience and self._fits(load):
            self._up()

    def _fits(self, load: Load) -> bool:
        """Would the step above be within the means?"""
        if self._level == 0:
            return True
        think_s = load.think_s * load.streams * float(self._rates[self._level - 1])
        return think_s <= ROOM and think_s + load.decode_s <= ROOM * load.cores

    def _down(self) -> None:
        if self._rose:
            self._patience = min(MOST_PATIENCE, self._patience * 2)
        self._rose, self._bad = False, -SETTLE
        self._level = min(len(self._rates), self._level + 1)

    def _up(self) -> None:
        if self._level == 0:
            self._patience = PATIENCE_GOOD
        self._good, self._rose = 0, self._level > 0
        self._level = max(0, self._level - 1)
