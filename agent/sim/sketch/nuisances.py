"""Scenes in which nothing is left or taken, though much changes."""

from __future__ import annotations

import numpy as np

from agent.sim.sketch import lens, light, weather
from agent.sim.sketch.cast import passer, stays
from agent.sim.sketch.drawing import car, lying, person, street, thing
from agent.sim.sketch.plot import Make, basis, disturbed, nothing
from agent.sim.sketch.stage import Effect, Scene, Thing, Walker


def creeping_shadow(seed: int, after_s: float) -> Scene:
    """The edge of a shadow moves on slowly."""
    rng, scene = basis(seed, 16 + 3 * after_s)
    y, speed = float(rng.uniform(80, 110)), float(rng.uniform(1.0, 3.0))
    strength = float(rng.uniform(0.45, 0.7))
    scene.effects.append(light.shade(lambda second: light.square(40, y, 40 + speed * second, 50), strength))
    return scene


def stopping_shadow(seed: int, after_s: float) -> Scene:
    """The shadow of something outside the picture comes and stays."""
    rng, scene = basis(seed, 18 + 2 * after_s)
    stop, y = float(rng.uniform(80, 200)), float(rng.uniform(95, 130))
    strength = float(rng.uniform(0.45, 0.7))
    scene.effects.append(
        light.shade(lambda s: light.square(min(stop, -60 + 25 * (s - 10)), y, 45, 25) if s > 10 else None, strength)
    )
    return scene


def sun_patch(seed: int, after_s: float) -> Scene:
    """The sun comes through a gap."""
    rng, scene = basis(seed, 18 + 2 * after_s)
    x, y = float(rng.uniform(30, 220)), float(rng.uniform(90, 130))
    strength = float(rng.uniform(1.25, 1.6))
    scene.effects.append(light.shade(lambda s: light.square(x, y, 50, 30) if s > 13 else None, strength, soft=1))
    return scene


def headlights(seed: int, after_s: float) -> Scene:
    """Lights sweep over the ground by night."""
    rng, scene = basis(seed, 16 + 2 * after_s)
    y = float(rng.uniform(90, 130))
    scene.effects.append(light.gain(lambda _: 0.4))
    scene.effects.append(light.shade(lambda s: light.square((s * 70) % 600 - 100, y, 60, 25), 2.2, soft=8))
    return scene


def stander(seed: int, after_s: float, known: float = 0.75) -> Scene:
    """Somebody comes, stands for long, and goes."""
    rng, scene = basis(seed, 22 + 2.5 * after_s)
    spot = float(rng.uniform(60, 260)), float(rng.uniform(120, 170))
    scene.walkers.append(stays(Walker("person", [], person(rng), known), spot, 9.0, 13.0 + 2 * after_s))
    return scene


def sleeper(seed: int, after_s: float) -> Scene:
    """Somebody lies down; a detector finds few who lie."""
    rng, scene = basis(seed, 22 + 2.5 * after_s)
    spot = float(rng.uniform(60, 260)), float(rng.uniform(120, 170))
    scene.walkers.append(stays(Walker("person", [], lying(rng), 0.55), spot, 9.0, 13.0 + 2 * after_s))
    return scene


def start_stander(seed: int, after_s: float) -> Scene:
    """Somebody stands there from the start and leaves."""
    rng, scene = basis(seed, 22 + 2.5 * after_s)
    spot, goes_s = (float(rng.uniform(60, 260)), float(rng.uniform(120, 170))), float(rng.uniform(3, 16))
    scene.walkers.append(stays(Walker("person", [], person(rng)), spot, 0.0, goes_s, comes=False, way_s=5.0))
    return scene


def start_things(seed: int, after_s: float) -> Scene:
    """Things lie there from the start, with people in front of them just then."""
    rng, scene = basis(seed, 20 + 2 * after_s)
    for _ in range(3):
        picture, x, y = thing(rng, scene.ground)
        scene.things.append(Thing(x, y, picture, -1.0))
        scene.walkers.append(passer(rng, float(rng.uniform(-6, 1)), y + picture.shape[0] + 3.0))
    return scene


def car_leaves(seed: int, after_s: float) -> Scene:
    """A car that stood there from the start drives off."""
    rng, scene = basis(seed, 24 + 2 * after_s)
    spot = float(rng.uniform(100, 220)), float(rng.uniform(130, 170))
    vehicle = stays(Walker("vehicle", [], car(rng), 0.95), spot, 0.0, 16.0, comes=False)
    scene.walkers = [vehicle, *scene.walkers]
    return scene


def close_by(seed: int, after_s: float) -> Scene:
    """Somebody close to the camera fills the picture, and its exposure follows."""
    rng, scene = basis(seed, 22 + 2 * after_s)
    giant = Walker("person", [], person(rng, 170), 0.9)
    scene.walkers.append(stays(giant, (float(rng.uniform(90, 230)), 178.0), 12.0, 14.0 + after_s))
    scene.effects.append(light.auto_exposure(float(scene.ground.mean())))
    return scene


