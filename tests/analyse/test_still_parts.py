"""The parts that keep small mistakes from becoming alarms, each for itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agent.analyse.ground.plane import Plane
from agent.analyse.still.bustle import CELL_PX, Bustle
from agent.analyse.still.company import Actor, Company, around
from agent.analyse.still.overlay import Overlay
from agent.analyse.still.region import Region
from agent.analyse.still.watch import Watch
from agent.config.gateway import Still
from agent.core.clock import NS
from agent.core.geometry import Box
from agent.sim.sketch.cast import stays
from agent.sim.sketch.drawing import HEIGHT, WIDTH, person, street
from agent.sim.sketch.stage import Scene, Thing, Walker
from tests.analyse.scene import START_NS, at
from tests.analyse.sketches import played

STEP_S = 0.2


def blank() -> np.ndarray:
    return np.zeros((HEIGHT, WIDTH), bool)


def from_above(side_m: float) -> Plane:
    """A ground of so many metres each way fills the picture."""
    return Plane(np.array([[1 / side_m, 0, math.nan, 0], [0, -1 / side_m, math.nan, 1], [0, 0, math.nan, 1]]))


def digit(x: int, y: int) -> Region:
    return Region(x, y, np.ones((5, 4), bool), WIDTH, HEIGHT)


def clock_runs(overlay: Overlay, seconds: float, x: int = 60, known: tuple[Box, ...] = ()) -> float:
    """The seconds of a clock in the lower left corner change; returns when it is."""
    now_s = 0.0
    for number in range(int(seconds / STEP_S)):
        now_s, moving = number * STEP_S, blank()
        if number % 5 == 0:
            moving[170:175, x : x + 3] = True
        overlay.look(moving, known, now_s)
    return now_s


def test_the_minutes_beside_running_seconds_are_text():
    overlay = Overlay(HEIGHT, WIDTH)
    now_s = clock_runs(overlay, 12)
    assert overlay.covers(digit(40, 170), now_s)
    assert not overlay.covers(digit(300, 170), now_s), "far away"
    assert not overlay.covers(digit(40, 100), now_s), "not at the edge"
    assert not overlay.covers(digit(40, 4), now_s), "the other edge"
    overlay.look(blank(), (), now_s + 60)
    assert not overlay.covers(digit(40, 170), now_s + 60), "the clock is gone"


def test_who_walks_by_at_the_lower_edge_and_rain_are_no_clock():
    feet = Overlay(HEIGHT, WIDTH)
    now_s = clock_runs(feet, 12, known=(Box(0.15, 0.6, 0.3, 1.0),))
    assert not feet.covers(digit(50, 170), now_s)
    rain = Overlay(HEIGHT, WIDTH)
    for number in range(60):
        moving = blank()
        moving[150:, ::4] = True
        rain.look(moving, (), number * STEP_S)
    assert not rain.covers(digit(50, 170), 59 * STEP_S)


def test_what_lights_up_by_itself_has_no_company_and_what_is_put_down_has():
    for somebody in (True, False):
        bustle = Bustle(HEIGHT, WIDTH)
        place, moving = blank(), blank()
        place[80:96, 80:96] = True
        moving |= place
        if somebody:
            moving[60:100, 100:116] = True
        bustle.look(moving, blank(), STEP_S)
        bustle.look(blank(), place, 1.0)
        assert bool(bustle.others[88, 88] > 0.03) is somebody
        assert bustle.company[88, 88] > 0.03


def test_after_nobody_looked_somebody_may_have_been_there():
    bustle, place = Bustle(HEIGHT, WIDTH), blank()
    place[80:96, 80:96] = True
    bustle.look(blank(), place, 4.0)
    assert bustle.others[88, 88] > 0.5


@pytest.mark.parametrize(("known", "restless"), [((), True), ((Box(0.2, 0.3, 0.4, 0.7),), False)])
def test_a_place_that_moves_by_itself_is_restless(known, restless):
    bustle, place = Bustle(HEIGHT, WIDTH), blank()
    place[80:104, 80:104] = True
    for _ in range(60):
        bustle.look(place, blank(), 1.0, known)
    bustle.look(blank(), place, STEP_S, known)
    assert bool(bustle.unrest[92, 92] > 0.35) is restless
    assert bustle.unrest[92 - 6 * CELL_PX, 92] < 0.1


def test_who_sits_near_by_is_not_the_owner_of_what_another_put_down():
    company = Company(5.0)
    thing, sitter = Box(0.5, 0.5, 0.55, 0.6), Actor("sits", "person", Box(0.6, 0.4, 0.65, 0.6), now=True)
    for number in range(40):
        who = [sitter] + ([Actor("puts", "person", Box(0.48, 0.35, 0.53, 0.6), now=True)] if 10 < number < 16 else [])
        company.note(who, START_NS + number * NS // 4)
    near = around(thing, 2.0, WIDTH / HEIGHT)
    assert company.who_was_near(thing, near, START_NS, START_NS + 10 * NS) == ["puts"]


def test_the_owner_is_near_by_metres_where_they_are_known():
    thing, owner = Box(0.48, 0.4, 0.52, 0.5), Box(0.68, 0.3, 0.72, 0.5)
    watch = Watch(Still(enabled=True, owner_near=1, owner_near_m=5))
    watch.look(np.zeros((HEIGHT, WIDTH, 3), np.uint8), [], START_NS)
    assert not watch._near(thing)(owner)
    watch.plane = from_above(20)
    assert watch._near(thing)(owner)
    watch.plane = from_above(40)
    assert not watch._near(thing)(owner)


def test_where_somebody_stood_at_the_start_a_thing_is_found_soon_after():
    """A black bag where somebody in black had stood would not be seen before the ghost is gone."""
    rng = np.random.default_rng(5)
    black = person(rng, 60)
    black[..., :3] = 20
    bag = np.full((18, 16, 4), 255, np.float32)
    bag[..., :3] = 20
    scene = Scene(30.0, street(rng, 140.0), seed=5)
    stood = stays(Walker("person", [], black, 1.0), (150.0, 150.0), 0.0, 4.0, comes=False, way_s=3.0)
    bringer = stays(Walker("person", [], person(rng, 60), 1.0), (160.0, 152.0), 13.0, 14.0, way_s=3.0)
    scene.walkers, scene.things = [stood, bringer], [Thing(142, 128, bag, 13.5)]
    one = Watch(Still(enabled=True, after_s=8))
    said = [change for second, picture, actors in played(scene) for change in one.look(picture, actors, at(second))]
    assert [str(change.kind) for change in said if change.phase == "start"] == ["object_left"]
