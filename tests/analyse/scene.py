"""Made pictures and detections for the tests of this room."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np

from agent.analyse.attention import Attention
from agent.analyse.detect.port import Detection, Image
from agent.core.clock import NS
from agent.core.geometry import Box

START_NS = 1_780_000_000 * NS
whole = partial(Attention, most_regions=0)
"""For scripted detectors, which say where things are in the whole picture."""


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS)


def ids() -> Callable[[int], str]:
    count = itertools.count(1)
    return lambda _: f"id{next(count)}"


def street(width: int = 640, height: int = 360, seed: int = 1) -> Image:
    """A textured, quiet picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 190, (height // 20, width // 20, 3), np.uint8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((20, 20, 1), np.uint8)))


def with_block(picture: Image, box: Box, colour: tuple[int, int, int] = (20, 20, 235)) -> Image:
    """A copy with a filled block in it."""
    height, width = picture.shape[:2]
    copy = picture.copy()
    copy[int(box.y1 * height) : int(box.y2 * height), int(box.x1 * width) : int(box.x2 * width)] = colour
    return copy


def found(box: Box, score: float = 0.8, label: str = "person", kind: str = "") -> Detection:
    return Detection(label, score, box, kind)


def walker(x: float, y: float = 0.5, width: float = 0.04, height: float = 0.15) -> Box:
    """A box whose foot is at x, y + height / 2."""
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


class ScriptedDetector:
    """Says what the script says, picture after picture, and counts how often it was asked."""

    name = "scripted"

    def __init__(self, script: Callable[[int], Sequence[Detection]]) -> None:
        self._script = script
        self.asked = 0

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        found = [list(self._script(self.asked + index)) for index in range(len(pictures))]
        self.asked += len(pictures)
        return found


class BlockDetector:
    """Finds blocks of a colour in whatever part of a picture it is shown, like a detector that cannot be wrong."""

    name, at_once = "blocks", 1

    def __init__(self, colour: tuple[int, int, int] = (20, 20, 235), label: str = "person", score: float = 0.8) -> None:
        self._colour, self._label, self._score = np.array(colour), label, score
        self.shown: list[tuple[int, int]] = []

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        self.shown += [picture.shape[:2] for picture in pictures]
        return [self._blocks(picture) for picture in pictures]

    def _blocks(self, picture: Image) -> list[Detection]:
        like = (np.abs(picture.astype(np.int16) - self._colour) < 35).all(2).astype(np.uint8)
        height, width = like.shape
        _, _, stats, _ = cv2.connectedComponentsWithStats(like)
        return [
            Detection(self._label, self._score, Box(x / width, y / height, (x + w) / width, (y + h) / height))
            for x, y, w, h, area in stats[1:].tolist()
            if area >= 12
        ]
