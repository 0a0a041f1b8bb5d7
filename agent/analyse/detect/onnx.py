"""Models in ONNX Runtime, on one of its execution providers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from agent.analyse.detect.port import MOST_AT_ONCE, Floats, Tensor
from agent.core.errors import ModelError

EXECUTION = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Our names for the execution providers of ONNX Runtime."""
CPUS = ("xnnpack", "cpu")
MOST_SAID = 300
"""Characters of what a foreign library says."""
DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
Options = Mapping[str, str]


def offered() -> tuple[str, ...]:
    """The execution providers that the installed ONNX Runtime was built with, by our names."""
    built = ort.get_available_providers()
    return tuple(name for name, theirs in EXECUTION.items() if theirs in built)


class OnnxRunner:
    """One session; implements `Runner`. What a provider cannot do, ONNX Runtime does on the CPU."""

    def __init__(self, path: Path, provider: str, threads: int, cache: Path) -> None:
        """Load the file. `cache` is a folder where providers may keep what they compiled.

        Raises:
            ModelError: it is no model, or the provider is not there or does not take it.
        """
        self._path, self._provider = path, provider
        if provider not in offered():
            raise ModelError(f"onnxruntime here has no {provider}, only {', '.join(offered())}")
        self._session = self._guarded("cannot be loaded", lambda: _session(path, provider, threads, cache))
        used = self._session.get_providers()[0]
        if used != EXECUTION[provider]:  # a library it needs is missing: ONNX Runtime goes on without it
            raise ModelError(f"{provider} does not start (its libraries or the device are missing)")
        (self._input, *more) = self._session.get_inputs()
        if more:
            raise ModelError(f"{path} wants {1 + len(more)} inputs instead of 1")
        if self._input.type not in DTYPES:
            raise ModelError(f"{path} wants {self._input.type} as input")

    @property
    def name(self) -> str:
        """See `Runner.name`."""
        return f"onnxruntime ({self._provider})"

    @property
    def batch(self) -> int | None:
        """See `Runner.batch`. On a CPU many at once bring nothing, and the first waits for the last."""
        first = self._input.shape[0] if self._input.shape else 1
        return first if isinstance(first, int) else 1 if self._provider in CPUS else None

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Runner.dtype`."""
        return np.dtype(np.uint8 if self._input.type == "tensor(uint8)" else np.float32)

    def run(self, tensor: Tensor) -> list[Floats]:
        """See `Runner.run`."""
        tensor = tensor.astype(DTYPES[self._input.type], copy=False)
        outputs = self._guarded("fails", lambda: self._session.run(None, {self._input.name: tensor}))
        return [_floats(output, self._path) for output in outputs or ()]

    def _guarded(self, what: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # the runtime raises errors of its own that share no base
            raise ModelError(f"{self._path} {what} on {self._provider}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """What an error of a foreign library says, as one short line."""
    cause = error.__cause__ if isinstance(error, SystemError) else None  # native code that returned in the middle
    return " ".join(str(cause or error).split())[:MOST_SAID] or type(error).__name__


def _session(path: Path, provider: str, threads: int, cache: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1 if provider == "xnnpack" else threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # idle threads must sleep: recording shares these cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = [(EXECUTION[provider], dict(_options(path, provider, threads, cache)))]
    if provider != "cpu":
        providers.append(EXECUTION["cpu"])
    # enable_fallback=0: a provider that fails must say so, not be replaced in silence
    return ort.InferenceSession(str(path), options, providers=providers, enable_fallback=0)


def _options(path: Path, provider: str, threads: int, cache: Path) -> Options:
    """What each provider is told; see its page in ONNX Runtime's documentation, "Execution Providers"."""
    if provider == "tensorrt":  # an engine takes minutes to build: once
        cache.mkdir(parents=True, exist_ok=True)
        kept = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(cache), "trt_fp16_enable": "1"}
        return kept | _profile(path)
    if provider == "cuda":  # the default tries all algorithms at the first picture, and takes all memory it can
        return {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
    if provider == "openvino":
        return {"device_type": "AUTO", "num_of_threads": str(threads)}
    if provider == "xnnpack":
        return {"intra_op_num_threads": str(threads)}
    return {}


def _profile(path: Path) -> dict[str, str]:
    """For how many pictures at once TensorRT builds its engine, where the model takes any number.

    Untold it builds for the first run's number, and anew, for minutes, at each run of more.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # it is only asked for its input
    wanted = ort.InferenceSession(str(path), options, providers=[EXECUTION["cpu"]]).get_inputs()[0]
    first, *others = wanted.shape or [1]
    if isinstance(first, int) or not all(isinstance(size, int) for size in others):
        return {}
    numbers = {"min": 1, "opt": MOST_AT_ONCE, "max": MOST_AT_ONCE}
    return {
        f"trt_profile_{which}_shapes": f"{wanted.name}:{'x'.join(map(str, (number, *others)))}"
        for which, number in numbers.items()
    }


def _floats(output: Any, path: Path) -> Floats:
    values = np.asarray(output)
    if values.dtype.kind not in "fiu":
        raise ModelError(f"{path} gives {values.dtype} instead of numbers")
    return values.astype(np.float32, copy=False)


def threads_here(wanted: int) -> int:
    """How many threads detection gets: as configured, or two at most."""
    return wanted or min(2, os.cpu_count() or 1)
