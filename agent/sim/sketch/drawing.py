"""What stands in a sketch: ground, things, people, cars. All in px and grey levels, BGR; figures are BGRA."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

WIDTH, HEIGHT = 320, 180
LEAST_CONTRAST = 45.0
"""Grey levels between a thing and the ground it lies on, in the channel that differs most."""


def paste(picture: Picture, small: Picture, x: int, y: int) -> None:
    """Lay `small` (BGRA, alpha 0..255) over `picture` with its corner at `x`, `y`."""
    h, w = small.shape[:2]
    x1, y1, x2, y2 = max(0, x), max(0, y), min(picture.shape[1], x + w), min(picture.shape[0], y + h)
    if x1 >= x2 or y1 >= y2:
        return
    part = small[y1 - y : y2 - y, x1 - x : x2 - x]
    alpha = part[..., 3:] / np.float32(255)
    picture[y1:y2, x1:x2] = picture[y1:y2, x1:x2] * (1 - alpha) + part[..., :3] * alpha


def street(rng: np.random.Generator, level: float = 120.0) -> Picture:
    """Ground with clouds of tone and grain, a wall above, some lines and boxes."""
    picture = np.full((HEIGHT, WIDTH, 3), level, np.float32)
    for size, strength in ((12, 14), (40, 9), (160, 6)):
        grain = rng.normal(0, strength, (max(2, HEIGHT * size // WIDTH), size, 1)).astype(np.float32)
        picture += cv2.resize(grain, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None]
    picture *= rng.uniform(0.9, 1.1, 3).astype(np.float32)
    picture[: HEIGHT // 3] *= np.float32(rng.uniform(0.55, 1.3))
    for _ in range(6):
        x, y = int(rng.integers(0, WIDTH - 50)), int(rng.integers(0, HEIGHT // 3 - 10))
        w, h = rng.integers(12, 45, 2).tolist()
        picture[y : y + h, x : x + w] *= rng.uniform(0.6, 1.4, 3).astype(np.float32)
    for _ in range(3):
        y = int(rng.integers(HEIGHT // 3, HEIGHT))
        cv2.line(picture, (0, y), (WIDTH, int(y + rng.integers(-20, 20))), (level * 0.8,) * 3, 1)
    return picture.clip(8, 240)


def thing(rng: np.random.Generator, ground: Picture, size: int | None = None) -> tuple[Picture, int, int]:
    """A bag, box or can whose tone differs from the ground, and where it stands."""
    size = size or int(rng.integers(10, 26))
    h, w = size, int(size * rng.uniform(0.6, 1.4))
    x, y = int(rng.integers(20, WIDTH - 20 - w)), int(rng.integers(HEIGHT // 2, HEIGHT - h - 8))
    around = ground[y - 4 : y + h + 4, x - 4 : x + w + 4].reshape(-1, 3).mean(axis=0)
    picture = np.zeros((h, w, 4), np.float32)
    shade = np.linspace(1.12, 0.8, h)[:, None, None] * np.linspace(1.05, 0.92, w)[None, :, None]
    picture[..., :3] = _other_colour(rng, around) * shade + rng.normal(0, 5, (h, w, 1))
    band = int(rng.integers(1, h - 3))
    picture[band : band + 2, :, :3] *= 0.7
    mask = np.zeros((h, w), np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(mask, (w // 2, h // 2), (w // 2, h // 2), 0, 0, 360, 255, -1)
    else:
        mask[:] = 255
    picture[..., 3] = cv2.GaussianBlur(mask, (3, 3), 0)
    return picture.clip(0, 255), x, y


def _other_colour(rng: np.random.Generator, around: Picture) -> NDArray[np.float64]:
    for _ in range(50):
        colour = rng.uniform(15, 235, 3)
        if np.abs(colour - around).max() > LEAST_CONTRAST:
            break
    return colour


def person(rng: np.random.Generator, height: int | None = None) -> Picture:
    """Somebody upright, `height` px tall."""
    h = height or int(rng.integers(44, 70))
    w = h * 2 // 5
    picture = np.zeros((h, w, 4), np.float32)
    picture[..., :3] = rng.uniform(20, 220, 3)
    picture[h // 2 :, :, :3] = rng.uniform(15, 120, 3)
    picture[: h // 6, :, :3] = (110, 140, 190)
    picture[..., :3] += rng.normal(0, 8, (h, w, 1))
    mask = np.zeros((h, w), np.uint8)
    cv2.ellipse(mask, (w // 2, h // 9), (w // 5, h // 9), 0, 0, 360, 255, -1)
    cv2.ellipse(mask, (w // 2, h * 4 // 10), (w * 9 // 20, h // 4), 0, 0, 360, 255, -1)
    cv2.rectangle(mask, (w // 5, h // 2), (w * 4 // 5, h), 255, -1)
    picture[..., 3] = mask
    return picture.clip(0, 255)


def lying(rng: np.random.Generator) -> Picture:
    """Somebody who lies on the ground."""
    return np.ascontiguousarray(np.rot90(person(rng, int(rng.integers(44, 60)))))


def car(rng: np.random.Generator) -> Picture:
    """A car from its side."""
    w, h = 84, 34
    picture = np.zeros((h, w, 4), np.float32)
    picture[..., :3] = rng.uniform(20, 220, 3)
    picture[3:14, 20:62, :3] = (70, 60, 50)
    picture[..., :3] += rng.normal(0, 5, (h, w, 1))
    picture[..., 3] = 255
    return picture.clip(0, 255)
