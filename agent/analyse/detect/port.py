"""What a detector is to the rest of the child."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box

Image = NDArray[np.uint8]
"""A picture: height x width x 3, blue green red."""

LOWEST_SCORE = 0.1
"""Detectors say everything above this; the tracker decides what to believe."""


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
        """The model and what runs it, for people: `yolox-nano on onnxruntime`."""

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """For each picture what is in it, scores from `LOWEST_SCORE` up, boxes 0..1 of that picture."""
