"""One camera's way from picture to words."""

from __future__ import annotations

import itertools
from functools import partial

import cv2
import numpy as np
import pytest

from agent.analyse.frames import Frame
from agent.analyse.mask import GREY
from agent.analyse.pipeline import Outcome, Pipeline
from agent.config.gateway import Camera
from agent.core.clock import parse_rfc3339, rfc3339
from agent.core.geometry import Box, iou
from tests.analyse.scene import ScriptedDetector, at, found, ids, street, walker, whole, with_block

STEP_S = 0.2
PICTURE = street()
Whole = partial(Pipeline, attention=whole)


def camera(**more) -> Camera:
    return Camera.model_validate({"id": "cam", "url": "file:/x.mp4", **more})


PLAZA = {
    "zone": [{"name": "plaza", "polygon": [[0.39, 0.0], [1.0, 0.0], [1.0, 1.0], [0.39, 1.0]]}],
    "rule": [{"kind": "zone_entered", "zone": "plaza", "severity": "alarm"}],
}


def box_at(number: int) -> Box:
    return walker(0.1 + 0.02 * number, 0.5, 0.06, 0.3)


def walk(pipeline: Pipeline, frames: int, first: int = 0) -> list[Outcome]:
    return [
        pipeline.process(Frame(number + 1, with_block(PICTURE, box_at(number)), at(number * STEP_S), 250_000_000))
        for number in range(first, first + frames)
    ]


def walking_detector() -> ScriptedDetector:
    return ScriptedDetector(lambda number: [found(box_at(number), 0.8, "person", "person")])


def events(outcomes):
    return [event for outcome in outcomes for event in outcome.events]


def tracks(outcomes):
    return [track for outcome in outcomes for track in outcome.tracks]


def pictures(outcomes):
    return [picture for outcome in outcomes for picture in outcome.pictures]


def test_without_rules_there_are_tracks_and_no_events():
    pipeline = Whole(camera(), walking_detector(), ids())
    outcomes = [*walk(pipeline, 30), pipeline.finish()]
    assert events(outcomes) == []
    (track,) = tracks(outcomes)
    assert (track.final, track.label, track.direction, track.zones) == (True, "person", "right", [])
    assert (track.start, track.end) == (rfc3339(at(0)), rfc3339(at(29 * STEP_S)))
    assert track.speed == pytest.approx(0.02 / STEP_S * (640 / 360) / 0.3, rel=0.1)
    assert track.size == pytest.approx(0.06 * 0.3, rel=0.1)
    assert track.clock.offset_ms == 250


def test_the_path_has_a_point_each_half_second_and_the_last():
    pipeline = Whole(camera(), walking_detector(), ids())
    (track,) = tracks([*walk(pipeline, 30), pipeline.finish()])
    times = [point[0] for point in track.path]
    assert times[0] == 0
    assert times[-1] == pytest.approx(5.8)
    assert all(b - a >= 0.5 for a, b in itertools.pairwise(times[:-1]))
    assert iou(Box(*track.path[-1][1:]), box_at(29)) > 0.8


def test_a_zone_event_has_start_picture_box_and_end():
    pipeline = Whole(camera(**PLAZA), walking_detector(), ids())
    outcomes = [*walk(pipeline, 30), pipeline.finish()]
    start, end = events(outcomes)
    assert (start.phase, end.phase, start.id) == ("start", "end", end.id)
    assert (start.kind, start.zone, start.label, start.severity) == ("zone_entered", "plaza", "person", "alarm")
    assert start.start == end.start == rfc3339(at(15 * STEP_S))
    assert end.end == rfc3339(at(29 * STEP_S))
    assert 0 < parse_rfc3339(start.time) - at(15 * STEP_S) < 1_000_000_000
    number = round((parse_rfc3339(start.time) - at(0)) / 200_000_000)
    assert iou(Box(*start.box), box_at(number)) > 0.8
    assert start.attributes["class"] == "person"
    snapshot = next(picture for picture in pictures(outcomes) if picture.header["id"] == start.media[0].id)
    assert snapshot.header["event"] == start.id
    assert "track" not in snapshot.header, "it shows the whole scene"
    assert cv2.imdecode(np.frombuffer(snapshot.body, np.uint8), cv2.IMREAD_COLOR).shape == (360, 640, 3)
    assert start.media[0].bytes == len(snapshot.body)


