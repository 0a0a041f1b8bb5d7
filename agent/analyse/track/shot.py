"""The best picture of a track: large, sharp, whole and not hidden behind others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.core.geometry import Box

CONTEXT = 0.15
LONGEST_PX = 256
EDGE = 0.004
SHARP = 400.0
"""Variance of the Laplacian at which a crop counts as half sharp."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A crop with some context, at most 256 px long, and the box as it was."""

    crop: Image
    box: Box
    wall_ns: int
    worth: float


def promise(box: Box, score: float, others: Sequence[Box]) -> float:
    """How good a shot can be at best, before its pixels are looked at."""
    whole = 0.5 if box.x1 < EDGE or box.y1 < EDGE or box.x2 > 1 - EDGE or box.y2 > 1 - EDGE else 1.0
    hidden = max((_hidden(box, other) for other in others), default=0.0)
    return math.sqrt(box.area) * score * whole * (1.0 - hidden)


def better_shot(
    picture: Image, box: Box, score: float, wall_ns: int, others: Sequence[Box], best: Shot | None
) -> Shot | None:
    """The better of `best` and what `picture` shows now."""
    most = promise(box, score, others)
    if best is not None and most <= best.worth:
        return best
    crop = _crop(picture, box)
    if crop is None:
        return best
    worth = most * _sharpness(crop)
    return Shot(_shrunk(crop), box, wall_ns, worth) if best is None or worth > best.worth else best


def _hidden(box: Box, other: Box) -> float:
    """The share of `box` that `other` covers, when `other` stands nearer: its foot is lower in the picture."""
    if other.y2 <= box.y2 or box.area == 0:
        return 0.0
    overlap = Box(max(box.x1, other.x1), max(box.y1, other.y1), min(box.x2, other.x2), min(box.y2, other.y2))
    return overlap.area / box.area


def _crop(picture: Image, box: Box) -> Image | None:
    height, width = picture.shape[:2]
    part = box.grown(CONTEXT).clipped()
    x1, x2, y1, y2 = int(part.x1 * width), int(part.x2 * width), int(part.y1 * height), int(part.y2 * height)
    return picture[y1:y2, x1:x2] if x2 - x1 >= 4 and y2 - y1 >= 4 else None


def _sharpness(crop: Image) -> float:
    """0..1: a blurred crop of the same size is worth less."""
    variance = float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
    return 0.3 + 0.7 * variance / (variance + SHARP)


def _shrunk(crop: Image) -> Image:
    longest = max(crop.shape[:2])
    if longest <= LONGEST_PX:
        return crop.copy()
    factor = LONGEST_PX / longest
    size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
