"""Left behind and taken away: small scenes with known truth, one for each thing that could be mistaken."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from agent.analyse.frames import Frame
from agent.analyse.pipeline import Pipeline
from agent.analyse.still.change import Change
from agent.analyse.still.company import Actor
from agent.analyse.still.views import MOST_VIEWS, Views
from agent.analyse.still.watch import Watch
from agent.config.gateway import Camera, Still
from agent.config.hours import Calendar
from agent.core.clock import NS, parse_rfc3339
from agent.core.geometry import Box, iou
from agent.sim.sketch.cast import carrier
from agent.sim.sketch.drawing import street
from agent.sim.sketch.happenings import HAPPENINGS, left, removed
from agent.sim.sketch.nuisances import NUISANCES, stander
from agent.sim.sketch.plot import foot_of, nothing
from agent.sim.sketch.stage import Scene, Thing, Walker
from tests.analyse.scene import START_NS, ScriptedDetector, at, found, ids
from tests.analyse.sketches import played
from tests.bench.still_score import judge, watch

AFTER_S = 3.0
FPS = 3


def tell(scene: Scene, **more) -> list[Change]:
    return watch(played(scene, FPS), Still(enabled=True, after_s=AFTER_S, **more))[0]


def starts(said: list[Change]) -> list[str]:
    return [str(change.kind) for change in said if change.phase == "start"]


@pytest.mark.parametrize("name", HAPPENINGS)
def test_what_comes_and_goes_is_told_once_and_by_its_kind(name):
    scene = HAPPENINGS[name](3, AFTER_S)
    said, score = watch(played(scene, FPS), Still(enabled=True, after_s=AFTER_S))
    score = judge(said, scene.expected, score, AFTER_S)
    assert (score.found, score.false, score.wrong_kind) == (1, 0, 0), starts(said)


@pytest.mark.parametrize("name", NUISANCES)
def test_what_only_looks_like_it_is_not_told(name):
    scene = NUISANCES[name](3, AFTER_S)
    assert [kind for kind in starts(tell(scene)) if kind != "vehicle_stopped"] == []


def put_and_taken(seconds: float = 34.0) -> Scene:
    scene = left(3, AFTER_S)
    thing = scene.things[0]
    thing.taken_s, scene.seconds = 26.0, seconds
    scene.walkers.append(carrier(np.random.default_rng(9), foot_of(thing), 26.0))
    return scene


def test_the_event_ends_when_the_thing_is_taken_and_names_who_left_it():
    scene = put_and_taken()
    said = tell(scene)
    start, end = (next(one for one in said if one.phase == phase) for phase in ("start", "end"))
    assert (end.outcome, start.key) == ("taken", end.key)
    assert abs(start.start_ns - START_NS - 14 * NS) < 1.5 * NS
    assert abs(end.end_ns - START_NS - 26 * NS) < 3 * NS
    assert start.owners[0] == f"w{len(scene.walkers) - 2}"
    assert iou(start.box, scene.things[0].box) > 0.5
    assert not start.near


def test_a_bag_in_front_of_a_parked_car_is_a_bag():
    scene = left(3, AFTER_S)
    thing = scene.things[0]
    x, y = thing.x + thing.picture.shape[1] / 2, thing.y + thing.picture.shape[0] + 4.0
    unseen = np.zeros((40, 90, 4), np.float32)  # parked there since long: it is in the background
    scene.walkers.insert(0, Walker("vehicle", [(-1.0, x, y), (999.0, x, y)], unseen, 1.0))
    assert starts(tell(scene)) == ["object_left"]


def test_while_its_owner_stands_by_a_thing_is_not_told():
    scene = left(3, AFTER_S)
    scene.walkers = scene.walkers[-1:]
    owner = scene.walkers[0]
    (come, edge, y), (begin, x, _), *_ = owner.stops
    owner.stops = [(come, edge, y), (begin, x, y), (begin + 9, x, y), (begin + 9 + begin - come, edge, y)]
    owner.known, scene.seconds = 1.0, 36.0
    start = next(one for one in tell(scene) if one.phase == "start")
    told_s = (start.start_ns - START_NS) / NS + start.lain_s
    assert told_s > begin + 9


def test_what_was_taken_and_put_back_ends_so():
    scene = removed(3, AFTER_S)
    thing = scene.things[0]
    scene.things.append(Thing(thing.x, thing.y, thing.picture, 26.0))
    scene.seconds = 34.0
    said = tell(scene)
    assert [(one.phase, str(one.kind), one.outcome) for one in said if one.phase != "update"] == [
        ("start", "object_removed", ""), ("end", "object_removed", "put_back"),
    ]  # fmt: skip


def test_what_lies_for_long_belongs_there_and_its_going_is_a_removal():
    scene = put_and_taken(40.0)
    scene.things[0].taken_s = 31.0
    scene.walkers[-1] = carrier(np.random.default_rng(9), scene.walkers[-1].stops[1][1:], 31.0)
    said = tell(scene, belongs_after_s=10)
    assert [(one.phase, str(one.kind), one.outcome) for one in said if one.phase != "update"] == [
        ("start", "object_left", ""), ("end", "object_left", "absorbed"), ("start", "object_removed", ""),
        ("end", "object_removed", "stream_ended"),
    ]  # fmt: skip


def test_what_somebody_says_belongs_there_is_background_at_once():
    scene = put_and_taken(40.0)
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    said: list[Change] = []
    for second, picture, actors in played(scene, FPS):
        said += one.look(picture, actors, at(second))
        if starts(said) and second > 22 and not any(change.phase == "end" for change in said):
            said += one.belongs(said[0].key, "ann")
    whole = [(change.phase, str(change.kind), change.outcome, change.by) for change in said if change.phase != "update"]
    assert whole == [
        ("start", "object_left", "", ""), ("end", "object_left", "absorbed", "ann"),
        ("start", "object_removed", "", ""),
    ]  # fmt: skip
    assert one.belongs(said[0].key, "ann") == []


def test_a_removal_that_somebody_says_is_right_is_over_too():
    scene = removed(3, AFTER_S)
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    said: list[Change] = []
    for second, picture, actors in played(scene, FPS):
        said += one.look(picture, actors, at(second))
        if starts(said) and len(said) == 1:
            said += one.belongs(said[0].key, "ann")
    assert [(change.phase, change.outcome) for change in said] == [("start", ""), ("end", "absorbed")]


def test_out_of_hours_what_comes_is_background():
    scene = put_and_taken(40.0)
    begin = datetime.fromtimestamp(START_NS / NS, UTC)
    around = {"from": f"{begin:%H:%M}", "to": f"{begin + timedelta(minutes=2):%H:%M}"}
    other = {"from": f"{begin + timedelta(hours=2):%H:%M}", "to": f"{begin + timedelta(hours=3):%H:%M}"}
    for hours, told in ((around, ["object_left"]), (other, [])):
        settings = Still.model_validate({"enabled": True, "after_s": AFTER_S, "hours": [hours]})
        one = Watch(settings, calendar=Calendar(UTC))
        said = [
            change for second, picture, actors in played(scene, FPS) for change in one.look(picture, actors, at(second))
        ]
        assert starts(said) == told


def test_on_tour_a_thing_that_still_lies_there_is_the_same_event():
    scene = HAPPENINGS["left, camera on tour"](3, AFTER_S)
    said = [one for one in tell(scene) if one.phase != "update"]
    assert [(one.phase, str(one.kind), one.outcome) for one in said] == [
        ("start", "object_left", ""), ("end", "object_left", "stream_ended"),
    ]  # fmt: skip


def test_a_view_is_kept_for_half_an_hour_and_no_more_than_some_of_them():
    rng = np.random.default_rng(1)
    views, now_ns = Views(), START_NS
    grounds = [street(rng, float(rng.uniform(60, 190))) for _ in range(MOST_VIEWS + 3)]
    for ground in grounds:
        for _ in range(20):
            views.now.layers.look(ground.astype(np.uint8), 0.5)
            now_ns += NS // 2
        assert not views.recognise(now_ns)
        views.leave(now_ns)
    assert len(views.all) == MOST_VIEWS + 1
    for _ in range(20):
        views.now.layers.look(grounds[-2].astype(np.uint8), 0.5)
    assert views.recognise(now_ns)
    views.leave(now_ns)
    assert len(views.forget_old(now_ns + 3600 * NS)) == MOST_VIEWS


def test_places_to_ignore_small_things_and_places_outside_the_zones_tell_nothing():
    scene = left(3, AFTER_S)
    scene.seconds = 21.0
    around = scene.things[0].box.grown(0.5)
    polygon = [(around.x1, around.y1), (around.x2, around.y1), (around.x2, around.y2), (around.x1, around.y2)]
    assert starts(tell(scene, ignore=(polygon,))) == []
    assert starts(tell(scene, min_size=0.3)) == []
    elsewhere = [(0.0, 0.0), (0.05, 0.0), (0.05, 0.05)]
    settings = Still(enabled=True, after_s=AFTER_S)
    one = Watch(settings, only=[elsewhere])
    assert [
        change for second, picture, actors in played(scene, FPS) for change in one.look(picture, actors, at(second))
    ] == []


def test_without_a_detector_what_could_be_somebody_is_only_a_change():
    scene = stander(3, AFTER_S)
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    said = [
        change
        for second, picture, _ in played(scene, FPS)
        for change in one.look(picture, [], at(second), detecting=False)
    ]
    assert set(starts(said)) <= {"static_change"}


def test_many_changes_at_once_are_told_of_up_to_a_cap_and_cost_no_more():
    rng = np.random.default_rng(1)
    ground = street(rng)
    crowded = ground.copy()
    for x, y in itertools.product(range(8, 310, 16), range(8, 170, 16)):
        cv2.rectangle(crowded, (x, y), (x + 7, y + 7), rng.uniform(0, 255, 3).tolist(), -1)
    one, said = Watch(Still(enabled=True, after_s=2)), []
    for number in range(70):
        picture = (ground if number < 30 else crowded).clip(0, 255).astype(np.uint8)
        said += one.look(picture, [], at(number / 5))
    assert len(one._views.now.open) <= 32
    assert len([change for change in said if change.phase == "start"]) <= 32


def test_hours_leave_nothing_behind():
    """The memory of boxes, pictures and candidates has an end."""
    scene = nothing(3, AFTER_S)
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    pictures = [(picture, actors) for _, picture, actors in played(scene, FPS)][:60]
    for number in range(200):
        picture, actors = pictures[number % 60]
        renamed = [Actor(f"{actor.track}-{number // 60}", actor.label, actor.box, actor.now) for actor in actors]
        one.look(picture, renamed, at(number * 2.0))
    company = one._company
    assert len(company._past) < 4 * 100
    assert len(company._standing) <= len(actors)
    assert len(company._left) <= 64
    assert one._views.now.open == []


def test_a_clock_that_is_set_back_ends_what_goes_on_and_it_begins_anew():
    scene = left(3, AFTER_S)
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    pictures = list(played(scene, FPS))
    said = [change for second, picture, actors in pictures for change in one.look(picture, actors, at(second))]
    assert starts(said) == ["object_left"]
    again = [change for second, picture, _ in pictures[-40:] for change in one.look(picture, [], at(second - 3600))]
    assert [(change.phase, change.outcome) for change in again if change.phase != "update"] == [
        ("end", "stream_ended"), ("start", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("step_s", [0, -600])
def test_a_session_that_begins_with_the_clock_set_back_is_told_of_as_any_other(step_s):
    pictures = list(played(left(3, AFTER_S), FPS))
    one = Watch(Still(enabled=True, after_s=AFTER_S))
    first = [change for second, picture, actors in pictures for change in one.look(picture, actors, at(second))]
    one.finish()
    later = pictures[-1][0] + 1 + step_s
    again = [change for second, picture, actors in pictures for change in one.look(picture, actors, at(second + later))]
    (begun, told), (begun_again, told_again) = (
        (change.start_ns, change.owners) for said in (first, again) for change in said if change.phase == "start"
    )
    assert starts(again) == ["object_left"]
    assert (begun_again - begun, told_again) == (round(later * NS), told)


@pytest.mark.parametrize("size", [(16, 16), (2000, 20), (20, 900), (641, 359)])
def test_pictures_of_any_shape_and_a_change_of_size_are_taken(size):
    rng = np.random.default_rng(1)
    one, said = Watch(Still(enabled=True, after_s=1)), []
    for number in range(60):
        width, height = size if number < 40 else size[::-1]
        picture = rng.integers(0, 40, (height, width, 3), np.uint8)
        picture[: height // 2] += np.uint8(200 * (number % 40 > 20))
        said += one.look(picture, [], at(number / 4))
    said += one.finish()
    begun, ended = ([change.key for change in said if change.phase == phase] for phase in ("start", "end"))
    assert sorted(begun) == sorted(ended)
    assert one.finish() == []


# through the pipeline


def camera(**more) -> Camera:
    still = {"enabled": True, "after_s": AFTER_S, **more}
    return Camera.model_validate({"id": "cam", "url": "file:/x.mp4", "still": still})


def play(scene: Scene, settings: Camera, *, with_pictures: bool = True):
    frames = list(played(scene, FPS))
    detector = ScriptedDetector(lambda _: [])
    pipeline = Pipeline(settings, detector, ids(), with_pictures=with_pictures)
    shown = {"now": 0}
    people = [[found(actor.box, 0.9, actor.label) for actor in actors] for _, _, actors in frames]
    detector._script = lambda _: people[shown["now"]]
    outcomes = []
    for number, (second, picture, _) in enumerate(frames):
        shown["now"] = number
        outcomes.append(pipeline.process(Frame(number + 1, picture, at(second))))
    return [*outcomes, pipeline.finish()]


def test_the_pipeline_tells_events_with_their_pictures():
    outcomes = play(put_and_taken(), camera())
    events = [event for outcome in outcomes for event in outcome.events]
    start, end = (next(one for one in events if one.phase == phase) for phase in ("start", "end"))
    assert (start.kind, start.label, start.severity, start.rule) == ("object_left", "object", "alarm", "still")
    assert (end.id, end.attributes["outcome"]) == (start.id, "taken")
    assert start.start == end.start
    shown = start.attributes["pictures"]
    assert set(shown) == {"now", "moment", "before", "owner"}
    media = {ref.id: ref for ref in start.media}
    assert set(shown.values()) == set(media)
    pictures = {one.header["id"]: one for outcome in outcomes for one in outcome.pictures}
    decoded = {
        name: cv2.imdecode(np.frombuffer(pictures[key].body, np.uint8), cv2.IMREAD_COLOR) for name, key in shown.items()
    }
    box = Box(*start.box)
    (x, y), (height, width) = box.centre, decoded["now"].shape[:2]
    middle = int(y * height), int(x * width)
    gap = np.abs(decoded["now"][middle].astype(int) - decoded["before"][middle].astype(int)).max()
    assert gap > 25
    moment_ns = parse_rfc3339(pictures[shown["moment"]].header["start"])
    assert abs(moment_ns - parse_rfc3339(start.start)) < 2 * NS
    assert start.tracks
    assert start.attributes["owner"] in start.tracks
    assert {end.attributes[name] for name in ("owner", "taker")} <= set(end.tracks)


def test_who_left_it_and_who_took_it_are_shown():
    outcomes = play(put_and_taken(), camera())
    events = [event for outcome in outcomes for event in outcome.events]
    start, end = (next(one for one in events if one.phase == phase) for phase in ("start", "end"))
    pictures = {one.header["id"]: one.header for outcome in outcomes for one in outcome.pictures}
    owner, taker = start.attributes["pictures"]["owner"], end.attributes["pictures"]["taker"]
    assert pictures[owner]["track"] == start.attributes["owner"]
    assert pictures[taker]["track"] == end.attributes["taker"] != start.attributes["owner"]
    assert [ref.id for ref in end.media] == [taker]
    assert end.attributes["pictures"]["now"] == start.attributes["pictures"]["now"]


def test_the_same_pictures_give_the_same_words():
    runs = [[event for one in play(put_and_taken(22.0), camera()) for event in one.events] for _ in range(2)]
    assert runs[0] == runs[1] != []


def test_it_is_off_by_default():
    settings = Camera.model_validate({"id": "cam", "url": "file:/x.mp4"})
    assert [event for one in play(put_and_taken(24.0), settings) for event in one.events] == []
