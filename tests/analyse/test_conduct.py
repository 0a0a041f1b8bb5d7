"""Rules about what a thing does, hysteresis, hours and cool-down."""

from __future__ import annotations

import pytest

from agent.analyse.ground.points import from_points
from agent.analyse.observe import Observation, Scene, Seen, foot_of
from agent.analyse.rules.gate import Gate
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.port import Happening
from agent.analyse.travel import WINDOW_NS, Walk
from agent.config.ground import Ground
from agent.core.clock import NS
from agent.core.geometry import Box
from agent.sim.scene.paths import trip
from tests.analyse.rule_kit import ASPECT, Actor, Faults, Stage, camera, car, share, walker
from tests.analyse.rule_kit import Scene as Street
from tests.analyse.scene import START_NS, at

PLAN = ((-3.0, 10.0), (3.0, 10.0), (3.0, 24.0), (-3.0, 24.0))
GROUND = {"points": [share(*spot) for spot in PLAN], "metres": PLAN, "bearing": 90}
PLANE = from_points(Ground.model_validate(GROUND), None, ASPECT)


def told(rules: list[dict], street: Street, plane=None, faults: Faults | None = None, blind=(), **keys) -> list[tuple]:
    ground = {} if plane is None else {"ground": GROUND}
    stage = Stage(camera(rule=rules, **ground, **keys), faults or Faults(misses=0.05), plane)
    return [(table.kind, one.phase, one) for _, verdicts in stage.play(street, blind) for _, table, one in verdicts]


def kinds(said: list[tuple]) -> list[str]:
    return [f"{kind} {phase}" for kind, phase, _ in said]


def test_speeding_in_every_unit():
    street = Street([car(1, (-14, 16), (14, 16), speed=10), car(6, (14, 19), (-14, 19), speed=14)], 10)
    for over, unit in ((43, "km/h"), (26.7, "mph"), (12, "m/s"), (12, None)):
        said = told([{"kind": "speeding", "over": over, "unit": unit}], street, PLANE)
        assert kinds(said) == ["speeding start", "speeding end"], unit
        facts = said[1][2].facts
        assert facts["top_speed_unit"] == (unit or "m/s")
        assert facts["top_speed"] == pytest.approx(14 * over / 12, rel=0.12)
    assert told([{"kind": "speeding", "over": 60, "unit": "km/h"}], street, PLANE) == []


@pytest.mark.parametrize("plane", [None, PLANE], ids=["picture", "ground"])
def test_who_runs_is_told_and_who_walks_is_not(plane):
    walks = walker(0, (-7, 13), (7, 13), speed=1.6)
    runs = walker(12, (7, 15), (-7, 15), speed=3.5)
    said = told([{"kind": "running"}], Street([walks, runs], 18), plane)
    assert kinds(said) == ["running start", "running end"]
    assert said[0][2].direction == ("left" if plane is None else "W")


@pytest.mark.parametrize("plane", [None, PLANE], ids=["picture", "ground"])
def test_who_goes_against_the_arrow_is_told(plane):
    arrow = [share(1, 11), share(1, 24)]
    away, back = walker(0, (1, 9), (1, 30), speed=1.5), walker(2, (-1, 30), (-1, 9), speed=1.5)
    across = walker(1, (-8, 14), (8, 14))
    rules = [{"kind": "wrong_way", "arrow": arrow, "labels": ["person"], "tolerance": 45}]
    said = told(rules, Street([away, back, across], 17), plane)
    assert kinds(said) == ["wrong_way start", "wrong_way end"]
    assert said[0][2].seen.travel.angle == pytest.approx(180, abs=30)


def test_a_car_that_stops_is_told_and_one_that_waits_at_a_light_is_not():
    stops = car(1, (-12, 16), (0, 16, 60.0), (12, 16))
    waits = car(1, (12, 21), (2, 21, 8.0), (-12, 21))
    said = told([{"kind": "vehicle_stopped", "after_s": 20}], Street([stops, waits], 75))
    assert kinds(said) == ["vehicle_stopped start", "vehicle_stopped end"]
    start, end = said[0][2], said[1][2]
    assert (start.start_ns - START_NS) / NS == pytest.approx(2.6, abs=1)
    assert (end.end_ns - START_NS) / NS == pytest.approx(62.6, abs=1.5)


