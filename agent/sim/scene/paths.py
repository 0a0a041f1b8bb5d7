"""Where an actor is at any moment: timed waypoints, smoothed at the corners, repeating with the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

_SOFT_S = np.linspace(-0.35, 0.35, 7)
_TURN_S = np.linspace(-0.5, 0.5, 9)

Stop = tuple[float, float] | tuple[float, float, float]
"""x, y in metres and how long to wait there in seconds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Place (metres), heading (unit vector), speed (m/s) and way gone since the trip began (metres)."""

    x: float
    y: float
    hx: float
    hy: float
    speed: float
    gone: float


@dataclass(frozen=True)
class Trip:
    """Waypoints with times from the trip's start; the start itself is a second of the loop."""

    start_s: float
    times_s: tuple[float, ...]
    places: tuple[tuple[float, float], ...]

    @property
    def end_s(self) -> float:
        """The second at which the last waypoint is reached; may lie beyond the loop's end."""
        return self.start_s + self.times_s[-1]

    def arrival_s(self, index: int) -> float:
        """The second at which waypoint row `index` is reached."""
        return self.start_s + self.times_s[index]

    def at(self, time_s: float, loop_s: float) -> Moment | None:
        """The moment at `time_s`, or None while the trip is not under way. Period `loop_s`."""
        since = (time_s - self.start_s) % loop_s
        return self.moment(since) if since <= self.times_s[-1] else None

    def moment(self, since_s: float) -> Moment:
        """The moment `since_s` after the start; before and after the trip the actor stands at its ends."""
        xs, ys, gone, angles = self._tables
        times = np.asarray(self.times_s)
        soft = since_s + _SOFT_S
        way = np.interp(soft, times, gone)
        rows = np.clip(np.searchsorted(times, since_s + _TURN_S, side="right") - 1, 0, len(angles) - 1)
        angle = float(angles[rows].mean())
        speed = float(way[-1] - way[0]) / float(_SOFT_S[-1] - _SOFT_S[0])
        x, y = float(np.interp(soft, times, xs).mean()), float(np.interp(soft, times, ys).mean())
        return Moment(x, y, math.cos(angle), math.sin(angle), speed, float(way.mean()))

    @cached_property
    def _tables(self) -> tuple[npt.NDArray[np.float64], ...]:
        xs, ys = (np.array(values, np.float64) for values in zip(*self.places, strict=True))
        steps = np.hypot(np.diff(xs), np.diff(ys))
        angles: list[float] = []
        for dx, dy, step in zip(np.diff(xs), np.diff(ys), steps, strict=True):
            # while it waits an actor keeps the direction in which it came
            angles.append(math.atan2(dy, dx) if step > 1e-6 or not angles else angles[-1])
        return xs, ys, np.concatenate(([0.0], np.cumsum(steps))), np.unwrap(np.array(angles))


def trip(start_s: float, speed: float, stops: Sequence[Stop]) -> Trip:
    """A trip through `stops` at `speed` metres per second."""
    times, places = [0.0], [(stops[0][0], stops[0][1])]
    for before, after in pairwise(stops):
        way = math.hypot(after[0] - before[0], after[1] - before[1])
        times.append(times[-1] + way / speed)
        places.append((after[0], after[1]))
        if len(after) == 3 and after[2] > 0:
            times.append(times[-1] + after[2])
            places.append(places[-1])
    return Trip(start_s, tuple(times), tuple(places))
