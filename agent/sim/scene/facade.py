"""House fronts: drawn straight on as an elevation, then set up in the street in perspective."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from agent.sim.scene.camera import Camera
from agent.sim.scene.paint import Colour, Image, shaded

DOTS = 40  # pixels per metre of the elevation


@dataclass(frozen=True)
class Front:
    """A house front between two spots on the ground; `shops` gives it glazing and an awning of `accent`."""

    start: tuple[float, float]
    end: tuple[float, float]
    height_m: float
    wall: Colour
    accent: Colour = (70, 60, 140)
    shops: bool = True
    bricks: bool = False
    window_m: tuple[float, float] = (1.15, 1.7)
    pitch_m: float = 2.4
    plain: bool = False
    hides: bool = False
    """Do people pass behind it? A wall in the middle of the scene."""

    @property
    def width_m(self) -> float:
        """Length along the ground."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))


def set_up(picture: Image, camera: Camera, front: Front, rng: np.random.Generator, light: float = 1.0) -> Image:
    """Draw the front into `picture`; returns the share (0..255) of each pixel that it covers."""
    elevation = _elevation(front, rng)
    if light != 1.0:
        elevation = cv2.convertScaleAbs(elevation, alpha=light)
    rows, columns = elevation.shape[:2]
    source = np.array([(0, rows), (columns, rows), (columns, 0), (0, 0)], np.float32)
    ends = (front.start, front.end)
    base, top = [camera.point(x, y, 0.0) for x, y in ends], [camera.point(x, y, front.height_m) for x, y in ends]
    target = np.array([base[0], base[1], top[1], top[0]], np.float32) * 2
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (camera.width * 2, camera.height * 2)
    big = cv2.warpPerspective(elevation, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((rows, columns), 255, np.uint8), matrix, size)
    seen = cv2.resize(big, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    cover: Image = np.asarray(cv2.resize(mask, (camera.width, camera.height), interpolation=cv2.INTER_AREA), np.uint8)
    share = cover[:, :, None].astype(np.float32) / 255
    picture[:] = (picture * (1 - share) + seen.astype(np.float32)).clip(0, 255).astype(np.uint8)
    return cover


def _elevation(front: Front, rng: np.random.Generator) -> Image:
    wide, high = int(front.width_m * DOTS), int(front.height_m * DOTS)
    tone = cv2.resize(rng.normal(0, 3.0, (high // 30 + 2, wide // 30 + 2)).astype(np.float32), (wide, high))
    tone = tone + rng.normal(0, 2.0, (high, wide)).astype(np.float32)
    if front.bricks:
        tone += _brick_tone(wide, high, rng)
    image: Image = (np.asarray(front.wall, np.float32) + tone[:, :, None]).clip(0, 255).astype(np.uint8)
    if front.plain:
        _cap(image, front)
        return image
    storey = 3.3
    if front.shops:
        _shops(image, front, rng)
    floor = 1 if front.shops else 0
    while (floor + 1) * storey <= front.height_m + 0.6:
        _window_row(image, front, rng, floor * storey)
        floor += 1
    _cap(image, front)
    return image


def _brick_tone(wide: int, high: int, rng: np.random.Generator) -> Image:
    row, column = np.arange(high) // 4, np.arange(wide)
    brick = (column[None, :] + (row % 2)[:, None] * 6) // 12
    tones = rng.normal(0, 7, (int(row.max()) + 1, int(brick.max()) + 1)).astype(np.float32)
    joints = ((np.arange(high) % 4 == 0)[:, None] | ((column[None, :] + (row % 2)[:, None] * 6) % 12 == 0)) * 9.0
    tone: Image = (tones[row[:, None], brick] + joints).astype(np.float32)
    return tone


def _box(image: Image, left: float, low: float, right: float, high: float, colour: Colour) -> None:
    """A rectangle in metres, from the ground up."""
    rows = image.shape[0]
    one, other = (
        (round(left * DOTS), rows - round(high * DOTS)),
        (round(right * DOTS) - 1, rows - round(low * DOTS) - 1),
    )
    cv2.rectangle(image, one, other, colour, -1)


def _glass(image: Image, left: float, low: float, right: float, high: float, rng: np.random.Generator) -> None:
    tone = float(rng.uniform(0.8, 1.25))
    _box(image, left, low, right, high, shaded((88, 76, 62), tone))
    _box(image, left, low + (high - low) * 0.55, right, high, shaded((124, 108, 88), tone))
    rows, slope = image.shape[0], (right - left) * 0.3
    shine = np.array([(left + slope, high), (left + 2 * slope, high), (left + slope, low), (left, low)])
    dots = np.rint(np.stack([shine[:, 0] * DOTS, rows - shine[:, 1] * DOTS], axis=1)).astype(np.int32)
    cv2.fillConvexPoly(image, dots, shaded((150, 136, 116), tone), cv2.LINE_AA)


def _window_row(image: Image, front: Front, rng: np.random.Generator, base: float) -> None:
    wide, high = front.window_m
    count = max(1, int(front.width_m / front.pitch_m))
    gap = front.width_m / count
    for index in range(count):
        left, low = gap * (index + 0.5) - wide / 2, base + 0.95
        right, top = left + wide, low + high
        _box(image, left - 0.1, low - 0.08, right + 0.1, top + 0.1, shaded(front.wall, 1.16))
        _box(image, left - 0.04, low, right + 0.04, top + 0.04, (226, 230, 232))
        _glass(image, left + 0.04, low + 0.05, right - 0.04, top - 0.04, rng)
        if rng.random() < 0.45:  # curtains
            for one, other in ((left + 0.05, left + 0.3), (right - 0.3, right - 0.05)):
                _box(image, one, low + 0.06, other, top - 0.05, shaded((190, 204, 214), float(rng.uniform(0.75, 1.0))))
        _box(image, (left + right) / 2 - 0.03, low, (left + right) / 2 + 0.03, top, (216, 220, 222))
        _box(image, left, low + high * 0.64, right, low + high * 0.64 + 0.05, (216, 220, 222))
        _box(image, left - 0.14, low - 0.14, right + 0.14, low - 0.04, shaded(front.wall, 0.78))


def _shops(image: Image, front: Front, rng: np.random.Generator) -> None:
    count = max(1, round(front.width_m / 5.0))
    gap = front.width_m / count
    _box(image, 0, 0, front.width_m, 0.45, shaded(front.wall, 0.66))
    for index in range(count):
        left, right = gap * index + 0.45, gap * (index + 1) - 0.45
        door = left + float(rng.choice([0.15, 0.7])) * (right - left - 1.1)
        _box(image, left - 0.08, 0.42, right + 0.08, 2.62, shaded(front.accent, 0.55))
        _glass(image, left, 0.5, right, 2.55, rng)
        for _ in range(int(rng.integers(3, 7))):  # what lies in the window
            at, tall = float(rng.uniform(left + 0.1, right - 0.5)), float(rng.uniform(0.25, 0.8))
            goods = tuple(float(value) for value in rng.integers(70, 210, 3))
            _box(image, at, 0.55, at + 0.35, 0.55 + tall, (goods[0], goods[1], goods[2]))
        _box(image, door, 0.0, door + 1.1, 2.45, shaded(front.accent, 0.75))
        _glass(image, door + 0.15, 0.45, door + 0.95, 2.3, rng)
        _box(image, left - 0.1, 2.62, right + 0.1, 3.25, shaded(front.accent, 0.82))
        _letters(image, (left + right) / 2, 2.80, rng)
        if rng.random() < 0.6:
            _awning(image, left - 0.15, right + 0.15, front.accent)
    _box(image, 0, 3.3, front.width_m, 3.5, shaded(front.wall, 1.12))


def _letters(image: Image, middle: float, low: float, rng: np.random.Generator) -> None:
    word = str(rng.choice(["CAFE", "BAKERY", "BOOKS", "FLOWERS", "BIKES", "DELI", "MUSIC", "OPTICS", "PAPER", "TEA"]))
    size = 0.62
    (wide, _high), _base = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, size, 1)
    at = (round(middle * DOTS - wide / 2), image.shape[0] - round(low * DOTS))
    cv2.putText(image, word, at, cv2.FONT_HERSHEY_DUPLEX, size, (228, 236, 238), 1, cv2.LINE_AA)


def _awning(image: Image, left: float, right: float, colour: Colour) -> None:
    stripes = max(4, int((right - left) / 0.35))
    step = (right - left) / stripes
    for index in range(stripes):
        cloth = colour if index % 2 else (228, 232, 232)
        _box(image, left + step * index, 2.15, left + step * (index + 1), 2.72, shaded(cloth, 1.0))
        _box(image, left + step * index, 2.05, left + step * (index + 1), 2.2, shaded(cloth, 0.8))
    _box(image, left, 1.86, right, 2.05, (52, 50, 48))


def _cap(image: Image, front: Front) -> None:
    high = front.height_m
    _box(image, 0, high - 0.32, front.width_m, high, shaded(front.wall, 0.74))
    _box(image, 0, high - 0.40, front.width_m, high - 0.32, shaded(front.wall, 1.2))
