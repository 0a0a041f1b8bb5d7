"""Scenes with known truth for rules: people and vehicles on a ground, as a camera and a faulty detector see them.

A scene is who walks where in metres; what the picture's rules should say of it follows from the feet alone. The
detector trembles, misses, and does not see who is hidden; what it finds goes through the real tracker to the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from agent.analyse.detect.port import Detection
from agent.analyse.ground.plane import Plane
from agent.analyse.observe import Observation, Seen, foot_of
from agent.analyse.rules.judge import Judge, Verdict
from agent.analyse.track.tracker import Step, Tracker
from agent.analyse.travel import Walk
from agent.config.gateway import Camera
from agent.core.geometry import Box, Point, inside
from agent.sim.scene.camera import Camera as Lens
from agent.sim.scene.paths import Trip, trip
from tests.analyse.scene import at, ids

LENS = Lens(1280, 720, 5.0, 16.0, 56.0)
ASPECT = 1280 / 720
FPS = 5
FINE = 50
"""Truth is sampled so often a second."""


@dataclass(frozen=True)
class Actor:
    """Somebody with a size in metres (height, width, length along the way)."""

    way: Trip
    label: str = "person"
    size: tuple[float, float, float] = (1.72, 0.55, 0.35)

    def box(self, time_s: float, lens: Lens = LENS) -> Box | None:
        """As the camera sees it, not clipped; None while it is not there or not before the camera."""
        since = time_s - self.way.start_s
        if not 0 <= since <= self.way.times_s[-1]:
            return None
        moment = self.way.moment(since)
        height, width, length = self.size
        corners = []
        for along in (-length / 2, length / 2):
            for across in (-width / 2, width / 2):
                x = moment.x + along * moment.hx - across * moment.hy
                y = moment.y + along * moment.hy + across * moment.hx
                if lens.depth(x, y) < 1:
                    return None
                corners += [lens.share(x, y), lens.share(x, y, height)]
        xs, ys = zip(*corners, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))


def walker(start_s: float, *stops, speed: float = 1.3, label: str = "person") -> Actor:
    return Actor(trip(start_s, speed, stops), label)


def car(start_s: float, *stops, speed: float = 8.0) -> Actor:
    return Actor(trip(start_s, speed, stops), "vehicle", (1.5, 1.8, 4.4))


@dataclass(frozen=True)
class Faults:
    """Of the detector: trembling as a share of the box, misses, and how much must be visible of somebody."""

    tremble: float = 0.02
    misses: float = 0.1
    visible: float = 0.45
    seed: int = 1


@dataclass
class Scene:
    """Actors, and for how long one looks."""

    actors: Sequence[Actor]
    seconds: float

    def feet(self, time_s: float) -> dict[int, Point]:
        """Where those stand whose feet are in the picture."""
        found = {}
        for number, actor in enumerate(self.actors):
            box = actor.box(time_s)
            if box is not None and 0 <= box.foot[0] <= 1 and 0 <= box.foot[1] <= 1:
                found[number] = box.foot
        return found

    def times(self) -> Iterator[float]:
        return (number / FINE for number in range(round(self.seconds * FINE)))

    def crossings(self, points: Sequence[Point]) -> dict[str, int]:
        """True counts over a straight line, by direction."""
        a, b = points
        counts = {"left_to_right": 0, "right_to_left": 0}
        for before, after in pairwise(self.feet(time_s) for time_s in self.times()):
            for number in before.keys() & after.keys():
                turn = _side(before[number], a, b), _side(after[number], a, b)
                if (turn[0] < 0) != (turn[1] < 0) and _beside(before[number], a, b):
                    counts["left_to_right" if turn[0] < 0 else "right_to_left"] += 1
        return counts

    def visits(self, polygon: Sequence[Point]) -> list[tuple[int, float, float]]:
        """Who was in a zone from when to when."""
        found: list[tuple[int, float, float]] = []
        since: dict[int, float] = {}
        for time_s in self.times():
            within = {number for number, foot in self.feet(time_s).items() if inside(foot, polygon)}
            found += [(number, since.pop(number), time_s) for number in since.keys() - within]
            since |= dict.fromkeys(within - since.keys(), time_s)
        return found + [(number, begun, self.seconds) for number, begun in since.items()]

    def occupancy(self, polygon: Sequence[Point], time_s: float) -> int:
        return sum(inside(foot, polygon) for foot in self.feet(time_s).values())


def _side(point: Point, a: Point, b: Point) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _beside(point: Point, a: Point, b: Point) -> bool:
    way = (b[0] - a[0], b[1] - a[1])
    along = ((point[0] - a[0]) * way[0] + (point[1] - a[1]) * way[1]) / (way[0] ** 2 + way[1] ** 2)
    return 0 <= along <= 1


@dataclass
class Stage:
    """The tracker and the rules, fed with what a faulty detector makes of a scene."""

    camera: Camera
    faults: Faults = field(default_factory=Faults)
    plane: Plane | None = None
    fps: float = FPS

    def __post_init__(self) -> None:
        self.judge, self.tracker = Judge(self.camera), Tracker(ids())
        self.tracker.aspect = ASPECT
        self._rng = np.random.default_rng(self.faults.seed)
        self._walks: dict[str, Walk] = {}
        self._births: dict[str, Point] = {}

    def play(self, scene: Scene, blind: Sequence[tuple[float, float]] = ()) -> Iterator[tuple[float, list[Verdict]]]:
        """What is told at each picture; none is looked at in the spans `blind`, and the rules hear of that."""
        last_s = 0.0
        for number in range(round(scene.seconds * self.fps)):
            time_s = number / self.fps
            if any(begin <= time_s < end for begin, end in blind):
                continue
            gap_s = time_s - last_s
            observation = self.observe(scene, time_s, gap_s if gap_s > 2.6 / self.fps else 0.0)
            yield time_s, self.judge.step(observation)
            last_s = time_s
        step = self.tracker.finish()
        yield scene.seconds, self.judge.finish(self._observation(step, scene.seconds, 0.0))

    def observe(self, scene: Scene, time_s: float, blind_s: float) -> Observation:
        found = detections(scene, time_s, self.faults, self._rng)
        step = self.tracker.update(found, at(time_s), lambda _: False)
        return self._observation(step, time_s, blind_s)

    def _observation(self, step: Step, time_s: float, blind_s: float) -> Observation:
        living = tuple(self._seen(track, time_s) for track in step.tracks)
        ended = tuple(self._seen(track, time_s) for track in step.ended)
        return Observation(at(time_s), living, ended, blind_s, aspect=ASPECT, plane=self.plane)

    def _seen(self, track, time_s: float) -> Seen:
        walk, now = self._walks.setdefault(track.id, Walk()), track.seen_ns == at(time_s)
        if now:
            walk.go(track.seen_ns, track.box, ASPECT, self.plane)
        birth = self._births.setdefault(track.id, foot_of(track.box))
        return Seen(
            track.id, track.label, track.kind, track.best_score, track.box, foot_of(track.box), track.confirmed, now,
            birth, track.seen_ns, walk.travel,
        )  # fmt: skip


def detections(scene: Scene, time_s: float, faults: Faults, rng: np.random.Generator) -> list[Detection]:
    """What a detector finds: who is nearer hides who is farther."""
    there = [(actor, box) for actor in scene.actors if (box := actor.box(time_s)) is not None]
    there = [(actor, box) for actor, box in there if box.clipped().area > 0.3 * box.area > 0]
    there.sort(key=lambda one: -one[1].y2)
    found: list[Detection] = []
    for number, (actor, box) in enumerate(there):
        hidden = max((_overlap(box, nearer) for _, nearer in there[:number]), default=0.0)
        if 1 - hidden < faults.visible or rng.random() < faults.misses:
            continue
        shake = rng.normal(0, faults.tremble, 4) * (box.width, box.height, box.width, box.height)
        trembling = Box(*(float(value + off) for value, off in zip(box, shake, strict=True))).clipped()
        found.append(Detection(actor.label, float(np.clip(rng.normal(0.75, 0.08), 0.45, 0.98)), trembling))
    return found


def _overlap(box: Box, other: Box) -> float:
    width = min(box.x2, other.x2) - max(box.x1, other.x1)
    height = min(box.y2, other.y2) - max(box.y1, other.y1)
    return max(0.0, width) * max(0.0, height) / box.area if box.area else 0.0


def share(x: float, y: float) -> Point:
    """A point of the ground in the picture."""
    return LENS.share(x, y)


def camera(**more) -> Camera:
    return Camera.model_validate({"id": "cam", "url": "file:/x.mp4", **more})