def test_the_final_summary_brings_a_crop_of_the_thing_itself():
    pipeline = Whole(camera(), walking_detector(), ids())
    outcomes = [*walk(pipeline, 30), pipeline.finish()]
    (track,) = tracks(outcomes)
    crop, *others, strip = pictures(outcomes)
    assert [ref.id for ref in track.media] == [picture.header["id"] for picture in (crop, *others, strip)]
    assert [ref.kind for ref in track.media] == ["snapshot"] * (1 + len(others)) + ["sprite"]
    assert {picture.header["track"] for picture in (crop, *others, strip)} == {track.id}
    image = cv2.imdecode(np.frombuffer(crop.body, np.uint8), cv2.IMREAD_COLOR)
    assert max(image.shape) <= 256
    centre = image[image.shape[0] // 2, image.shape[1] // 2]
    assert centre[2] > 180
    assert centre[0] < 80


def test_summaries_come_after_thirty_seconds_and_each_minute_with_one_id():
    pipeline = Whole(camera(), ScriptedDetector(lambda _: [found(walker(0.5))]), ids())
    outcomes = [
        pipeline.process(Frame(number, with_block(PICTURE, walker(0.5)), at(number * 1.0))) for number in range(155)
    ]
    summaries = tracks([*outcomes, pipeline.finish()])
    assert [(track.final, parse_rfc3339(track.end) - at(0)) for track in summaries] == [
        (False, 30 * 10**9), (False, 90 * 10**9), (False, 150 * 10**9), (True, 154 * 10**9),
    ]  # fmt: skip
    assert len({track.id for track in summaries}) == 1
    assert all(track.direction is None and track.speed == 0 for track in summaries)


def test_a_days_path_stays_small():
    pipeline = Whole(camera(), ScriptedDetector(lambda _: [found(walker(0.5))]), ids())
    block = with_block(PICTURE, walker(0.5))
    for number in range(1500):
        pipeline.process(Frame(number, block.copy(), at(number * 0.9)))
    (track,) = pipeline.finish().tracks
    assert 250 < len(track.path) <= 601
    assert track.dwell_s == pytest.approx(1499 * 0.9)


def test_nothing_that_lived_under_a_second_is_told():
    pipeline = Whole(camera(), walking_detector(), ids())
    assert tracks([*walk(pipeline, 4), pipeline.finish()]) == []


def test_the_gate_saves_looks_and_keeps_who_stands_still():
    detector = ScriptedDetector(lambda _: [found(walker(0.5))])
    pipeline = Whole(camera(), detector, ids())
    still = with_block(PICTURE, walker(0.5))
    outcomes = [pipeline.process(Frame(number, still.copy(), at(number * STEP_S))) for number in range(200)]
    assert detector.asked < 60
    (track,) = tracks([*outcomes[-1:], pipeline.finish()])
    assert track.dwell_s == pytest.approx(199 * STEP_S)


def test_an_empty_quiet_street_is_looked_at_every_two_seconds_and_later_every_five():
    detector = ScriptedDetector(lambda _: [])
    pipeline = Whole(camera(), detector, ids())
    for number in range(101):
        pipeline.process(Frame(number, PICTURE.copy(), at(number * STEP_S)))
    assert detector.asked == 6  # at 0, 2, 4, 9, 14 and 19 s


def test_without_a_model_things_that_move_are_followed_as_objects():
    pipeline = Whole(camera(**PLAZA), None, ids())
    for number in range(5):
        pipeline.process(Frame(number, PICTURE.copy(), at((number - 5) * STEP_S)))
    outcomes = [*walk(pipeline, 30), pipeline.finish()]
    (track,) = tracks(outcomes)
    assert (track.label, track.direction, track.zones) == ("object", "right", ["plaza"])
    assert [event.phase for event in events(outcomes)] == ["start", "end"]


def test_a_mask_is_in_every_picture_and_hides_from_the_detector():
    seen = []

    class Looker(ScriptedDetector):
        def detect(self, given):
            seen.extend(picture[180, 352].tolist() for picture in given)
            return super().detect(given)

    mask = {"mask": [{"polygon": [[0.5, 0.3], [0.6, 0.3], [0.6, 0.7], [0.5, 0.7]]}]}
    pipeline = Whole(camera(**PLAZA, **mask), Looker(walking_detector()._script), ids())
    outcomes = [*walk(pipeline, 30), pipeline.finish()]
    assert {tuple(colour) for colour in seen} == {GREY}
    for picture in pictures(outcomes):
        if "event" in picture.header:
            image = cv2.imdecode(np.frombuffer(picture.body, np.uint8), cv2.IMREAD_COLOR)
            assert np.abs(image[180, 352].astype(int) - GREY).max() < 6


def test_the_same_pictures_give_the_same_words():
    told = []
    for _ in range(2):
        pipeline = Whole(camera(**PLAZA), walking_detector(), ids())
        outcomes = [*walk(pipeline, 30), pipeline.finish()]
        told.append([record.model_dump_json() for record in (*events(outcomes), *tracks(outcomes))])
    assert told[0] == told[1]


def test_after_the_end_of_a_stream_the_next_begins_afresh():
    pipeline = Whole(camera(**PLAZA), ScriptedDetector(lambda n: [found(box_at(n % 30))]), ids())
    first = [*walk(pipeline, 30), pipeline.finish()]
    second = [*walk(pipeline, 30), pipeline.finish()]
    assert [event.phase for event in events(first + second)] == ["start", "end"] * 2
    assert len({track.id for track in tracks(first + second)}) == 2


def test_the_box_of_an_event_stays_where_its_picture_shows_it():
    pipeline = Whole(camera(**PLAZA), walking_detector(), ids())
    outcomes = [*walk(pipeline, 40), pipeline.finish()]
    start, end = events(outcomes)
    assert (start.phase, end.phase, start.id) == ("start", "end", end.id)
    assert end.box == start.box


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [pytest.param("zone_entered", 0.45, 0.49, id="right through"), pytest.param("zone_left", 0.0, 0.39, id="left")],
)
def test_the_box_is_that_of_the_picture_where_a_rule_tells_of_an_older_sight(kind: str, left: float, right: float):
    rules = {
        "zone": [{"name": "strip", "polygon": [[left, 0.0], [right, 0.0], [right, 1.0], [left, 1.0]]}],
        "rule": [{"kind": kind, "zone": "strip"}],
    }
    outcomes = walk(Whole(camera(**rules), walking_detector(), ids()), 40)
    number, start = next((n, one) for n, outcome in enumerate(outcomes) for one in outcome.events)
    assert start.kind == kind
    shown = cv2.imdecode(np.frombuffer(outcomes[number].pictures[0].body, np.uint8), cv2.IMREAD_COLOR)
    x1, y1, x2, y2 = (round(share * size) for share, size in zip(start.box, (640, 360, 640, 360), strict=True))
    red = np.abs(shown[y1:y2, x1:x2].astype(int) - (20, 20, 235)).max(axis=2) < 60
    assert red.mean() > 0.8
    assert iou(Box(*start.box), box_at(number)) > 0.8


