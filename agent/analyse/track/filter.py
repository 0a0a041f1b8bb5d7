"""How boxes move: a Kalman filter of constant velocity per second of capture time, for all tracks at once.

Uncertainties are in heights of the thing itself, so that near and far, and any frame rate and gap, are one case. Place
and speed of an axis vary together; the axes, and the size, by themselves. Speed dies away slowly while nobody looks.

States of n tracks are an array 12 x n, boxes one of 4 x n (centre, size): numpy goes along the things, of which there
are many, and not along x and y, which would take several times as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLACE, SIZE, SPEED, PP, PV, VV = (slice(first, first + 2) for first in range(0, 12, 2))
"""Rows of a state, x and y each: centre, width and height, speed per second (all 0..1 of the picture); the variance
of place, of place with speed, of speed (heights of the thing)."""
ROWS = 12

MEASURED = 0.067
CUT = 0.16
"""How a box of high score trembles, and one of low score, often of a thing half hidden: standard deviation."""
WANDER = 0.35
"""Standard deviation of the change of speed in a second."""
TAU_S = 4.4
"""In so long a speed that nobody has seen again falls to a third."""
SIZE_GAIN = 0.4
"""How much of a change of size is believed at once."""


def born(boxes: Floats, speeds: Floats) -> Floats:
    """States of new tracks from their boxes and how such things move, 2 x n, heights a second."""
    states = np.zeros((ROWS, boxes.shape[1]))
    states[:4] = boxes
    states[PP] = MEASURED**2
    states[VV] = speeds**2
    return states


def predicted(states: Floats, elapsed_s: Floats) -> Floats:
    """The states after so many seconds, each its own."""
    lasting = np.exp(-elapsed_s / TAU_S)
    ahead = TAU_S * (1 - lasting)
    noise = WANDER**2 * elapsed_s
    after = states.copy()
    after[PLACE] += states[SPEED] * ahead
    after[SPEED] *= lasting
    after[PP] += ahead * (2 * states[PV] + ahead * states[VV]) + noise * elapsed_s**2 / 3
    after[PV] = lasting * (states[PV] + ahead * states[VV]) + noise * elapsed_s / 2
    after[VV] = lasting**2 * states[VV] + noise
    return after


def corrected(before: Floats, boxes: Floats, spread: Floats) -> Floats:
    """Predicted states that met these boxes, which tremble by `spread` (heights of the thing)."""
    total = before[PP] + spread**2
    place, speed = before[PP] / total, before[PV] / total
    gap = boxes[:2] - before[PLACE]
    after = before.copy()
    after[PLACE] += place * gap
    after[SPEED] += speed * gap
    after[PP] *= 1 - place
    after[PV] *= 1 - place
    after[VV] -= speed * before[PV]
    after[SIZE] += SIZE_GAIN * (boxes[2:] - before[SIZE])
    return after


def coasted(state: Sequence[float], elapsed_s: float) -> tuple[float, float]:
    """How far one thing will have gone by then, 0..1 of the picture."""
    vx, vy = state[SPEED]
    ahead = TAU_S * (1 - math.exp(-elapsed_s / TAU_S))
    return vx * ahead, vy * ahead
