"""The pole camera: where a point of the world (metres) lies in the picture (pixels)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

Pixel = tuple[float, float]
World = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """A pinhole `height_m` above the origin that looks along +y, tilted down. World: x right, y away, z up."""

    width: int
    height: int
    height_m: float
    pitch_deg: float
    hfov_deg: float

    @cached_property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width / 2 / math.tan(math.radians(self.hfov_deg) / 2)

    @cached_property
    def _tilt(self) -> tuple[float, float]:
        angle = math.radians(self.pitch_deg)
        return math.sin(angle), math.cos(angle)

    def depth(self, x: float, y: float, z: float = 0.0) -> float:
        """Distance along the optical axis, metres."""
        del x
        sin, cos = self._tilt
        return y * cos - (z - self.height_m) * sin

    def point(self, x: float, y: float, z: float = 0.0) -> Pixel:
        """Pixel of a world point that lies in front of the camera."""
        sin, cos = self._tilt
        rise = z - self.height_m
        depth = max(0.2, y * cos - rise * sin)
        down = -y * sin - rise * cos
        return self.width / 2 + self.focal_px * x / depth, self.height / 2 + self.focal_px * down / depth

    def scale(self, x: float, y: float, z: float = 0.0) -> float:
        """Pixels per metre at a world point, across the line of sight."""
        return self.focal_px / max(0.2, self.depth(x, y, z))

    def share(self, x: float, y: float, z: float = 0.0) -> Pixel:
        """`point`, as a share of the picture (0..1 inside it)."""
        px, py = self.point(x, y, z)
        return px / self.width, py / self.height
