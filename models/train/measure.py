"""How good a file of ours is: `python -m models.train.measure DATA FILE.onnx WIDTH HEIGHT [PACKS]`.

Average precision at IoU 0.5 on the validation pictures, per class and per source, boxes per empty picture by score,
and the score from which a detection is right more often than not (`believe` in the manifest). Beside other models, use
`python -m tests.bench detect`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agent.analyse.detect.port import Detection
from agent.core.geometry import Box
from models.train.boxes import overlaps
from models.train.merge import read_teacher
from models.train.pack import CLASSES, Image, Pack
from tests.bench.accuracy import LABELS, Judged, Truth, ap50, matched, validation_pictures

LOWEST = 0.01
SAME = 0.6
Floats = NDArray[np.float32]


def filled(picture: Image, size: tuple[int, int]) -> tuple[Floats, float]:
    """The net's input for a picture, and the factor from the picture's px to the net's."""
    high, wide = picture.shape[:2]
    factor = min(size[0] / wide, size[1] / high)
    canvas = np.full((size[1], size[0], 3), 114, np.uint8)
    small = cv2.resize(picture, (round(wide * factor), round(high * factor)))
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(canvas.astype(np.float32).transpose(2, 0, 1)[None]), factor


class Finder:
    """Our file in ONNX Runtime, as plainly as can be."""

    def __init__(self, path: Path, width: int, height: int, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._size = width, height
        self._takes = np.uint8 if self._session.get_inputs()[0].type == "tensor(uint8)" else np.float32

    def detect(self, picture: Image) -> list[Detection]:
        """Detections from `LOWEST` up, the surest first."""
        tensor, factor = filled(picture, self._size)
        high, wide = picture.shape[:2]
        rows = np.asarray(self._session.run(None, {"images": tensor.astype(self._takes, copy=False)})[0][0], np.float32)
        boxes = np.clip(rows[:, :4] / (np.array([wide, high, wide, high], np.float32) * factor), 0, 1)
        return _suppressed(boxes, rows[:, 4:])


def _suppressed(boxes: Floats, scores: Floats) -> list[Detection]:
    found = []
    labels, best = scores.argmax(1), scores.max(1)
    for number, label in enumerate(CLASSES):
        at = np.flatnonzero((labels == number) & (best > LOWEST))
        at = at[np.argsort(-best[at])][:300]
        alike = overlaps(boxes[at], boxes[at]) > SAME
        kept: list[int] = []
        for index in range(len(at)):
            if not alike[index, kept].any():
                kept.append(index)
        found += [Detection(label, float(best[at[i]]), Box(*boxes[at[i]].tolist())) for i in kept]
    return sorted(found, key=lambda one: -one.score)


def empty_pictures(packs: Path, name: str = "val-crop") -> Iterator[Image]:
    """The pictures of a pack in which the teacher sees nothing either."""
    pack, teacher = Pack(packs / name), read_teacher(packs / name)
    for number in range(len(pack.records)):
        if number not in teacher or not (teacher[number][:, 5] > 0.2).any():
            yield pack.picture(number)


def pack_pictures(packs: Path, name: str) -> Iterator[tuple[Image, Truth]]:
    """The pictures of a pack with their truth as the benchmarks want it."""
    pack = Pack(packs / name)
    for number, record in enumerate(pack.records):
        rows = np.array(record.boxes, np.float32).reshape(-1, 6)
        boxes = np.divide(rows[:, :4], np.array([record.width, record.height] * 2, np.float32), dtype=np.float32)
        names, firm = np.array([CLASSES[int(row[4])] for row in rows], object), rows[:, 5] > 0
        yield (
            pack.picture(number),
            Truth(boxes[firm], tuple(names[firm]), boxes[~firm], tuple(names[~firm]), frozenset(CLASSES)),
        )


def main() -> None:
    """Measure and print."""
    data, path, width, height = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    finder = Finder(path, width, height, threads=2)
    _print_kept("val", [Judged(finder.detect(picture), truth) for picture, truth in validation_pictures(data)])
    if len(sys.argv) > 5:
        packs = Path(sys.argv[5])
        _print_kept("demo", [Judged(finder.detect(picture), truth) for picture, truth in pack_pictures(packs, "demo")])
        for name in ("val-crop", "drawn-empty"):
            _print_false(name, [finder.detect(picture) for picture in empty_pictures(packs, name)])


def _print_kept(name: str, judged: list[Judged]) -> None:
    print(f"{name} AP50 " + "  ".join(f"{label} {ap50(judged, label):.3f}" for label in LABELS))
    for score in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        print(f"{name} at {score:.2f} " + "  ".join(_at(judged, label, score) for label in LABELS))


def _print_false(name: str, found: list[list[Detection]]) -> None:
    for score in (0.2, 0.3, 0.4, 0.5, 0.6):
        labels = [one.label for ones in found for one in ones if one.score >= score]
        shares = "  ".join(f"{label} {labels.count(label) / len(found):.3f}" for label in LABELS)
        print(f"{name}: boxes per picture of {len(found)} at {score}: {shares}  all {len(labels) / len(found):.3f}")


def _at(judged: list[Judged], label: str, score: float) -> str:
    """Precision and recall of `label` from a score up."""
    there = sum(picture.truth.labels.count(label) for picture in judged if label in picture.truth.judged)
    marks = [
        hit
        for picture in judged
        if label in picture.truth.judged
        for found, hit in matched(picture, label)
        if found >= score
    ]
    return f"{label} P {sum(marks) / max(1, len(marks)):.2f} R {sum(marks) / max(1, there):.2f}"


if __name__ == "__main__":
    main()
