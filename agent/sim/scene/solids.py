"""Solid things in the world: boxes and extruded profiles, of which only the faces that look at us are painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.sim.scene.camera import Camera, Pixel, World
from agent.sim.scene.paint import Canvas, Colour, shaded


@dataclass(frozen=True)
class Frame:
    """A thing's own axes on the ground: forward (`hx`, `hy`), left of it, up."""

    camera: Camera
    x: float
    y: float
    hx: float = 1.0
    hy: float = 0.0

    def world(self, ahead: float, left: float, up: float) -> World:
        """A point of the thing in the world."""
        return self.x + self.hx * ahead - self.hy * left, self.y + self.hy * ahead + self.hx * left, up

    def pixel(self, ahead: float, left: float, up: float) -> Pixel:
        """A point of the thing in the picture."""
        return self.camera.point(*self.world(ahead, left, up))

    def pixels(self, points: Sequence[World]) -> list[Pixel]:
        """Several points."""
        return [self.pixel(*point) for point in points]

    @property
    def left_faces_us(self) -> bool:
        """Does the left side look at the camera?"""
        return self.hy * self.x - self.hx * self.y > 0


def faces_us(outline: Sequence[Pixel]) -> bool:
    """Is a face, listed clockwise as seen from outside, turned to us?"""
    area = 0.0
    for (xa, ya), (xb, yb) in zip(outline, [*outline[1:], outline[0]], strict=True):
        area += xa * yb - xb * ya
    return area > 0


def sunlit(ahead: float, left: float, up: float, frame: Frame) -> float:
    """How bright a face with this normal (in the thing's axes) is; the sun stands to the left, in front and high."""
    nx, ny = frame.hx * ahead - frame.hy * left, frame.hy * ahead + frame.hx * left
    length = math.sqrt(nx * nx + ny * ny + up * up) or 1.0
    return 0.74 + 0.40 * max(-0.45, (-0.55 * nx - 0.35 * ny + 0.76 * up) / length)


def extruded(
    canvas: Canvas, frame: Frame, profile: Sequence[tuple[float, float, float]], colours: Sequence[Colour], side: Colour
) -> None:
    """A profile of (ahead, up, half width), clockwise seen from the right side, swept across the thing.

    `colours` holds one colour per edge of the profile (edge i runs from point i to point i + 1).
    """
    count = len(profile)
    for index, colour in enumerate(colours):
        (a1, u1, w1), (a2, u2, w2) = profile[index], profile[(index + 1) % count]
        face = frame.pixels([(a1, w1, u1), (a2, w2, u2), (a2, -w2, u2), (a1, -w1, u1)])
        if faces_us(face):
            canvas.polygon(face, shaded(colour, sunlit(-(u2 - u1) * 1.0, 0.0, (a2 - a1), frame)))
    way = 1 if frame.left_faces_us else -1
    flank = frame.pixels([(ahead, way * wide, up) for ahead, up, wide in profile])
    canvas.polygon(flank, shaded(side, sunlit(0.0, way, 0.25, frame)))


def block(canvas: Canvas, frame: Frame, size: World, colour: Colour, base: float = 0.0) -> None:
    """A box of length, width, height that stands `base` metres above the ground."""
    half, wide, top = size[0] / 2, size[1] / 2, base + size[2]
    profile = ((-half, base, wide), (-half, top, wide), (half, top, wide), (half, base, wide))
    extruded(canvas, frame, profile, (colour, colour, colour), colour)


def ring(frame: Frame, ahead: float, left: float, up: float, radius: float, count: int = 20) -> list[Pixel]:
    """A wheel's circle in the thing's upright plane."""
    turns = (2 * math.pi * step / count for step in range(count))
    return [frame.pixel(ahead + radius * math.cos(turn), left, up + radius * math.sin(turn)) for turn in turns]


def bounds(points: Sequence[Pixel], margin_px: float = 3.0) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of points, with a margin."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - margin_px, min(ys) - margin_px, max(xs) + margin_px, max(ys) + margin_px
