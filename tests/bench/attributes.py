"""Colours: how often the first name is the right one, drawn in five lights and on real people; what attributes cost.

Drawn: the demo's three places with other people, as the sub stream has them (640 x 360, JPEG at quality 60), through
the whole pipeline; only the detector is replaced, by the truth with trembling boxes. A colour that is not told counts
as wrong. Real: see `real_people`. Cost: 20 people in 1280 x 720, beside a bare loop that only turns each box into
L*a*b* and takes the mean.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from agent.analyse.attributes.attributes import Attributes
from agent.analyse.detect.port import Detection, Image
from agent.analyse.frames import Frame
from agent.analyse.mask import Painter
from agent.analyse.motion import Motion
from agent.analyse.pipeline import Outcome, Pipeline
from agent.analyse.track.track import Track
from agent.analyse.track.tracker import Step
from agent.config.gateway import Camera
from agent.core.clock import NS
from agent.core.geometry import Box, iou
from agent.edge.offline import counted_ids
from agent.sim.scene.actors import Person
from agent.sim.scene.render import Renderer, Seen
from agent.sim.scene.scene import Spec, scene_for
from tests.bench import real_people
from tests.bench.lights import LAMPS, Lamp
from tests.fixtures.instep import Everywhere

START_NS = 1_780_000_000 * NS
SEEDS, CAMERAS, FPS, SECONDS = (21, 22), 3, 5, 40
SUB = 640, 360
QUALITY = 60
VISIBLE, WHOLE, SHORTEST = 0.35, 0.8, 10
"""Share of a thing in sight before the detector sees it; so many sights with more than the second are needed before its
colours are asked for. Upper bodies of people with a rucksack are not asked for: it hides them from behind."""
ROUNDS = 200


def run() -> dict[str, object]:
    """Everything."""
    cv2.setNumThreads(1)
    return {"drawn": drawn(SEEDS), "real": real_people.run(), "cost": cost()}


def drawn(seeds: Sequence[int], seconds: int = SECONDS, lamps: Sequence[str] = tuple(LAMPS)) -> dict[str, Any]:
    """Per light: top-1 of all parts, of each part, how many parts, how many were not told; the mistakes."""
    scores = {name: Score() for name in lamps}
    for seed, camera in itertools.product(seeds, range(CAMERAS)):
        _play(Spec(camera, seed), seconds, {name: LAMPS[name] for name in lamps}, scores)
    return {name: score.figures() for name, score in scores.items()}


@dataclass
class Score:
    """Of one light."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    silent: int = 0
    mistakes: Counter[str] = field(default_factory=Counter)

    def add(self, part: str, truth: str, said: str) -> None:
        """One part of one thing."""
        self.asked[part] += 1
        self.right[part] += said == truth
        self.silent += said == "unknown"
        if said != truth:
            self.mistakes[f"{part} {truth} -> {said}"] += 1

    def figures(self) -> dict[str, object]:
        """As numbers."""
        share = {part: round(self.right[part] / self.asked[part], 3) for part in sorted(self.asked)}
        whole = round(self.right.total() / max(1, self.asked.total()), 3)
        common = dict(self.mistakes.most_common(8))
        return {"top1": whole, **share, "parts": self.asked.total(), "not_told": self.silent, "mistakes": common}


class TruthDetector:
    """Sees what is drawn; the boxes tremble as a detector's do."""

    name, at_once = "truth", 1

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.now: list[Detection] = []

    def show(self, seen: Sequence[Seen]) -> None:
        """What the next picture has."""
        self.now = [
            Detection(one.label, 0.8, self._trembling(Box(*one.box)), one.label)
            for one in seen
            if one.visible >= VISIBLE
        ]

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """See `Detector.detect`."""
        return [self.now for _ in pictures]

    def _trembling(self, box: Box) -> Box:
        dx1, dy1, dx2, dy2 = self._rng.normal(0, 0.04, 4) * (box.width, box.height / 2, box.width, box.height / 2)
        return Box(
            box.x1 + dx1, box.y1 + dy1, box.x2 + dx2, box.y2 + dy2
        )  # fmt: skip


