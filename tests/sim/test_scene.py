"""The drawn scene: the same from the same seed, closed as a loop, and its truth lies on what was drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from agent.sim.scene.actors import STORY_S, Person, Rider, Thing, Vehicle
from agent.sim.scene.overlay import read_clock
from agent.sim.scene.paths import Trip, trip
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from agent.sim.scene.truth import frame_truth, load, save, whole_truth

SMALL = {"width": 640, "height": 360}


@pytest.fixture(scope="module")
def plaza() -> Renderer:
    return Renderer(scene_for(Spec(0, 5, **SMALL)))


def test_same_seed_draws_the_same_frames(plaza):
    again = Renderer(scene_for(Spec(0, 5, **SMALL)))
    for number in (700, 0, 333):  # whatever was drawn before
        picture, seen = plaza.frame(number)
        other, others = again.frame(number)
        assert np.array_equal(picture, other)
        assert seen == others


def test_another_seed_dresses_people_otherwise():
    looks = [[actor.look for actor in scene_for(Spec(0, seed)).actors if isinstance(actor, Person)] for seed in (1, 2)]
    assert looks[0] != looks[1]


def test_cameras_see_different_places_and_then_the_same_again_under_other_names():
    names = [scene_for(Spec(number, 1)).id for number in range(5)]
    assert names == ["plaza", "crossing", "yard", "plaza-2", "crossing-2"]


@pytest.mark.parametrize("camera", [0, 1, 2])
def test_the_seam_of_the_loop_is_a_step_like_any_other(camera):
    renderer = Renderer(scene_for(Spec(camera, 3, **SMALL)))
    frames = renderer.scene.spec.frames
    last, first, second = (renderer.frame(number)[0][:330].astype(int) for number in (frames - 1, 0, 1))
    seam, step = np.abs(first - last), np.abs(second - first)
    assert seam.mean() < step.mean() * 1.3 + 0.1
    assert (seam > 40).mean() < (step > 40).mean() * 1.5 + 0.002


@pytest.mark.parametrize("camera", [0, 1, 2])
def test_nothing_jumps_at_the_seam(camera):
    renderer = Renderer(scene_for(Spec(camera, 3, **SMALL)))
    before, after = ({one.being.id: one.ground for one in renderer.items(number)} for number in (899, 0))
    for name in before.keys() & after.keys():
        way = np.hypot(*np.subtract(before[name], after[name]))
        assert way < 0.9, f"{name} jumps {way:.1f} m"


@pytest.mark.parametrize("camera", [0, 1, 2])
def test_everybody_comes_and_goes_out_of_sight(camera):
    scene = scene_for(Spec(camera, 1))
    view = scene.place.camera(1280, 720)
    for actor in scene.actors:
        if isinstance(actor, Person | Rider | Vehicle) and isinstance(actor.where, Trip):
            assert actor.where.times_s[-1] < STORY_S, f"{actor.being.id} is under way longer than the loop"
            for since in (0.0, actor.where.times_s[-1]):
                moment = actor.where.moment(since)
                x, y = view.point(moment.x, moment.y)
                reach = view.scale(moment.x, moment.y) * (2.0 if isinstance(actor, Vehicle) else 0.5)
                head = view.point(moment.x, moment.y, 1.9)[1]
                assert x < -reach or x > 1280 + reach or head > 700, f"{actor.being.id} pops up at {x:.0f} {y:.0f}"


def test_truth_boxes_lie_on_what_was_drawn(plaza):
    for number in (150, 480):
        picture, seen = plaza.frame(number)
        change = np.abs(picture.astype(int) - plaza.empty(number)).max(axis=2) > 24
        change[330:] = False  # the clock
        height, width = change.shape
        covered = np.zeros_like(change)
        for one in seen:
            x1, y1, x2, y2 = (round(v * s) for v, s in zip(one.box, (width, height) * 2, strict=True))
            covered[max(0, y1 - 2) : y2 + 2, max(0, x1 - 2) : x2 + 2] = True
            if one.visible > 0.8 and y2 < 325:
                assert change[y1:y2, x1:x2].mean() > 0.15, one
        assert change[covered].sum() > 0.6 * change.sum()  # the rest is shadow on the ground


def test_people_are_tall_enough_for_a_detector(plaza):
    heights = [
        (one.box[3] - one.box[1]) * 360
        for number in range(0, 900, 90)
        for one in plaza.frame(number)[1]
        if one.label == "person" and one.visible > 0.9
    ]
    assert np.percentile(heights, 80) > 55


def test_the_burnt_in_clock_is_read_back_from_the_sub_stream_size(plaza):
    for number in (0, 1, 517, 899):
        assert read_clock(plaza.frame(number)[0]) == number
    assert read_clock(np.full((360, 640, 3), 90, np.uint8)) is None


def test_a_left_bag_and_a_taken_bicycle_are_in_every_story():
    for camera in range(3):
        things = [actor for actor in scene_for(Spec(camera, 2)).actors if isinstance(actor, Thing) and actor.holds]
        assert {thing.being.label for thing in things} == {"bag", "two_wheeler"}
        for thing in things:
            assert 12 < thing.rest.end_s - thing.rest.start_s < STORY_S


def test_a_carried_thing_moves_without_jumps():
    for camera in range(3):
        scene = scene_for(Spec(camera, 4))
        for thing in (actor for actor in scene.actors if isinstance(actor, Thing) and actor.holds):
            places = [thing.placed(step / 15) for step in range(900)]
            for one, other in pairwise([*places, places[0]]):
                if one is not None and other is not None:
                    assert np.hypot(one[0].x - other[0].x, one[0].y - other[0].y) < 0.35


def test_trip_waits_and_turns_softly():
    way = trip(50.0, 1.0, [(0, 0), (10, 0, 4.0), (10, 10)])
    assert way.at(49.0, 60.0) is None
    standing = way.at(2.0, 60.0)  # 12 s after the start: waiting at the corner
    assert standing is not None
    assert (standing.x, standing.y, standing.speed) == pytest.approx((10, 0, 0), abs=1e-6)
    steps = [way.moment(second / 15) for second in range(15 * 25)]
    assert max(np.hypot(b.x - a.x, b.y - a.y) for a, b in pairwise(steps)) < 0.1
    assert max(np.hypot(b.hx - a.hx, b.hy - a.hy) for a, b in pairwise(steps)) < 0.4


def test_whole_truth_finds_entries_and_things_and_survives_the_file(tmp_path):
    spec = Spec(0, 1, width=320, height=180, fps=2, seconds=60)
    scene = scene_for(spec)
    renderer = Renderer(scene)
    truth = whole_truth(scene, [frame_truth(scene, renderer.frame(number)[1]) for number in range(spec.frames)])
    kinds = [event.kind for event in truth.events]
    assert kinds.count("object_left") == kinds.count("object_removed") == 2
    assert all(event.box for event in truth.events if event.kind.startswith("object_"))
    walkers = {event.object for event in truth.events if event.kind == "zone_entered" and event.label == "person"}
    assert len(walkers) >= 5
    save(truth, tmp_path / "truth.json")
    assert load(tmp_path / "truth.json") == truth
