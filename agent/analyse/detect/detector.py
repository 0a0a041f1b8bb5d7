"""A detector is a model's file in a runtime, its letterbox, its decoder and its labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from agent.analyse.detect.decoders import decoder_of
from agent.analyse.detect.letterbox import Letterbox, Placed
from agent.analyse.detect.nms import suppress
from agent.analyse.detect.port import (
    BELIEVED_SCORE,
    LOWEST_SCORE,
    MOST_AT_ONCE,
    Detection,
    Floats,
    Found,
    Image,
    Ints,
    Runner,
)
from agent.analyse.manifest import LabelSet, ModelEntry, ModelFile
from agent.core.errors import ModelError
from agent.core.geometry import Box

SMALLEST = 0.002
"""Boxes narrower or lower than this share of the picture are noise."""
PROBE_SEED = 4711
Note = Callable[[str], None]


class ModelDetector:
    """Implements `Detector` for one file of one model. `note` is told, once, what a person should know."""

    def __init__(
        self, entry: ModelEntry, file: ModelFile, labels: LabelSet, runner: Runner, *, note: Note,
        lowest: float = LOWEST_SCORE,
    ) -> None:  # fmt: skip
        """Try the model once, with a picture of noise.

        Raises:
            ModelError: it does not give what the manifest says.
        """
        self._entry, self._runner, self._note = entry, runner, note
        shape = entry.input_of(file)
        if runner.dtype == np.uint8 and (any(shape.mean) or shape.scale != (1.0, 1.0, 1.0)):
            raise ModelError(f"{file.name} takes grey levels as they are: mean and scale do not apply")
        self._letterbox = Letterbox(shape, runner.dtype)
        self._decoder = decoder_of(entry.decoder_of(file), shape, len(labels.names))
        self._labels = _Labels(labels)
        self._expects = f"the manifest says {shape.width} x {shape.height} px, {len(self._labels)} labels"
        self._lowest = lowest
        self._lowest_raw = _raw(lowest, entry.believe)
        self._strange: set[int] = set()
        self.probe = self._try_once()

    @property
    def name(self) -> str:
        """See `Detector.name`."""
        return f"{self._entry.name} on {self._runner.name}"

    @property
    def at_once(self) -> int:
        """See `Detector.at_once`."""
        return self._runner.batch or MOST_AT_ONCE

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """See `Detector.detect`."""
        found: list[list[Detection]] = [[] for _ in pictures]
        sized = [number for number, picture in enumerate(pictures) if picture.shape[0] and picture.shape[1]]
        for numbers in self._batches(sized):
            outputs, placed = self._run([pictures[number] for number in numbers])
            with np.errstate(all="ignore"):  # what is no number in the end is left out
                for slot, number in enumerate(numbers):
                    found[number] = self._detections(self._decoder.read(outputs, slot, self._lowest_raw), placed[slot])
        return found

    def _batches(self, numbers: list[int]) -> Iterator[list[int]]:
        return (numbers[begin : begin + self.at_once] for begin in range(0, len(numbers), self.at_once))

    def _run(self, pictures: list[Image]) -> tuple[list[Floats], list[Placed]]:
        tensor, placed = self._letterbox.fill(pictures, self._runner.batch or 1)
        outputs = self._runner.run(tensor)
        if wrong := self._decoder.misfit(outputs, len(tensor)):
            raise ModelError(f"{self._runner.name} {wrong} ({self._expects})")
        if wrong := _broken(outputs):
            raise ModelError(f"{self._runner.name} {wrong}")
        return outputs, placed

    def _try_once(self) -> list[Floats]:
        noise = np.random.default_rng(PROBE_SEED).integers(0, 256, (90, 160, 3), np.uint8)
        outputs, _ = self._run([noise])
        return outputs

    def _detections(self, found: Found, placed: Placed) -> list[Detection]:
        ours, strange = self._labels.look_up(found.classes)
        self._mention(strange)
        boxes = placed.back(found.boxes)
        # a box with a corner that is no number fails the comparison, too
        good = np.flatnonzero((ours >= 0) & ((boxes[:, 2:] - boxes[:, :2]) >= SMALLEST).all(1))
        kept = good[suppress(boxes[good], found.scores[good], ours[good])]
        scores = _calibrated(found.scores[kept], self._entry.believe).tolist()
        rows = zip(found.classes[kept].tolist(), scores, boxes[kept].tolist(), strict=True)
        return [
            Detection(label, score, Box(*corners), kind)
            for number, score, corners in rows
            for label, kind in (self._labels.names[number],)
        ]

    def _mention(self, strange: set[int]) -> None:
        if strange - self._strange:
            self._strange |= strange
            self._note(
                f"model {self._entry.name} says class {min(strange)}, but its labels {self._entry.labels!r} have "
                f"{len(self._labels)}: such boxes are left out; correct the labels in the manifest"
            )


class _Labels:
    """The model's classes as an array, so that a look-up is one step for all boxes. `names`: (our label, theirs)."""

    def __init__(self, labels: LabelSet) -> None:
        self.names = labels.mapping()
        ours = sorted(labels.ours)
        self._numbers = np.full(len(labels.names) + 1, -1)  # the last one is for what no label stands for
        for number, (label, _) in self.names.items():
            self._numbers[number] = ours.index(label)

    def __len__(self) -> int:
        return len(self._numbers) - 1

    def look_up(self, classes: Ints) -> tuple[Ints, set[int]]:
        """For each class the number of our label, -1 where it is none of ours; and the classes beyond the list."""
        beyond = (classes < 0) | (classes >= len(self))
        if not beyond.any():
            return self._numbers[classes], set()
        return self._numbers[np.where(beyond, len(self), classes)], set(classes[beyond].tolist())


def _broken(outputs: Sequence[Floats]) -> str:
    """A sum of squares is the cheapest look at every number: one that is none makes it none."""
    for output in outputs:
        flat = output.ravel()
        if not math.isfinite(float(np.vdot(flat, flat))):
            return "gives numbers that are none (NaN or infinite)"
    return ""


def _calibrated(scores: Floats, believe: float) -> Floats:
    """Scores with `believe` moved to `BELIEVED_SCORE`, straight lines on both sides."""
    above = BELIEVED_SCORE + (scores - believe) * (1 - BELIEVED_SCORE) / (1 - believe)
    return np.asarray(np.minimum(1.0, np.where(scores < believe, scores * BELIEVED_SCORE / believe, above)), np.float32)


def _raw(score: float, believe: float) -> float:
    """The inverse of `_calibrated`."""
    if score < BELIEVED_SCORE:
        return score * believe / BELIEVED_SCORE
    return believe + (score - BELIEVED_SCORE) * (1 - believe) / (1 - BELIEVED_SCORE)
