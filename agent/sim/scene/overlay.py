"""The clock that the camera burns into the picture, for people (text) and for programs (a strip of light and dark)."""

from __future__ import annotations

import cv2
import numpy as np

from agent.sim.scene.paint import Image
from agent.sim.scene.scene import Scene

BITS = 14
"""Cells of the strip: 12 bits of the frame number, the highest first, then their parity and its opposite."""

_CELL = 8 / 1280


def burn_clock(picture: Image, scene: Scene, number: int) -> None:
    """Write the camera's name, the time within the loop and the strip into the lower left corner of `picture`."""
    height, width = picture.shape[:2]
    size = width / 1280
    seconds = number / scene.spec.fps
    text = f"{scene.title}  00:{int(seconds):02d}.{int(seconds * 100) % 100:02d}  F{number:04d}"
    left, low = round(12 * size), height - round(13 * size)
    bar = picture[height - round(36 * size) : height - round(4 * size), round(6 * size) : round(480 * size)]
    np.copyto(bar, cv2.convertScaleAbs(bar, alpha=0.42))
    cv2.putText(
        picture,
        text,
        (left, low),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.56 * size,
        (240, 240, 240),
        max(1, round(size)),
        cv2.LINE_AA,
    )
    for index, bit in enumerate(_bits(number)):
        x1, y1, x2, y2 = _cell(index, width, height)
        picture[y1:y2, x1:x2] = 225 if bit else 28


def read_clock(picture: Image) -> int | None:
    """The frame number that the strip of a picture (any size of the same shape, BGR or grey) shows; None if unclear."""
    height, width = picture.shape[:2]
    bits = []
    for index in range(BITS):
        x1, y1, x2, y2 = _cell(index, width, height)
        middle = picture[y1 : max(y2, y1 + 1), x1 + (x2 - x1) // 4 : max(x1 + 1, x2 - (x2 - x1) // 4)]
        bits.append(int(float(middle.mean()) > 126))
    number = int("".join(map(str, bits[:12])), 2)
    return number if bits == _bits(number) else None


def _bits(number: int) -> list[int]:
    value = [(number >> shift) & 1 for shift in range(11, -1, -1)]
    parity = sum(value) % 2
    return [*value, parity, 1 - parity]


def _cell(index: int, width: int, height: int) -> tuple[int, int, int, int]:
    cell = _CELL * width
    left, top = 340 / 1280 * width + index * cell * 1.15, height - 25 / 1280 * width
    return round(left), round(top), round(left + cell * 1.15), round(top + cell * 1.5)
