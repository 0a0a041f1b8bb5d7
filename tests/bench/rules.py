"""Rules: milliseconds a picture for all kinds on 20 tracks beside a bare loop, and how right they are."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from agent.analyse.ground.plane import Plane
from agent.analyse.ground.points import from_points
from agent.analyse.observe import Observation
from agent.analyse.observe import Scene as Look
from agent.analyse.rules.judge import Judge
from agent.analyse.travel import Walk, apart
from agent.config.gateway import Camera
from agent.config.ground import Ground
from agent.core.edges import crossing
from agent.core.geometry import Box, inside
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from tests.analyse.rule_kit import ASPECT, FPS, Faults, Scene, Stage, camera, car, share, walker
from tests.analyse.scene import at
from tests.analyse.test_ground import WAYS, figures, plane
from tests.analyse.test_rule_kit import COUNTS, PATH, PLAZA, counted, crowded_street, quiet_street
from tests.bench.attributes import Crowd

TRACKS, PICTURES, ROUNDS = 20, 300, 5
EVERY_KIND = {
    "zone": [
        {"name": "plaza", "polygon": PLAZA},
        {"name": "road", "polygon": [[0.0, 0.4], [1.0, 0.4], [1.0, 0.9], [0.6, 0.95], [0.0, 0.9]]},
    ],
    "line": [{"name": "path", "points": PATH}, {"name": "gate", "points": [[0.2, 0.6], [0.5, 0.5], [0.8, 0.6]]}],
    "rule": [
        {"kind": "zone_entered", "zone": "plaza"}, {"kind": "zone_left", "zone": "plaza"},
        {"kind": "loitering", "zone": "plaza", "after_s": 20}, {"kind": "occupancy", "zone": "plaza", "over": 3},
        {"kind": "line_crossed", "line": "path"}, {"kind": "line_crossed", "line": "gate", "labels": ["vehicle"]},
        {"kind": "count", "line": "path"}, {"kind": "count", "zone": "road", "labels": ["person"]},
        {"kind": "vehicle_stopped", "zone": "road"}, {"kind": "wrong_way", "arrow": [[0.2, 0.5], [0.8, 0.5]]},
        {"kind": "speeding", "over": 50, "unit": "km/h", "labels": ["vehicle"]}, {"kind": "running", "cooldown_s": 60},
        {"kind": "crowd", "over": 8, "when": [{"from": "07:00", "to": "22:00"}]}, {"kind": "tamper"},
        {"kind": "motion", "zone": "plaza"},
    ],
}  # fmt: skip


def run() -> dict[str, object]:
    """Speed of the rules, errors of counts, dwell, speed and bearing."""
    return {"speed": speed(), "counts": counts(), "dwell_s": dwell(), "ground": ground(), "drawn": drawn()}


def speed() -> dict[str, object]:
    """Milliseconds a picture: median of rounds, each kind alone, and a bare loop that asks 2 zones and 2 lines."""
    seen = _observations(Camera.model_validate({"id": "c", "url": "file:/x.mp4"}))
    settings = camera(**EVERY_KIND, ground=_measured())
    alone = {
        rule["kind"]: _median(
            lambda rule=rule: _judge(camera(**{**EVERY_KIND, "rule": [rule]}, ground=_measured()), seen)
        )
        for rule in EVERY_KIND["rule"]
    }
    all_ms, bare_ms, none_ms = (
        _median(job)
        for job in (lambda: _judge(settings, seen), lambda: _bare(settings, seen), lambda: _judge(camera(), seen))
    )
    return {
        "tracks": statistics.mean(len(one.seen) for one in seen), "rules": len(settings.rule),
        "all_ms": round(all_ms, 3), "bare_ms": round(bare_ms, 3), "ratio": round(all_ms / bare_ms, 1),
        "with_attributes_ms": round(_median(lambda: _together(settings, seen)), 3),
        "no_rules_ms": round(none_ms, 3), "travel_ms": round(_median(lambda: _walk(seen)), 3),
        "alone_ms": {kind: round(ms, 3) for kind, ms in alone.items()},
    }  # fmt: skip


def counts() -> dict[str, object]:
    """Counts of lines against the truth: uncrowded, and crowds of 70 and 150 in two and five minutes."""
    quiet = [_miscount(quiet_street(), seed) for seed in range(5)]
    crowd = [_miscount(crowded_street(seed, 150, 300), seed) for seed in range(10, 16)]
    return {"quiet": _sums(quiet), "crowd": _sums(crowd)}


def dwell() -> dict[str, float]:
    """Seconds by which visits of the uncrowded street are off."""
    errors: list[float] = []
    for seed in range(5):
        scene = quiet_street()
        truth = sorted(end - begin for _, begin, end in scene.visits(PLAZA))
        said = sorted(
            one.facts["dwell_s"]
            for _, verdicts in Stage(camera(**COUNTS), Faults(seed=seed)).play(scene)
            for _, table, one in verdicts
            if table.kind == "zone_entered" and one.phase == "end"
        )
        errors += np.abs(np.subtract(said, truth)).tolist()
    return {"median": round(statistics.median(errors), 2), "worst": round(max(errors), 2)}


def ground() -> dict[str, object]:
    """Worst errors of five ways over 20 seeds: speed in percent, bearing in degrees, by how much boxes tremble.

    From 1.6 s, and from 3 s after the first sight on.
    """
    found = {}
    for tremble, after_s in itertools.product((0.0, 0.01, 0.02), (1.6, 3.0)):
        errors = [
            figures(actor, plane(), tremble, seed, after_s)
            for ends in WAYS.values()
            for actor in (car(0, *ends, speed=8), walker(0, *ends, speed=1.5))
            for seed in range(20 if tremble else 1)
        ]
        speeds, bearings = zip(*errors, strict=True)
        found[f"tremble {tremble:.0%}, after {after_s} s"] = {
            "speed_percent": round(100 * float(np.nanmedian(speeds)), 1),
            "speed_percent_worst": round(100 * float(np.nanmax(speeds)), 1),
            "bearing_deg": round(float(np.nanmedian(bearings)), 1),
            "bearing_deg_worst": round(float(np.nanmax(bearings)), 1),
        }  # fmt: skip
    return found


def drawn() -> dict[str, object]:
    """The drawn crossing with its vehicles and people as painted: boxes of what is visible, four points on the road."""
    scene = scene_for(Spec(1, 7, 1280, 720))
    renderer = Renderer(scene)
    where, walks = _drawn_plane(renderer), {}
    last: dict[str, tuple[float, tuple[float, float]]] = {}
    shares: dict[str, list[float]] = {"vehicle": [], "person": []}
    degrees: dict[str, list[float]] = {"vehicle": [], "person": []}
    step = scene.spec.fps // FPS
    for number in range(0, scene.spec.frames, step):
        time_s = number / scene.spec.fps
        for one in renderer.frame(number)[1]:
            label = "person" if one.label == "person" else "vehicle"
            travel = walks.setdefault(one.id, Walk()).go(at(time_s), Box(*one.box), ASPECT, where)
            before = last.get(one.id)
            last[one.id] = time_s, one.ground
            if before is None or travel.mps is None or travel.bearing is None or one.visible < 0.98:
                continue
            dx, dy = one.ground[0] - before[1][0], one.ground[1] - before[1][1]
            truth = math.hypot(dx, dy) * FPS
            if truth > 0.7 and one.box[0] > 0.02 and one.box[2] < 0.98:
                shares[label].append(abs(travel.mps / truth - 1))
                degrees[label].append(apart(travel.bearing, math.degrees(math.atan2(dx, dy)) % 360))
    return {
        label: {
            "sights": len(shares[label]), "speed_percent": round(100 * statistics.median(shares[label]), 1),
            "bearing_deg": round(statistics.median(degrees[label]), 1),
        }
        for label in shares
        if shares[label]
    }  # fmt: skip


def _drawn_plane(renderer: Renderer) -> Plane:
    plan = ((-4.0, 13.0), (4.0, 13.0), (4.0, 22.0), (-4.0, 22.0))
    points = [renderer.camera.share(*spot) for spot in plan]
    # the way from the first to the second point runs along x: east, when y is taken for north
    return from_points(Ground.model_validate({"points": points, "metres": plan, "bearing": 90}), None, ASPECT)


def _measured() -> dict[str, object]:
    plan = ((-3.0, 10.0), (3.0, 10.0), (3.0, 24.0), (-3.0, 24.0))
    return {"points": [share(*spot) for spot in plan], "metres": plan, "bearing": 90}


def _observations(settings: Camera) -> list[Observation]:
    """Twenty who walk to and fro, as the tracker has them, with a small grey picture."""
    rng = np.random.default_rng(1)
    ends = [((-7.0, y), (7.0, y)) for y in rng.uniform(11, 24, TRACKS)]
    street = Scene([walker(0, *([a, b] * 8), speed=1.4) for a, b in ends], PICTURES / FPS + 5)
    stage = Stage(settings, Faults(visible=0.0, misses=0.05), plane())
    greys = [rng.integers(0, 256, (180, 320), np.uint8) for _ in range(8)]
    boxes = tuple(Box(x, 0.5, x + 0.05, 0.7) for x in np.linspace(0.1, 0.8, 10))
    found = [stage.observe(street, number / FPS, 0.0) for number in range(PICTURES)]
    return [
        Observation(one.wall_ns, one.seen[:TRACKS], one.ended, 0.0, Look(greys[n % 8], boxes), ASPECT, one.plane)
        for n, one in enumerate(found)
    ]


def _judge(settings: Camera, seen: Sequence[Observation]) -> float:
    judge = Judge(settings)
    return _timed(lambda: [judge.step(one) for one in seen], len(seen))


def _bare(settings: Camera, seen: Sequence[Observation]) -> float:
    def work() -> None:
        last: dict[str, tuple[float, float]] = {}
        for observation in seen:
            for one in observation.seen:
                foot = one.foot
                for zone in settings.zone:
                    inside(foot, zone.polygon)
                for line in settings.line:
                    crossing(last.get(one.track, foot), foot, line.points)
                last[one.track] = foot

    return _timed(work, len(seen))


def _walk(seen: Sequence[Observation]) -> float:
    def work() -> None:
        walks: dict[str, Walk] = {}
        for observation in seen:
            for one in observation.seen:
                walks.setdefault(one.track, Walk()).go(observation.wall_ns, one.box, ASPECT, observation.plane)

    return _timed(work, len(seen))


def _together(settings: Camera, seen: Sequence[Observation]) -> float:
    """All that is said of 20 tracks: how each moves, every kind of rule, and the attributes of each."""
    judge, crowd = Judge(settings), Crowd()
    walks: dict[str, Walk] = {}

    def work() -> None:
        for number, observation in enumerate(seen):
            for one in observation.seen:
                walks.setdefault(one.track, Walk()).go(observation.wall_ns, one.box, ASPECT, observation.plane)
            judge.step(observation)
            crowd.look(number)

    return _timed(work, len(seen))


def _timed(work: Callable[[], object], pictures: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000 / pictures


def _median(job: Callable[[], float]) -> float:
    return statistics.median(job() for _ in range(ROUNDS))


def _miscount(scene: Scene, seed: int) -> tuple[int, int]:
    """Off by, of how many."""
    truth, (sums, _) = Counter(scene.crossings(PATH)), counted(scene, Faults(seed=seed))
    return sum(abs(sums[direction] - count) for direction, count in truth.items()), truth.total()


def _sums(found: Sequence[tuple[int, int]]) -> dict[str, float]:
    off, total = (sum(column) for column in zip(*found, strict=True))
    worst = max(miss / count for miss, count in found)
    return {"crossings": total, "off": off, "percent": round(100 * off / total, 1), "worst": round(100 * worst, 1)}
