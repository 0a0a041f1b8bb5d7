"""A small supersampled canvas: shapes in picture coordinates go in, a soft-edged patch to blend comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from agent.sim.scene.camera import Pixel

Image = npt.NDArray[Any]
"""8-bit picture: rows, columns, blue-green-red (or one channel for masks); OpenCV's own types promise no more."""
Colour = tuple[float, float, float]
"""Blue, green, red, each 0..255."""

SHIFT = 4  # OpenCV's fixed point: a sixteenth of a pixel


def shaded(colour: Colour, share: float) -> Colour:
    """The colour in more (`share` > 1) or less light."""
    blue, green, red = colour
    return min(255.0, blue * share), min(255.0, green * share), min(255.0, red * share)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of `other` in `one`."""
    a, b, c = (x + (y - x) * share for x, y in zip(one, other, strict=True))
    return a, b, c


@dataclass(frozen=True, slots=True)
class Patch:
    """A finished drawing: colour times alpha, and alpha, with its place in the picture."""

    left: int
    top: int
    colour: Image
    alpha: Image

    def clip(self, width: int, height: int) -> tuple[slice, slice, slice, slice] | None:
        """Rows and columns in the picture, then in the patch; None when nothing of it lies inside."""
        rows, columns = self.alpha.shape
        y1, y2 = max(0, self.top), min(height, self.top + rows)
        x1, x2 = max(0, self.left), min(width, self.left + columns)
        if y1 >= y2 or x1 >= x2:
            return None
        return (
            slice(y1, y2),
            slice(x1, x2),
            slice(y1 - self.top, y2 - self.top),
            slice(x1 - self.left, x2 - self.left),
        )

    def blend(self, picture: Image) -> None:
        """Lay the patch over `picture`."""
        clip = self.clip(picture.shape[1], picture.shape[0])
        if clip is None:
            return
        ys, xs, rows, columns = clip
        under = picture[ys, xs]
        keep = cv2.cvtColor(cv2.bitwise_not(self.alpha[rows, columns]), cv2.COLOR_GRAY2BGR)
        np.copyto(under, cv2.add(cv2.multiply(under, keep, scale=1 / 255), self.colour[rows, columns]))


class Canvas:
    """Draws at `finer` times the picture's resolution; shapes are opaque, their edges become soft at the end."""

    def __init__(self, left: float, top: float, right: float, bottom: float, finer: int = 3) -> None:
        self.left, self.top = math.floor(left), math.floor(top)
        width = max(1, min(4096, math.ceil(right) - self.left))
        height = max(1, min(4096, math.ceil(bottom) - self.top))
        self.finer = finer
        self.image: Image = np.zeros((height * finer, width * finer, 4), np.uint8)
        self._unit = finer * (1 << SHIFT)

    def _fixed(self, points: Sequence[Pixel]) -> npt.NDArray[np.int32]:
        unit, left, top = self._unit, self.left, self.top
        return np.array([(int((x - left) * unit) - 8, int((y - top) * unit) - 8) for x, y in points], np.int32)

    def polygon(self, points: Sequence[Pixel], colour: Colour) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.image, [self._fixed(points)], (*colour, 255), shift=SHIFT)

    def disc(self, centre: Pixel, radius_px: float, colour: Colour) -> None:
        """Fill a circle."""
        x, y = int((centre[0] - self.left) * self._unit) - 8, int((centre[1] - self.top) * self._unit) - 8
        cv2.circle(self.image, (x, y), max(1, int(radius_px * self._unit)), (*colour, 255), -1, shift=SHIFT)

    def oval(self, centre: Pixel, radii: Pixel, colour: Colour, tilt_deg: float = 0.0) -> None:
        """Fill an ellipse."""
        x, y = int((centre[0] - self.left) * self._unit) - 8, int((centre[1] - self.top) * self._unit) - 8
        axes = (max(1, int(radii[0] * self._unit)), max(1, int(radii[1] * self._unit)))
        cv2.ellipse(self.image, (x, y), axes, tilt_deg, 0, 360, (*colour, 255), -1, shift=SHIFT)

    def stroke(self, points: Sequence[Pixel], width_px: float, colour: Colour, *, closed: bool = False) -> None:
        """Draw a line of `width_px`."""
        thick = max(1, round(width_px * self.finer))
        cv2.polylines(self.image, [self._fixed(points)], closed, (*colour, 255), thick, shift=SHIFT)

    def capsule(self, a: Pixel, a_px: float, b: Pixel, b_px: float, colour: Colour) -> None:
        """Fill the shape between a circle of radius `a_px` at `a` and one of `b_px` at `b`."""
        dx, dy = b[0] - a[0], b[1] - a[1]
        length = math.hypot(dx, dy)
        if length > 0.01:
            nx, ny = -dy / length, dx / length
            self.polygon(
                (
                    (a[0] + nx * a_px, a[1] + ny * a_px),
                    (b[0] + nx * b_px, b[1] + ny * b_px),
                    (b[0] - nx * b_px, b[1] - ny * b_px),
                    (a[0] - nx * a_px, a[1] - ny * a_px),
                ),
                colour,
            )
        self.disc(a, a_px, colour)
        self.disc(b, b_px, colour)

    def limb(self, a: Pixel, a_px: float, b: Pixel, b_px: float, colour: Colour) -> None:
        """A rounded limb: lit from the upper left, in three bands that the downsampling melts together."""
        self.capsule(a, a_px, b, b_px, shaded(colour, 0.72))
        for inset, share in ((0.22, 0.95), (0.5, 1.14)):
            ax, bx = a_px * inset, b_px * inset
            self.capsule(
                (a[0] - ax * 0.8, a[1] - ax * 0.3),
                a_px * (1 - inset),
                (b[0] - bx * 0.8, b[1] - bx * 0.3),
                b_px * (1 - inset),
                shaded(colour, share),
            )

    def patch(self, light: float = 1.0) -> Patch:
        """The finished drawing at the picture's resolution."""
        rows, columns = self.image.shape[0] // self.finer, self.image.shape[1] // self.finer
        small = self.image
        if self.finer > 1:
            small = cv2.resize(self.image, (columns, rows), interpolation=cv2.INTER_AREA)
        colour = cv2.cvtColor(small, cv2.COLOR_BGRA2BGR)
        if light != 1.0:
            colour = cv2.convertScaleAbs(colour, alpha=light)
        return Patch(self.left, self.top, colour, cv2.extractChannel(small, 3))
