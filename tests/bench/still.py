"""Left and taken objects against truth: drawn scenes with fresh seeds, and real clips played in many ways.

`python -m tests.bench.still [drawn | clips | cost] [--seeds N] [--seed FIRST] [--only NAME]` prints a line per group
and writes tests/output/still.json. On clips, people and vehicles are those that the pipeline's own tracks found in the
undisturbed clip (at the same pictures), so that a hundred variants take minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector, Image
from agent.analyse.frames import Frame
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.pipeline import Pipeline
from agent.analyse.still.company import Actor
from agent.analyse.still.watch import Change, Watch
from agent.config.gateway import Analysis, Camera, Still
from agent.core.clock import NS
from agent.core.geometry import Box, iou
from tests.analyse import still_scenes

OUTPUT = Path(__file__).parents[1] / "output" / "still.json"
DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
START_NS = 1_780_000_000 * NS
EARLY_S, LATE_S = 2.0, 45.0

Playing = Iterable[tuple[float, Image, list[Actor]]]


@dataclass(slots=True)
class Score:
    """What was found of what there was; `false` also counts second alarms for one thing."""

    events: int = 0
    found: int = 0
    wrong_kind: int = 0
    false: int = 0
    seconds: float = 0.0
    delays: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.events += other.events
        self.found += other.found
        self.wrong_kind += other.wrong_kind
        self.false += other.false
        self.seconds += other.seconds
        self.delays += other.delays
        self.ms += other.ms

    def row(self) -> dict[str, object]:
        hits = self.found
        return {
            "events": self.events, "recall": round(hits / self.events, 3) if self.events else None,
            "precision": round(hits / (hits + self.false + self.wrong_kind), 3) if hits else None,
            "wrong_kind": self.wrong_kind, "false": self.false,
            "false_per_camera_hour": round(self.false / self.seconds * 3600, 1) if self.seconds else None,
            "delay_s": round(float(np.median(self.delays)), 1) if self.delays else None,
            "ms": round(float(np.mean(self.ms)), 2) if self.ms else None, "minutes": round(self.seconds / 60, 1),
        }  # fmt: skip


def watch(playing: Playing, settings: Still) -> tuple[list[Change], Score]:
    """All that was said, with the seconds played and the cost of each picture."""
    one, said, score = Watch(settings), [], Score()
    for second, picture, actors in playing:
        begun = time.thread_time()
        said += one.look(picture, actors, START_NS + round(second * NS))
        score.ms.append((time.thread_time() - begun) * 1e3)
        score.seconds = second
    return [*said, *one.finish()], score


def judge(said: Iterable[Change], expected: list[tuple[str, Box, float]], score: Score, after_s: float) -> Score:
    """Count hits, wrong kinds and false alarms among the starts."""
    open_, score.events = list(expected), len(expected)
    for change in said:
        if change.phase != "start" or (change.kind == "vehicle_stopped" and not _wants(expected, "vehicle_stopped")):
            continue
        begun_s = (change.start_ns - START_NS) / NS
        at = [one for one in open_ if fits(change.box, one[1]) and -EARLY_S <= begun_s - one[2] <= LATE_S]
        if not at:
            score.false += 1
        elif at[0][0] != change.kind:
            score.wrong_kind += 1
            open_.remove(at[0])
        else:
            score.found += 1
            score.delays.append(max(0.0, begun_s - at[0][2]) + change.lain_s - after_s)
            open_.remove(at[0])
    return score


def _wants(expected: list[tuple[str, Box, float]], kind: str) -> bool:
    return any(one[0] == kind for one in expected)


def fits(found: Box, truth: Box) -> bool:
    """The same thing: overlapping by a fifth, or each one's middle in the other (things are a few pixels)."""
    (x, y), near = found.centre, truth.grown(0.5)
    middle = near.x1 <= x <= near.x2 and near.y1 <= y <= near.y2 and found.area < 6 * truth.area
    return iou(found, truth) >= 0.2 or middle


# drawn scenes


def drawn(seeds: Iterable[int], after_s: float, only: str = "") -> dict[str, Score]:
    """Every kind of scene with every seed."""
    scores: dict[str, Score] = {}
    for name, make in (still_scenes.EVENTS | still_scenes.NUISANCES).items():
        if only not in name:
            continue
        total = scores.setdefault(name, Score())
        for seed in seeds:
            scene = make(seed, after_s)
            said, score = watch(scene.play(), Still(enabled=True, after_s=after_s))
            total.add(judge(said, scene.expected, score, after_s))
    return scores