def test_what_has_left_the_picture_has_no_box_in_it():
    rules = {
        "zone": [{"name": "strip", "polygon": [[0.0, 0.0], [0.95, 0.0], [0.95, 1.0], [0.0, 1.0]]}],
        "rule": [{"kind": "zone_left", "zone": "strip"}],
    }
    detector = ScriptedDetector(lambda number: [found(box_at(number))] if box_at(number).x1 < 1.0 else [])
    outcomes = walk(Whole(camera(**rules), detector, ids()), 56)
    assert [(one.kind, one.box) for one in events(outcomes)] == [("zone_left", None)] * 2


def with_clock(picture, second: int):
    """The seconds of a clock in a corner, drawn anew five times a second."""
    x = 0.05 + 0.02 * (second % 2)
    return with_block(picture, Box(x, 0.92, x + 0.04, 0.97), (240, 240, 240) if second % 2 else (10, 10, 10))


def test_without_a_model_a_burnt_in_clock_is_no_object_for_long_and_others_still_are():
    pipeline = Whole(camera(), None, ids())
    clock = [pipeline.process(Frame(n, with_clock(PICTURE, n), at(n * STEP_S))) for n in range(600)]
    assert len(tracks(clock)) <= 1
    assert all(summary.dwell_s < 13 for summary in tracks(clock))
    assert not any(outcome.observation.seen for outcome in clock[80:])
    walk_past = [
        pipeline.process(Frame(n, with_clock(with_block(PICTURE, box_at(n - 600)), n), at(n * STEP_S)))
        for n in range(600, 635)
    ]
    assert [track.direction for track in tracks([*walk_past, pipeline.finish()])] == ["right"]


