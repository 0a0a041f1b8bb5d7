"""What somebody looks like, as a vector: near for the same person, far for another (OSNet, Zhou et al., ICCV 2019)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from agent.analyse.detect.letterbox import Letterbox
from agent.analyse.detect.onnx import OnnxRunner, threads_here
from agent.analyse.detect.port import Floats, Image, Runner
from agent.analyse.manifest import AppearanceSpec, ModelEntry
from agent.analyse.models import ModelStore
from agent.core.errors import ModelError


class Appearance(Protocol):
    """Tells people apart by their looks; `name` says whose vectors these are, as those of two models do not compare."""

    name: str

    def look(self, crops: Sequence[Image]) -> list[Floats]:
        """A vector of length 1 for each crop: the person fills it, any size. From any thread."""


class ModelAppearance:
    """Implements `Appearance` with one model; cameras share it, one crop at a time."""

    def __init__(self, entry: ModelEntry, runner: Runner) -> None:
        """Try the model once.

        Raises:
            ModelError: it is for something else, or does not give what the manifest says.
        """
        if not isinstance(entry.decoder, AppearanceSpec):
            raise ModelError(f"model {entry.name} finds things, it cannot tell people apart; name another")
        self.name, self._size, self._runner = entry.name, entry.decoder.dimensions, runner
        self._letterbox = Letterbox(entry.input, runner.dtype)
        self._alone = threading.Lock()
        self.look([np.zeros((8, 4, 3), np.uint8)])

    def look(self, crops: Sequence[Image]) -> list[Floats]:
        """See `Appearance.look`."""
        with self._alone:
            return [self._one(crop) for crop in crops]

    def _one(self, crop: Image) -> Floats:
        tensor, _ = self._letterbox.fill([crop])
        vectors = self._runner.run(tensor)
        if len(vectors) != 1 or vectors[0].shape != (1, self._size) or not np.isfinite(vectors[0]).all():
            shapes = ", ".join(str(vector.shape) for vector in vectors)
            raise ModelError(f"model {self.name} gives {shapes}, not (1, {self._size}); wrong file?")
        vector = vectors[0][0]
        return np.asarray(vector / max(1e-9, float(np.linalg.norm(vector))), np.float32)


def load_appearance(store: ModelStore, name: str, threads: int = 0) -> Appearance:
    """The model called `name`, on the CPU.

    Raises:
        ModelError: unknown, absent, broken, or a model for something else.
    """
    model = store.find(name)
    paths = [local.path for local in model.files if local.file.runtime == "onnxruntime"]
    if not paths:
        raise ModelError(f"model {name}: its ONNX file is not here")
    return ModelAppearance(model.entry, OnnxRunner(paths[0], "cpu", threads_here(threads), Path()))


class AppearancePool:
    """Loads each model once, for all cameras that name it."""

    def __init__(self, store: ModelStore, threads: int) -> None:
        self._store, self._threads = store, threads
        self._loaded: dict[str, Appearance] = {}

    def get(self, name: str | None) -> tuple[Appearance | None, str]:
        """The model called `name`, None for no name; or None and a line that says why it cannot be had."""
        if name is None:
            return None, ""
        try:
            if name not in self._loaded:
                self._loaded[name] = load_appearance(self._store, name, self._threads)
        except ModelError as error:
            return None, f"{error} (until then nobody is known again by his looks)"
        return self._loaded[name], ""