# clips


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
        seen = pipeline.process(Frame(number, picture.copy(), START_NS + round(second * NS))).observation
        clip.pictures.append(picture)
        clip.seconds.append(second)
        clip.numbers.append(number)
        clip.actors.append([Actor(one.track, one.label, one.box, one.now) for one in seen.seen if one.confirmed])
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


def left(events: list[tuple[Box, int, int]], fps: float, after_s: float) -> list[tuple[str, Box, float]]:
    """What a run with `after_s` is to tell of things put and taken at these frames."""
    return [("object_left", box, put / fps) for box, put, taken in events if (taken - put) / fps > after_s + 1.5]


def clips(only: str = "", ways: Sequence[str] = ()) -> dict[str, Score]:
    """The clips with truth, played in many `ways` (all when empty), and clips in which nothing is left or taken."""
    truth = json.loads((DATA / "left_object_events.json").read_text())
    scores: dict[str, Score] = {}
    for name, after_s in (("aban3.mp4", 3.0), ("easycampus.mp4", 20.0)):
        if only not in name:
            continue
        clip, about = load(name), truth[name]
        events = [(_box(one["bbox"], about["size"]), one["put"], one["removed"]) for one in about["events"]]
        for way, played, wanted in _ways(clip, events, about["fps"], after_s):
            if not ways or way in ways:
                scores[f"{name} {way}"] = _played(played, wanted, after_s)
    for name, after_s in QUIET.items():
        if only in name:
            scores[f"{name} nothing happens"] = _played(load(name), [], after_s)
    return scores


QUIET = {"intel_one-by-one-person-detection.mp4": 10.0, "vtest_lamm.avi": 4.0, "gabriel_parking.mp4": 5.0}


def _played(clip: Clip, wanted: list[tuple[str, Box, float]], after_s: float) -> Score:
    playing = zip(clip.seconds, clip.pictures, clip.actors, strict=True)
    said, score = watch(playing, Still(enabled=True, after_s=after_s))
    return judge(said, wanted, score, after_s)


def _box(xywh: list[int], size: list[int]) -> Box:
    x, y, w, h = xywh
    return Box(x / size[0], y / size[1], (x + w) / size[0], (y + h) / size[1])


Way = tuple[str, Clip, list[tuple[str, Box, float]]]


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
            taking = [("object_removed", box, (taken - first) / fps)]
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


def cost() -> dict[str, float]:
    """Milliseconds of one thread for a picture, the mean and the same an hour of pictures later, by size."""
    found = {}
    for width, height in ((320, 180), (640, 360)):
        scene = still_scenes.left_crowd(3, 10.0)
        settings = Still(enabled=True, after_s=10, detail_px=width)
        pictures = [
            (cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), actors)
            for _, picture, actors in scene.play()
        ]
        rounds = 8
        playing = ((number / 5, *pictures[number % len(pictures)]) for number in range(rounds * len(pictures)))
        _, score = watch(playing, settings)
        first, last = score.ms[: len(pictures)], score.ms[-len(pictures) :]
        found[f"{width}x{height}"] = round(float(np.mean(first)), 2)
        found[f"{width}x{height} later"] = round(float(np.mean(last)), 2)
    return found


def total(scores: dict[str, Score]) -> Score:
    """All of them together."""
    one = Score()
    for score in scores.values():
        one.add(score)
    return one


def main() -> int:
    """Run what is asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["cost", "drawn", "clips"])
    parser.add_argument("--seeds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--after", type=float, default=6.0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    results: dict[str, object] = {"first seed": chosen.seed}
    if "cost" in chosen.parts:
        results["cost"] = cost()
        print(results["cost"], flush=True)
    for part in ("drawn", "clips"):
        if part in chosen.parts:
            seeds = range(chosen.seed, chosen.seed + chosen.seeds)
            scores = drawn(seeds, chosen.after, chosen.only) if part == "drawn" else clips(chosen.only)
            results[part] = {name: score.row() for name, score in (*scores.items(), ("all", total(scores)))}
            for name, row in results[part].items():
                print(f"{name:44} {row}", flush=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
