"""What to go by when there is no model at all: things that move, called `object`."""

from __future__ import annotations

from agent.analyse.detect.port import Detection
from agent.analyse.motion import Motion
from agent.core.geometry import Box

LABEL = "object"
SMALLEST_SHARE = 0.0006
"""Of the picture: about 140 px of 640x360, a person far away."""
LARGEST_SHARE = 0.5
NEAR = 0.06
"""Pieces nearer than this share of their size are one thing."""


def moving_objects(motion: Motion) -> list[Detection]:
    """The things that move, pieces of one thing merged. The larger, the surer."""
    merged = _merge(list(motion.boxes))
    return [
        Detection(LABEL, min(0.9, 0.45 + box.area * 20), box)
        for box in merged
        if SMALLEST_SHARE <= box.area <= LARGEST_SHARE
    ]


def _merge(boxes: list[Box]) -> list[Box]:
    boxes = sorted(boxes, key=lambda box: -box.area)
    whole: list[Box] = []
    for box in boxes:
        near = [other for other in whole if _near(box, other)]
        for other in near:
            whole.remove(other)
            box = _around(box, other)  # noqa: PLW2901 - it grows as it swallows its neighbours
        whole.append(box)
    return whole


def _near(a: Box, b: Box) -> bool:
    return a.grown(NEAR).meets(b.grown(NEAR))


def _around(a: Box, b: Box) -> Box:
    return Box(min(a.x1, b.x1), min(a.y1, b.y1), max(a.x2, b.x2), max(a.y2, b.y2))
