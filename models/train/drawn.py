"""Scenes that `agent/sim` draws, with their known truth, as packs: `python -m models.train.drawn PACKS SEEDS`.

Seeds count from 100, so that the demo's own (1) is never trained on: `demo` has whole frames of that one, to measure
with. Half of the frames are shown whole, half cropped. `drawn-empty` has frames in which nobody is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from agent.sim.scene.overlay import burn_clock
from agent.sim.scene.render import Renderer, Seen
from agent.sim.scene.scene import Spec, scene_for
from models.train.pack import CLASSES, IGNORE, Box, Image, PackWriter, Record

FIRST_SEED, DEMO_SEED = 100, 1
DEMO_STEP = 15
"""Every so-manyth frame of the demo."""
CAMERAS = 3
FRAMES, EMPTY_FRAMES = 12, 3
VISIBLE = 0.35
"""Share of an object that must be seen for it to be taught; less is ignored."""
SMALLEST_PX = 6.0


def main() -> None:
    """Draw every camera with every seed."""
    packs, seeds = Path(sys.argv[1]), int(sys.argv[2])
    cv2.setNumThreads(1)
    busy, empty = PackWriter(packs / "drawn"), PackWriter(packs / "drawn-empty")
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        for camera in range(CAMERAS):
            _draw(Spec(camera, seed), busy, empty)
    busy.close()
    empty.close()
    demo = PackWriter(packs / "demo")
    for camera in range(CAMERAS):
        _show(Spec(camera, DEMO_SEED), demo)
    demo.close()


def _draw(spec: Spec, busy: PackWriter, empty: PackWriter) -> None:
    rng = np.random.default_rng((spec.seed, spec.camera, 7))
    renderer = Renderer(scene_for(spec))
    for number in rng.choice(spec.frames, FRAMES, replace=False):
        picture, seen = renderer.frame(int(number))
        area = _window(rng, spec)
        busy.add(_cut(picture, area), _record(spec, int(number), boxes_in(seen, spec, area)))
    for number in rng.choice(spec.frames, EMPTY_FRAMES, replace=False):
        picture = renderer.empty(int(number))
        burn_clock(picture, renderer.scene, int(number))
        empty.add(_cut(picture, _window(rng, spec)), _record(spec, int(number), ()))


def _show(spec: Spec, writer: PackWriter) -> None:
    renderer, whole = Renderer(scene_for(spec)), (0, 0, spec.width, spec.height)
    for number in range(0, spec.frames, DEMO_STEP):
        picture, seen = renderer.frame(number)
        writer.add(picture, replace(_record(spec, number, boxes_in(seen, spec, whole)), split="val"))


def _window(rng: np.random.Generator, spec: Spec) -> tuple[int, int, int, int]:
    """The whole picture, or a part of it: x1, y1, x2, y2 in px."""
    share = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.45, 0.95))
    width, height = round(spec.width * share), round(spec.height * share)
    left, top = (int(rng.integers(0, room + 1)) for room in (spec.width - width, spec.height - height))
    return left, top, left + width, top + height


def _cut(picture: Image, area: tuple[int, int, int, int]) -> Image:
    return np.ascontiguousarray(picture[area[1] : area[3], area[0] : area[2]])


def boxes_in(seen: Sequence[Seen], spec: Spec, area: tuple[int, int, int, int]) -> tuple[Box, ...]:
    """The truth inside a window, in its px; what is mostly hidden, cut off or tiny is to be ignored."""
    boxes: list[Box] = []
    for one in seen:
        x1, y1, x2, y2 = (side * size for side, size in zip(one.box, (spec.width, spec.height) * 2, strict=True))
        left, top, right, bottom = max(x1, area[0]), max(y1, area[1]), min(x2, area[2]), min(y2, area[3])
        if right - left < 2 or bottom - top < 2:
            continue
        kept = (right - left) * (bottom - top) / ((x2 - x1) * (y2 - y1))
        small = min(right - left, bottom - top) * 448 / (area[2] - area[0]) < SMALLEST_PX / 2
        weight = IGNORE if one.visible * kept < VISIBLE or small else 1.0
        boxes.append((left - area[0], top - area[1], right - area[0], bottom - area[1],
                      CLASSES.index(one.label), weight))  # fmt: skip
    return tuple(boxes)


def _record(spec: Spec, number: int, boxes: tuple[Box, ...]) -> Record:
    name = f"drawn-{spec.seed}-{spec.camera}-{number}"
    return Record(name, 0, 0, "agent/sim", "Apache-2.0", "train", tuple(range(len(CLASSES))), boxes)


if __name__ == "__main__":
    main()