def test_a_stop_is_not_made_of_time_in_which_nobody_looked():
    stops = car(1, (-12, 16), (0, 16, 40.0), (12, 16))
    assert told([{"kind": "vehicle_stopped", "after_s": 30}], Street([stops], 50), blind=[(6, 36)]) == []


def alone(rules: list[dict], boxes: list[Box], label: str) -> list[tuple[str, float]]:
    """One thing, a box for each picture of five a second: what is told of it, and when."""
    stage, walk, told = Stage(camera(rule=rules)), Walk(), []
    for number, box in enumerate(boxes):
        now_ns = at(number / 5)
        travel = walk.go(now_ns, box, ASPECT, None)
        seen = Seen("a", label, "", 0.9, box, foot_of(box), True, True, (0.5, 0.5), now_ns, travel)
        said = stage.judge.step(Observation(now_ns, (seen,)))
        told += [(one.phase, number / 5) for _, _, one in said]
    return told


def test_who_runs_in_and_then_stands_cut_by_the_edge_does_not_run_for_ever():
    down = [Box(0.4, 0.1 + 0.15 * n, 0.5, 0.5 + 0.15 * n) for n in range(4)]
    cut = [Box(0.4, 0.6, 0.5, 0.999)] * 300
    assert alone([{"kind": "running", "after_s": 0.4}], down + cut, "person") == [
        ("start", pytest.approx(0.8, abs=0.2)),
        ("end", pytest.approx(5.4, abs=0.5)),
    ]


def test_what_was_known_of_who_is_cut_by_the_edge_holds_for_a_moment():
    walk = Walk()
    for number in range(6):
        walk.go(at(number / 5), Box(0.4, 0.1 + 0.1 * number, 0.5, 0.3 + 0.1 * number), ASPECT, None)
    cut = Box(0.4, 0.8, 0.5, 1.0)
    assert walk.go(at(1) + WINDOW_NS, cut, ASPECT, None).direction == "down"
    after = walk.go(at(1.2) + WINDOW_NS, cut, ASPECT, None)
    assert (after.speed, after.direction, after.box) == (None, None, walk.travel.box)
    assert after.box is not None


@pytest.mark.parametrize("pace", [0.05, 0.2, 0.8])
def test_a_car_that_crawls_has_not_stopped(pace):
    crawls = [Box(pace * n / 50, 0.4, pace * n / 50 + 0.1, 0.5) for n in range(int(45 / pace))]
    assert alone([{"kind": "vehicle_stopped", "after_s": 20}], crawls, "vehicle") == []


def test_a_box_that_was_drawn_badly_once_does_not_move_a_car_that_stands():
    stands, other = Box(0.4, 0.4, 0.5, 0.5), Box(0.45, 0.4, 0.5, 0.5)
    boxes = [other if number == 50 else stands for number in range(110)]
    ((phase, after_s),) = alone([{"kind": "vehicle_stopped", "after_s": 20}], boxes, "vehicle")
    assert (phase, after_s) == ("start", pytest.approx(20.4, abs=0.5))


@pytest.mark.parametrize("plane", [None, PLANE], ids=["picture", "ground"])
def test_a_crowd_is_many_close_together(plane):
    spots = [(-2.4 + 0.8 * n, 13 + 0.7 * (n % 2)) for n in range(7)]
    together = [walker(0, (x - 6, y), (x, y, 25.0), (x + 6, y)) for x, y in spots]
    apart = [
        walker(0, (x * 3.5 - 6, y + n), (x * 3.5, y + n, 25.0), (x * 3.5 + 6, y)) for n, (x, y) in enumerate(spots)
    ]
    rules = [{"kind": "crowd", "over": 4, "radius": 2.5, "after_s": 3, "clear_s": 3}]
    faults = Faults(visible=0.2)
    said = told(rules, Street(together, 40), plane, faults)
    assert (kinds(said)[0], kinds(said)[-1]) == ("crowd start", "crowd end")
    assert len([one for one in said if one[1] == "start"]) == 1
    assert 5 <= said[-1][2].facts["most"] <= 7
    assert told(rules, Street(apart, 40), plane, faults) == []


