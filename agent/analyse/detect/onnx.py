"""Detection with ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agent.analyse.detect.letterbox import letterbox, unletterbox
from agent.analyse.detect.nms import suppress
from agent.analyse.detect.port import LOWEST_SCORE, Detection, Image
from agent.analyse.detect.yolox import decode_yolox, rows_of
from agent.analyse.models import Model, ModelInput
from agent.core.errors import ModelError
from agent.core.geometry import Box

Floats = NDArray[np.float32]
Decode = Callable[[Floats, ModelInput, float], tuple[Floats, Floats, NDArray[np.int64]]]
DECODERS: dict[str, tuple[Decode, Callable[[ModelInput], int]]] = {"yolox": (decode_yolox, rows_of)}
SMALLEST = 0.002
"""Boxes narrower or lower than this share of the picture are noise."""


class OnnxDetector:
    """One session of one model; implements `Detector`."""

    def __init__(self, model: Model, threads: int = 0) -> None:
        """Load the file and try it once.

        Raises:
            ModelError: it is no model, or not the one the manifest describes.
        """
        self._entry, self._mapping = model.entry, model.labels.mapping()
        self._decode, self._rows = DECODERS[model.entry.decoder]
        self._classes = len(model.labels.names)
        self._place = model.path
        self._session = self._guarded("cannot be loaded", lambda: _session(model, threads))
        self._try_once()

    @property
    def name(self) -> str:
        """See `Detector.name`."""
        return f"{self._entry.name} on onnxruntime"

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """See `Detector.detect`."""
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Image) -> list[Detection]:
        shape = self._entry.input
        raw = self._run(letterbox(picture, shape))
        boxes, scores, classes = self._decode(raw[0], shape, LOWEST_SCORE)
        known = np.isin(classes, list(self._mapping)) & np.isfinite(boxes).all(1)
        boxes = unletterbox(boxes[known], picture.shape[1], picture.shape[0], shape)
        names = [self._mapping[int(number)] for number in classes[known]]
        return _detections(boxes, scores[known], names)

    def _run(self, values: Floats) -> Floats:
        outputs = self._guarded("fails", lambda: self._session.run(None, {self._entry.input.name: values}))
        return np.asarray(outputs[0], np.float32)

    def _try_once(self) -> None:
        shape = self._entry.input
        raw = self._run(np.zeros((1, 3, shape.height, shape.width), np.float32))
        wanted = (1, self._rows(shape), 5 + self._classes)
        if raw.shape != wanted:
            raise ModelError(f"model {self._entry.name}: {self._place} gives {raw.shape}, not {wanted}; wrong file?")

    def _guarded(self, what: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # the runtime raises errors of its own that share no base
            line = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            raise ModelError(f"model {self._entry.name}: {self._place} {what}: {line}") from error


def _session(model: Model, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or min(2, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # idle threads must sleep: recording shares these cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])


def _detections(boxes: Floats, scores: Floats, names: list[tuple[str, str]]) -> list[Detection]:
    found = []
    for index in suppress(boxes, scores, [label for label, _ in names]):
        box = Box(*(float(value) for value in boxes[index]))
        if box.width >= SMALLEST and box.height >= SMALLEST:
            label, kind = names[index]
            found.append(Detection(label, min(1.0, float(scores[index])), box, kind))
    return found
