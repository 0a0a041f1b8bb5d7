"""Small pictures of a track over time, packed into one: what a synopsis pastes onto an empty street.

The strip is a WebP picture, cells side by side, aligned at the top. A RIFF chunk of our own, `LMPS`, which other
readers pass over (WebP Container Specification, "Unknown Chunks"), says what each cell is, as JSON:
`{"v": 1, "cells": [[t, x, w, h, x1, y1, x2, y2, outline], ...]}`: seconds since the track's start; the cell's place and
size in the strip, px; what it shows of the picture, 0..1; and the thing's outline in the cell, 0..255 of its width and
height: `[x, y, x, y, ...]`, empty when nobody knows it. Between two cells the thing is where the track's path says; one
that stands has one cell until it moves.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.track.outline import Outline
from agent.core.clock import NS
from agent.core.geometry import Box, iou

STEP_NS = NS // 5
LONGEST_PX = 96
CONTEXT = 0.08
MOST_PX = 160_000
"""All cells of a track together, 3 bytes each, until it ends; then they are thinned to half as many a second."""
MOST_CELLS = 64
MOST_BYTES = 24 * 1024
QUALITIES = (60, 40, 25)
SAME_IOU = 0.95
CHUNK = b"LMPS"


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One sight. `shows` is the part of the picture it was cut from."""

    pixels: Image
    shows: Box
    wall_ns: int
    outline: Outline | None


@dataclass(frozen=True, slots=True)
class Strip:
    """All cells as one WebP with its index; px."""

    webp: bytes
    width: int
    height: int


class Sprites:
    """Of one track; bounded however long it lives."""

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._step_ns = STEP_NS
        self._last: Box | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """In the order of time."""
        return tuple(self._cells)

    def wants(self, box: Box, wall_ns: int) -> bool:
        """Is it time for a cell, and did the thing move since the last?"""
        if self._last is None:
            return True
        return wall_ns - self._cells[-1].wall_ns >= self._step_ns and iou(box, self._last) < SAME_IOU

    def add(self, picture: Image, box: Box, wall_ns: int, outline: Outline | None) -> None:
        """Keep how the thing in `box` looks now."""
        cell = _cut(picture, box, wall_ns, outline)
        if cell is None:
            return
        self._cells.append(cell)
        self._last = box
        while len(self._cells) > 2 and self._heavy():
            self._cells = self._cells[::2]
            self._step_ns *= 2

    def strip(self, first_ns: int) -> Strip | None:
        """Everything in at most `MOST_BYTES`; None when there is nothing."""
        cells = list(self._cells)
        while cells:
            for quality in QUALITIES:
                strip = _packed(cells, first_ns, quality)
                if len(strip.webp) <= MOST_BYTES:
                    return strip
            cells = cells[::2] if len(cells) > 1 else []
        return None

    def _heavy(self) -> bool:
        return len(self._cells) > MOST_CELLS or sum(cell.pixels.size for cell in self._cells) > 3 * MOST_PX


def read_index(webp: bytes) -> list[list[object]]:
    """The cells that a strip's index names, as in the head of this page."""
    place = 12
    while place + 8 <= len(webp):
        name, size = webp[place : place + 4], int.from_bytes(webp[place + 4 : place + 8], "little")
        if name == CHUNK:
            cells: list[list[object]] = json.loads(webp[place + 8 : place + 8 + size])["cells"]
            return cells
        place += 8 + size + size % 2
    return []


def _cut(picture: Image, box: Box, wall_ns: int, outline: Outline | None) -> Cell | None:
    height, width = picture.shape[:2]
    part = box.grown(CONTEXT).clipped()
    x1, x2, y1, y2 = int(part.x1 * width), int(part.x2 * width), int(part.y1 * height), int(part.y2 * height)
    if x2 - x1 < 2 or y2 - y1 < 2:
        return None
    factor = min(1.0, LONGEST_PX / max(x2 - x1, y2 - y1))
    size = max(1, round((x2 - x1) * factor)), max(1, round((y2 - y1) * factor))
    pixels = np.asarray(cv2.resize(picture[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA), np.uint8)
    shows = Box(x1 / width, y1 / height, x2 / width, y2 / height)
    return Cell(pixels.copy() if factor == 1.0 else pixels, shows, wall_ns, outline)


def _packed(cells: Sequence[Cell], first_ns: int, quality: int) -> Strip:
    height = max(cell.pixels.shape[0] for cell in cells)
    width = sum(cell.pixels.shape[1] for cell in cells)
    canvas, index, x = np.full((height, width, 3), 128, np.uint8), [], 0
    for cell in cells:
        high, wide = cell.pixels.shape[:2]
        canvas[:high, x : x + wide] = cell.pixels
        corners = [round(value, 4) for value in cell.shows]
        index.append([round((cell.wall_ns - first_ns) / NS, 2), x, wide, high, *corners, _inside(cell)])
        x += wide
    _, webp = cv2.imencode(".webp", canvas, [cv2.IMWRITE_WEBP_QUALITY, quality])
    note = json.dumps({"v": 1, "cells": index}, separators=(",", ":")).encode()
    return Strip(_annotated(webp.tobytes(), width, height, note), width, height)


def _inside(cell: Cell) -> list[int]:
    """The outline, 0..255 of the cell."""
    shows, flat = cell.shows, []
    for x, y in cell.outline or ():
        flat += [_byte((x - shows.x1) / shows.width), _byte((y - shows.y1) / shows.height)]
    return flat


def _byte(share: float) -> int:
    return round(255 * min(1.0, max(0.0, share)))


def _annotated(webp: bytes, width: int, height: int, note: bytes) -> bytes:
    """A simple WebP file as an extended one (`VP8X`) with `note` behind the picture."""
    extended = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + _chunk(b"VP8X", extended) + webp[12:] + _chunk(CHUNK, note)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
