"""How a body holds itself: joints in metres from gait, stoop or pedalling; no drawing here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from agent.sim.scene.paths import Moment

Joint = tuple[float, float, float]
"""Sideways (right), forward, up; metres from the ground point."""

STRIDE_M = 1.45
_THIGH, _SHANK, _ANKLE = 0.43, 0.42, 0.08
_UPPER_ARM, _FOREARM = 0.29, 0.26


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg; `toe` is the tip of the shoe."""

    hip: Joint
    knee: Joint
    ankle: Joint
    toe: Joint


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm."""

    shoulder: Joint
    elbow: Joint
    hand: Joint


@dataclass(frozen=True, slots=True)
class Body:
    """All joints of a person 1.75 m tall; left before right."""

    pelvis: Joint
    chest: Joint
    head: Joint
    legs: tuple[Leg, Leg]
    arms: tuple[Arm, Arm]


def walking(moment: Moment, stoop: float = 0.0, idle_s: float = 0.0) -> Body:
    """A walker (or, at speed 0, somebody who stands); `stoop` 0..1 bends down to the ground in front."""
    swing = min(1.0, max(0.0, moment.speed) / 1.2)
    phase = 2 * math.pi * moment.gone / STRIDE_M
    lean = 0.05 * swing + 1.05 * stoop
    low = [_gait_leg(side, phase, swing, stoop) for side in (-1, 1)]
    lift = _ANKLE - min(leg.ankle[2] for leg in low)
    legs = tuple(_raised(leg, lift) for leg in low)
    pelvis = (0.0, -0.25 * stoop, legs[0].hip[2])
    sway = 0.012 * math.sin(idle_s * 2 * math.pi / 6)
    chest = (sway, pelvis[1] + 0.52 * math.sin(lean), pelvis[2] + 0.52 * math.cos(lean))
    head = (sway * 1.4, chest[1] + 0.26 * math.sin(lean * 0.8), chest[2] + 0.25 * math.cos(lean * 0.8))
    arms = tuple(_swinging_arm(side, chest, phase, swing, stoop) for side in (-1, 1))
    return Body(pelvis, chest, head, (legs[0], legs[1]), (arms[0], arms[1]))


def pedalling(moment: Moment) -> Body:
    """A rider whose bicycle stands at the moment's place (see `bicycle.py` for its measures)."""
    phase = 2 * math.pi * moment.gone / 4.6
    pelvis, chest, head = (0.0, -0.28, 1.0), (0.0, 0.02, 1.42), (0.0, 0.12, 1.68)
    legs = tuple(_pedal_leg(side, pelvis, phase + (math.pi if side > 0 else 0.0)) for side in (-1, 1))
    arms = tuple(_held_arm(side, chest, (0.22 * side, 0.47, 1.05)) for side in (-1, 1))
    return Body(pelvis, chest, head, (legs[0], legs[1]), (arms[0], arms[1]))


def seated(idle_s: float) -> Body:
    """Somebody on a bench whose seat is 0.45 m high, facing forward."""
    nod = 0.02 * math.sin(idle_s * 2 * math.pi / 7.5)
    pelvis, chest = (0.0, -0.05, 0.52), (0.0, -0.12 + nod, 1.03)
    head = (0.0, -0.06 + nod * 2, 1.28)
    legs = tuple(
        Leg((0.1 * s, 0.0, 0.5), (0.14 * s, 0.42, 0.5), (0.13 * s, 0.46, _ANKLE), (0.14 * s, 0.64, 0.03))
        for s in (-1, 1)
    )
    arms = tuple(_held_arm(s, chest, (0.12 * s, 0.26, 0.62)) for s in (-1, 1))
    return Body(pelvis, chest, head, (legs[0], legs[1]), (arms[0], arms[1]))


def _gait_leg(side: int, phase: float, swing: float, stoop: float) -> Leg:
    turn = phase + (math.pi if side > 0 else 0.0)
    thigh = 0.44 * swing * math.sin(turn) + 0.04 + 0.9 * stoop
    knee = (0.1 + 0.95 * max(0.0, math.cos(turn)) ** 1.4) * swing + 0.06 + 1.25 * stoop
    out = 0.095 * side
    hip = (out, -0.25 * stoop, 0.93)
    bent = (out * 1.05, hip[1] + _THIGH * math.sin(thigh), hip[2] - _THIGH * math.cos(thigh))
    shank = thigh - knee
    ankle = (out, bent[1] + _SHANK * math.sin(shank), bent[2] - _SHANK * math.cos(shank))
    pitch = max(-0.9, min(0.3, shank * 0.9)) if swing > 0.05 else 0.0
    toe = (out * 1.25, ankle[1] + 0.19 * math.cos(pitch), ankle[2] - 0.05 + 0.19 * math.sin(pitch))
    return Leg(hip, bent, ankle, toe)


def _raised(leg: Leg, by: float) -> Leg:
    return Leg(*((side, ahead, up + by) for side, ahead, up in (leg.hip, leg.knee, leg.ankle, leg.toe)))


def _swinging_arm(side: int, chest: Joint, phase: float, swing: float, stoop: float) -> Arm:
    turn = phase + (0.0 if side > 0 else math.pi)
    angle = 0.5 * swing * math.sin(turn) + 0.03
    bend = 0.18 + 0.35 * swing * (0.5 + 0.5 * math.sin(turn))
    shoulder = (0.19 * side + chest[0], chest[1], chest[2] - 0.02)
    angle += 0.35 * stoop
    elbow = (0.245 * side, shoulder[1] + _UPPER_ARM * math.sin(angle), shoulder[2] - _UPPER_ARM * math.cos(angle))
    fore = angle + bend
    hand = (0.235 * side, elbow[1] + _FOREARM * math.sin(fore), elbow[2] - _FOREARM * math.cos(fore))
    return Arm(shoulder, elbow, hand)


def _held_arm(side: int, chest: Joint, hand: Joint) -> Arm:
    shoulder = (0.19 * side, chest[1], chest[2] - 0.02)
    elbow = tuple((a + b) / 2 for a, b in zip(shoulder, hand, strict=True))
    return Arm(shoulder, (elbow[0] + 0.05 * side, elbow[1] - 0.06, elbow[2] - 0.08), hand)


def _pedal_leg(side: int, pelvis: Joint, turn: float) -> Leg:
    out = 0.1 * side
    ankle = (out, -0.02 + 0.17 * math.sin(turn), 0.40 + 0.17 * math.cos(turn))
    hip = (out, pelvis[1], pelvis[2] - 0.02)
    knee = _between(hip, ankle, _THIGH, _SHANK)
    return Leg(hip, (out, *knee), ankle, (out * 1.2, ankle[1] + 0.18, ankle[2] - 0.05))


def _between(hip: Joint, ankle: Joint, upper: float, lower: float) -> tuple[float, float]:
    """The knee (forward, up) of a two-link leg that bends forward."""
    dy, dz = ankle[1] - hip[1], ankle[2] - hip[2]
    way = min(math.hypot(dy, dz), upper + lower - 1e-3)
    along = (upper**2 - lower**2 + way**2) / (2 * way)
    off = math.sqrt(max(0.0, upper**2 - along**2))
    uy, uz = dy / way, dz / way
    return hip[1] + uy * along - uz * off, hip[2] + uz * along + uy * off
