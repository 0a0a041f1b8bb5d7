"""What the whole analysis costs: where every frame is busy beside what cannot be avoided, where few are beside no gate.

Busy: one thread, time per analysed frame, against a bare loop that decodes all frames, resizes some and calls ONNX
Runtime on them. Quiet: how many of the calls to the detector the gate saves, and which tracks that costs.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from agent.analyse.decode import FrameDecoder
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector
from agent.analyse.frames import Frame, Sampler
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.pipeline import Pipeline
from agent.capture.files import FileOpener
from agent.config.gateway import Camera
from agent.core.clock import SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from agent.edge.offline import counted_ids
from tests.bench.detect import bare_input
from tests.bench.quiet import DATA, clips, encode, pictures_of
from tests.fixtures.instep import Everywhere, lost, play

ROUNDS, FPS = 5, 5
IN_TURN = 10
"""Frames of one loop before it is the other's turn."""
MODEL = os.environ.get("LAMPPOST_BENCH_MODEL", "yolox-nano")
BUSY = {
    "traffic 320x240": ("bgs_video02.avi", (320, 240), 25),
    "crowd 640x360": ("vtest_lamm.avi", (640, 360), 25),
    "crowd 1280x720": ("vtest_lamm.avi", (1280, 720), 25),
}
"""Clips in which something moves in every frame: file, size, frames a second."""


def run() -> dict[str, object]:
    """Both halves."""
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    cv2.setNumThreads(1)
    return {"model": MODEL, "busy": busy(), "quiet": quiet()}


def busy() -> dict[str, object]:
    """Milliseconds of CPU per analysed frame, ours and the bare loop's, and the median of the ratios of each round."""
    found: dict[str, object] = {"rounds": ROUNDS}
    with tempfile.TemporaryDirectory() as folder:
        for name, (source, size, fps) in BUSY.items():
            clip = Path(folder) / "clip.mp4"
            encode(clip, itertools.islice(pictures_of(DATA / "video" / source, size), 20 * fps), fps)
            rounds = [_side_by_side(_ours(clip), _bare(clip)) for _ in range(ROUNDS)]
            found[name] = {
                "ours_ms": round(statistics.median(ours for ours, _ in rounds), 2),
                "bare_ms": round(statistics.median(bare for _, bare in rounds), 2),
                "ratio": round(statistics.median(ours / bare for ours, bare in rounds), 3),
            }
    return found


def quiet() -> dict[str, object]:
    """Per clip and in all: calls to the detector with and without gate, frames decoded, tracks found and lost."""
    detector = _detector()
    found: dict[str, object] = {}
    sums = [0, 0]
    for name, clip in clips().items():
        every, gated = play(clip, detector, attention=Everywhere, rest=False), play(clip, detector)
        gone = lost(every.boxes, gated.boxes)
        for line in gone:
            print(f"quiet {name}: lost {line}")
        sums = [sums[0] + every.looks, sums[1] + gated.looks]
        found[name] = {
            "looks": [every.looks, gated.looks],
            "saved": _share(every.looks, gated.looks),
            "decoded": [every.decoded, gated.decoded],
            "cpu_s": [round(every.cpu_s, 2), round(gated.cpu_s, 2)],
            "tracks": len([1 for sights in every.boxes.values() if len(sights) >= FPS]),
            "lost": len(gone),
            "more": len(lost(gated.boxes, every.boxes)),
        }
    return found | {"saved": _share(*sums)}


def _share(before: int, after: int) -> float:
    return round(1 - after / max(1, before), 3)


def _detector() -> Detector:
    return DetectorPool(ModelStore(model_folders()), Engines(1)).get(MODEL)


def _side_by_side(*loops: Iterator[None]) -> tuple[float, ...]:
    """CPU milliseconds per analysed frame of each, a few frames in turn: the machine's pace changes within seconds."""
    for loop in loops:
        next(loop)
    cpu_s, frames = [0.0] * len(loops), 0
    while True:
        for number, loop in enumerate(loops):
            began = time.process_time()
            done = sum(1 for _ in itertools.islice(loop, IN_TURN))
            cpu_s[number] += time.process_time() - began
        frames += done
        if done < IN_TURN:
            return tuple(1000 * spent / frames for spent in cpu_s)


def _ours(clip: Path) -> Iterator[None]:
    """Once when all is ready, then at each analysed frame."""
    pipeline = Pipeline(
        Camera(id="cam", url=clip.as_uri()), _detector(), counted_ids("bench"), fps=FPS, with_pictures=False
    )
    info, packets = _packets(clip)
    sampler = Sampler(Fraction(FPS), info.video.time_base)
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    yield
    for number, picture in enumerate(_decoded(decoder, packets)):
        if sampler.takes(picture.pts):
            pipeline.process(Frame(number, picture, picture.wall_ns))
            yield


def _decoded(decoder: FrameDecoder, packets: list[Packet]) -> Iterator[object]:
    for packet in packets:
        yield from decoder.decode(packet)
    yield from decoder.flush()


def _packets(clip: Path) -> tuple[StreamInfo, list[Packet]]:
    stop = StopToken()
    source = FileOpener("cam", "sub", clip, SystemClock(), realtime=False, loop=False, start_wall_ns=10**18).open(stop)
    try:
        return source.info, list(source.packets(stop))
    finally:
        source.close()


def _bare(clip: Path) -> Iterator[None]:
    """The same, by hand."""
    import onnxruntime as ort  # noqa: PLC0415 - beside what it is compared with

    model = ModelStore(model_folders()).find(MODEL)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(model.files[0].path), options, providers=["CPUExecutionProvider"])
    entrance, due = session.get_inputs()[0], 0.0
    dtype = np.dtype(np.uint8 if entrance.type == "tensor(uint8)" else np.float32)
    with av.open(str(clip)) as container:
        packets = list(container.demux(video=0))
        container.streams.video[0].codec_context.thread_count = 1
        yield
        for frame in (frame for packet in packets for frame in packet.decode()):
            if frame.time is not None and frame.time >= due - 1e-6:
                due += 1 / FPS
                picture = bare_input(frame.to_ndarray(format="bgr24"), model.entry.input, dtype)
                np.asarray(session.run(None, {entrance.name: picture})[0])
                yield
