"""Clips with truth, played in many ways, and clips in which nothing is left or taken.

People and vehicles are those that the pipeline's own tracks found in the undisturbed clip (at the same pictures), so
that a hundred variants take minutes.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector, Image
from agent.analyse.frames import Frame
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.pipeline import Pipeline
from agent.analyse.still.change import Change
from agent.analyse.still.company import Actor
from agent.analyse.still.tell import actors_of
from agent.config.gateway import Analysis, Camera, Still
from agent.core.clock import NS
from agent.core.geometry import Box
from agent.sim.sketch.stage import Expected
from tests.bench.still_score import START_NS, Score, judge, watch

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures at 10 a second at most, their seconds and numbers, and who was there at each."""

    pictures: list[Image]
    seconds: list[float]
    numbers: list[int]
    actors: list[list[Actor]]

    def cut(self, first: int, last: int) -> Clip:
        """From one frame number to another."""
        keep = [at for at, number in enumerate(self.numbers) if first <= number <= last]
        start = self.seconds[keep[0]]
        return Clip(
            [self.pictures[at] for at in keep], [self.seconds[at] - start for at in keep],
            [self.numbers[at] for at in keep], [self.actors[at] for at in keep],
        )  # fmt: skip


def load(name: str, fps: float = 10.0) -> Clip:
    """Decode a clip and follow who is in it."""
    pipeline = Pipeline(Camera(id="c", url="file:/x"), _detector(), _ids(), with_pictures=False)
    clip = Clip([], [], [], [])
    for number, second, picture in _decoded(DATA / "video" / name, fps):
        wall_ns = START_NS + round(second * NS)
        pipeline.process(Frame(number, picture.copy(), wall_ns))
        clip.pictures.append(picture)
        clip.seconds.append(second)
        clip.numbers.append(number)
        clip.actors.append(actors_of(pipeline._tracker.living, wall_ns))
    return clip


def _decoded(path: Path, fps: float, longest_px: int = 640) -> Iterator[tuple[int, float, Image]]:
    next_s, first = 0.0, None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(stream), 1):
            second = float(frame.pts * stream.time_base)
            first = second if first is None else first
            second -= first
            if second + 1e-6 < next_s:
                continue
            next_s = (int(second * fps + 1e-6) + 1) / fps
            picture = frame.to_ndarray(format="bgr24")
            scale = longest_px / max(picture.shape[:2])
            if scale < 1:
                picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield number, second, picture


def _detector() -> Detector:
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    return DetectorPool(ModelStore(model_folders(None)), Engines.of(Analysis(threads=1))).get("yolox-nano")


def _ids() -> Callable[[int], str]:
    count = itertools.count(1)
    return lambda _: f"t{next(count)}"


def left(events: list[tuple[Box, int, int]], fps: float, after_s: float) -> list[Expected]:
    """What a run with `after_s` is to tell of things put and taken at these frames."""
    return [
        Expected("object_left", box, put / fps) for box, put, taken in events if (taken - put) / fps > after_s + 1.5
    ]


def clips(only: str = "", ways: Sequence[str] = ()) -> dict[str, Score]:
    """The clips with truth, played in many `ways` (all when empty), and clips in which nothing is left or taken."""
    truth = json.loads((DATA / "left_object_events.json").read_text())
    scores: dict[str, Score] = {}
    for name, after_s in (("aban3.mp4", 3.0), ("easycampus.mp4", 20.0)):
        if only not in name:
            continue
        clip, about = load(name), truth[name]
        events = [(_box(one["bbox"], about["size"]), one["put"], one["removed"]) for one in about["events"]]
        for way, shown, wanted in _ways(clip, events, about["fps"], after_s):
            if not ways or way in ways:
                limit_s = min(after_s, 10.0) if way.startswith("taken") else after_s  # little is left of the clip then
                scores[f"{name} {way}"] = _played(shown, wanted, limit_s)
    if only in BOTTLES:
        wanted = [Expected(kind, box, begins_s) for kind, box, begins_s in _bottles()]
        scores[f"{BOTTLES} 5 fps"] = judge(played_bottles(), wanted, Score(), BOTTLES_AFTER_S)
    for name, after_s in QUIET.items():
        if only in name:
            scores[f"{name} nothing happens"] = _played(load(name), [], after_s)
    return scores


