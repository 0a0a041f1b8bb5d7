"""A ground from points and from people: speed, bearing, size and place against the drawn truth."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from agent.analyse.ground.book import Book
from agent.analyse.ground.people import Sight, fit, focal_of, from_people
from agent.analyse.ground.points import from_points
from agent.analyse.ground.survey import Survey
from agent.analyse.straight import Way
from agent.analyse.travel import Walk, apart
from agent.config.gateway import Place
from agent.config.ground import Ground
from agent.core.earth import moved, way
from agent.core.geometry import Box
from agent.sim.scene.camera import Camera as Lens
from tests.analyse.rule_kit import ASPECT, FPS, LENS, Actor, car, share, walker
from tests.analyse.scene import at

PLAN = ((-3.0, 10.0), (3.0, 10.0), (3.0, 24.0), (-3.0, 24.0))
PLACE = Place(latitude=48.2, longitude=16.37)
BEARING = 30.0
"""Of the way from the first point to the second: the camera looks 60 degrees left of it, to 330."""
NORTH = 300.0


def measured(**more) -> Ground:
    return Ground.model_validate({"points": [share(*spot) for spot in PLAN], "metres": PLAN, **more})


def plane(**more):
    return from_points(measured(bearing=BEARING, **more), PLACE, ASPECT)


@pytest.mark.parametrize("spot", [(0.0, 12.0), (-5.0, 9.0), (8.0, 30.0), (0.5, 40.0)])
def test_places_on_the_ground_come_back(spot):
    assert plane().at(share(*spot)) == pytest.approx(spot, abs=0.01)


def test_nothing_is_known_above_the_horizon():
    assert plane().at((0.5, 0.02)) is None
    assert plane().size(Box(0.4, 0.0, 0.6, 0.02)) is None


def test_how_large_something_is():
    box = walker(0, (2, 15), (2, 16)).box(0)
    width, height = plane().size(box)
    assert height == pytest.approx(1.72, rel=0.05)
    assert width == pytest.approx(0.55, rel=0.25)


def test_the_camera_is_found_and_with_it_the_place_on_the_map():
    found = plane()
    # the camera hangs at the plan's origin, and looks along its y axis
    assert found.anchor.at == pytest.approx((0, 0), abs=0.05)
    assert found.north == pytest.approx(NORTH)
    latitude, longitude = found.position((0.0, 20.0))
    east, north = way((48.2, 16.37), (latitude, longitude))
    assert math.degrees(math.atan2(east, north)) % 360 == pytest.approx(NORTH, abs=0.5)
    assert math.hypot(east, north) == pytest.approx(20, abs=0.1)


def test_positions_of_points_give_everything_without_bearing_and_place():
    turn = math.radians(NORTH)
    spots = [
        moved(48.2, 16.37, x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn))
        for x, y in PLAN
    ]
    known = Ground.model_validate({"points": [share(*spot) for spot in PLAN], "positions": spots})
    found = from_points(known, None, ASPECT)
    assert found.position(found.at(share(1, 12))) == pytest.approx(plane().position((1, 12)), abs=2e-6)


def test_distances_are_as_good_as_metres():
    sides = [math.dist(PLAN[a], PLAN[b]) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2))]
    known = Ground.model_validate({"points": [share(*spot) for spot in PLAN], "distances": sides, "bearing": BEARING})
    found = from_points(known, PLACE, ASPECT)
    a, b = (share(*spot) for spot in ((-4.0, 12.0), (5.0, 30.0)))
    assert math.dist(found.at(a), found.at(b)) == pytest.approx(math.dist((-4, 12), (5, 30)), rel=0.01)
    assert found.position(found.at(b)) == pytest.approx(plane().position((5, 30)), abs=2e-6)


WAYS = {
    "to the right": ((-16, 24), (16, 24)), "to the left": ((16, 28), (-16, 28)), "away": ((1.5, 10), (1.5, 38)),
    "towards": ((-1.5, 38), (-1.5, 10)), "aslant": ((-8, 12), (8, 30)),
}  # fmt: skip


def figures(actor: Actor, where, tremble: float, seed: int = 1, after_s: float = 1.6) -> tuple[float, float]:
    """Worst error of the speed (share) and of the bearing (degrees) once it was followed for `after_s`; else NaN."""
    rng, walk, begin = np.random.default_rng(seed), Walk(), actor.way.start_s
    (x1, y1), (x2, y2) = actor.way.places[0], actor.way.places[-1]
    truth = (NORTH + math.degrees(math.atan2(x2 - x1, y2 - y1))) % 360
    speed = math.dist((x1, y1), (x2, y2)) / actor.way.times_s[-1]
    errors, since = [(math.nan, math.nan)], None
    for number in range(int(actor.way.times_s[-1] * FPS)):
        box = actor.box(begin + number / FPS)
        if box is None or box.x1 < 0.005 or box.x2 > 0.995 or box.y2 > 0.995:
            continue
        since = number if since is None else since
        shake = rng.normal(0, tremble, 4) * (box.width, box.height, box.width, box.height)
        travel = walk.go(at(number / FPS), Box(*(np.array(box) + shake).tolist()), ASPECT, where)
        if number - since >= after_s * FPS and number < actor.way.times_s[-1] * FPS - 3:
            errors.append((travel.mps / speed - 1, apart(travel.bearing, truth)))
    shares, degrees = zip(*errors, strict=True)
    return float(np.fmax.reduce(np.abs(shares))), float(np.fmax.reduce(degrees))


@pytest.mark.parametrize("name", WAYS)
def test_speed_is_right_within_five_percent_and_bearing_within_five_degrees(name):
    speed, degrees = figures(car(0, *WAYS[name], speed=8), plane(), 0.0)
    assert speed <= 0.05
    assert degrees <= 5
    speed, degrees = figures(walker(0, *WAYS[name], speed=1.5), plane(), 0.0)
    assert speed <= 0.05
    assert degrees <= 5


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("seed", range(5))
def test_after_three_seconds_on_a_straight_way_trembling_boxes_are_as_good(name, seed):
    for actor in (car(0, *WAYS[name], speed=8), walker(0, *WAYS[name], speed=1.5)):
        speed, degrees = figures(actor, plane(), 0.01, seed, after_s=3.0)
        assert not speed > 0.06
        assert not degrees > 5


@pytest.mark.parametrize("tremble", [0.0, 0.01, 0.02])
def test_who_turns_round_a_corner_is_followed_as_soon_as_the_newest_sights_tell(tremble):
    rng, walk, bearings = np.random.default_rng(3), Walk(), []
    for number in range(9 * FPS):
        along, off = min(number, 5 * FPS) * 1.5 / FPS, max(0, number - 5 * FPS) * 1.5 / FPS
        person = walker(0, (along - 8, 18 + off), (along - 8, 19 + off))
        box = person.box(person.way.start_s)
        shake = rng.normal(0, tremble, 4) * (box.width, box.height, box.width, box.height)
        bearings.append(walk.go(at(number / FPS), Box(*(np.array(box) + shake).tolist()), ASPECT, plane()).bearing)
    assert apart(bearings[5 * FPS - 1], NORTH + 90) < 8
    for bearing in bearings[int(6.6 * FPS) :]:
        assert apart(bearing, NORTH) < 15


def test_sums_of_a_long_way_lose_no_digits():
    rng = np.random.default_rng(1)
    way, places = Way(at(0), 300.0, -200.0), [(300.0, -200.0)]
    for number in range(1, 20_000):
        places.append((300 + 0.004 * number + rng.normal(0, 0.05), -200 + rng.normal(0, 0.05)))
        way.add(at(number / FPS), *places[-1])
        way.drop(at(number / FPS - 2.3))
    times = np.arange(20_000)[-12:] / FPS
    (vx, vy), _ = np.polyfit(times - times[0], np.array(places[-12:]), 1)
    line = way.line(at(times[0]))
    assert (line.number, line.vx, line.vy) == (12, pytest.approx(vx, abs=1e-8), pytest.approx(vy, abs=1e-8))
    assert line.time == pytest.approx(1.1)


def test_a_sight_above_the_horizon_spoils_only_its_own_second():
    walk, where = Walk(), plane()
    for number in range(6 * FPS):
        foot = 0.02 if number == FPS else 0.8
        travel = walk.go(
            at(number / FPS), Box(0.3 + number / 100, foot - 0.015, 0.32 + number / 100, foot), ASPECT, where
        )
    assert travel.mps is not None
    assert math.isfinite(travel.mps)


@pytest.mark.parametrize("name", ["to the right", "to the left"])
def test_a_detector_that_trembles_does_not_change_much(name):
    speed, degrees = figures(car(0, *WAYS[name], speed=8), plane(), 0.01)
    assert speed <= 0.1
    assert degrees <= 10


def people(count: int = 300, *, odd: float = 0.0, lens: Lens = LENS, seed: int = 1) -> list[Sight]:
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        x, y = rng.uniform(-8, 8), rng.uniform(8, 34)
        height = rng.normal(1.7, 0.08) * (rng.uniform(0.4, 0.8) if rng.random() < odd else 1)
        foot, head = lens.share(x, y)[1], lens.share(x, y, height)[1]
        if 0 < head < foot < 1:
            found.append(Sight(foot + rng.normal(0, 0.003), head + rng.normal(0, 0.003)))
    return found


@pytest.mark.parametrize("lens", [LENS, Lens(1280, 720, 3.2, 9.0, 90.0), Lens(1280, 720, 8.0, 35.0, 60.0)])
@pytest.mark.parametrize("odd", [0.0, 0.25])
def test_people_tell_how_the_camera_hangs(lens, odd):
    found, why = fit(people(odd=odd, lens=lens), focal_of(lens.hfov_deg, ASPECT), 1.7)
    assert why == ""
    assert found.height == pytest.approx(lens.height_m, rel=0.12)
    assert math.degrees(found.tilt) == pytest.approx(lens.pitch_deg, abs=2.0)
    ground = from_people(found, focal_of(lens.hfov_deg, ASPECT), ASPECT, PLACE)
    for spot in ((0.0, 10.0), (4.0, 20.0)):
        assert math.dist(ground.at(lens.share(*spot)), spot) < 0.15 * spot[1]


@pytest.mark.parametrize("above", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("count", [1, 20])
def test_feet_above_the_horizon_cost_the_true_tilt_nothing(above, count):
    lens = Lens(1280, 720, 4.0, 12.0, 90.0)
    focal = focal_of(lens.hfov_deg, ASPECT)
    row = 0.5 - focal * math.tan(math.radians(lens.pitch_deg)) - above
    found, why = fit([*people(lens=lens), *[Sight(row, row - 0.05)] * count], focal, 1.7)
    assert why == ""
    assert math.degrees(found.tilt) == pytest.approx(lens.pitch_deg, abs=2.0)
    assert found.height == pytest.approx(lens.height_m, rel=0.12)


def test_where_no_tilt_has_people_below_the_horizon_there_is_no_ground():
    rng = np.random.default_rng(1)
    feet = np.concatenate([rng.uniform(0.02, 0.1, 50), rng.uniform(0.9, 0.99, 50)])
    found, why = fit([Sight(foot, foot - 0.01) for foot in feet], focal_of(160, ASPECT), 1.7)
    assert (found, "no tilt" in why) == (None, True)


def test_what_is_missing_is_said():
    assert fit(people(20), focal_of(56, ASPECT), 1.7)[1] == "20 of 60 sights of people so far"
    near = [sight for sight in people(2000) if 0.6 < sight.foot < 0.66]
    assert "one distance" in fit(near[:80], focal_of(56, ASPECT), 1.7)[1]
    rng = np.random.default_rng(1)
    wild = [Sight(foot, foot - size) for foot, size in rng.uniform((0.5, 0.05), (1, 0.4), (90, 2))]
    assert "unlike each other" in fit(wild, focal_of(56, ASPECT), 1.7)[1]


def crowd(book: Book, count: int, first: int = 0) -> None:
    for number, sight in enumerate(people(count), first):
        height = sight.foot - sight.head
        x = 0.3 + 0.4 * (number % 7) / 7
        book.note(f"t{number}", Box(x, sight.head, x + 0.35 * height / ASPECT, sight.foot), (), ASPECT)


def test_a_book_is_kept_over_restarts_and_begins_again_when_the_camera_was_moved(tmp_path):
    path, ground = tmp_path / "deep/cam.people.json", Ground(hfov=56)
    book = Book(ground, PLACE, path)
    assert book.plane(ASPECT, at(0), again=True) is None
    assert "0 of 60" in book.missing
    crowd(book, 200)
    found = book.plane(ASPECT, at(600), again=False)
    assert found is not None
    assert (found.source, book.missing) == ("people", "")
    book.close(at(700))
    again = Book(ground, PLACE, path).plane(ASPECT, at(0), again=True)
    assert again.at((0.5, 0.8)) == pytest.approx(found.at((0.5, 0.8)), abs=0.01)
    book.begin_again()
    assert "moved" in book.missing


@pytest.mark.parametrize("text", ["", "[]", '{"people": [[1]]}', '{"people": [["a", "b"]]}', '{"people": [[9, 8]]}'])
def test_a_book_that_was_spoilt_is_as_good_as_none(tmp_path, text):
    path = tmp_path / "cam.people.json"
    path.write_text(text)
    book = Book(Ground(hfov=56), PLACE, path)
    crowd(book, 200)
    assert book.plane(ASPECT, at(0), again=True) is not None
    book.close(at(1))
    assert len(json.loads(path.read_text())["people"]) > 100


def test_who_is_cut_or_covered_or_lies_does_not_count():
    book = Book(Ground(hfov=56), None, None)
    book.note("cut", Box(0.4, 0.7, 0.5, 1.0), (), ASPECT)
    book.note("lies", Box(0.4, 0.7, 0.6, 0.8), (), ASPECT)
    book.note("covered", Box(0.4, 0.4, 0.45, 0.7), (Box(0.44, 0.4, 0.5, 0.7),), ASPECT)
    for _ in range(100):
        book.note("one", Box(0.4, 0.4, 0.45, 0.7), (), ASPECT)
    book.plane(ASPECT, at(0), again=True)
    assert book.missing.startswith("1 of 60")


def test_a_survey_follows_the_shape_of_the_picture():
    survey = Survey("cam", measured(bearing=BEARING), PLACE, None)
    survey.look(ASPECT, at(0))
    first = survey.plane
    survey.look(ASPECT, at(1))
    assert survey.plane is first
    survey.look(4 / 3, at(2))
    assert survey.plane is not first
    assert survey.trouble == ""
    survey.begin_again()
    assert "moved" in survey.trouble
    assert Survey("cam", None, None, None).plane is None
