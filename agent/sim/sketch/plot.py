"""How a sketch is put together: ground and passers first, then what happens, then what disturbs it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agent.core.geometry import Box
from agent.sim.sketch.cast import carrier, passer
from agent.sim.sketch.drawing import HEIGHT, WIDTH, street, thing
from agent.sim.sketch.stage import Effect, Expected, Scene, Thing

Make = Callable[[int, float], Scene]
"""Takes a seed and for how many seconds a thing must lie before it counts."""


def basis(seed: int, seconds: float, walkers: int = 3) -> tuple[np.random.Generator, Scene]:
    """A street with some passers."""
    rng = np.random.default_rng(seed)
    scene = Scene(seconds, street(rng, float(rng.uniform(80, 160))), seed=seed)
    scene.walkers = [passer(rng, float(rng.uniform(1, seconds - 4))) for _ in range(walkers)]
    return rng, scene


def put(rng: np.random.Generator, scene: Scene, at_s: float, size: int | None = None) -> Thing:
    """Somebody comes, puts a thing down and goes: it is expected to be told."""
    picture, x, y = thing(rng, scene.ground, size)
    item = Thing(x, y, picture, at_s)
    scene.things.append(item)
    scene.walkers.append(carrier(rng, foot_of(item), at_s))
    scene.expected.append(Expected("object_left", item.box, at_s))
    return item


def foot_of(item: Thing) -> tuple[float, float]:
    """The middle of its lower edge, px."""
    return item.x + item.picture.shape[1] / 2, item.y + item.picture.shape[0]


def disturbed(effects: Callable[[np.random.Generator], list[Effect]], base: Make) -> Make:
    """The scenes of `base` under more effects."""

    def make(seed: int, after_s: float) -> Scene:
        scene = base(seed, after_s)
        scene.effects += effects(np.random.default_rng(seed + 1000))
        return scene

    return make


def nothing(seed: int, after_s: float) -> Scene:
    """People pass; that is all."""
    return basis(seed, 16 + 2 * after_s)[1]


def share(x1: float, y1: float, x2: float, y2: float) -> Box:
    """Corners in px as a share of the picture."""
    return Box(x1 / WIDTH, y1 / HEIGHT, x2 / WIDTH, y2 / HEIGHT)
