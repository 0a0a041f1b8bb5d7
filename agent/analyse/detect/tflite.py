"""Models in TensorFlow Lite: `ai-edge-litert`, else `tflite_runtime` where it works; on the CPU or an Edge TPU."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.onnx import one_line
from agent.analyse.detect.port import Floats, Tensor
from agent.core.errors import ModelError

LIBRARIES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
INSTALL = "pip install 'lamppost[tflite]'"


class TfliteRunner:
    """One interpreter; implements `Runner`. Whole-number models are fed and read through their quantisation."""

    def __init__(self, path: Path, provider: str, threads: int, delegate: str) -> None:
        """Load the file; `provider` is `tflite` for the CPU or `edgetpu`, through the library `delegate`.

        Raises:
            ModelError: it is no model, no TFLite library works here, or the device is not there.
        """
        self._path, self._provider = path, provider
        self._library, self._interpreter = _interpreter(path, threads, delegate if provider == "edgetpu" else "")
        inputs, self._outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if len(inputs) != 1:
            raise ModelError(f"{path} wants {len(inputs)} inputs instead of 1")
        self._input = inputs[0]
        self._scale, self._zero = _quantisation(self._input)

    @property
    def name(self) -> str:
        """See `Runner.name`."""
        return f"{self._library} ({'cpu' if self._provider == 'tflite' else self._provider})"

    @property
    def batch(self) -> int | None:
        """See `Runner.batch`. Resizing an interpreter for each batch costs more than it gains."""
        return int(self._input["shape"][0]) if len(self._input["shape"]) else 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Runner.dtype`: grey levels go in as they are where the model takes them so."""
        as_they_are = self._input["dtype"] == np.uint8 and self._scale == 1.0 and self._zero == 0
        return np.dtype(np.uint8 if as_they_are else np.float32)

    def run(self, tensor: Tensor) -> list[Floats]:
        """See `Runner.run`."""
        try:
            self._interpreter.set_tensor(self._input["index"], self._quantised(tensor))
            self._interpreter.invoke()
            return [self._read(output) for output in self._outputs]
        except ModelError:
            raise
        except Exception as error:  # the runtime raises whatever its native code met
            raise ModelError(f"{self._path} fails on {self._provider}: {one_line(error)}") from error

    def _quantised(self, tensor: Tensor) -> NDArray[Any]:
        kind = np.dtype(self._input["dtype"])
        if tensor.dtype == kind:
            return tensor
        if not self._scale:
            return tensor.astype(kind)
        limits = np.iinfo(kind)
        return np.clip(np.rint(tensor / self._scale + self._zero), limits.min, limits.max).astype(kind)

    def _read(self, details: dict[str, Any]) -> Floats:
        values = self._interpreter.get_tensor(details["index"])
        if values.dtype.kind not in "fiu":
            raise ModelError(f"{self._path} gives {values.dtype} instead of numbers")
        floats = values.astype(np.float32, copy=False)
        scale, zero = _quantisation(details)
        return np.asarray((floats - zero) * scale, np.float32) if scale else np.asarray(floats, np.float32)


def _quantisation(details: dict[str, Any]) -> tuple[np.float32, np.float32]:
    """Scale and zero point of a tensor: real = (stored - zero) * scale (TFLite, "quantization spec"); scale 0: none."""
    scale, zero = details["quantization"]
    return np.float32(scale), np.float32(zero)


def _interpreter(path: Path, threads: int, delegate: str) -> tuple[str, Any]:
    """The first library that not only is there but makes an interpreter: with numpy 2 `tflite_runtime` only imports."""
    failures = []
    for module in LIBRARIES:
        library = module.partition(".")[0].replace("_", "-")
        try:
            return library, _made(importlib.import_module(module), path, threads, delegate)
        except ModuleNotFoundError:
            continue
        except Exception as error:  # noqa: BLE001 - broken builds raise anything, a SystemError too
            failures.append(f"{library}: {one_line(error)}")
    if failures:
        raise ModelError(f"{path} cannot be loaded: {'; '.join(failures)}")
    raise ModelError(f"{path} needs TensorFlow Lite: {INSTALL}")


def _made(library: Any, path: Path, threads: int, delegate: str) -> Any:
    delegates = [_delegate(library, delegate)] if delegate else []
    interpreter = library.Interpreter(str(path), num_threads=threads, experimental_delegates=delegates)
    interpreter.allocate_tensors()
    return interpreter


def _delegate(library: Any, name: str) -> Any:
    try:
        ctypes.CDLL(name)  # load_delegate leaves half an object behind, which complains, when the library is missing
        return library.load_delegate(name)
    except (OSError, ValueError) as error:
        raise ModelError(f"the library {name} or its device is not there ({one_line(error)})") from error
