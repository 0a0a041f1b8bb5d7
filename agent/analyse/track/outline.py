"""The outline of a thing: the part of the moving foreground that lies in its box, as a polygon of few corners."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box, Point

Mask = NDArray[np.uint8]
Outline = tuple[Point, ...]
"""Corners in the picture, 0..1, y down, clockwise or not, the last joins the first."""

AROUND = 0.1
LEAST_SHARE = 0.15
"""Of the box; a smaller piece is a limb, or what is left of somebody who stands."""
MOST_CORNERS = 16
LEAST_PX = 6
DIGITS = 4


def outline_of(foreground: Mask, box: Box) -> Outline | None:
    """The largest piece of `foreground` (0 or 255, the whole picture at any size) in `box`; None without a good one."""
    height, width = foreground.shape
    part = box.grown(AROUND).clipped()
    x1, y1 = int(part.x1 * width), int(part.y1 * height)
    piece = foreground[y1 : int(np.ceil(part.y2 * height)), x1 : int(np.ceil(part.x2 * width))]
    if min(piece.shape) < LEAST_PX:
        return None
    found, _ = cv2.findContours(np.ascontiguousarray(piece), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(found, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < LEAST_SHARE * box.area * width * height:
        return None
    corners = _simplified(largest).tolist()
    return tuple((_share(x1 + 0.5 + x, width), _share(y1 + 0.5 + y, height)) for x, y in corners)


def _simplified(contour: NDArray[Any]) -> NDArray[np.float64]:
    """At most `MOST_CORNERS` corners (Douglas and Peucker 1973)."""
    near = 0.01 * cv2.arcLength(contour, closed=True)
    corners = cv2.approxPolyDP(contour, near, closed=True)
    while len(corners) > MOST_CORNERS:
        near *= 1.5
        corners = cv2.approxPolyDP(contour, near, closed=True)
    return np.asarray(corners.reshape(-1, 2), np.float64)


def _share(value: float, whole: int) -> float:
    return round(min(1.0, max(0.0, value / whole)), DIGITS)
