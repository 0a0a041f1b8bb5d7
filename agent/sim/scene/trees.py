"""Crowns of trees: drawn once, then leaned a little by the wind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from agent.sim.scene.camera import Camera
from agent.sim.scene.paint import Canvas, Colour, Image, Patch, mixed, shaded

LEAF: Colour = (62, 122, 84)
_STEPS = 6  # a crown is drawn anew when its top has moved by a sixth of a pixel


@dataclass(frozen=True)
class Tree:
    """A street tree at a spot of the ground; `size` scales its crown, `leaf` is its colour."""

    x: float
    y: float
    size: float = 1.0
    leaf: Colour = LEAF


class Crown:
    """A crown that sways: one picture, sheared a few pixels about its foot."""

    def __init__(self, tree: Tree, camera: Camera, rng: np.random.Generator) -> None:
        self.tree = tree
        self._turns = int(rng.integers(7, 13)), int(rng.integers(15, 23))
        self._begin = float(rng.uniform(0, 2 * math.pi))
        self._still = _leaves(tree, camera, rng)
        self._whole: Image = np.dstack((self._still.colour, self._still.alpha))
        self._px = camera.scale(tree.x, tree.y, 4.0)
        self._moved = (0, self._still)

    def at(self, phase: float) -> Patch:
        """The crown at `phase` (0..1) of the loop; whole numbers of swings, so the loop closes."""
        slow, fast = self._turns
        sway = 0.035 * math.sin(2 * math.pi * slow * phase + self._begin) + 0.018 * math.sin(2 * math.pi * fast * phase)
        rows, columns = self._still.alpha.shape
        step = round(sway * self._px * 2 * _STEPS)
        if step == self._moved[0]:
            return self._moved[1]
        shear = step / _STEPS / max(1, rows)
        matrix = np.array([[1, -shear, shear * rows], [0, 1, 0]], np.float32)
        moved = cv2.warpAffine(self._whole, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
        colour = cv2.cvtColor(moved, cv2.COLOR_BGRA2BGR)
        self._moved = (step, Patch(self._still.left, self._still.top, colour, cv2.extractChannel(moved, 3)))
        return self._moved[1]


def _leaves(tree: Tree, camera: Camera, rng: np.random.Generator) -> Patch:
    middle, px = camera.point(tree.x, tree.y, 4.3), camera.scale(tree.x, tree.y, 4.3) * tree.size
    wide, high = 1.95 * px, 1.75 * px
    canvas = Canvas(
        middle[0] - wide * 1.3, middle[1] - high * 1.3, middle[0] + wide * 1.3, middle[1] + high * 1.3, finer=2
    )
    for layer in range(4):
        shade = 0.52 + 0.19 * layer
        for _ in range(90):
            turn, way = float(rng.uniform(0, 2 * math.pi)), math.sqrt(float(rng.uniform(0, 1)))
            x = middle[0] + wide * way * math.cos(turn) * (1 - 0.06 * layer) - layer * 0.07 * wide
            y = middle[1] + high * way * math.sin(turn) * (1 - 0.06 * layer) - layer * 0.11 * high
            size = px * float(rng.uniform(0.09, 0.24)) * (1.25 - 0.2 * layer)
            tint = mixed(tree.leaf, (60, 170, 150), float(rng.uniform(0, 0.35)))
            canvas.oval(
                (x, y),
                (size * 1.25, size),
                shaded(tint, shade * float(rng.uniform(0.85, 1.15))),
                float(rng.uniform(0, 180)),
            )
    return canvas.patch()
