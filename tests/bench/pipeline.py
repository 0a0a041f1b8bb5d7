"""What the whole analysis costs beside what cannot be avoided: decode all frames, run the model on some."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from agent.analyse.models import ModelStore, model_folders
from agent.edge.offline import analyse_file
from tests.bench.detect import bare_input
from tests.fixtures.gst import transcoded

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
ROUNDS = 3
FPS = 5


def run() -> dict[str, object]:
    """CPU seconds of `lamppost analyse` over those of the bare loop, on road traffic that never rests."""
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    with tempfile.TemporaryDirectory() as folder:
        clip = transcoded(DATA / "video" / "bgs_video02.avi", Path(folder) / "traffic.mp4")
        pairs = [(_ours(clip), _bare(clip)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return {"ours_cpu_s": round(ours, 2), "bare_cpu_s": round(bare, 2), "ratio": round(ratio, 3), "rounds": ROUNDS}


def _ours(clip: Path) -> float:
    began = time.process_time()
    analyse_file(
        clip, config=None, camera=None, model="yolox-nano", fps=FPS, tracks=None, mot=None, start_wall_ns=0,
        events_out=io.StringIO(), progress=None,
    )  # fmt: skip
    return time.process_time() - began


def _bare(clip: Path) -> float:
    import onnxruntime as ort  # noqa: PLC0415 - beside what it is compared with

    model = ModelStore(model_folders()).find("yolox-nano")
    began = time.process_time()
    options = ort.SessionOptions()
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    session = ort.InferenceSession(str(model.files[0].path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with av.open(str(clip)) as container:
        due = 0.0
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= due:
                due += 1 / FPS
                picture = bare_input(frame.to_ndarray(format="bgr24"), model.entry.input)
                np.asarray(session.run(None, {name: picture})[0])
    return time.process_time() - began
