"""What rules say of scenes whose truth is known: counts, dwell, occupancy, speed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from agent.analyse.frames import Frame
from agent.analyse.pipeline import Pipeline
from agent.core.clock import NS
from agent.core.geometry import Box, inside
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from tests.analyse.rule_kit import Faults, Scene, Stage, camera, car, share, walker
from tests.analyse.scene import START_NS, ScriptedDetector, at, found, ids, whole

PATH = [share(-1.0, 12.0), share(-1.0, 22.0)]
"""A line that runs away from the camera: who walks to the right crosses it from left to right."""
PLAZA = [share(-3.0, 11.0), share(3.0, 11.0), share(3.0, 17.0), share(-3.0, 17.0)]
COUNTS = {
    "line": [{"name": "path", "points": PATH}],
    "zone": [{"name": "plaza", "polygon": PLAZA}],
    "rule": [
        {"kind": "count", "line": "path", "every_s": 60},
        {"kind": "line_crossed", "line": "path"},
        {"kind": "occupancy", "zone": "plaza", "after_s": 0, "clear_s": 0},
        {"kind": "loitering", "zone": "plaza", "after_s": 5},
        {"kind": "zone_entered", "zone": "plaza"},
    ],
}


def quiet_street() -> Scene:
    """Nobody hides anybody: to the right, to the left, away, some wait in the plaza."""
    actors = [walker(4 * n, (-9, 12.5 + n % 5), (9, 12.5 + n % 5)) for n in range(0, 12, 2)]
    actors += [walker(4 * n, (9, 12.5 + n % 5), (-9, 12.5 + n % 5)) for n in range(1, 12, 2)]
    actors += [walker(70, (-8, 13), (1.5, 14, 12.0), (8, 15)), walker(62, (8, 19), (-0.2, 19, 3.0), (8, 18))]
    return Scene(actors, 110)


def crowded_street(seed: int = 3, people: int = 70, seconds: float = 120) -> Scene:
    """Groups that meet on the line, hide each other and part again."""
    rng = np.random.default_rng(seed)
    actors = []
    for start_s in rng.uniform(0, seconds - 25, people):
        rightward, (near, far) = rng.random() < 0.5, rng.uniform(11.5, 20, 2)
        ends = [(-8, near), (8, 0.7 * near + 0.3 * far)]
        actors.append(walker(start_s, *(ends if rightward else reversed(ends)), speed=rng.uniform(1.0, 1.7)))
    return Scene(actors, seconds)


def counted(scene: Scene, faults: Faults, rules=COUNTS) -> tuple[Counter, Counter]:
    """Summed `count` events at their ends, and `line_crossed` events, by direction."""
    sums: Counter = Counter()
    crossed: Counter = Counter()
    for _, verdicts in Stage(camera(**rules), faults).play(scene):
        for _, table, one in verdicts:
            if table.kind == "count" and one.phase == "end" and one.direction:
                sums[one.direction] += one.count
            crossed[one.direction] += table.kind == "line_crossed" and one.phase == "end"
    return sums, +crossed


@pytest.mark.parametrize("seed", range(2))
def test_counts_are_exact_where_nobody_hides_anybody(seed):
    scene = quiet_street()
    truth = Counter(scene.crossings(PATH))
    assert min(truth.values()) >= 6
    sums, crossed = counted(scene, Faults(seed=seed))
    assert sums == truth
    assert crossed == truth


def test_counts_are_within_five_percent_in_a_crowd():
    seed = 1
    scene = crowded_street(seed, people=50, seconds=90)
    truth, (sums, _) = Counter(scene.crossings(PATH)), counted(scene, Faults(seed=seed))
    assert abs(sums.total() - truth.total()) <= 0.05 * truth.total()
    for direction, count in truth.items():
        assert abs(sums[direction] - count) <= max(2, 0.05 * count), (sums, truth)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 16))
def test_counts_are_within_five_percent_in_many_crowds(seed):
    scene = crowded_street(seed, people=150, seconds=300)
    truth, (sums, _) = Counter(scene.crossings(PATH)), counted(scene, Faults(seed=seed))
    for direction, count in truth.items():
        assert abs(sums[direction] - count) <= 0.05 * count, (sums, truth)


@pytest.mark.parametrize("seed", range(2))
def test_dwell_is_right_within_half_a_second(seed):
    scene = quiet_street()
    truth = sorted(end - begin for _, begin, end in scene.visits(PLAZA))
    said = [
        one.facts["dwell_s"]
        for _, verdicts in Stage(camera(**COUNTS), Faults(seed=seed)).play(scene)
        for _, table, one in verdicts
        if table.kind == "zone_entered" and one.phase == "end"
    ]
    assert len(said) == len(truth)
    assert np.abs(np.subtract(sorted(said), truth)).max() <= 0.5


def test_loitering_is_told_once_dwell_is_long_enough_and_ends_with_the_visit():
    scene = quiet_street()
    truth = [(begin, end) for _, begin, end in scene.visits(PLAZA) if end - begin > 5]
    told = [
        (time_s, one)
        for time_s, verdicts in Stage(camera(**COUNTS)).play(scene)
        for _, table, one in verdicts
        if table.kind == "loitering"
    ]
    assert [one.phase for _, one in told] == ["start", "end"] * len(truth)
    for (begin, end), (told_s, start), (_, over) in zip(sorted(truth), told[::2], told[1::2], strict=True):
        assert told_s == pytest.approx(begin + 5, abs=0.7)
        assert (start.start_ns - START_NS) / NS == pytest.approx(begin, abs=0.4)
        assert (over.end_ns - START_NS) / NS == pytest.approx(end, abs=0.5)


@pytest.mark.parametrize("seed", range(2))
def test_occupancy_is_right_each_second(seed):
    scene = quiet_street()
    changes = [time_s for _, *ends in scene.visits(PLAZA) for time_s in ends]
    count, wrong, seconds = 0, 0, 0
    for time_s, verdicts in Stage(camera(**COUNTS), Faults(seed=seed)).play(scene):
        for _, table, one in verdicts:
            count = (0 if one.phase == "end" else one.count) if table.kind == "occupancy" else count
        if time_s % 1 == 0 and min(abs(time_s - change) for change in changes) > 1.2:
            seconds += 1
            wrong += count != scene.occupancy(PLAZA, time_s)
    assert seconds > 30
    assert wrong == 0


def test_nobody_dwells_while_nobody_looks():
    scene = Scene([walker(0, (-6, 13), (0, 14, 60.0), (6, 14))], 50)
    told = [
        (time_s, one)
        for time_s, verdicts in Stage(camera(**COUNTS)).play(scene, blind=[(8.0, 38.0)])
        for _, table, one in verdicts
        if table.kind == "loitering"
    ]
    for _, one in told:
        assert one.facts["dwell_s"] < 14


def test_intervals_without_anybody_are_told_and_the_first_counts_begin_at_once():
    scene = Scene([walker(65, (-6, 14), (6, 14))], 185)
    told = [
        one
        for _, verdicts in Stage(camera(**COUNTS)).play(scene)
        for _, table, one in verdicts
        if table.kind == "count"
    ]
    ends = [one for one in told if one.phase == "end"]
    assert sum(one.count for one in ends) == 1
    assert [one.count for one in ends].count(0) >= 2
    assert all(a.end_ns == b.start_ns for a, b in pairwise(ends))
    assert all(one.end_ns % (60 * NS) == 0 for one in ends[:-1])


def test_cars_beside_each_other_are_told_apart_by_speed_and_way():
    rules = {"rule": [{"kind": "speeding", "over": 4.5}, {"kind": "wrong_way", "arrow": [[0.2, 0.5], [0.8, 0.5]]}]}
    scene = Scene([car(1, (-14, 16), (14, 16), speed=6), car(8, (14, 19), (-14, 19), speed=12)], 14)
    told = [
        (table.kind, one.phase)
        for _, verdicts in Stage(camera(**rules), Faults(misses=0.05)).play(scene)
        for _, table, one in verdicts
    ]
    assert sorted(told) == [("speeding", "end"), ("speeding", "start"), ("wrong_way", "end"), ("wrong_way", "start")]


@pytest.mark.slow
def test_on_the_drawn_crossing_counts_and_visits_are_right():
    """The pictures of the demo's crossing through the whole pipeline; only the detector is told where people are."""
    renderer = Renderer(scene_for(Spec(1, 7, 640, 360, fps=10)))
    kerb = [renderer.camera.share(-6.0, 12.6), renderer.camera.share(6.0, 12.6)]
    zebra = {"name": "zebra", "polygon": renderer.scene.zones["zebra"]}
    settings = camera(
        line=[{"name": "kerb", "points": kerb}], zone=[zebra],
        rule=[
            {"kind": "count", "line": "kerb", "labels": ["person"]},
            {"kind": "zone_entered", "zone": "zebra", "labels": ["person"]},
        ],
    )  # fmt: skip
    seen: list = []
    detector = ScriptedDetector(
        lambda _: [found(Box(*one.box), 0.8, _label(one.label)) for one in seen[-1] if one.visible > 0.4]
    )
    pipeline = Pipeline(settings, detector, ids(), fps=5, with_pictures=False, attention=whole)
    events = []
    for number in range(0, renderer.scene.spec.frames, 2):
        picture, truth = renderer.frame(number)
        seen.append(truth)
        events += pipeline.process(Frame(number + 1, picture, at(number / 10))).events
    events += pipeline.finish().events
    counts = Counter({one.direction: one.count for one in events if one.kind == "count" and one.phase == "end"})
    assert sum(counts.values()) >= 4
    assert counts == Counter(_true_crossings(seen, kerb, renderer))
    entered = [one for one in events if one.kind == "zone_entered" and one.phase == "start"]
    assert abs(len(entered) - _true_entries(seen, zebra["polygon"], renderer)) <= 1


def _label(label: str) -> str:
    return {"bicycle": "two_wheeler", "car": "vehicle", "van": "vehicle"}.get(label, label)


def _true_crossings(seen, points, renderer) -> dict[str, int]:
    (x1, y), (x2, _) = points
    last: dict[str, float] = {}
    counts = {"left_to_right": 0, "right_to_left": 0}
    for one in (one for frame in seen for one in frame if one.label == "person"):
        x, foot = renderer.camera.share(*one.ground)
        if not 0 < foot < 1:  # cut by the picture's edge
            last.pop(one.id, None)
            continue
        if one.id in last and x1 < x < x2 and (last[one.id] < y) != (foot < y):
            counts["left_to_right" if last[one.id] < y else "right_to_left"] += 1
        last[one.id] = foot
    return {way: count for way, count in counts.items() if count}


def _true_entries(seen, polygon, renderer) -> int:
    within: set[str] = set()
    entries = 0
    for frame in seen:
        feet = {one.id: renderer.camera.share(*one.ground) for one in frame if one.label == "person"}
        now = {who for who, foot in feet.items() if inside(foot, polygon)}
        entries += len(now - within)
        within = (within & now) | now | {who for who in within if who not in feet}
    return entries
