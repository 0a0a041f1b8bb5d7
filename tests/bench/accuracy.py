"""How good detections are: average precision at IoU 0.5, and false boxes on empty pictures.

Average precision is the area under precision over recall, precision made monotone (PASCAL VOC 2010 development kit,
section 3.4.1; all points). A box that lies on an `ignore` box counts neither for nor against.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.nms import iou_matrix
from agent.analyse.detect.port import Detection, Image

Floats = NDArray[np.float32]
LABELS = ("person", "vehicle", "two_wheeler", "bag", "animal")
"""By their numbers in labels.jsonl."""
SAME = 0.5
INSIDE = 0.5
"""A detection with this share of itself inside an `ignore` box is not judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is in a picture: boxes n x 4 as 0..1, a label each; `ignored` as `boxes`. `judged`: labels that count."""

    boxes: Floats
    labels: tuple[str, ...]
    ignored: Floats
    ignored_labels: tuple[str, ...]
    judged: frozenset[str]

    @property
    def empty(self) -> bool:
        """Is nothing in the picture, known for all labels?"""
        return not self.labels and not self.ignored_labels and self.judged == frozenset(LABELS)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One picture: what was found in it, and what is."""

    found: Sequence[Detection]
    truth: Truth


def validation_pictures(folder: Path, split: str = "val") -> Iterator[tuple[Image, Truth]]:
    """The pictures of one split in `folder` (`labels.jsonl` and tar files, see its README), with the truth."""
    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    wanted = {row["file"]: row for row in rows if row["split"] == split}
    for archive in sorted(folder.glob("val.tar" if split == "val" else "train-*.tar")):
        with tarfile.open(archive) as files:
            for member in files:
                file = files.extractfile(member)
                if file is not None and member.name in wanted:
                    data = np.frombuffer(file.read(), np.uint8)
                    yield cv2.imdecode(data, cv2.IMREAD_COLOR), truth_of(wanted[member.name])


def truth_of(row: dict[str, object]) -> Truth:
    """A line of labels.jsonl."""
    width, height, boxes = row["width"], row["height"], row["boxes"]
    assert isinstance(width, int)
    assert isinstance(height, int)
    assert isinstance(boxes, list)
    corners = np.array([[x, y, x + w, y + h] for x, y, w, h, _, _ in boxes], np.float32).reshape(-1, 4)
    corners /= np.array([width, height, width, height], np.float32)
    ignored = np.array([kind == "ignore" for *_, kind in boxes], bool)
    names = [LABELS[number] for *_, number, _ in boxes]
    return Truth(
        corners[~ignored], tuple(name for name, out in zip(names, ignored, strict=True) if not out),
        corners[ignored], tuple(name for name, out in zip(names, ignored, strict=True) if out),
        frozenset(LABELS[number] for number in row["eval_classes"]),  # type: ignore[attr-defined]
    )  # fmt: skip


def ap50(pictures: Iterable[Judged], label: str) -> float:
    """Average precision of `label` at IoU 0.5; NaN where there is nothing of it."""
    scores: list[float] = []
    hits: list[bool] = []
    there = 0
    for picture in pictures:
        if label in picture.truth.judged:
            there += picture.truth.labels.count(label)
            for score, hit in matched(picture, label):
                scores.append(score)
                hits.append(hit)
    return _area(np.array(scores), np.array(hits, bool), there) if there else float("nan")


def false_per_empty(pictures: Iterable[Judged], threshold: float) -> dict[str, float]:
    """Boxes per empty picture with at least that score, per label and as `all`."""
    empty = [picture for picture in pictures if picture.truth.empty]
    found = [one.label for picture in empty for one in picture.found if one.score >= threshold]
    counts = {label: found.count(label) for label in LABELS} | {"all": len(found)}
    return {label: count / max(1, len(empty)) for label, count in counts.items()}


def matched(picture: Judged, label: str) -> Iterator[tuple[float, bool]]:
    """(score, is it right?) of each detection of `label` that is judged; the surest takes the truth it fits best."""
    found = sorted((one for one in picture.found if one.label == label), key=lambda one: -one.score)
    boxes = np.array([(one.box.x1, one.box.y1, one.box.x2, one.box.y2) for one in found], np.float32).reshape(-1, 4)
    truth = picture.truth
    overlaps = iou_matrix(boxes, _of(truth.boxes, truth.labels, label))
    covered = _share_inside(boxes, _of(truth.ignored, truth.ignored_labels, label))
    for row, one in enumerate(found):
        best = int(overlaps[row].argmax()) if overlaps.shape[1] else -1
        if best >= 0 and overlaps[row, best] >= SAME:
            overlaps[:, best] = 0  # taken: the next one there is a second box on the same thing
            yield one.score, True
        elif not covered[row]:
            yield one.score, False


def _area(scores: NDArray[np.float64], hits: NDArray[np.bool_], there: int) -> float:
    hits = hits[np.argsort(-scores, kind="stable")]
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * hits).sum() / there)


def _of(boxes: Floats, labels: tuple[str, ...], label: str) -> Floats:
    return boxes[[name == label for name in labels]] if labels else boxes


def _share_inside(boxes: Floats, ignored: Floats) -> NDArray[np.bool_]:
    if not len(ignored) or not len(boxes):
        return np.zeros(len(boxes), bool)
    low = np.maximum(boxes[:, None, :2], ignored[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], ignored[None, :, 2:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    inside = np.clip(high - low, 0, None).prod(2) / np.maximum(areas, 1e-12)[:, None]
    return np.asarray((inside >= INSIDE).any(1))