def tour(seed: int, after_s: float) -> Scene:
    """The camera looks at two places in turn."""
    rng, scene = basis(seed, 30 + 4 * after_s, walkers=5)
    place = lens.looking(10 + after_s, after_s + 5, after_s + 4)
    other = street(np.random.default_rng(seed + 501), float(rng.uniform(80, 160)))
    scene.effects.append(lens.tour(other, place))
    scene.away = lambda second: place(second) > 0
    return scene


def trees(rng: np.random.Generator) -> list[Effect]:
    """Two crowns."""
    return [weather.tree(rng, int(rng.integers(0, 260)), int(rng.integers(0, 60))) for _ in range(2)]


def exposure(rng: np.random.Generator) -> list[Effect]:
    """The exposure goes up and down."""
    low, at_s = float(rng.uniform(0.6, 0.8)), float(rng.uniform(5, 12))
    return [light.gain(lambda s: 1.0 if s < at_s else low + (1 - low) * 0.5 * (1 + np.cos((s - at_s) / 3)))]


def lamps(rng: np.random.Generator) -> list[Effect]:
    """A street lamp goes on."""
    x, on_s = int(rng.integers(60, 260)), float(rng.uniform(11, 13))
    return [light.gain(lambda _: 0.6), light.lamp(on_s, 999, (x, 60), 150, 0.9)]


def lamps_off(rng: np.random.Generator) -> list[Effect]:
    """Lamps go off one after the other: a near one, then all."""
    x, off_s = int(rng.integers(60, 260)), float(rng.uniform(11, 13))
    near = light.lamp(-1, off_s, (x, int(rng.integers(70, 130))), float(rng.uniform(25, 45)), 0.8)
    return [light.gain(lambda s: 0.7 if s < off_s + 6 else 0.35), near]


def signals(rng: np.random.Generator) -> list[Effect]:
    """A signal far away changes, and a lit board its picture."""
    corner = int(rng.integers(10, 250)), int(rng.integers(5, 25))
    size = int(rng.integers(24, 56)), int(rng.integers(14, 30))
    spot = int(rng.integers(20, 300)), int(rng.integers(70, 90))
    return [light.board(rng, corner, size, 11.0), light.signal(spot, float(rng.uniform(8, 14)))]


def _puddles(rng: np.random.Generator) -> list[Effect]:
    spots = [(int(rng.integers(50, 270)), int(rng.integers(110, 165))) for _ in range(2)]
    return [weather.puddle(rng, spot, float(rng.uniform(8, 16))) for spot in spots]


def _flags(rng: np.random.Generator) -> list[Effect]:
    return [weather.flag(rng, int(rng.integers(10, 270)), int(rng.integers(8, 60))) for _ in range(2)]


def _tree_shadow(rng: np.random.Generator) -> list[Effect]:
    return [weather.tree_shadow(rng, int(rng.integers(0, 240)), int(rng.integers(80, 120)))]


def _snow(rng: np.random.Generator) -> list[Effect]:
    return [weather.snow_cover(rng, 4.0, float(rng.uniform(120, 240))), weather.snow()]


def _night_rain(_: np.random.Generator) -> list[Effect]:
    return [light.gain(lambda _: 0.3), weather.rain(90)]


def _cloud(rng: np.random.Generator) -> list[Effect]:
    return [light.cloud(float(rng.uniform(6, 12)), float(rng.uniform(6, 14)), float(rng.uniform(0.5, 0.75)))]


NUISANCES: dict[str, Make] = {
    "passers": nothing,
    "creeping shadow": creeping_shadow,
    "stopping shadow": stopping_shadow,
    "tree shadow": disturbed(_tree_shadow, nothing),
    "cloud": disturbed(_cloud, nothing),
    "sun patch": sun_patch,
    "headlights": headlights,
    "puddles": disturbed(_puddles, nothing),
    "trees": disturbed(trees, nothing),
    "flags": disturbed(_flags, nothing),
    "signals": disturbed(signals, nothing),
    "exposure": disturbed(exposure, nothing),
    "somebody close by": close_by,
    "lamps": disturbed(lamps, nothing),
    "lamps go off": disturbed(lamps_off, nothing),
    "infrared": disturbed(lambda _: [light.infrared(14.0)], nothing),
    "infrared and back": disturbed(lambda _: [light.infrared(10.0, 19.0)], nothing),
    "camera turns": disturbed(lambda _: [lens.turn(14.0)], nothing),
    "camera on tour": tour,
    "rain": disturbed(lambda _: [weather.rain()], nothing),
    "rain by night": disturbed(_night_rain, nothing),
    "snow": disturbed(_snow, nothing),
    "pumping": disturbed(lambda _: [lens.pumping(60)], nothing),
    "poor JPEG": disturbed(lambda _: [lens.jpeg(15)], nothing),
    "shake": disturbed(lambda _: [lens.shake(0.8)], nothing),
    "shakes hard": disturbed(lambda _: [lens.shake(2.0)], nothing),
    "somebody stands": stander,
    "somebody lies": sleeper,
    "stands from the start": start_stander,
    "things from the start": start_things,
    "car leaves": car_leaves,
}
