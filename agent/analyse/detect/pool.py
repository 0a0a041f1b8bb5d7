"""One session per model, shared by all cameras that ask for it; what runs it, and what does when that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from agent.analyse.detect.detector import ModelDetector
from agent.analyse.detect.onnx import EXECUTION, OnnxRunner, offered, threads_here
from agent.analyse.detect.port import LOWEST_SCORE, Detector, Floats, Runner
from agent.analyse.detect.steady import Note, SteadyDetector, Way
from agent.analyse.detect.tflite import TfliteRunner
from agent.analyse.manifest import ModelFile
from agent.analyse.models import LocalFile, Model, ModelStore
from agent.config.gateway import Analysis
from agent.core.errors import ModelError
from agent.core.folders import user_base

NO_MODEL = "motion only: no model found; things that move are called object. Run: lamppost models fetch yolox-nano"
DEFAULT_ORDER = ("cuda", "openvino", "coreml", "xnnpack")
"""Tried where they are there when the configuration names none; `tensorrt` builds for minutes, so it must be named."""
ALWAYS_LAST = ("cpu", "tflite")
ALIKE = 0.2
"""How far a provider's answer may be from the CPU's, as a share of it: half-precision is within 0.05."""


@dataclass(frozen=True, slots=True)
class Engines:
    """What may run a model: `[analysis]` of the configuration. `providers` empty: what the machine offers."""

    threads: int = 0
    providers: tuple[str, ...] = ()
    delegate: str = "libedgetpu.so.1"
    lowest: float = LOWEST_SCORE

    @classmethod
    def of(cls, analysis: Analysis) -> Engines:
        """As configured."""
        return cls(analysis.threads, analysis.providers, analysis.edgetpu_library)

    def order(self) -> tuple[str, ...]:
        """All providers to try, in this order; the CPU is always the last resort."""
        wanted = self.providers or tuple(name for name in DEFAULT_ORDER if name in offered())
        return tuple(dict.fromkeys((*wanted, *ALWAYS_LAST)))


class DetectorPool:
    """Loads each model once. `notes` says, once each, what a person should know of it."""

    def __init__(self, store: ModelStore, engines: Engines) -> None:
        self._store, self._engines = store, engines
        self._loaded: dict[str, SteadyDetector] = {}
        self._chains: dict[str | None, SteadyDetector | None] = {}
        self._troubles: dict[str, str] = {}
        self.notes: list[str] = list(store.notes)

    def get(self, name: str) -> Detector:
        """The detector called `name`, by whatever runs it here.

        Raises:
            ModelError: it is unknown, absent or broken, or nothing here can run it.
        """
        return self._load(name)

    def get_or_next(self, name: str | None) -> Detector | None:
        """The detector called `name`, for None the best; where it fails, now or later, the next best that is here.

        None, and a note, when no model works at all.
        """
        if name not in self._chains:
            self._chains[name] = self._chain(name)
        return self._chains[name]

    def names(self) -> str:
        """What detects now, for people; empty when nothing does."""
        return ", ".join(detector.name for detector in self._loaded.values() if not detector.gone)

    def trouble(self, name: str | None) -> str:
        """What a camera that asked for that model must know; empty when it has it, or asked for none."""
        chain = self._chains.get(name)
        return "" if name is None else chain.trouble if chain is not None else self._troubles.get(name, "")

    def at_once(self) -> int:
        """How many pictures the detectors in use like to see in one run."""
        return max((detector.at_once for detector in self._loaded.values() if not detector.gone), default=1)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def _chain(self, name: str | None) -> SteadyDetector | None:
        names = dict.fromkeys(([] if name is None else [name]) + self._store.ranked())
        ways = [Way("", partial(self._load, each)) for each in names]
        try:
            return SteadyDetector(ways, self.note)
        except ModelError as error:
            text = f"{error} (until then things that move are called object)" if ways else NO_MODEL
            self._troubles[name or ""] = text
            self.note(text)
            return None

    def _load(self, name: str) -> SteadyDetector:
        if name not in self._loaded:
            model = self._store.find(name)
            for line in model.broken:
                self.note(line)
            try:
                self._loaded[name] = SteadyDetector(self._ways(model), self.note)
            except ModelError as error:
                raise ModelError(f"model {error}") from error
        return self._loaded[name]

    def _ways(self, model: Model) -> Iterator[Way]:
        for provider in self._engines.order():
            for local in files_for(provider, model.files):
                begin = partial(begin_detector, model, local, provider, self._engines, self.note)
                yield Way(f"{model.entry.name} on {provider}", begin)


def files_for(provider: str, files: Sequence[LocalFile]) -> list[LocalFile]:
    """Which of a model's files a provider takes, the fitting ones first."""
    if provider in EXECUTION:
        return [local for local in files if local.file.runtime == "onnxruntime"]
    tflite = [local for local in files if local.file.runtime == "tflite"]
    if provider == "edgetpu":
        return sorted(tflite, key=lambda local: not _compiled(local.file))
    return [local for local in tflite if not _compiled(local.file)]


def begin_detector(model: Model, local: LocalFile, provider: str, engines: Engines, note: Note) -> ModelDetector:
    """Load a model's file into what `provider` names, and see that it answers rightly.

    Raises:
        ModelError: it cannot, or what it answers to the same picture is not what the CPU answers.
    """
    make = partial(ModelDetector, model.entry, local.file, model.labels, note=note, lowest=engines.lowest)
    detector = make(_runner(local.path, provider, engines))
    if provider in EXECUTION and provider != "cpu":
        _compare(detector.probe, make(_runner(local.path, "cpu", engines)).probe, provider)
    return detector


def _runner(path: Path, provider: str, engines: Engines) -> Runner:
    threads = threads_here(engines.threads)
    if provider in EXECUTION:
        return OnnxRunner(path, provider, threads, _cache())
    return TfliteRunner(path, provider, threads, engines.delegate)


def _compare(answers: Sequence[Floats], rights: Sequence[Floats], provider: str) -> None:
    """Some drivers answer with zeros or nonsense and call it success; only another's answer shows it."""
    for answer, right in zip(answers, rights, strict=True):
        if answer.shape != right.shape:
            continue  # a different number of finished boxes on noise says nothing
        if float(np.abs(answer - right).mean()) > ALIKE * float(np.abs(right).mean()) + 1e-3:
            raise ModelError(f"{provider} answers something else than the cpu to the same picture")


def _compiled(file: ModelFile) -> bool:
    """Is it for an Edge TPU alone? Its compiler names files so."""
    return "edgetpu" in file.name


def _cache() -> Path:
    """Where compiled models are kept: systemd's CacheDirectory=, else XDG's place; without a home nowhere."""
    base = os.environ.get("CACHE_DIRECTORY") or user_base("XDG_CACHE_HOME", ".cache")
    return Path(base or os.devnull) / "lamppost" / "engines"
