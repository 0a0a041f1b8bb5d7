"""The time line of one track in a file: from the camera's timestamps to those that a player takes."""

from __future__ import annotations

from fractions import Fraction

_STRAY_S = 5
"""A picture shown so long after its decoding, or sound so far from the picture, has a wrong time."""


class Line:
    """Ticks of `tick` seconds that begin near zero and strictly increase; `shift` is added to the camera's."""

    def __init__(self, tick: Fraction, shift: int) -> None:
        self.tick, self._shift = tick, shift
        self.stray = int(_STRAY_S / tick)
        self._last: int | None = None

    @property
    def now_s(self) -> Fraction:
        """Where the track has got to."""
        return (self._last or 0) * self.tick

    def stay_near(self, dts: int, now_s: Fraction) -> None:
        """Lay a track that keeps a time of its own beside the picture; its spacing stays."""
        now = int(now_s / self.tick)
        if abs(dts + self._shift - now) > self.stray:
            self._shift = now - dts

    def mended(self, pts: int, dts: int) -> tuple[int, int, bool]:
        """The two timestamps as the file takes them, and whether they had to be moved."""
        late = pts - dts
        least = 0 if self._last is None else self._last + 1
        moved = dts + self._shift < least or not 0 <= late <= self.stray
        self._last = max(dts + self._shift, least)
        shown = dts + self._shift + (late if late <= self.stray else 0)
        return max(shown, self._last), self._last, moved