def test_filters_on_size_and_height():
    bus = Actor(trip(2, 6, [(-12, 16), (12, 16)]), "vehicle", (3.2, 2.4, 9.0))
    street = Street([walker(0, (-7, 12), (7, 12)), bus], 14)
    zone = {"zone": [{"name": "all", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}]}

    def labels(rule: dict, plane=None) -> set[str]:
        rule = {"kind": "zone_entered", "zone": "all", **rule}
        return {one.seen.label for _, _, one in told([rule], street, plane, **zone)}

    assert labels({}) == {"person", "vehicle"}
    assert labels({"labels": ["vehicle"]}) == {"vehicle"}
    assert labels({"max_size": 0.25}) == {"person"}
    assert labels({"max_height_m": 2.2}, PLANE) == {"person"}
    assert labels({"min_speed": 4}, PLANE) == {"vehicle"}


def test_motion_is_told_and_lightning_is_not():
    stage = Stage(camera(rule=[{"kind": "motion", "min_area": 0.01, "after_s": 0.4, "clear_s": 2}]))
    moving, said = Box(0.4, 0.4, 0.6, 0.6), []
    plan = [()] * 5 + [(moving,)] * 10 + [None] * 2 + [(moving,)] * 3 + [()] * 20 + [(moving,)] + [()] * 10
    for number, boxes in enumerate(plan):
        said += stage.judge.step(Observation(at(number / 5), (), scene=Scene(None, boxes)))
    assert [(one.phase, round((one.start_ns - START_NS) / NS, 1)) for _, _, one in said] == [
        ("start", 1.0),
        ("end", 1.0),
    ]
    assert (said[1][2].end_ns - START_NS) / NS == pytest.approx(4.0)


def latched(pattern: str, after_s: float = 1.0, clear_s: float = 1.0, blind: str = "") -> list[tuple]:
    """`1` holds, `0` does not, `?` nobody knows; a picture each 0.2 s."""
    latch = Latch(after_s, clear_s)
    return [
        (turn, number)
        for number, sign in enumerate(pattern)
        if (
            turn := latch.step(
                {"1": True, "0": False}.get(sign), at(number / 5), blind=blind[number : number + 1] == "x"
            )
        )
    ]


def test_a_latch_waits_before_it_begins_and_before_it_ends():
    assert latched("0011111111") == [("start", 7)]
    assert latched("1111011111") == [("start", 7)]
    assert latched("1111000111111") == [("start", 12)]
    assert latched("111111" + "0" * 3 + "1" * 5 + "0" * 7) == [("start", 5), ("end", 19)]
    assert latched("11??????1") == [("start", 8)]
    assert latched("1111111", blind="   xxx ") == []
    assert latched("1", after_s=0) == [("start", 0)]


def happening(key: str, phase: str, second: float, began: float = 0.0) -> Happening:
    return Happening(key, phase, "motion", at(began), at(second) if phase == "end" else None, None)


def through(gate: Gate, *steps: tuple[float, str]) -> list[str]:
    """Steps are a second and words like `a+` (start), `a~` (update), `a-` (end)."""
    phases = {"+": "start", "~": "update", "-": "end"}
    said = []
    for second, words in steps:
        heard = [happening(word[0], phases[word[1]], second) for word in words.split()]
        said += [f"{second:g} {one.key} {one.phase}" for one in gate.step(heard, at(second))]
    return said


def test_a_cool_down_lets_one_through_and_the_next_when_it_still_goes_on():
    gate = Gate(lambda _: True, 60)
    said = through(gate, (0, "a+"), (5, "b+ c+"), (20, "c-"), (30, "a-"), (59, ""), (60, ""), (70, "b-"), (200, "a+"))
    assert said == ["0 a start", "30 a end", "60 b start", "70 b end", "200 a start"]


def test_what_goes_on_when_the_hours_begin_begins_with_them_and_ends_with_them():
    gate = Gate(lambda wall_ns: at(100) <= wall_ns < at(200), 0)
    said = through(
        gate, (10, "a+ b+"), (50, "b-"), (99, ""), (100, ""), (150, "c+ c-"), (199, ""), (200, ""), (250, "a-")
    )
    assert said == ["100 a start", "150 c start", "150 c end", "200 a end"]


def test_updates_are_told_once_a_second_and_the_last_one_is_not_lost():
    gate = Gate(lambda _: True, 0)
    said = through(gate, (0, "a+"), (0.2, "a~"), (0.4, "a~"), (1, ""), (1.2, "a~"), (3, ""), (4, "a-"), (5, "a~ a-"))
    assert said == ["0 a start", "1 a update", "3 a update", "4 a end"]
