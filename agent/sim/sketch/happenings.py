"""Scenes in which something is left or taken, each under another difficulty."""

from __future__ import annotations

import numpy as np

from agent.sim.sketch import lens, light, weather
from agent.sim.sketch.drawing import WIDTH, car, street, thing
from agent.sim.sketch.nuisances import exposure, lamps, trees
from agent.sim.sketch.plot import Make, basis, disturbed, foot_of, put, share
from agent.sim.sketch.stage import Expected, Scene, Thing, Walker


def left(seed: int, after_s: float) -> Scene:
    """A thing is put down."""
    rng, scene = basis(seed, 14 + 2 * after_s + 8)
    put(rng, scene, 14.0)
    return scene


def left_small(seed: int, after_s: float) -> Scene:
    """A thing of 8 px."""
    rng, scene = basis(seed, 14 + 2 * after_s + 8)
    put(rng, scene, 14.0, 8)
    return scene


def left_crowd(seed: int, after_s: float) -> Scene:
    """Somebody is always in front of it."""
    rng, scene = basis(seed, 14 + 3 * after_s + 12, walkers=14)
    put(rng, scene, 14.0)
    return scene


def removed(seed: int, after_s: float) -> Scene:
    """A thing that had been there from the start is taken."""
    rng, scene = basis(seed, 18 + 2 * after_s + 8)
    item = put(rng, scene, 18.0)
    item.put_s, item.taken_s = -1.0, 18.0
    scene.expected = [Expected("object_removed", item.box, 18.0)]
    return scene


def dumped(seed: int, after_s: float) -> Scene:
    """A car stops, a thing lies behind it, the car drives off."""
    rng, scene = basis(seed, 16 + 2 * after_s + 10)
    picture, x, y = thing(rng, scene.ground, int(rng.integers(12, 22)))
    x, at_s = int(np.clip(x, 30, 150)), 16.0
    item = Thing(x, y, picture, at_s)
    foot = foot_of(item)
    stop = x + picture.shape[1] + 4 + 42.0
    stops = [(8.0, -50.0, foot[1]), (at_s - 2, stop, foot[1]), (at_s + 1.5, stop, foot[1])]
    vehicle = Walker("vehicle", [*stops, (at_s + 5, WIDTH + 60.0, foot[1])], car(rng), 0.95)
    scene.walkers = [vehicle, *scene.walkers]
    scene.things.append(item)
    scene.expected = [Expected("object_left", item.box, at_s)]
    return scene


def parking(seed: int, after_s: float) -> Scene:
    """A car comes and stays."""
    rng, scene = basis(seed, 18 + 2 * after_s)
    x, y = float(rng.uniform(100, 220)), float(rng.uniform(130, 170))
    scene.walkers = [Walker("vehicle", [(6.0, -50.0, y), (11.0, x, y), (999.0, x, y)], car(rng), 0.95), *scene.walkers]
    scene.expected = [Expected("vehicle_stopped", share(x - 42, y - 34, x + 42, y), 11.0)]
    return scene


def left_on_tour(seed: int, after_s: float) -> Scene:
    """The camera looks here and there in turn; it sees how the thing is put down, and again afterwards."""
    scene = left(seed, after_s)
    rng = np.random.default_rng(seed + 500)
    scene.seconds = 16 + 5 * after_s + 20
    place = lens.looking(14 + 2 * after_s, 2 * after_s + 6, after_s + 3)
    other = street(np.random.default_rng(seed + 501), float(rng.uniform(80, 160)))
    scene.effects.append(lens.tour(other, place))
    scene.away = lambda second: place(second) > 0
    return scene


def shaded_later(seed: int, after_s: float) -> Scene:
    """A shadow comes over what lies there: the same thing still."""
    scene = left(seed, after_s)
    item = scene.things[0]
    x, y = foot_of(item)
    begins_s = 14 + after_s + 5
    scene.seconds += after_s
    scene.effects.append(
        light.shade(
            lambda second: (
                light.square(x - 60, y - 40, min(120.0, 12 * (second - begins_s)), 60) if second > begins_s else None
            )
        )
    )
    return scene


def night(base: Make) -> Make:
    """A quarter of the light."""
    return disturbed(lambda _: [light.gain(lambda _: 0.25)], base)


HAPPENINGS: dict[str, Make] = {
    "left": left,
    "left small": left_small,
    "left in a crowd": left_crowd,
    "removed": removed,
    "dumped from a car": dumped,
    "parking": parking,
    "left, then shaded": shaded_later,
    "left, camera on tour": left_on_tour,
    "left, trees": disturbed(trees, left),
    "left, exposure": disturbed(exposure, left),
    "removed, exposure": disturbed(exposure, removed),
    "left, cloud": disturbed(lambda rng: [light.cloud(float(rng.uniform(4, 18)), 15, 0.6)], left),
    "left, lamps": disturbed(lamps, left),
    "left, rain": disturbed(lambda _: [weather.rain()], left),
    "left, snow": disturbed(lambda _: [weather.snow()], left),
    "left, shaken": disturbed(lambda _: [lens.shake(0.5)], left),
    "left small, shaken": disturbed(lambda _: [lens.shake(0.8)], left_small),
    "left, poor JPEG": disturbed(lambda _: [lens.jpeg(20)], left),
    "left, pumping": disturbed(lambda _: [lens.pumping(120)], left),
    "left, night": night(left),
    "removed, night": night(removed),
}
