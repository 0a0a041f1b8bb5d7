"""How fast a model is on this machine; each measurement in a process of its own, so that its memory can be told."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector, Image
from agent.analyse.models import ModelStore, model_folders
from agent.core.errors import LamppostError, ModelError

CAMERA_FPS = 5
PICTURE_PX = (640, 360)
WARM_UP = 3
LEAST_RUNS = 10
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Speed:
    """A model on so many threads: time per picture from px to boxes, memory it adds, what went wrong on the way."""

    model: str
    engine: str
    threads: int
    p50_ms: float
    p95_ms: float
    per_second: float
    load_ms: float
    memory_mb: float
    cameras: int
    notes: tuple[str, ...] = ()


def speed_of(name: str, engines: Engines, seconds: float, folder: Path | None) -> Speed:
    """Measure in a fresh process.

    Raises:
        ModelError: the model is absent or broken, or its runtime took the process down.
    """
    command = [sys.executable, "-m", "agent.analyse.speed", name, "--seconds", str(seconds)]
    command += ["--threads", str(engines.threads), "--edgetpu-library", engines.delegate]
    command += [word for provider in engines.providers for word in ("--provider", provider)]
    command += [] if folder is None else ["--models", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S + seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"model {name}: no answer within {PATIENCE_S + seconds:.0f} s") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ModelError(said[-1] if said else f"model {name}: its process ended with {done.returncode}")
    row = json.loads(done.stdout.splitlines()[-1])
    return Speed(**{**row, "notes": tuple(row["notes"])})


def measure(name: str, engines: Engines, seconds: float, store: ModelStore) -> Speed:
    """Measure in this process."""
    pool = DetectorPool(store, engines)
    before_mb, began = _memory_mb(), time.perf_counter()
    detector = pool.get(name)
    load_ms = (time.perf_counter() - began) * 1000
    times_ms = _times_ms(detector, [_picture()], seconds)
    per_second = 1000 / statistics.fmean(times_ms)
    if detector.at_once > 1:  # as the gateway does it there
        together_ms = _times_ms(detector, [_picture()] * detector.at_once, seconds)
        per_second = max(per_second, 1000 * detector.at_once / statistics.fmean(together_ms))
    return Speed(
        name, detector.name, engines.threads, *_percentiles(times_ms), round(per_second, 1), round(load_ms, 1),
        round(_memory_mb() - before_mb, 1), int(per_second / CAMERA_FPS), tuple(pool.notes),
    )  # fmt: skip


def _times_ms(detector: Detector, pictures: list[Image], seconds: float) -> list[float]:
    for _ in range(WARM_UP):
        detector.detect(pictures)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < LEAST_RUNS or time.perf_counter() < end:
        began = time.perf_counter()
        detector.detect(pictures)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _percentiles(times_ms: list[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(times_ms, (50, 95))
    return round(float(p50), 2), round(float(p95), 2)


def _picture() -> Image:
    """Something like a street: smooth ground, blocks, noise; always the same."""
    random = np.random.default_rng(1)
    width, height = PICTURE_PX
    picture = np.linspace(90, 160, height, dtype=np.uint8)[:, None, None].repeat(width, 1).repeat(3, 2)
    for _ in range(40):
        x, y, w, h = (int(value) for value in random.integers((0, 0, 8, 12), (width, height, 80, 120)))
        cv2.rectangle(picture, (x, y), (x + w, y + h), random.integers(0, 255, 3).tolist(), -1)
    noise = random.integers(0, 12, picture.shape, np.uint8)
    return np.asarray(cv2.add(picture, noise), np.uint8)


def _memory_mb() -> float:
    """What the process holds now. Its peak would tell of the process that started it, too (getrusage(2))."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def main() -> int:
    """The process that `speed_of` starts."""
    parser = argparse.ArgumentParser(prog="lamppost-speed")
    parser.add_argument("name")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--provider", action="append", default=[])
    parser.add_argument("--edgetpu-library", required=True)
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    engines = Engines(given.threads, tuple(given.provider), given.edgetpu_library)
    try:
        row = measure(given.name, engines, given.seconds, ModelStore(model_folders(given.models)))
    except LamppostError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(asdict(row)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
