"""What a detector is to the rest of the child, and what runs a model is to a detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box

Image = NDArray[np.uint8]
"""A picture or a part of one: height x width x 3, blue green red."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Tensor = NDArray[Any]
"""What goes into a model: pictures x channels x height x width, or pictures x height x width x channels."""

LOWEST_SCORE = 0.1
"""Detectors say everything above this; the tracker decides what to believe."""
BELIEVED_SCORE = 0.4
"""A detection with this score is right more often than not: the scores of every model are moved so."""
MOST_AT_ONCE = 8
"""Pictures in one run of a model that takes any number."""


class Detection(NamedTuple):
    """One thing in one picture. `kind` is the model's finer class (`car` for our `vehicle`), else the label."""

    label: str
    score: float
    box: Box
    kind: str = ""


class Detector(Protocol):
    """Finds things in pictures. Called from one thread at a time."""

    @property
    def name(self) -> str:
        """The model and what runs it, for people: `yolox-nano on onnxruntime (cpu)`."""

    @property
    def at_once(self) -> int:
        """How many pictures it looks at in one run; where it is more than 1, many at a time cost less than as many."""

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """For each picture what is in it, scores from `LOWEST_SCORE` up, boxes 0..1 of that picture, the surest first.

        Pictures may be of any sizes, parts of larger ones (views; they are neither copied nor changed), of several
        cameras; one without any size has nothing in it.

        Raises:
            ModelError: nothing here can run the model any more; one line that says why.
        """


class Runner(Protocol):
    """One model file in one runtime: tensors in, tensors out. Called from one thread at a time."""

    @property
    def name(self) -> str:
        """What runs it, for people: `onnxruntime (cpu)`."""

    @property
    def batch(self) -> int | None:
        """How many pictures go in at a time, always exactly; None: as many as there are, and the more the better."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of numbers that go in."""

    def run(self, tensor: Tensor) -> list[Floats]:
        """The model's outputs, each with the pictures along its first axis.

        Raises:
            ModelError: it failed; one line.
        """


class Found(NamedTuple):
    """What a decoder read for one picture: boxes n x 4 (x1 y1 x2 y2 in the model's px), scores n, classes n."""

    boxes: Floats
    scores: Floats
    classes: Ints


class Decoder(Protocol):
    """Reads the outputs of one kind of model."""

    def misfit(self, outputs: Sequence[Floats], batch: int) -> str:
        """What is wrong with the outputs for `batch` pictures: `2 outputs instead of 1`; empty when they fit."""

    def read(self, outputs: Sequence[Floats], picture: int, lowest: float) -> Found:
        """What was found in the picture of that number, scores from `lowest` up, in any order, without suppression."""
