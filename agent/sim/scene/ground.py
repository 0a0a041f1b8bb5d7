"""The ground: a map seen from above (paving, asphalt, grass, markings) that is laid into the picture in perspective."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from agent.sim.scene.camera import Camera
from agent.sim.scene.paint import Colour, Image

Flat = npt.NDArray[np.float32]
Spot = tuple[float, float]

X_M = (-34.0, 34.0)
Y_M = (4.0, 46.0)


class Ground:
    """A map of `X_M` by `Y_M` metres at `dots` pixels per metre; what is laid later covers what lies below."""

    def __init__(self, dots: float, rng: np.random.Generator) -> None:
        self._dots, self._rng = dots, rng
        rows, columns = int((Y_M[1] - Y_M[0]) * dots), int((X_M[1] - X_M[0]) * dots)
        self._map: Image = np.full((rows, columns, 3), 120, np.uint8)
        self._fine = rng.normal(0.0, 1.0, (rows, columns)).astype(np.float32)
        coarse = rng.normal(0.0, 1.0, (rows // 24 + 2, columns // 24 + 2)).astype(np.float32)
        self._blotches: Flat = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC).astype(np.float32)

    def asphalt(self, area: Sequence[Spot], colour: Colour = (98, 96, 95)) -> None:
        """Dark road surface with grain and worn patches."""
        self._lay(area, colour, self._fine * 5 + self._blotches * 3)

    def grass(self, area: Sequence[Spot], colour: Colour = (70, 132, 98)) -> None:
        """A mown lawn."""
        soft = cv2.GaussianBlur(self._fine, (0, 0), 1.2)
        self._lay(area, colour, soft * 22 + self._blotches * 5)

    def paving(
        self, area: Sequence[Spot], tile_m: Spot, colour: Colour, joint: float = -24.0, spread: float = 6.0
    ) -> None:
        """Slabs of `tile_m` in running bond, each a little different, with joints between them."""
        rows, columns = self._map.shape[:2]
        wide, deep = tile_m[0] * self._dots, tile_m[1] * self._dots
        ys = np.arange(rows, dtype=np.float32) / deep
        xs = np.arange(columns, dtype=np.float32) / wide
        row = np.floor(ys).astype(np.int32)
        shifted = xs[None, :] + 0.5 * (row % 2)[:, None]
        column = np.floor(shifted).astype(np.int32)
        tones = self._rng.normal(0.0, spread, (row.max() + 1, column.max() + 1)).astype(np.float32)
        light = tones[row[:, None], column]
        half = 0.018 * self._dots
        seam = (((ys - row) * deep < half)[:, None]) | ((shifted - column) * wide < half)
        self._lay(area, colour, light + np.where(seam, joint, 0.0) + self._fine * 2 + self._blotches * 2.5)

    def paint(self, area: Sequence[Spot], colour: Colour) -> None:
        """A marking or a slab of one colour, a little worn."""
        self._lay(area, colour, self._fine * 4 + self._blotches * 2)

    def dashes(self, start: Spot, end: Spot, width_m: float, dash_m: float, gap_m: float) -> None:
        """A broken white line."""
        (xa, ya), (xb, yb) = start, end
        length = float(np.hypot(xb - xa, yb - ya))
        ux, uy = (xb - xa) / length, (yb - ya) / length
        for at in np.arange(0.0, length, dash_m + gap_m):
            far = min(length, at + dash_m)
            self.paint(strip((xa + ux * at, ya + uy * at), (xa + ux * far, ya + uy * far), width_m), (212, 216, 218))

    def drain(self, x: float, y: float, size_m: float = 0.55) -> None:
        """A cast-iron cover."""
        half = size_m / 2
        self.paint(
            ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)), (74, 76, 78)
        )
        for share in (-0.3, 0.0, 0.3):
            self.paint(
                strip((x - half * 0.8, y + share * size_m), (x + half * 0.8, y + share * size_m), 0.05), (52, 52, 54)
            )

    def seen(self, camera: Camera) -> Image:
        """The map as the camera sees it; rows far away are blurred first, as the lens would average them."""
        softened = self._softened(camera)
        finer = 2
        corners = [(X_M[0] * 0.2, 8.0), (X_M[1] * 0.2, 8.0), (X_M[1], Y_M[1] - 1), (X_M[0], Y_M[1] - 1)]
        source = np.array([((x - X_M[0]) * self._dots, (y - Y_M[0]) * self._dots) for x, y in corners], np.float32)
        target = np.array([camera.point(x, y) for x, y in corners], np.float32) * finer
        matrix = cv2.getPerspectiveTransform(source, target)
        size = (camera.width * finer, camera.height * finer)
        big = cv2.warpPerspective(softened, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        small: Image = cv2.resize(big, (camera.width, camera.height), interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
        return small

    def _softened(self, camera: Camera) -> Image:
        rows = self._map.shape[0]
        away = np.linspace(Y_M[0], Y_M[1], rows)
        squeeze = np.array([self._dots / max(1e-3, camera.point(0, y)[1] - camera.point(0, y + 1)[1]) for y in away])
        softened = self._map.copy()
        for sigma, least in ((1.2, 3.0), (3.0, 6.0), (6.0, 12.0)):
            begin = int(np.searchsorted(squeeze, least))
            if begin < rows - 1:
                softened[begin:] = cv2.GaussianBlur(self._map, (0, 0), sigmaX=sigma * 0.3 + 0.3, sigmaY=sigma)[begin:]
        return softened

    def _lay(self, area: Sequence[Spot], colour: Colour, change: Flat) -> None:
        dots = np.array([((x - X_M[0]) * self._dots * 16, (y - Y_M[0]) * self._dots * 16) for x, y in area])
        left, top = np.maximum(0, np.floor(dots.min(axis=0) / 16).astype(int))
        right = min(self._map.shape[1], int(dots[:, 0].max() / 16) + 2)
        bottom = min(self._map.shape[0], int(dots[:, 1].max() / 16) + 2)
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), np.uint8)
        local = np.rint(dots - (left * 16, top * 16)).astype(np.int32)
        cv2.fillPoly(mask, [local], 255, cv2.LINE_AA, 4)
        filled = np.asarray(colour, np.float32) + change[top:bottom, left:right, None]
        share = (mask.astype(np.float32) / 255)[:, :, None]
        under = self._map[top:bottom, left:right]
        under[:] = np.clip(under * (1 - share) + filled * share, 0, 255).astype(np.uint8)


def strip(start: Spot, end: Spot, width_m: float) -> list[Spot]:
    """A straight band between two spots, as a polygon."""
    (xa, ya), (xb, yb) = start, end
    length = float(np.hypot(xb - xa, yb - ya)) or 1.0
    nx, ny = -(yb - ya) / length * width_m / 2, (xb - xa) / length * width_m / 2
    return [(xa + nx, ya + ny), (xb + nx, yb + ny), (xb - nx, yb - ny), (xa - nx, ya - ny)]


def rectangle(left: float, near: float, right: float, far: float) -> list[Spot]:
    """An upright rectangle on the map."""
    return [(left, near), (right, near), (right, far), (left, far)]
