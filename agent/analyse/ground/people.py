"""A ground from the people who pass: how tall they look, depending on where they stand, says how the camera hangs.

A camera of known field of view hangs without roll at some height, tilted down by some angle. For the true angle all
people come out about as tall; that angle is searched for, and the camera's height follows from how tall people are.
The spread is measured by the median deviation, so that sitters, children and cut boxes, up to a third, do no harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.analyse.ground.plane import Anchor, Matrix, Plane
from agent.config.gateway import Place

ENOUGH = 60
"""Sights of people,"""
ENOUGH_SPREAD = 0.12
"""whose feet, but for one in ten at either end, are spread over so much of the picture's height,"""
MOST_DEVIATION = 0.1
"""and half of whom come out within this share of the usual height."""
TILTS = np.radians(np.arange(0.5, 80.0, 0.5))
FINER = 40
MOST_OUTSIDE = 1 / 3
"""A tilt for which more than this share of the feet is above the horizon, or behind the camera, explains nothing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody upright: rows of foot and head, 0..1 of the picture's height."""

    foot: float
    head: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How the camera hangs: tilt in radians below the horizon, height in metres; `deviation` as a share of a height."""

    tilt: float
    height: float
    deviation: float


def fit(sights: Sequence[Sight], focal: float, person_m: float) -> tuple[Fit | None, str]:
    """The camera that explains these people, or None and what is missing. `focal` is in picture heights."""
    if len(sights) < ENOUGH:
        return None, f"{len(sights)} of {ENOUGH} sights of people so far"
    feet = np.array([one.foot for one in sights])
    low, high = np.percentile(feet, (10, 90))
    if high - low < ENOUGH_SPREAD:
        return None, f"all people walk at one distance ({high - low:.0%} of the picture's height apart)"
    foot = np.arctan((feet - 0.5) / focal)
    head = np.arctan((np.array([one.head for one in sights]) - 0.5) / focal)
    found = _finest(foot, head, TILTS, person_m)
    if found is None:
        return None, "no tilt has the people below the horizon: is the camera upright, hfov right?"
    step = TILTS[1] - TILTS[0]
    found = _finest(foot, head, np.linspace(found.tilt - step, found.tilt + step, FINER), person_m) or found
    if found.deviation > MOST_DEVIATION:
        return None, f"people come out too unlike each other ({found.deviation:.0%}): is the ground flat, hfov right?"
    return found, ""


def focal_of(hfov: float, aspect: float) -> float:
    """Focal length in picture heights."""
    return aspect / 2 / math.tan(math.radians(hfov) / 2)


def from_people(found: Fit, focal: float, aspect: float, place: Place | None) -> Plane:
    """The plane below that camera: y away from it, the origin at its foot."""
    sin, cos = math.sin(found.tilt), math.cos(found.tilt)
    turn: Matrix = np.array([[1.0, 0, 0], [0, -sin, -cos], [0, cos, -sin]])
    away = -turn @ np.array([0, 0, found.height])
    lens = np.array([[focal / aspect, 0, 0.5], [0, focal, 0.5], [0, 0, 1.0]])
    north = None if place is None else place.bearing
    anchor = None if place is None else Anchor(place.latitude, place.longitude)
    return Plane(lens @ np.column_stack([turn, away]), north=north, anchor=anchor, source="people")


def _shares(foot: Matrix, head: Matrix, tilt: float) -> Matrix:
    """How tall each is, as a share of the camera's height.

    Angles are below the optical axis. Who stands at D has D = H / tan(tilt + foot) = (H - p) / tan(tilt + head).
    """
    return np.asarray(1 - np.tan(head + tilt) / np.tan(foot + tilt), np.float64)


def _finest(foot: Matrix, head: Matrix, tilts: Matrix, person_m: float) -> Fit | None:
    """The tilt for which all come out most alike; None when most people fit none of these."""
    fits = [one for tilt in tilts if (one := _fit_at(foot, head, float(tilt), person_m)) is not None]
    return min(fits, key=lambda one: one.deviation, default=None)


def _fit_at(foot: Matrix, head: Matrix, tilt: float, person_m: float) -> Fit | None:
    """How alike they come out for one tilt.

    A foot above the horizon, or behind the camera, counts as one that deviates: a single bad box rules out no tilt.
    """
    below = (foot + tilt > 0.005) & (foot + tilt < 1.5)
    if np.count_nonzero(below) < (1 - MOST_OUTSIDE) * len(foot):
        return None
    shares = _shares(foot[below], head[below], tilt)
    usual = float(np.median(shares))
    if usual <= 0:
        return None
    off = np.full(len(foot), math.inf)
    off[below] = np.abs(shares - usual)
    return Fit(tilt, person_m / usual, float(np.median(off)) / usual)
