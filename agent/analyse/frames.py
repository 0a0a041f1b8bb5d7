"""A decoded picture with its times, and which pictures of a stream are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from agent.analyse.detect.port import Image


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `number` counts the decoded frames of the stream from 1; `wall_ns` is when the camera saw it.

    `offset_ns` is the camera's clock minus the gateway's; `synced` says whether that one was synchronised.
    """

    number: int
    bgr: Image
    wall_ns: int
    offset_ns: int | None = None
    synced: bool | None = None


class Sampler:
    """Takes the first frame, then the first at or after each k/fps seconds of the stream's own timestamps.

    Integer arithmetic: a 10 fps file at 5 gives frames 1, 3, 5 ... for ever. `fps` 0 takes every frame.
    """

    def __init__(self, fps: Fraction, time_base: Fraction) -> None:
        self._up = fps.numerator * time_base.numerator
        self._down = fps.denominator * time_base.denominator
        self._first: int | None = None
        self._next = self._last = 0

    def takes(self, pts: int) -> bool:
        """Is the frame with this timestamp one of them? Call for every frame, in order."""
        if self._up == 0:
            return True
        if self._first is None or pts < self._last:  # timestamps that jump back begin again
            self._first, self._next = pts, 0
        self._last = pts
        slot = (pts - self._first) * self._up // self._down
        if slot < self._next:
            return False
        self._next = slot + 1
        return True


def as_fraction(fps: float) -> Fraction:
    """A rate as a person wrote it: 5, 7.5, 29.97."""
    return Fraction(fps).limit_denominator(1001)