@dataclass
class Watched:
    """One light's pipeline, and which object each of its tracks is."""

    pipeline: Pipeline
    detector: TruthDetector
    rng: np.random.Generator
    objects: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    whole: Counter[str] = field(default_factory=Counter)

    def step(self, picture: Image, seen: Sequence[Seen], number: int) -> Outcome:
        """One picture."""
        self.detector.show(seen)
        outcome = self.pipeline.process(Frame(number + 1, picture, START_NS + number * NS // FPS))
        assert outcome.observation is not None
        for one in outcome.observation.seen:
            best = max(seen, key=lambda other: iou(one.box, Box(*other.box)), default=None)
            if one.now and best is not None and iou(one.box, Box(*best.box)) > 0.5:
                self.objects[one.track][best.id] += 1
                self.whole[one.track] += best.visible >= WHOLE
        return outcome


def _play(spec: Spec, seconds: int, lamps: dict[str, Lamp], scores: dict[str, Score]) -> None:
    scene = scene_for(spec)
    truth = {being.id: dict(being.colours) for actor in scene.actors for being in actor.beings()}
    for actor in scene.actors:
        if isinstance(actor, Person) and actor.look.backpack is not None:
            truth[actor.being.id].pop("upper", None)
    watched = {name: _watched(spec, number) for number, name in enumerate(lamps)}
    for number, (picture, seen) in enumerate(_frames(Renderer(scene), seconds)):
        for name, one in watched.items():
            _judge(one, one.step(_compressed(lamps[name].over(picture, one.rng)), seen, number), truth, scores[name])
    for name, one in watched.items():
        _judge(one, one.pipeline.finish(), truth, scores[name])


def _watched(spec: Spec, number: int) -> Watched:
    detector = TruthDetector(spec.seed)
    camera = Camera(id=f"cam-{spec.camera}", url="file:///dev/null", still={"enabled": False}, sprites=False)
    pipeline = Pipeline(camera, detector, counted_ids(str(spec)), fps=FPS, with_pictures=False, attention=Everywhere)
    return Watched(pipeline, detector, np.random.default_rng((spec.seed, number)))


def _frames(renderer: Renderer, seconds: int) -> Iterator[tuple[Image, list[Seen]]]:
    every = renderer.scene.spec.fps // FPS
    for number in range(0, seconds * renderer.scene.spec.fps, every):
        picture, seen = renderer.frame(number)
        yield np.asarray(cv2.resize(picture, SUB, interpolation=cv2.INTER_AREA), np.uint8), seen


def _compressed(picture: Image) -> Image:
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def _judge(watched: Watched, outcome: Outcome, truth: dict[str, dict[str, str]], score: Score) -> None:
    for track in outcome.tracks:
        votes = watched.objects.get(track.id, Counter())
        name, count = votes.most_common(1)[0] if votes else ("", 0)
        if not track.final or watched.whole[track.id] < SHORTEST or count < 0.9 * votes.total():
            continue
        for part, shares in track.colours.items():
            if part in truth[name]:
                score.add(part, truth[name][part], shares[0][0])


def cost() -> dict[str, object]:
    """Milliseconds of CPU a frame at 5 frames a second with 20 people, and the bare loop's."""
    crowd, ours, bare = Crowd(), [], []
    for number in range(ROUNDS):
        ours.append(crowd.look(number))
        began = time.thread_time()
        _bare(crowd.picture, crowd.boxes)
        bare.append(time.thread_time() - began)
    ours_ms, bare_ms = 1000 * statistics.mean(ours), 1000 * statistics.mean(bare)
    busiest = 1000 * statistics.quantiles(ours, n=100)[94]
    return {
        "people": len(crowd.boxes), "ours_ms": round(ours_ms, 3), "ours_ms_p95": round(busiest, 3),
        "bare_ms": round(bare_ms, 3), "ratio": round(ours_ms / bare_ms, 2),
    }  # fmt: skip


class Crowd:
    """Twenty people and their attributes; nobody stays for ever: every five seconds others come."""

    def __init__(self) -> None:
        self.picture, self.boxes = _crowd()
        self._attributes, self._mask = Attributes("bench", Painter([])), np.full((180, 320), 255, np.uint8)
        self._tracks = [
            Track(f"t{i}", Detection("person", 0.9, box), [*box, 0, 0, 0, 0], START_NS)
            for i, box in enumerate(self.boxes)
        ]

    def look(self, number: int) -> float:
        """Take in the picture of that number; seconds of CPU."""
        wall_ns = START_NS + number * NS // FPS
        for track in self._tracks:
            track.seen_ns = wall_ns
        began = time.thread_time()
        self._attributes.look(self.picture, Step(tuple(self._tracks), ()), Motion((), self._mask), wall_ns)
        taken = time.thread_time() - began
        if number % 25 == 24:
            for index, track in enumerate(self._tracks):
                self._attributes.drop(track.id)
                track.id = f"t{index}-{number}"
        return taken


def _crowd() -> tuple[Image, list[Box]]:
    rng = np.random.default_rng(3)
    picture = rng.integers(60, 200, (720, 1280, 3), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)
    boxes = []
    for number in range(20):
        x, y = 0.05 + 0.09 * (number % 10), 0.1 + 0.4 * (number // 10)
        boxes.append(Box(x, y, x + 0.04, y + 0.2))
    return picture, boxes


def _bare(picture: Image, boxes: Sequence[Box]) -> list[object]:
    height, width = picture.shape[:2]
    crops = [picture[int(b.y1 * height) : int(b.y2 * height), int(b.x1 * width) : int(b.x2 * width)] for b in boxes]
    return [cv2.mean(cv2.cvtColor(crop, cv2.COLOR_BGR2LAB)) for crop in crops]