def test_a_stream_without_a_model_that_begins_again_and_again_leaves_nothing_behind():
    pipeline = Pipeline(camera(), None, ids())
    seen = 0
    for session in range(3):
        for number in range(10):
            shown = with_block(PICTURE, box_at(number), (235, 235, 235))
            seen += len(pipeline.process(Frame(number + 1, shown, at(60 * session + number * STEP_S))).observation.seen)
        pipeline.finish()
    assert seen
    assert not pipeline._restless._homes


def test_other_rules_end_what_the_old_ones_told_of_and_the_tracks_go_on():
    pipeline = Whole(camera(**PLAZA), walking_detector(), ids())
    before = walk(pipeline, 20)
    line = {"name": "gate", "points": [[0.6, 0.0], [0.6, 1.0]]}
    changed = pipeline.rule_by(camera(line=[line], rule=[{"kind": "line_crossed", "line": "gate"}]))
    assert [(event.kind, event.phase) for event in events([*before, changed])] == [
        ("zone_entered", "start"), ("zone_entered", "end"),
    ]  # fmt: skip
    after = [*walk(pipeline, 15, first=20), pipeline.finish()]
    assert {event.kind for event in events(after)} == {"line_crossed"}
    (track,) = tracks(after)
    assert (track.start, track.zones) == (rfc3339(at(0)), ["plaza"])


@pytest.mark.parametrize(
    "other",
    [
        {"mask": [{"polygon": [[0, 0], [1, 0], [1, 1]]}]},
        {"still": {"enabled": True}},
        {"model": "yolox-nano"},
        {"still": {"enabled": True, "zones": ["plaza"]}},
    ],
)
def test_what_is_seen_cannot_become_another_in_passing(other):
    pipeline = Whole(camera(**PLAZA), walking_detector(), ids())
    walk(pipeline, 20)
    assert pipeline.rule_by(camera(**PLAZA, **other)) is None
    assert events(walk(pipeline, 2, first=20)) == []


def test_zones_that_things_left_are_kept_to_cannot_become_others_in_passing():
    still = {"enabled": True, "zones": ["plaza"]}
    pipeline = Whole(camera(**PLAZA, still=still), walking_detector(), ids())
    moved = [{"name": "plaza", "polygon": [[0, 0], [1, 0], [1, 1]]}]
    assert pipeline.rule_by(camera(**PLAZA | {"zone": moved}, still=still)) is None
    assert pipeline.rule_by(camera(zone=PLAZA["zone"], still=still)) is not None
