"""One session per model, shared by all cameras that ask for it."""

from __future__ import annotations

from agent.analyse.detect.onnx import OnnxDetector
from agent.analyse.detect.port import Detector
from agent.analyse.models import Model, ModelStore
from agent.core.errors import ModelError

NO_MODEL = "motion only: no model found; things that move are called object. Run: lamppost models fetch yolox-nano"


class DetectorPool:
    """Loads each model once. `notes` says, once each, what a person should know of it."""

    def __init__(self, store: ModelStore, threads: int) -> None:
        self._store, self._threads = store, threads
        self._loaded: dict[str, Detector] = {}
        self._best: tuple[Detector | None] | None = None
        self.notes: list[str] = []

    def get(self, name: str | None) -> Detector | None:
        """The detector called `name`; for None the best there is, or None when no model is here.

        Raises:
            ModelError: the model that was asked for by name is absent or broken.
        """
        return self._get_best() if name is None else self._load(self._store.find(name))

    def names(self) -> str:
        """What is loaded, for people; empty when nothing is."""
        return ", ".join(detector.name for detector in self._loaded.values())

    def _get_best(self) -> Detector | None:
        if self._best is None:
            model, notes = self._store.best()
            self.notes += notes
            self._best = (self._try(model),)
            if self._best[0] is None:
                self.notes.append(NO_MODEL)
        return self._best[0]

    def _try(self, model: Model | None) -> Detector | None:
        try:
            return None if model is None else self._load(model)
        except ModelError as error:
            self.notes.append(str(error))
            return None

    def _load(self, model: Model) -> Detector:
        name = model.entry.name
        if name not in self._loaded:
            self._loaded[name] = OnnxDetector(model, self._threads)
        return self._loaded[name]
