"""Straight ways on the ground: lines through sights, least squares, at a cost that does not grow with their number."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from agent.core.clock import NS
from agent.core.geometry import Point

FRESH_S = 60.0
"""Sums of times further from their origin lose digits."""


class Line(NamedTuple):
    """Through sights: `time`, `x` and `y` are their mean (seconds, metres), `down` the sum of squared times around it.

    `vx` and `vy` are metres per second; `beside` is the sum of squares of how far the sights lie beside the line.
    """

    number: int
    time: float
    x: float
    y: float
    down: float
    vx: float
    vy: float
    beside: float

    @property
    def error(self) -> float:
        """Standard error of the velocity, metres per second; of three sights or more."""
        return math.sqrt(max(0.0, self.beside) / (self.number - 2) / self.down)


def joined(a: Line, b: Line) -> Point:
    """The velocity through the sights of both (sums of products join as in Chan, Golub and LeVeque 1979)."""
    share = a.number * b.number / (a.number + b.number)
    later = b.time - a.time
    down = a.down + b.down + share * later * later
    x = a.vx * a.down + b.vx * b.down + share * later * (b.x - a.x)
    y = a.vy * a.down + b.vy * b.down + share * later * (b.y - a.y)
    return x / down, y / down


class Way:
    """Sights as running sums, from its first one on."""

    def __init__(self, wall_ns: int, x: float, y: float) -> None:
        self._first_ns, self._x, self._y = wall_ns, x, y
        self._sights: deque[tuple[float, float, float]] = deque()
        self._t = self._tt = self._sx = self._sy = self._tx = self._ty = self._square = 0.0
        self.add(wall_ns, x, y)

    @property
    def count(self) -> int:
        """How many sights."""
        return len(self._sights)

    def add(self, wall_ns: int, x: float, y: float) -> None:
        """It was there (metres), later than all before."""
        self._put((wall_ns - self._first_ns) / NS, x - self._x, y - self._y)

    def drop(self, wall_ns: int) -> None:
        """Forget what was before that."""
        sights, oldest = self._sights, (wall_ns - self._first_ns) / NS
        while sights and sights[0][0] < oldest:
            self._sum(*sights.popleft(), -1.0)
        if sights and sights[0][0] > FRESH_S:
            self._freshen()

    def line(self, since_ns: int) -> Line:
        """Through two sights or more; its time counts from `since_ns`."""
        count, t = len(self._sights), self._t / len(self._sights)
        x, y, down = self._sx / count, self._sy / count, self._tt - self._t * t
        tx, ty = self._tx - self._t * x, self._ty - self._t * y
        square = self._square - self._sx * x - self._sy * y
        time = t + (self._first_ns - since_ns) / NS
        beside = square - (tx * tx + ty * ty) / down
        return Line(count, time, x + self._x, y + self._y, down, tx / down, ty / down, beside)

    def _put(self, t: float, x: float, y: float) -> None:
        self._sights.append((t, x, y))
        self._sum(t, x, y, 1.0)

    def _sum(self, t: float, x: float, y: float, sign: float) -> None:
        self._t += sign * t
        self._tt += sign * t * t
        self._sx += sign * x
        self._sy += sign * y
        self._tx += sign * t * x
        self._ty += sign * t * y
        self._square += sign * (x * x + y * y)

    def _freshen(self) -> None:
        old, (t0, x0, y0) = list(self._sights), self._sights[0]
        self._first_ns, self._x, self._y = self._first_ns + round(t0 * NS), self._x + x0, self._y + y0
        self._sights.clear()
        self._t = self._tt = self._sx = self._sy = self._tx = self._ty = self._square = 0.0
        for t, x, y in old:
            self._put(t - t0, x - x0, y - y0)
