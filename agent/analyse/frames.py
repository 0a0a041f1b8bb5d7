"""A decoded picture with its times, and which pictures of a stream are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.mask import Painter
from agent.analyse.motion import Grey, small_grey


class Source(Protocol):
    """A picture still in the decoder's own format: turned into ours only when somebody looks."""

    def bgr(self) -> Image:
        """Its colours, as a picture of its own that may be written to."""

    def luma(self) -> Grey:
        """Its brightness, to be read only, perhaps the decoder's own memory."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `bgr` in px."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `number` counts the decoded frames of the stream from 1; `wall_ns` is when the camera saw it.

    `offset_ns` is the camera's clock minus the gateway's; `synced` says whether that one was synchronised. `step_ns` is
    how far from the picture before it is meant to be, as the stream brings them or as they are thinned; None: unsaid.
    """

    number: int
    picture: Image | Source
    wall_ns: int
    offset_ns: int | None = None
    synced: bool | None = None
    step_ns: int | None = None


class View:
    """What may be seen of a frame: its privacy masks are painted over whatever is taken from it."""

    def __init__(self, frame: Frame, painter: Painter) -> None:
        self._frame, self._painter = frame, painter

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        picture = self._frame.picture
        return (picture.shape[1], picture.shape[0]) if isinstance(picture, np.ndarray) else picture.size

    @cached_property
    def bgr(self) -> Image:
        """The colours, at full size (see `Decoded.bgr`). Costs a conversion the first time."""
        picture = self._frame.picture
        bgr = picture if isinstance(picture, np.ndarray) else picture.bgr()
        self._painter.paint(bgr)
        return bgr

    @cached_property
    def small(self) -> Grey:
        """The brightness at the motion gate's size, without a conversion of the colours."""
        picture = self._frame.picture
        if isinstance(picture, np.ndarray):
            return small_grey(np.asarray(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY), np.uint8))
        grey = small_grey(picture.luma())
        self._painter.paint_grey(grey)
        return grey


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
