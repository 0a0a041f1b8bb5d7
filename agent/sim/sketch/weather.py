"""What moves without being anybody's: leaves, flags, rain, snow, puddles."""

from __future__ import annotations

import math

import cv2
import numpy as np

from agent.sim.sketch.drawing import HEIGHT, WIDTH, Picture
from agent.sim.sketch.stage import Effect


def _leaves(rng: np.random.Generator, size: int) -> Picture:
    leaves = rng.uniform(20, 140, (size, size, 1)).astype(np.float32) * np.array([0.5, 1.0, 0.6], np.float32)
    return np.asarray(cv2.GaussianBlur(leaves, (3, 3), 0), np.float32)


def _swayed(picture: Picture, second: float, noise: np.random.Generator, reach: float = 3.0) -> Picture:
    dx, dy = reach * math.sin(second * 2.1) + noise.normal(0, 0.7), reach / 2 * math.cos(second * 1.7)
    moved = cv2.warpAffine(
        picture, np.array([[1, 0, dx], [0, 1, dy]], np.float32), picture.shape[1::-1], borderMode=cv2.BORDER_WRAP
    )
    return np.asarray(moved, np.float32)


def tree(rng: np.random.Generator, x: int, y: int, size: int = 46) -> Effect:
    """A crown in the wind."""
    leaves = _leaves(rng, size)

    def apply(picture: Picture, second: float, noise: np.random.Generator) -> Picture:
        part = picture[y : y + size, x : x + size]
        part[:] = _swayed(leaves, second, noise)[: part.shape[0], : part.shape[1]]
        return picture

    return apply


def tree_shadow(rng: np.random.Generator, x: int, y: int, size: int = 70) -> Effect:
    """The shadow of a crown on the ground: patches of light and shade that sway."""
    dapple = cv2.resize(rng.uniform(0, 1, (size // 6, size // 4)).astype(np.float32), (size, size * 2 // 3))
    light = np.where(dapple > 0.5, 1.0, 0.55).astype(np.float32)
    light = np.asarray(cv2.GaussianBlur(light, (5, 5), 0), np.float32)

    def apply(picture: Picture, second: float, noise: np.random.Generator) -> Picture:
        part = picture[y : y + light.shape[0], x : x + size]
        part *= _swayed(light, second, noise, 2.0)[: part.shape[0], : part.shape[1], None]
        return picture

    return apply


def flag(rng: np.random.Generator, x: int, y: int, w: int = 40, h: int = 24) -> Effect:
    """A flag on its mast: it waves in gusts and hangs down for a while between them."""
    stripes = np.repeat(rng.uniform(20, 235, (3, 1, 3)), h // 3, axis=0).astype(np.float32)
    cloth, whole = np.repeat(stripes, w, axis=1), np.ones((h, w), np.float32)
    gust_s, start = float(rng.uniform(9, 16)), float(rng.uniform(0, 6))
    rows, columns = (axis.astype(np.float32) for axis in np.mgrid[0 : 2 * h, 0:w])

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        blows = 0.5 + 0.5 * math.tanh(3 * math.sin(2 * math.pi * (second + start) / gust_s))
        reach = 0.25 + 0.75 * blows
        wave = 3.0 * blows * np.sin(columns * 0.35 - second * 9.0) + (1 - blows) * columns * 0.8
        source_x, source_y = columns / np.float32(reach), rows - wave.astype(np.float32)
        shown = cv2.remap(cloth, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        cover = cv2.remap(whole, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[..., None]
        part = picture[y : y + 2 * h, x : x + w]
        part[:] = part * (1 - cover) + shown
        cv2.line(picture, (x - 1, y - 4), (x - 1, y + 3 * h), (70, 70, 70), 2)
        return picture

    return apply


def rain(drops: int = 60) -> Effect:
    """Bright streaks, other ones in every picture."""

    def apply(picture: Picture, _: float, noise: np.random.Generator) -> Picture:
        for x, y in noise.integers(0, (WIDTH, HEIGHT), (drops, 2)).tolist():
            cv2.line(picture, (x, y), (x + 1, y + 9), (200, 200, 200), 1)
        return picture

    return apply


def snow(flakes: int = 90) -> Effect:
    """White flakes, near ones large."""

    def apply(picture: Picture, _: float, noise: np.random.Generator) -> Picture:
        for x, y in noise.integers(0, (WIDTH, HEIGHT), (flakes, 2)).tolist():
            cv2.circle(picture, (x, y), int(noise.integers(0, 3)), (235, 235, 235), -1)
        return picture

    return apply


def snow_cover(rng: np.random.Generator, from_s: float, whole_s: float) -> Effect:
    """Ground that grows white in patches, from a second on, within so many more."""
    patches = cv2.resize(rng.uniform(0, 1, (12, 20)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        grown = np.clip((second - from_s) / whole_s * 2 - patches, 0, 0.75).astype(np.float32)
        grown[: HEIGHT // 3] = 0
        return np.asarray(picture * (1 - grown[..., None]) + 225 * grown[..., None], np.float32)

    return apply


def puddle(rng: np.random.Generator, spot: tuple[int, int], sun_s: float) -> Effect:
    """Water that mirrors a dull sky, ripples now and then, dries at its rim, and shines from `sun_s` on."""
    half = float(rng.uniform(18, 40))
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    away = ((xs - spot[0]) / half) ** 2 + ((ys - spot[1]) / (half * 0.35)) ** 2
    away += 0.25 * cv2.resize(rng.normal(0, 1, (9, 16)).astype(np.float32), (WIDTH, HEIGHT))
    sky = rng.uniform(110, 170, 3).astype(np.float32)

    def apply(picture: Picture, second: float, noise: np.random.Generator) -> Picture:
        water = np.clip((1 - second * 0.004 - away) * 4, 0, 1)[..., None].astype(np.float32)
        ripples = 6.0 if second % 9 < 3 else 1.5
        mirror = sky * np.float32(1.35 if second >= sun_s else 1.0) + noise.normal(0, ripples, (HEIGHT, 1, 1))
        return np.asarray(picture * (1 - 0.7 * water) + 0.7 * water * mirror, np.float32)

    return apply
