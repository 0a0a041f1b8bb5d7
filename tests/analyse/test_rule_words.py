"""From rules to the wire, through the whole pipeline: units, places, counts, what has no picture, cameras at rest."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

from agent.analyse.frames import Frame
from agent.analyse.pipeline import Pipeline
from agent.config.gateway import Camera
from agent.core.earth import way
from agent.core.geometry import Box
from tests.analyse.rule_kit import LENS, share, walker
from tests.analyse.scene import BlockDetector, ScriptedDetector, at, found, ids, street, whole, with_block

PICTURE = street()
PLAN = ((-3.0, 10.0), (3.0, 10.0), (3.0, 24.0), (-3.0, 24.0))
GROUND = {"points": [share(*spot) for spot in PLAN], "metres": PLAN, "bearing": 120}
PLACE = {"latitude": 41.76371, "longitude": -72.68512}
ALL = {"name": "all", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}
Whole = partial(Pipeline, attention=whole)


def camera(**more) -> Camera:
    return Camera.model_validate({"id": "cam", "url": "file:/x.mp4", **more})


def walked(settings: Camera, seconds: float = 8.0, pipeline=Whole) -> tuple[list, list, list]:
    """Somebody walks 1.5 m/s to the right at 14 m: the events, the tracks, the pictures."""
    actor = walker(0, (-6, 14), (6, 14), speed=1.5)
    boxes = [actor.box(number / 5) for number in range(int(seconds * 5))]
    detector = ScriptedDetector(lambda number: [found(boxes[number], 0.8, "person", "person")])
    made = pipeline(settings, detector, ids())
    outcomes = [made.process(Frame(n + 1, with_block(PICTURE, box), at(n / 5))) for n, box in enumerate(boxes)]
    outcomes.append(made.finish())
    return tuple([it for one in outcomes for it in getattr(one, name)] for name in ("events", "tracks", "pictures"))


def test_without_a_ground_speed_is_in_heights_and_the_direction_one_of_the_picture():
    events, (track,), _ = walked(camera(zone=[ALL], rule=[{"kind": "zone_entered", "zone": "all"}]))
    assert (track.speed_unit, track.direction, track.bearing, track.size_m, track.position) == (
        "heights/s", "right", None, None, None,
    )  # fmt: skip
    assert track.speed == pytest.approx(0.85, rel=0.1)
    assert track.dwell == {"all": pytest.approx(7.8, abs=0.3)}
    end = events[-1].attributes
    assert (end["speed_unit"], end["moving"]) == ("heights/s", "right")
    assert end["speed"] == pytest.approx(0.85, rel=0.1)


def test_with_a_ground_they_are_in_metres_by_compass_and_on_the_map():
    rule = {"kind": "zone_entered", "zone": "all"}
    events, (track,), _ = walked(camera(zone=[ALL], rule=[rule], ground=GROUND, place=PLACE))
    assert (track.speed_unit, track.direction) == ("m/s", "SE")
    assert track.speed == pytest.approx(1.5, rel=0.05)
    assert track.bearing == pytest.approx(120, abs=2)
    assert track.size_m[1] == pytest.approx(1.72, rel=0.1)
    where = tuple(map(float, track.position.split(",")))
    east, north = way((PLACE["latitude"], PLACE["longitude"]), where)
    assert (east**2 + north**2) ** 0.5 == pytest.approx((6.0**2 + 14**2) ** 0.5, abs=1.5)
    end = events[-1]
    assert end.position == track.position
    assert end.attributes["speed_unit"] == "m/s"
    assert end.attributes["speed"] == pytest.approx(1.5, rel=0.05)
    assert end.attributes["bearing"] == pytest.approx(120, abs=2)


def test_a_count_has_neither_picture_nor_box_and_says_who():
    line = {"name": "path", "points": [share(0, 10), share(0, 24)]}
    events, _, pictures = walked(camera(line=[line], rule=[{"kind": "count", "line": "path"}]))
    assert [(one.kind, one.phase, one.count, one.direction, one.label) for one in events] == [
        ("count", "start", 1, "left_to_right", "person"),
        ("count", "end", 1, "left_to_right", "person"),
    ]
    assert {(one.box, one.score, tuple(one.media), one.line) for one in events} == {(None, None, (), "path")}
    assert not [one for one in pictures if one.header.get("event")]


def test_a_covered_camera_is_told_with_a_picture_of_what_it_sees():
    pipeline = Pipeline(camera(rule=[{"kind": "tamper", "after_s": 5}]), None, ids())
    rng = np.random.default_rng(1)
    events = []
    for number in range(75):
        picture = PICTURE if number < 55 else np.full_like(PICTURE, 90)
        noisy = np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
        outcome = pipeline.process(Frame(number, noisy, at(number)))
        events += outcome.events
        if outcome.events:
            assert [one.header["event"] for one in outcome.pictures] == [events[0].id]
    assert [(one.kind, one.phase, one.severity, one.attributes["sign"], one.box) for one in events] == [
        ("tamper", "start", "alarm", "covered", None)
    ]


def test_who_stands_on_a_camera_at_rest_still_loiters():
    rules = {"zone": [ALL], "rule": [{"kind": "loitering", "zone": "all", "after_s": 120}]}
    pipeline = Pipeline(camera(**rules), BlockDetector(), ids(), fps=5)
    stands = with_block(PICTURE, Box(0.4, 0.4, 0.46, 0.6))
    told, now_s, rested = [], 0.0, False
    while now_s < 150:
        frame = Frame(int(now_s * 5) + 1, stands.copy(), at(now_s))
        if pipeline.idle:
            rested = True
            assert not pipeline.glance(frame)
        told += [(one.phase, now_s) for one in pipeline.process(frame).events]
        now_s += 2.0 if pipeline.idle else 0.2
    assert rested
    assert told == [("start", pytest.approx(121, abs=2.5))]


def test_what_people_say_of_the_ground_is_kept(tmp_path):
    settings = camera(ground={"hfov": LENS.hfov_deg})
    rng = np.random.default_rng(1)
    made = Whole(settings, ScriptedDetector(lambda n: [found(boxes[n])]), ids(), state=tmp_path)
    boxes = [walker(0, (-6, 9 + n % 20), (6, 9 + n % 20)).box(3.0 + 0.2 * (n % 3)) for n in range(120)]
    assert "0 of 60" in made.notes or "nobody" in made.notes
    for number, box in enumerate(boxes):
        made.process(Frame(number + 1, PICTURE + rng.integers(0, 2, PICTURE.shape, np.uint8), at(number)))
        assert box is not None
    made.finish()
    assert "people" in json.loads((tmp_path / "cam.people.json").read_text())
