"""Detection beside a bare loop of the same runtime on the same pictures, stage by stage, and how right it is.

`python -m tests.bench detect` measures every model that is here; `python -m tests.bench.detect` then writes what it
found into the manifest, from which `python docs/make_reference.py` makes the table.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort

from agent.analyse.detect.detector import ModelDetector
from agent.analyse.detect.pool import Engines, begin_detector
from agent.analyse.detect.port import BELIEVED_SCORE, Image, Tensor
from agent.analyse.manifest import ModelInput
from agent.analyse.models import LocalFile, Model, ModelStore, bundled_folder, model_folders
from tests.bench.accuracy import LABELS, Judged, ap50, false_per_empty, validation_pictures

Bare = tuple[Callable[[Tensor], object], np.dtype[Any]]
"""A model's run, and of what the pictures are to be."""

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
OUTPUT = Path(__file__).parents[1] / "output" / "bench.json"
TIMED_PICTURES = 50
ROUNDS = 5
"""Of each picture the best round counts: a machine that others use has quiet moments."""
LOWEST = 0.01
"""For the curve: average precision wants the unsure ones too."""


def run() -> dict[str, object]:
    """Every file of every model that is here, on one thread."""
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    cv2.setNumThreads(1)
    pictures = list(validation_pictures(DATA / "train"))
    store, results = ModelStore(model_folders()), {}
    timed = [picture for picture, _ in pictures][:: max(1, len(pictures) // TIMED_PICTURES)]
    for name in store.ranked():
        model = store.find(name)
        for local in model.files:
            results[local.file.name] = {**_speed(model, local, timed), **_accuracy(model, local, pictures)}
            print(f"  {local.file.name}: {json.dumps(results[local.file.name])}", flush=True)
    shares = _beside_yolox(store, timed)
    print(f"  of YOLOX-nano's time: {shares}", flush=True)
    return {
        "machine": _machine(), "threads": 1, "pictures": len(pictures), "files": results, "of_yolox_nano": shares
    }  # fmt: skip


def _beside_yolox(store: ModelStore, pictures: list[Image]) -> dict[str, float]:
    """How much of YOLOX-nano's time each file of ours takes: every picture by both, one after the other."""
    yolox = store.find("yolox-nano")
    other = _begin(yolox, yolox.files[0])
    own = store.find("lamppost-nano")
    return {local.file.name: _share(_begin(own, local), other, pictures) for local in own.files}


def _share(ours: ModelDetector, other: ModelDetector, pictures: list[Image]) -> float:
    times = Stages()
    both = [times.timed(name, one.detect) for name, one in (("ours", ours), ("other", other))]
    for picture in pictures * ROUNDS:
        for detect in both:
            detect([picture])
    return round(
        statistics.median(a / b for a, b in zip(times.best("ours"), times.best("other"), strict=True)), 3
    )  # fmt: skip


def _begin(model: Model, local: LocalFile, lowest: float | None = None) -> ModelDetector:
    engines = Engines(threads=1) if lowest is None else Engines(threads=1, lowest=lowest)
    provider = "cpu" if local.file.runtime == "onnxruntime" else "tflite"
    return begin_detector(model, local, provider, engines, print)


def _accuracy(model: Model, local: LocalFile, pictures: list[tuple[Image, object]]) -> dict[str, float]:
    detector = _begin(model, local, LOWEST)
    judged = [Judged(detector.detect([picture])[0], truth) for picture, truth in pictures]  # type: ignore[arg-type]
    empty = false_per_empty(judged, BELIEVED_SCORE)["all"]
    return {label: round(ap50(judged, label), 3) for label in LABELS} | {"false_per_empty": round(empty, 3)}


@dataclass
class Stages:
    """Milliseconds of each stage of each detection."""

    ms: dict[str, list[float]] = field(default_factory=dict)

    def timed(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        """`call`, with its time noted."""

        def timed(*args: object) -> object:
            began = time.perf_counter()
            try:
                return call(*args)
            finally:
                self.ms.setdefault(name, []).append((time.perf_counter() - began) * 1000)

        return timed

    def best(self, name: str) -> list[float]:
        """Of every picture its best round."""
        times = self.ms[name]
        per_round = len(times) // ROUNDS
        return [min(times[place::per_round]) for place in range(per_round)]


def _speed(model: Model, local: LocalFile, pictures: list[Image]) -> dict[str, object]:
    """Each picture by both, one after the other, so that both meet the same neighbours on the machine."""
    detector, bare = _begin(model, local), _bare(model, local)
    times = Stages()
    timed_bare, timed_ours = times.timed("bare", bare), times.timed("ours", detector.detect)
    for _ in range(ROUNDS):
        for picture in pictures:
            timed_bare(picture)
            timed_ours([picture])
    bare_ms, ours_ms = times.best("bare"), times.best("ours")
    ratio = statistics.median(ours / other for ours, other in zip(ours_ms, bare_ms, strict=True))
    return {
        "latency_ms": round(statistics.median(ours_ms), 2), "bare_ms": round(statistics.median(bare_ms), 2),
        "ratio": round(ratio, 3), "stages_ms": _stages(detector, pictures),
    }  # fmt: skip


def _stages(detector: ModelDetector, pictures: list[Image]) -> dict[str, float]:
    stages = Stages()
    letterbox, runner, decoder = detector._letterbox, detector._runner, detector._decoder
    for part, method, name in (
        (letterbox, "fill", "letterbox"),
        (runner, "run", "run"),
        (decoder, "read", "decode"),
        (detector, "_detections", "suppress"),
    ):
        setattr(part, method, stages.timed(name, getattr(part, method)))
    for picture in pictures * ROUNDS:
        detector.detect([picture])
    return {name: round(statistics.median(stages.best(name)), 3) for name in stages.ms}


def _bare(model: Model, local: LocalFile) -> Callable[[Image], object]:
    """What anybody would write: resize, pad, to floats if the model wants them, run."""
    shape = model.entry.input_of(local.file)
    run, dtype = _bare_tflite(local) if local.file.runtime == "tflite" else _bare_onnx(local)

    def bare(picture: Image) -> object:
        return run(bare_input(picture, shape, dtype))

    return bare


def _bare_onnx(local: LocalFile) -> Bare:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(str(local.path), options, providers=["CPUExecutionProvider"])
    entrance = session.get_inputs()[0]
    dtype = np.dtype(np.uint8 if entrance.type == "tensor(uint8)" else np.float32)
    return lambda values: session.run(None, {entrance.name: values}), dtype


def _bare_tflite(local: LocalFile) -> Bare:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only where a TFLite file is

    interpreter = Interpreter(str(local.path), num_threads=1)
    interpreter.allocate_tensors()
    index, outputs = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()

    def run(values: Tensor) -> object:
        interpreter.set_tensor(index, values)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in outputs]

    return run, np.dtype(np.float32)


def bare_input(picture: Image, shape: ModelInput, dtype: np.dtype[Any]) -> Tensor:
    """Resize, pad at the bottom right, to floats where asked, channels first: as plainly as it can be written."""
    height, width = picture.shape[:2]
    factor = min(shape.width / width, shape.height / height)
    size = (shape.width, shape.height) if shape.place == "stretch" else (round(width * factor), round(height * factor))
    canvas = np.full((shape.height, shape.width, 3), shape.padding, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size)
    values = canvas.astype(dtype, copy=False)
    if any(shape.mean) or shape.scale != (1.0, 1.0, 1.0):
        values = (values - np.array(shape.mean, np.float32)) / np.array(shape.scale, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()}, {names[0] if names else platform.processor() or 'unknown'}"


def noted(text: str, results: dict[str, object]) -> str:
    """The manifest's text with a line `measured` in the block of every file that was measured."""
    files, machine = results["files"], results["machine"]
    assert isinstance(files, dict)
    return "[[model.file]]".join(_with_line(block, files, machine) for block in text.split("[[model.file]]"))


def _with_line(block: str, files: dict[str, dict[str, float]], machine: object) -> str:
    name = next((name for name in files if f'\nname = "{name}"\n' in block), None)
    if name is None:
        return block
    keys = (*LABELS, "false_per_empty", "latency_ms", "ratio")
    values = ", ".join(f"{key} = {files[name][key]}" for key in keys)
    own, blank, rest = block.partition("\n\n")
    kept = [line for line in own.splitlines() if not line.startswith("measured =")]
    return "\n".join([*kept, f'measured = {{ {values}, machine = "{machine}" }}']) + blank + rest


def main() -> int:
    """Write the last results into the manifest."""
    results = json.loads(OUTPUT.read_text()).get("detect") if OUTPUT.exists() else None
    if results is None:
        print("nothing is measured yet; run: python -m tests.bench detect", file=sys.stderr)
        return 2
    path = bundled_folder() / "manifest.toml"
    path.write_text(noted(path.read_text(), results))
    print(f"written to {path}; now: python docs/make_reference.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
