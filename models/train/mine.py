"""Hard negatives: `python -m models.train.mine PACKS FILE.onnx WIDTH HEIGHT [NAME]`; the feed takes up all `mined*`.

What the net believes and neither a label nor the teacher supports becomes the middle of a part of that picture in which
nothing is: from empty pictures and from street pictures, and from clips of fixed cameras where the same box stands in
most frames. Writes the pack NAME, by default `mined`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from models.train.boxes import Floats, intersections, overlaps
from models.train.empty import SMALLEST_CROP_PX
from models.train.measure import Finder
from models.train.merge import read_teacher
from models.train.pack import CLASSES, Image, Pack, PackWriter, Record
from models.train.teacher import Rows

BELIEVED = 0.4
STILL = 0.6
"""Overlap from which two boxes of a clip are the same thing that did not move."""
OFTEN = 0.5
"""Share of a clip's frames in which it must stand."""
MOST = 260
"""Per pack, the surest errors first."""
STREET_STEP = 3
"""Of the street pictures every third is enough."""
TRIES = 24


def main() -> None:
    """Look for them in every pack that is trained on."""
    packs, file, size = Path(sys.argv[1]), Path(sys.argv[2]), (int(sys.argv[3]), int(sys.argv[4]))
    cv2.setNumThreads(1)
    finder, rng = Finder(file, *size), np.random.default_rng(9)
    writer, made = PackWriter(packs / (sys.argv[5] if len(sys.argv) > 5 else "mined")), 0
    for name in ("median", "crop", "drawn-empty", "clips", "street"):
        pack, teacher = Pack(packs / name), read_teacher(packs / name)
        step, left = STREET_STEP if name == "street" else 1, MOST
        for number, box in _errors(pack, teacher, finder, still=name == "clips", step=step):
            record = pack.records[number]
            area = around(rng, box, record.width, record.height, _taken(record, teacher.get(number)))
            if area is not None and left:
                writer.add(_cut(pack.picture(number), area), _empty(record))
                made, left = made + 1, left - 1
        print(f"{name}: {made} so far", flush=True)
    writer.close()


def _errors(
    pack: Pack, teacher: dict[int, Rows], finder: Finder, *, still: bool, step: int
) -> list[tuple[int, Floats]]:
    """Picture numbers and boxes (px) that the net believes and nobody supports; of clips only what stands still."""
    found: list[tuple[float, int, Floats]] = []
    for number, record in enumerate(pack.records):
        if record.split == "train" and number % step == 0:
            taken = _taken(record, teacher.get(number))
            believed = _believed(finder, pack.picture(number))
            wrong = [(score, number, box) for score, box in believed if not _touched(box, taken)]
            found += wrong if still else wrong[:1]
    found.sort(key=lambda one: -one[0])
    errors = [(number, box) for _, number, box in found]
    return _standing(pack, errors) if still else errors


def _believed(finder: Finder, picture: Image) -> list[tuple[float, Floats]]:
    """Score and box (px) of what the net believes, the surest first."""
    size = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
    return [
        (one.score, np.array([one.box.x1, one.box.y1, one.box.x2, one.box.y2], np.float32) * size)
        for one in finder.detect(picture)
        if one.score >= BELIEVED
    ]


def _cut(picture: Image, area: tuple[int, int, int, int]) -> Image:
    x1, y1, x2, y2 = area
    return np.ascontiguousarray(picture[y1:y2, x1:x2])


def _empty(record: Record) -> Record:
    return replace(record, name=f"mined-{record.name}", classes=tuple(range(len(CLASSES))), boxes=())


def _taken(record: Record, teacher: Rows | None) -> Floats:
    """Every box that a label or the teacher has there, however unsure."""
    labels = np.array([box[:4] for box in record.boxes], np.float32).reshape(-1, 4)
    return labels if teacher is None else np.concatenate([labels, teacher[:, :4]])


def _touched(box: Floats, taken: Floats) -> bool:
    return bool((overlaps(box[None], taken) > 0.1).any())


def _standing(pack: Pack, found: list[tuple[int, Floats]]) -> list[tuple[int, Floats]]:
    """Of each thing that stands in most frames of its clip, its first box."""
    clips: dict[str, list[tuple[int, Floats]]] = defaultdict(list)
    frames: dict[str, int] = defaultdict(int)
    for record in pack.records:
        frames[record.source] += 1
    for number, box in found:
        clips[pack.records[number].source].append((number, box))
    kept: list[tuple[int, Floats]] = []
    for source, ones in clips.items():
        boxes = np.array([box for _, box in ones], np.float32)
        alike = overlaps(boxes, boxes) > STILL
        often = alike.sum(1) >= OFTEN * frames[source]
        kept += [one for index, one in enumerate(ones) if often[index] and not alike[index, :index].any()]
    return kept


def around(
    rng: np.random.Generator, box: Floats, width: int, height: int, taken: Floats
) -> tuple[int, int, int, int] | None:
    """The largest of some windows that hold `box` and touch nothing of `taken`; None when there is none."""
    best: tuple[int, int, int, int] | None = None
    for _ in range(TRIES):
        wide, high = box[2] - box[0], box[3] - box[1]
        grown = rng.uniform(0.3, 3.0, 4) * np.array([wide, high, wide, high])
        x1, y1 = (int(max(0.0, side)) for side in (box[0] - grown[0], box[1] - grown[1]))
        x2, y2 = int(min(width, box[2] + grown[2] + 1)), int(min(height, box[3] + grown[3] + 1))
        large = min(x2 - x1, y2 - y1) >= SMALLEST_CROP_PX / 2
        clear = not (intersections(np.array([[x1, y1, x2, y2]], np.float32), taken) > 0).any()
        if large and clear and (best is None or (x2 - x1) * (y2 - y1) > (best[2] - best[0]) * (best[3] - best[1])):
            best = (x1, y1, x2, y2)
    return best


if __name__ == "__main__":
    main()