QUIET = {
    "intel_one-by-one-person-detection.mp4": 10.0, "vtest_lamm.avi": 4.0, "gabriel_parking.mp4": 5.0,
    "bgs_video02.avi": 5.0,
}  # fmt: skip
BOTTLES, BOTTLES_AFTER_S = "intel_bottle-detection.mp4", 3.0


def played_bottles() -> list[Change]:
    """What is said of the three bottles and the hands, starts and ends."""
    clip = _thinned(load(BOTTLES), 2)
    playing = zip(clip.seconds, clip.pictures, clip.actors, strict=True)
    said, _ = watch(playing, Still(enabled=True, after_s=BOTTLES_AFTER_S))
    return [change for change in said if change.phase != "update"]


def _bottles() -> list[tuple[str, Box, float]]:
    """Three bottles stand there; a hand takes and brings them (by eye, +-0.3 s). What comes back ends its event."""
    left, middle, right = (Box(x, 0.3, x + 0.09, 0.88) for x in (0.1, 0.455, 0.8))
    return [
        ("object_removed", left, 6.7), ("object_removed", left, 17.4), ("object_removed", middle, 17.4),
        ("object_removed", right, 31.6),
    ]  # fmt: skip


def _played(clip: Clip, wanted: list[Expected], after_s: float) -> Score:
    playing = zip(clip.seconds, clip.pictures, clip.actors, strict=True)
    said, score = watch(playing, Still(enabled=True, after_s=after_s))
    return judge(said, wanted, score, after_s, vehicles=not wanted)


def _box(xywh: list[int], size: list[int]) -> Box:
    x, y, w, h = xywh
    return Box(x / size[0], y / size[1], (x + w) / size[0], (y + h) / size[1])


Way = tuple[str, Clip, list[Expected]]


def _ways(clip: Clip, events: list[tuple[Box, int, int]], fps: float, after_s: float) -> Iterator[Way]:
    wanted = left(events, fps, after_s)
    for name, step in (("10 fps", 1), ("5 fps", 2), ("3.3 fps", 3)):
        yield name, _thinned(clip, step), wanted
    usual = _thinned(clip, 2)
    for name, change in CHANGES.items():
        yield name, _changed(usual, change), wanted
    last = clip.numbers[-1] + 1
    turned = [(box, last - taken, last - put) for box, put, taken in events]
    yield "backwards", _backwards(usual, last), left(turned, fps, after_s)
    for number, (box, put, taken) in enumerate(events):
        first = max(put + 8, taken - int(40 * fps))
        following = events[number + 1][1] - 8 if number + 1 < len(events) else clip.numbers[-1]
        if (taken - first) / fps > 15 and (following - taken) / fps > after_s + 3:
            taking = [Expected("object_removed", box, (taken - first) / fps)]
            yield f"taken {number + 1}", usual.cut(first, following), taking


def _thinned(clip: Clip, step: int) -> Clip:
    return Clip(clip.pictures[::step], clip.seconds[::step], clip.numbers[::step], clip.actors[::step])


def _backwards(clip: Clip, last: int) -> Clip:
    end = clip.seconds[-1]
    times, numbers = [end - second for second in clip.seconds[::-1]], [last - number for number in clip.numbers[::-1]]
    return Clip(clip.pictures[::-1], times, numbers, clip.actors[::-1])


def _changed(clip: Clip, change: Callable[[Image, np.random.Generator], Image]) -> Clip:
    rng = np.random.default_rng(5)
    return Clip([change(picture, rng) for picture in clip.pictures], clip.seconds, clip.numbers, clip.actors)


def _shaken(picture: Image, rng: np.random.Generator) -> Image:
    dx, dy = rng.normal(0, 0.7, 2)
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(picture, np.float32([[1, 0, dx], [0, 1, dy]]), size, borderMode=cv2.BORDER_REPLICATE)


CHANGES: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "dark": lambda picture, _: (picture * 0.4).astype(np.uint8),
    "bright": lambda picture, _: (picture * 1.25).clip(0, 255).astype(np.uint8),
    "noisy": lambda picture, rng: (picture + rng.normal(0, 9, picture.shape)).clip(0, 255).astype(np.uint8),
    "poor JPEG": lambda picture, _: cv2.imdecode(cv2.imencode(".jpg", picture, [1, 15])[1], 1),
    "shaken": _shaken,
    "three quarters": lambda picture, _: cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA),
    "twice as large": lambda picture, _: cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
}
