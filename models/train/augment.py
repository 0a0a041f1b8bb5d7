"""A training picture: one or four pictures on a canvas, then the weather of cheap cameras. Numpy and OpenCV only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.merge import Taught
from models.train.pack import IGNORE, Image

GREY = 114
KEPT = 0.4
"""Share of a box that must stay on the canvas for it to be taught."""
SMALLEST_PX = (3.0, 5.0)
"""Narrower or lower than this nothing is taught; half of it is not even ignored."""

Rng = np.random.Generator
Rows = NDArray[np.float32]
Sample = tuple[Image, Taught]


@dataclass(frozen=True)
class Region:
    """A part of the canvas, px."""

    left: int
    top: int
    right: int
    bottom: int


def single(rng: Rng, sample: Sample, size: tuple[int, int], low: float, high: float) -> tuple[Image, Rows]:
    """One picture somewhere on the canvas, `low` to `high` times the size that fits.

    Returns canvas and rows x1 y1 x2 y2 class weight.
    """
    canvas = np.full((size[1], size[0], 3), GREY, np.uint8)
    rows = _lay(rng, canvas, Region(0, 0, *size), sample, float(np.exp(rng.uniform(np.log(low), np.log(high)))))
    return canvas, rows


def mosaic(rng: Rng, samples: Sequence[Sample], size: tuple[int, int]) -> tuple[Image, Rows]:
    """Four pictures around a point (Bochkovskiy et al., YOLOv4)."""
    canvas = np.full((size[1], size[0], 3), GREY, np.uint8)
    x, y = (round(side * float(rng.uniform(0.3, 0.7))) for side in size)
    regions = (Region(0, 0, x, y), Region(x, 0, size[0], y), Region(0, y, x, size[1]), Region(x, y, *size))
    rows = [
        _lay(rng, canvas, region, sample, float(np.exp(rng.uniform(np.log(0.9), np.log(2.2)))))
        for region, sample in zip(regions, samples, strict=True)
    ]
    return canvas, np.concatenate(rows)


def _lay(rng: Rng, canvas: Image, region: Region, sample: Sample, zoom: float) -> Rows:
    """Scale a picture by `zoom` times its fit into `region` and paste what fits there; returns its boxes."""
    picture, taught = sample
    high, wide = picture.shape[:2]
    room_x, room_y = region.right - region.left, region.bottom - region.top
    stretch = float(np.exp(rng.uniform(-0.12, 0.12)))
    fit = min(room_x / wide, room_y / high) * zoom
    width, height = max(8, round(wide * fit * stretch)), max(8, round(high * fit / stretch))
    left, top = _place(rng, width, room_x), _place(rng, height, room_y)
    # the part of the source that lands on the region
    part = _visible(left, width, room_x), _visible(top, height, room_y)
    (x1, x2), (y1, y2) = part
    sx, sy = wide / width, high / height
    cut = picture[
        int(y1 * sy) : max(int(y1 * sy) + 1, round(y2 * sy)), int(x1 * sx) : max(int(x1 * sx) + 1, round(x2 * sx))
    ]
    mirror = rng.random() < 0.5
    way = cv2.INTER_AREA if fit < 0.7 else cv2.INTER_LINEAR
    small = cv2.resize(cut, (x2 - x1, y2 - y1), interpolation=way)
    if mirror:
        small = small[:, ::-1]
    px, py = region.left + max(0, left), region.top + max(0, top)
    canvas[py : py + small.shape[0], px : px + small.shape[1]] = small
    scale, corner = np.array([sx, sy, sx, sy], np.float32), np.array([x1, y1, x1, y1], np.float32)
    boxes: Rows = taught.boxes / scale - corner
    if mirror:
        boxes[:, [0, 2]] = (x2 - x1) - boxes[:, [2, 0]]
    rows = clipped(boxes, taught, x2 - x1, y2 - y1)
    rows[:, :4] += np.array([px, py, px, py], np.float32)
    return rows


def _place(rng: Rng, length: int, room: int) -> int:
    """Where a side begins: anywhere on the canvas when it fits, else so that it covers it."""
    low, high = sorted((0, room - length))
    return int(rng.integers(low, high + 1))


def _visible(start: int, length: int, room: int) -> tuple[int, int]:
    return max(0, -start), min(length, room - start)


def clipped(boxes: Rows, taught: Taught, width: int, height: int) -> Rows:
    """Rows of the boxes cut to `width` x `height`; what is mostly cut off or tiny is ignored, then dropped."""
    cut = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    sides, before = cut[:, 2:] - cut[:, :2], boxes[:, 2:] - boxes[:, :2]
    share = sides.prod(1) / np.maximum(before.prod(1), 1e-6)
    tiny = (sides < np.array(SMALLEST_PX, np.float32)).any(1)
    weights = np.where((share < KEPT) | tiny, np.float32(IGNORE), taught.weights)
    rows = np.concatenate([cut, taught.labels[:, None], weights[:, None]], 1).astype(np.float32)
    return rows[(sides > 1.0).all(1) & (share > 0.05)]


def weather(rng: Rng, picture: Image) -> Image:
    """Colour, light, blur, noise and compression."""
    for chance, change in _CHANGES:
        if rng.random() < chance:
            picture = np.asarray(change(rng, picture), np.uint8)
    return picture


def _coloured(rng: Rng, picture: Image) -> Any:
    hue, colour, light = rng.uniform(-6, 6), rng.uniform(0.4, 1.5), rng.uniform(0.65, 1.35)
    steps = np.arange(256, dtype=np.float32)
    tables = ((steps + hue) % 180, np.clip(steps * colour, 0, 255), np.clip(steps * light, 0, 255))
    table = np.stack(tables, 1).astype(np.uint8)[None]
    return cv2.cvtColor(cv2.LUT(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), table), cv2.COLOR_HSV2BGR)


def _grey(_rng: Rng, picture: Image) -> Any:
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def _exposed(rng: Rng, picture: Image) -> Any:
    gamma = float(np.exp(rng.uniform(-0.5, 0.5)))
    return cv2.LUT(picture, (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8))


def _blurred(rng: Rng, picture: Image) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.2)))


def _noisy(rng: Rng, picture: Image) -> Any:
    noise = rng.normal(0, float(rng.uniform(3, 12)), picture.shape[:2]).astype(np.float32)
    return np.clip(picture + noise[..., None], 0, 255)


def _compressed(rng: Rng, picture: Image) -> Any:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 75))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if done else picture


_CHANGES: tuple[tuple[float, Callable[[Rng, Image], Any]], ...] = (
    (0.8, _coloured),
    (0.08, _grey),
    (0.3, _exposed),
    (0.1, _blurred),
    (0.08, _noisy),
    (0.12, _compressed),
)
"""How often each, in this order."""
