"""Who walks through a sketch."""

from __future__ import annotations

import numpy as np

from agent.sim.sketch.drawing import HEIGHT, WIDTH, person
from agent.sim.sketch.stage import Walker

PACE = 45.0
"""px a second."""


def passer(rng: np.random.Generator, begin_s: float, y: float | None = None, speed: float = PACE) -> Walker:
    """Somebody who crosses the picture from one side to the other."""
    y = y if y is not None else float(rng.uniform(HEIGHT * 0.6, HEIGHT * 0.98))
    stops = [(begin_s, -15.0, y), (begin_s + (WIDTH + 30) / speed, WIDTH + 15.0, y)]
    if rng.random() < 0.5:
        stops = [(at, WIDTH - x, y) for at, x, y in stops]
    return Walker("person", stops, person(rng))


def carrier(rng: np.random.Generator, spot: tuple[float, float], at_s: float) -> Walker:
    """Comes to `spot` (px) at `at_s` seconds, bends for a second, and goes on."""
    x, y = spot
    side = -1 if rng.random() < 0.5 else 1
    beside = x + side * 9
    edge = -20.0 if side < 0 else WIDTH + 20.0
    way = abs(edge - beside) / PACE
    stops = [(at_s - 0.6 - way, edge, y + 3), (at_s - 0.6, beside, y + 3), (at_s + 0.7, beside, y + 3)]
    return Walker("person", [*stops, (at_s + 0.7 + way, edge, y + 3)], person(rng))


def stays(
    walker: Walker, spot: tuple[float, float], since_s: float, until_s: float, *, comes: bool = True, way_s: float = 4.0
) -> Walker:
    """The walker comes from the left to `spot` (or is there from the start), stays, and leaves to the right."""
    x, y = spot
    outside = walker.picture.shape[1] / 2 + 5
    stops = [(since_s - way_s, -outside, y)] if comes else []
    stops += [(since_s, x, y), (until_s, x, y), (until_s + way_s, WIDTH + outside, y)]
    walker.stops = stops
    return walker
