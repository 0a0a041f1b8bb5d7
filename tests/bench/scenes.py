"""How much of drawn scenes the whole analysis finds with the bundled model: recall, and how many boxes are right.

LAMPPOST_SEEDS names the seeds (1, the demo's own; the training draws from 100 to 125), main and sub stream of each of
the three places, at 5 fps, IoU 0.5. What is less than half visible need not be found. A track counts from its first
sight, as in `lamppost analyse --mot`, if it was ever confirmed.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from agent.analyse.decode import FrameDecoder
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detection
from agent.analyse.frames import Frame, Sampler
from agent.analyse.models import ModelStore, bundled_folder
from agent.analyse.observe import Seen
from agent.analyse.pipeline import Pipeline
from agent.capture.files import FileOpener
from agent.config.gateway import Camera
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.edge.offline import counted_ids
from agent.sim.scene.cache import prepare, reel_for
from agent.sim.scene.scene import Spec
from agent.sim.scene.truth import Row, load
from tests.bench.accuracy import Judged, Truth, matched

PLACES, FPS, HIDDEN = 3, 5, 0.5
KINDS = ("person", "vehicle", "two_wheeler", "bag")


def run() -> dict[str, object]:
    """Per film, and of each stream in all."""
    cv2.setNumThreads(1)
    seeds = [int(word) for word in os.environ.get("LAMPPOST_SEEDS", "1").split(",")]
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        reels = [reel_for(Path(folder), Spec(place, seed)) for seed in seeds for place in range(PLACES)]
        prepare(reels, lambda _: None)
        for stream in ("main", "sub"):
            whole: list[Judged] = []
            for reel in reels:
                truth = load(reel.truth)
                judged = list(_judged(reel.main if stream == "main" else reel.sub, truth.boxes))
                whole += judged
                name = f"{stream} {truth.camera} {reel.spec.seed}"
                found[name] = _figures(judged)
                print(f"{name}: {found[name]}", flush=True)
            found[stream] = _figures(whole)
            print(f"{stream}: {found[stream]}", flush=True)
    return found


def _judged(film: Path, truth: tuple[tuple[Row, ...], ...]) -> Iterator[Judged]:
    sights, real = list[tuple[int, tuple[Seen, ...]]](), set[str]()
    for number, seen in _seen(film):
        sights.append((number, tuple(one for one in seen if one.now)))
        real |= {one.track for one in seen if one.confirmed}
    for number, seen in sights:
        found = [Detection(one.label, one.score, one.box, one.kind) for one in seen if one.track in real]
        yield Judged(found, _truth(truth[number]))


def _seen(film: Path) -> Iterator[tuple[int, tuple[Seen, ...]]]:
    detector = DetectorPool(ModelStore([bundled_folder()]), Engines(1, providers=("cpu",))).get("lamppost-nano")
    pipeline = Pipeline(Camera(id="cam", url=film.as_uri()), detector, counted_ids("b"), fps=FPS, with_pictures=False)
    stop = StopToken()
    source = FileOpener("cam", "main", film, SystemClock(), realtime=False, loop=False, start_wall_ns=10**18).open(stop)
    try:
        video = source.info.video
        decoder, sampler = (
            FrameDecoder(video.codec, video.extradata, video.time_base),
            Sampler(Fraction(FPS), video.time_base),
        )
        pictures = (picture for packet in source.packets(stop) for picture in decoder.decode(packet))
        for number, picture in enumerate(pictures):
            if sampler.takes(picture.pts):
                observation = pipeline.process(Frame(number, picture, picture.wall_ns)).observation
                assert observation is not None
                yield number, observation.seen
    finally:
        source.close()


def _truth(rows: tuple[Row, ...]) -> Truth:
    clear, hidden = ([row for row in rows if (row[6] >= HIDDEN) == state] for state in (True, False))
    boxes, ignored = (np.array([row[2:6] for row in some], np.float32).reshape(-1, 4) for some in (clear, hidden))
    return Truth(boxes, tuple(row[1] for row in clear), ignored, tuple(row[1] for row in hidden), frozenset(KINDS))


def _figures(judged: list[Judged]) -> dict[str, object]:
    there = Counter(label for one in judged for label in one.truth.labels)
    marks = {kind: [hit for one in judged for _, hit in matched(one, kind)] for kind in KINDS}
    right = sum(sum(some) for some in marks.values())
    return {
        "recall": {kind: round(sum(marks[kind]) / there[kind], 3) for kind in KINDS if there[kind]},
        "precision": {kind: round(sum(some) / len(some), 3) for kind, some in marks.items() if some},
        "right": round(right / max(1, sum(map(len, marks.values()))), 3),
    }
