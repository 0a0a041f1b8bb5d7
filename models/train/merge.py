"""Labels and teacher's opinion become what is taught: who is taught how firmly, and who is left alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.train.boxes import overlaps
from models.train.pack import IGNORE, Record

Floats = NDArray[np.float32]
_GAINS = np.array([1.0, 1.0, 2.0, 1.4, 0.9], np.float32)
"""Per class: how much more often its pictures are drawn."""
ALIKE = 0.45
"""Overlap from which a label and the teacher mean the same thing."""
BELIEVED = 0.5
"""The teacher's mean score of two looks from which it is taught what no label has, as softly as it was said."""
DOUBTED = 0.33
"""From here on it is at least not punished."""
ALONE = 0.4, 0.1
"""The same two where nobody else has labelled: what is missed there must not become a lesson."""
DOUBT_KEPT = 0.45
"""An uncertain label without this score from the teacher hides hard negatives: it is dropped."""


@dataclass(frozen=True)
class Taught:
    """Boxes n x 4 in px, classes n, weights n (0..1, or `IGNORE`)."""

    boxes: Floats
    labels: NDArray[np.int64]
    weights: Floats


def read_teacher(folder: Path) -> dict[int, Floats]:
    """Picture number -> rows x1 y1 x2 y2 class score."""
    rows: dict[int, Floats] = {}
    for path in sorted(folder.glob("teacher-*.jsonl")):
        for line in path.read_text().splitlines():
            number, found = json.loads(line)
            rows[number] = np.array(found, np.float32).reshape(-1, 6)
    return rows


def merge(record: Record, teacher: Floats | None, *, alone: bool = False) -> Taught:
    """`teacher`: rows x1 y1 x2 y2 class score, or None when nobody needs asking (a drawn scene).

    `alone`: the picture has no labels but the teacher's.
    """
    believed, doubted = ALONE if alone else (BELIEVED, DOUBTED)
    rows = np.array(record.boxes, np.float32).reshape(-1, 6)
    if teacher is None:
        return _taught(rows)
    alike = overlaps(rows[:, :4], teacher[:, :4]) * (rows[:, 4:5] == teacher[None, :, 4])
    backing = _backing(alike, teacher[:, 5])
    kept = (rows[:, 5] > 0) | (backing >= DOUBT_KEPT)
    rows, backing = rows[kept], backing[kept]
    rows[(rows[:, 5] < 0) & (backing >= BELIEVED), 5] = BELIEVED
    news = teacher[alike[kept].max(axis=0, initial=0.0) < ALIKE]
    sure = news[:, 5] >= believed
    unsure = (news[:, 5] >= doubted) & ~sure
    doubts = np.concatenate([news[unsure, :5], np.full((int(unsure.sum()), 1), IGNORE, np.float32)], 1)
    return _taught(np.concatenate([rows, news[sure], doubts]))


def _backing(alike: Floats, scores: Floats) -> Floats:
    """The teacher's best score for each label."""
    return np.where(alike >= ALIKE, scores[None, :], 0.0).max(axis=1, initial=0.0).astype(np.float32)


def _taught(rows: Floats) -> Taught:
    return Taught(rows[:, :4].astype(np.float32), rows[:, 4].astype(np.int64), rows[:, 5].astype(np.float32))


def share_weights(taught: Sequence[Taught]) -> Floats:
    """How often each picture is drawn: those with rare classes more often."""
    shares = [float(_GAINS[one.labels[one.weights > 0]].max(initial=0.8)) for one in taught]
    return np.array(shares, np.float32) / sum(shares)
