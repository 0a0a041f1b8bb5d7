"""What a larger detector sees in a pack: `python -m models.train.teacher PACK MODELS [SHARD SHARDS]`.

Each picture is shown twice, once mirrored; scores are the mean of both looks. Writes `teacher-<shard>.jsonl` into the
pack: a list per picture of `[x1, y1, x2, y2, class, score]` in px. Scores from .1 up.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector
from agent.analyse.models import ModelStore
from models.train.boxes import overlaps
from models.train.pack import CLASSES, Image, Pack

SAME = 0.55
Rows = NDArray[np.float32]


def main() -> None:
    """Look at every picture of a shard."""
    folder, models = Path(sys.argv[1]), Path(sys.argv[2])
    shard, shards = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 3 else (0, 1)
    cv2.setNumThreads(1)
    detector = DetectorPool(ModelStore((models,)), Engines(threads=1, providers=("cpu",))).get("yolox-nano")
    pack = Pack(folder)
    with (folder / f"teacher-{shard}.jsonl").open("w") as out:
        for number in range(shard, len(pack.records), shards):
            rows = seen(detector, pack.picture(number))
            out.write(json.dumps([number, [[round(float(value), 3) for value in row] for row in rows]]) + "\n")


def seen(detector: Detector, picture: Image) -> Rows:
    """Rows x1 y1 x2 y2 class score of two looks at `picture`."""
    plain, mirrored = (_looked(detector, view) for view in (picture, np.ascontiguousarray(picture[:, ::-1])))
    mirrored[:, [0, 2]] = picture.shape[1] - mirrored[:, [2, 0]]
    return merged(plain, mirrored)


def merged(one: Rows, other: Rows) -> Rows:
    """Two looks as one: what both saw gets the mean box and score, what only one saw half its score."""
    alike = overlaps(one[:, :4], other[:, :4]) * (one[:, 4:5] == other[None, :, 4])
    found, taken = [], set()
    for index, row in enumerate(one):
        best = int(alike[index].argmax()) if len(other) else -1
        if best >= 0 and alike[index, best] > SAME and best not in taken:
            taken.add(best)
            found.append((row + other[best]) / 2)
        else:
            found.append(row * np.array([1, 1, 1, 1, 1, 0.5], np.float32))
    found += [row * np.array([1, 1, 1, 1, 1, 0.5], np.float32) for i, row in enumerate(other) if i not in taken]
    return np.array(found, np.float32).reshape(-1, 6)


def _looked(detector: Detector, picture: Image) -> Rows:
    height, width = picture.shape[:2]
    rows = [
        (one.box.x1 * width, one.box.y1 * height, one.box.x2 * width, one.box.y2 * height,
         CLASSES.index(one.label), one.score)
        for one in detector.detect([picture])[0]
    ]  # fmt: skip
    return np.array(rows, np.float32).reshape(-1, 6)


if __name__ == "__main__":
    main()
