"""Rules as tables: where the foot was in each picture, what happened."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.analyse.observe import Observation, Seen, foot_of
from agent.analyse.rules.area import Area
from agent.analyse.rules.judge import Judge
from agent.analyse.rules.line import Crossings, LineCrossed
from agent.analyse.rules.port import Happening
from agent.analyse.rules.who import Who
from agent.analyse.rules.zone import Visits, ZoneEntered, ZoneLeft
from agent.config.gateway import Camera, Line, Zone
from agent.core.clock import NS
from agent.core.edges import crossing
from agent.core.geometry import Box
from tests.analyse.scene import START_NS, at

STEP_S = 0.2
ZONE = Zone(name="plaza", polygon=((0.4, 0.4), (0.8, 0.4), (0.8, 1.0), (0.4, 1.0)))
LINE = Line(name="gate", points=((0.5, 0.2), (0.5, 0.8)))  # looking down the picture: its right is at smaller x

FAR = (0.95, 0.7)
"""On the other side of the zone."""
IN, OUT, GONE, EDGE = (0.6, 0.7), (0.2, 0.7), None, (0.395, 0.7)


def seen(foot, number, track="t1", label="person", kind="person", birth=None, confirmed=True) -> Seen:
    x, y = foot
    box = Box(x - 0.02, y - 0.2, x + 0.02, y)
    return Seen(track, label, kind, 0.8, box, foot_of(box), confirmed, True, birth or foot, at(number * STEP_S))


def play(rule, feet, **more) -> list[Happening]:
    """One foot a picture; None is a picture without the track. The track ends after the last."""
    said: list[Happening] = []
    last = None
    for number, foot in enumerate(feet):
        now = () if foot is None else (seen(foot, number, birth=feet[0], **more),)
        last = now[0] if now else last
        said += rule.step(Observation(at(number * STEP_S), now))
    return said + rule.step(Observation(at(len(feet) * STEP_S), (), (last,)))


def seconds(happening: Happening) -> tuple[float, float | None]:
    end_ns = happening.end_ns
    return (happening.start_ns - START_NS) / NS, None if end_ns is None else (end_ns - START_NS) / NS


def visits(labels=()) -> Visits:
    return Visits(Area(ZONE.polygon), Who(frozenset(labels)))


def entered(labels=()) -> ZoneEntered:
    return ZoneEntered("plaza", visits(labels))


def left() -> ZoneLeft:
    return ZoneLeft("plaza", visits())


def crossed(direction="both") -> LineCrossed:
    return LineCrossed("gate", Crossings(LINE.points, Who()), direction)


ENTER_CASES = {
    "walks in and ends inside": ([OUT, IN, IN, IN, IN, IN], [("start", (0.2, None)), ("end", (0.2, 1.0))]),
    "passes between two pictures": (
        [(0.35, 0.7), (0.85, 0.7)] + [FAR] * 9,
        [("start", (0.02, None)), ("end", (0.02, 0.2))],
    ),
    "passes, seen inside once": ([OUT, IN, FAR] + [FAR] * 9, [("start", (0.2, None)), ("end", (0.2, 0.4))]),
    "passes along the edge, half the time over it": (
        [OUT, (0.45, 0.401), (0.5, 0.398), (0.6, 0.401), (0.7, 0.398), (0.95, 0.3)],
        [("start", (0.2, None)), ("end", (0.2, 1.0))],
    ),
    "trembles over the edge for a moment": ([OUT, (0.405, 0.7), EDGE, (0.405, 0.7), OUT, OUT], []),
    "nobody saw the way": ([OUT] + [GONE] * 6 + [FAR] * 3, []),
    "touches a corner": ([(0.38, 0.41), (0.41, 0.38), (0.45, 0.3)], []),
    "too short": ([OUT, IN, IN, OUT, OUT, OUT], []),
    "in from the first picture": ([IN] * 4, [("start", (0.0, None)), ("end", (0.0, 0.6))]),
    "walks through": ([OUT] + [IN] * 4 + [OUT] * 12, [("start", (0.2, None)), ("end", (0.2, 1.0))]),
    "steps out for a moment": ([IN] * 4 + [OUT] * 4 + [IN] * 4, [("start", (0.0, None)), ("end", (0.0, 2.2))]),
    "stands on the edge": ([IN] * 4 + [EDGE] * 15 + [IN] * 2, [("start", (0.0, None)), ("end", (0.0, 4.0))]),
    "the edge alone is outside": ([EDGE] * 10, []),
    "is lost inside and found again": (
        [IN] * 4 + [GONE] * 5 + [IN] * 2,
        [("start", (0.0, None)), ("end", (0.0, 2.0))],
    ),
    "comes twice": (
        [IN] * 3 + [OUT] * 10 + [IN] * 3,
        [("start", (0.0, None)), ("end", (0.0, 0.6)), ("start", (2.6, None)), ("end", (2.6, 3.0))],
    ),
}


@pytest.mark.parametrize("case", ENTER_CASES)
def test_zone_entered(case):
    feet, expected = ENTER_CASES[case]
    said = play(entered(), feet)
    assert [(one.phase, seconds(one)) for one in said] == [
        (phase, pytest.approx(times, nan_ok=True) if None not in times else times) for phase, times in expected
    ]
    assert {(one.kind, one.zone, one.key) for one in said} <= {("zone_entered", "plaza", "t1")}


def test_zone_entered_looks_only_at_its_labels_finer_ones_too():
    feet = [OUT, IN, IN, IN, IN]
    assert play(entered(labels=("vehicle",)), feet) == []
    assert len(play(entered(labels=("person",)), feet)) == 2
    assert len(play(entered(labels=("car",)), feet, label="vehicle", kind="car")) == 2


def test_a_track_that_is_not_confirmed_makes_nothing_happen():
    assert play(entered(), [IN] * 6, confirmed=False) == []
    assert play(crossed(), [(0.2, 0.5), (0.8, 0.5)], confirmed=False) == []


LEFT_CASES = {
    "walks out": ([IN] * 4 + [OUT] * 12, [(0.8, None), (0.8, 0.8)]),
    "ends inside": ([IN] * 10, []),
    "was never in": ([OUT] * 10, []),
    "steps out for a moment": ([IN] * 4 + [OUT] * 4 + [IN] * 4, []),
    "walks out and is lost at once": ([IN] * 4 + [OUT], [(0.8, None), (0.8, 0.8)]),
}


@pytest.mark.parametrize("case", LEFT_CASES)
def test_zone_left_is_a_start_and_an_end_at_once(case):
    feet, expected = LEFT_CASES[case]
    said = play(left(), feet)
    assert [seconds(one) for one in said] == [
        tuple(pytest.approx(t) if t is not None else t for t in e) for e in expected
    ]
    assert [one.phase for one in said] == ["start", "end"][: len(said)]


LINE_CASES = {
    "from left to right in the picture": ([(0.3, 0.5), (0.45, 0.5), (0.6, 0.5)], "right_to_left"),
    "back": ([(0.7, 0.5), (0.55, 0.5), (0.4, 0.5)], "left_to_right"),
    "in one leap": ([(0.1, 0.5), (0.9, 0.5)], "right_to_left"),
    "turns back before it": ([(0.3, 0.5), (0.48, 0.5), (0.3, 0.5)], None),
    "trembles on it": ([(0.3, 0.5), (0.497, 0.5), (0.503, 0.5), (0.497, 0.5), (0.3, 0.5)], None),
    "trembles, then goes": ([(0.3, 0.5), (0.503, 0.5), (0.497, 0.5), (0.505, 0.5), (0.6, 0.5)], "right_to_left"),
    "passes above its end": ([(0.3, 0.1), (0.7, 0.1)], None),
    "walks along it": ([(0.45, 0.2), (0.45, 0.5), (0.45, 0.8)], None),
}


def test_a_line_rule_for_one_direction_passes_over_the_other():
    feet = [(0.3, 0.5), (0.7, 0.5), (0.3, 0.5)]
    assert [one.direction for one in play(crossed("left_to_right"), feet)] == ["left_to_right"] * 2
    assert [one.direction for one in play(crossed(), feet)] == ["right_to_left"] * 2 + ["left_to_right"] * 2


@pytest.mark.parametrize("case", LINE_CASES)
def test_line_crossed(case):
    feet, direction = LINE_CASES[case]
    said = play(crossed(), feet)
    assert [one.direction for one in said] == ([direction, direction] if direction else [])
    assert [one.phase for one in said] == (["start", "end"] if direction else [])


def test_a_line_with_a_corner_is_crossed_once():
    corner = ((0.5, 0.0), (0.5, 0.5), (1.0, 0.5))
    assert crossing((0.3, 0.7), (0.7, 0.3), corner) is not None
    assert crossing((0.3, 0.4), (0.7, 0.4), corner) is not None
    assert crossing((0.7, 0.1), (0.9, 0.4), corner) is None
    assert crossing((0.45, 0.2), (0.8, 0.9), corner) is None  # in through one leg, out through the other


def test_direction_is_as_seen_from_the_first_point_to_the_last():
    east = ((0.0, 0.5), (1.0, 0.5))
    assert crossing((0.5, 0.4), (0.5, 0.6), east) == "left_to_right"
    assert crossing((0.5, 0.6), (0.5, 0.4), east) == "right_to_left"


def test_rules_come_from_the_configuration():
    camera = Camera.model_validate(
        {
            "id": "c", "url": "file:/x.mp4", "zone": [ZONE.model_dump()], "line": [LINE.model_dump()],
            "rule": [
                {"kind": "zone_entered", "zone": "plaza", "severity": "alarm"},
                {"kind": "zone_left", "zone": "plaza"},
                {"kind": "line_crossed", "line": "gate", "labels": ["person"]},
            ],
        }
    )  # fmt: skip
    judge = Judge(camera)
    said = [
        (table.title, table.severity, one.phase)
        for number, foot in enumerate([OUT, IN, IN, IN, IN, *[OUT] * 12])
        for _, table, one in judge.step(Observation(at(number * STEP_S), (seen(foot, number, birth=OUT),)))
    ]
    assert said == [
        ("line_crossed gate", "info", "start"), ("line_crossed gate", "info", "end"),
        ("zone_entered plaza", "alarm", "start"),
        ("line_crossed gate", "info", "start"), ("line_crossed gate", "info", "end"),
        ("zone_entered plaza", "alarm", "end"),
        ("zone_left plaza", "info", "start"), ("zone_left plaza", "info", "end"),
    ]  # fmt: skip


feet = st.one_of(st.none(), st.tuples(st.floats(0, 1), st.floats(0, 1)))


@settings(max_examples=150, deadline=None)
@given(st.lists(feet, min_size=1, max_size=60).filter(lambda path: path[0] is not None))
def test_whatever_the_path_every_end_follows_its_start_and_nothing_stays_open(path):
    for rule in (entered(), left(), crossed()):
        opened: set[str] = set()
        for one in play(rule, path):
            if one.phase == "start":
                assert one.key not in opened
                opened.add(one.key)
            else:
                opened.remove(one.key)
                assert one.end_ns is not None
                assert one.end_ns >= one.start_ns
        assert not opened
