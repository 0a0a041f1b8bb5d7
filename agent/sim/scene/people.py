"""People: a jointed body in clothes, drawn from the back to the front."""

from __future__ import annotations

import math
from dataclasses import dataclass

from agent.sim.scene.body import Arm, Body, Joint, Leg
from agent.sim.scene.camera import Camera, Pixel
from agent.sim.scene.colours import CLOTH, HAIR, SKIN
from agent.sim.scene.paint import Canvas, Colour, mixed, shaded

_TORSO = (
    (-0.10, 0.150, 0.115),
    (0.04, 0.170, 0.125),
    (0.32, 0.152, 0.112),
    (0.68, 0.185, 0.130),
    (0.90, 0.195, 0.115),
    (1.03, 0.105, 0.080),
)
"""Outline from hem to neck: share of the way from pelvis to chest, half width from the front, from the side."""

_BANDS = ((-1.0, -0.45, 1.02), (-0.45, 0.05, 1.14), (0.05, 0.55, 0.96), (0.55, 1.0, 0.74))
_FAR_SIDE = 0.80


@dataclass(frozen=True)
class Look:
    """What somebody wears and is. `upper` and `lower` are basic colour names."""

    upper: str
    lower: str
    skin: int = 0
    hair: int = 0
    height_m: float = 1.75
    long_hair: bool = False
    short_sleeves: bool = False
    backpack: str | None = None
    hat: str | None = None


@dataclass(frozen=True)
class Stand:
    """Where somebody stands and which way they look, as the camera sees it."""

    camera: Camera
    x: float
    y: float
    hx: float
    hy: float
    size: float

    def pixel(self, joint: Joint) -> Pixel:
        """The pixel of a joint."""
        side, ahead, up = (value * self.size for value in joint)
        return self.camera.point(
            self.x + self.hy * side + self.hx * ahead, self.y - self.hx * side + self.hy * ahead, up
        )

    @property
    def px(self) -> float:
        """Pixels per (this person's) metre."""
        return self.camera.scale(self.x, self.y, 0.9) * self.size

    @property
    def faces_us(self) -> float:
        """1 looks into the camera, -1 turns the back."""
        away = math.hypot(self.x, self.y) or 1.0
        return -(self.hx * self.x + self.hy * self.y) / away

    @property
    def across(self) -> float:
        """1 looks to the right of the picture, -1 to the left."""
        away = math.hypot(self.x, self.y) or 1.0
        return (self.hx * self.y - self.hy * self.x) / away


def draw_person(look: Look, body: Body, stand: Stand, canvas: Canvas) -> None:
    """Draw all of somebody. The side that is turned away comes first."""
    far, near = (0, 1) if stand.across < 0 else (1, 0)
    if abs(stand.across) < 0.15:
        far, near = (0, 1)
    lower, upper = CLOTH[look.lower], CLOTH[look.upper]
    _arm(look, body.arms[far], stand, canvas, upper, _FAR_SIDE)
    _leg(body.legs[far], stand, canvas, lower, _FAR_SIDE)
    _leg(body.legs[near], stand, canvas, lower, 1.0)
    if look.backpack and stand.faces_us > 0:
        _backpack(look, body, stand, canvas)
    _hips(body, stand, canvas, lower)
    _neck_and_head(look, body, stand, canvas, behind=True)
    _torso(body, stand, canvas, upper)
    if look.backpack and stand.faces_us <= 0:
        _backpack(look, body, stand, canvas)
    _neck_and_head(look, body, stand, canvas, behind=False)
    _arm(look, body.arms[near], stand, canvas, upper, 1.0)


def _leg(leg: Leg, stand: Stand, canvas: Canvas, cloth: Colour, light: float) -> None:
    hip, knee, ankle, toe = (stand.pixel(joint) for joint in (leg.hip, leg.knee, leg.ankle, leg.toe))
    px, cloth = stand.px, shaded(cloth, light)
    shoe = shaded((46, 44, 44), light)
    heel = stand.pixel((leg.ankle[0], leg.ankle[1] - 0.05, leg.ankle[2] - 0.045))
    canvas.capsule(heel, 0.042 * px, toe, 0.034 * px, shoe)
    canvas.limb(knee, 0.068 * px, ankle, 0.047 * px, cloth)
    canvas.limb(hip, 0.098 * px, knee, 0.070 * px, cloth)


def _arm(look: Look, arm: Arm, stand: Stand, canvas: Canvas, cloth: Colour, light: float) -> None:
    shoulder, elbow, hand = (stand.pixel(joint) for joint in (arm.shoulder, arm.elbow, arm.hand))
    px, skin, cloth = stand.px, shaded(SKIN[look.skin], light), shaded(cloth, light * 0.94)
    canvas.limb(elbow, 0.042 * px, hand, 0.034 * px, skin if look.short_sleeves else cloth)
    canvas.limb(hand, 0.036 * px, (hand[0], hand[1] + 0.05 * px), 0.034 * px, skin)
    canvas.limb(shoulder, 0.064 * px, elbow, 0.047 * px, cloth)


def _outline(body: Body, stand: Stand, low: float, high: float) -> list[tuple[Pixel, Pixel]]:
    """Middle and half-width vector (pixels) of each row of the torso between two shares of its height."""
    foot, top = stand.pixel(body.pelvis), stand.pixel(body.chest)
    dx, dy = top[0] - foot[0], top[1] - foot[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length, dx / length
    flat, deep = abs(stand.faces_us), abs(stand.across)
    rows = []
    for share, wide, thick in _TORSO:
        if low <= share <= high:
            half = math.hypot(wide * flat, thick * deep) * stand.px
            rows.append(((foot[0] + dx * share, foot[1] + dy * share), (nx * half, ny * half)))
    return rows


def _banded(rows: list[tuple[Pixel, Pixel]], canvas: Canvas, cloth: Colour) -> None:
    for left, right, light in _BANDS:
        one = [(x + hx * left, y + hy * left) for (x, y), (hx, hy) in rows]
        other = [(x + hx * right, y + hy * right) for (x, y), (hx, hy) in rows]
        canvas.polygon([*one, *reversed(other)], shaded(cloth, light))


def _hips(body: Body, stand: Stand, canvas: Canvas, cloth: Colour) -> None:
    _banded(_outline(body, stand, -0.2, 0.2), canvas, cloth)


def _torso(body: Body, stand: Stand, canvas: Canvas, cloth: Colour) -> None:
    rows = _outline(body, stand, 0.0, 1.1)
    _banded(rows, canvas, cloth)
    if stand.faces_us > 0.35:  # the opening of a jacket, and the collar
        shift = stand.across * 0.5
        line = [(x + hx * shift, y + hy * shift) for (x, y), (hx, hy) in rows]
        canvas.stroke(line, max(0.6, 0.014 * stand.px), shaded(cloth, 0.62))


def _backpack(look: Look, body: Body, stand: Stand, canvas: Canvas) -> None:
    colour, px = CLOTH[look.backpack or "black"], stand.px
    back = stand.pixel((0.0, body.chest[1] - 0.17, body.chest[2] - 0.20))
    wide = math.hypot(0.15 * abs(stand.faces_us), 0.09 * abs(stand.across)) * px
    canvas.limb((back[0], back[1] - 0.1 * px), wide, (back[0], back[1] + 0.13 * px), wide * 1.05, colour)
    canvas.limb(
        (back[0], back[1] + 0.08 * px), wide * 0.7, (back[0], back[1] + 0.14 * px), wide * 0.7, shaded(colour, 0.8)
    )


def _neck_and_head(look: Look, body: Body, stand: Stand, canvas: Canvas, *, behind: bool) -> None:
    px, head, chest = stand.px, stand.pixel(body.head), stand.pixel(body.chest)
    skin, hair = SKIN[look.skin], HAIR[look.hair]
    if behind:
        if look.long_hair and stand.faces_us > 0:
            canvas.oval((head[0], head[1] + 0.07 * px), (0.112 * px, 0.17 * px), shaded(hair, 0.8))
        canvas.limb(head, 0.05 * px, chest, 0.062 * px, shaded(skin, 0.82))
        return
    turn, front = stand.across, stand.faces_us
    canvas.limb(
        (head[0], head[1] + 0.05 * px), 0.048 * px, (chest[0], chest[1] - 0.01 * px), 0.052 * px, shaded(skin, 0.86)
    )
    canvas.oval(head, (0.092 * px, 0.122 * px), shaded(skin, 0.84))
    canvas.oval((head[0] - 0.012 * px, head[1] - 0.004 * px), (0.076 * px, 0.108 * px), shaded(skin, 1.04))
    _hair(look, stand, canvas, head)
    if front > 0.25 and px > 70:
        _face(canvas, head, turn, px, skin)


def _hair(look: Look, stand: Stand, canvas: Canvas, head: Pixel) -> None:
    px, hair = stand.px, HAIR[look.hair]
    turn, front = stand.across, stand.faces_us
    crown = (head[0] - turn * 0.022 * px, head[1] - 0.045 * px)
    if front < -0.2:
        canvas.oval((head[0] - turn * 0.02 * px, head[1] - 0.012 * px), (0.098 * px, 0.118 * px), hair)
        if look.long_hair:
            canvas.limb((head[0], head[1] + 0.02 * px), 0.09 * px, (head[0], head[1] + 0.17 * px), 0.085 * px, hair)
    else:
        canvas.oval(crown, (0.1 * px, 0.088 * px), hair)
        canvas.oval((head[0] + turn * 0.032 * px, head[1] + 0.022 * px), (0.07 * px, 0.082 * px), SKIN[look.skin])
        canvas.oval((head[0] - turn * 0.062 * px, head[1] + 0.0 * px), (0.05 * px * abs(turn) + 0.4, 0.09 * px), hair)
    canvas.oval(
        (crown[0] - 0.03 * px, crown[1] - 0.03 * px), (0.045 * px, 0.03 * px), mixed(hair, (220, 220, 225), 0.16)
    )
    if look.hat:
        cap = CLOTH[look.hat]
        canvas.oval((crown[0], crown[1] - 0.02 * px), (0.105 * px, 0.075 * px), cap)
        canvas.capsule(
            crown, 0.03 * px, (crown[0] + turn * 0.13 * px, crown[1] + 0.01 * px), 0.022 * px, shaded(cap, 0.8)
        )


def _face(canvas: Canvas, head: Pixel, turn: float, px: float, skin: Colour) -> None:
    mid = head[0] + turn * 0.035 * px
    for side in (-1, 1):
        canvas.oval((mid + side * 0.029 * px, head[1] + 0.004 * px), (0.011 * px, 0.008 * px), (40, 38, 40))
        canvas.oval((mid + side * 0.029 * px, head[1] - 0.017 * px), (0.018 * px, 0.005 * px), shaded(skin, 0.55))
    canvas.oval((mid, head[1] + 0.034 * px), (0.010 * px, 0.014 * px), shaded(skin, 0.8))
    canvas.oval((mid, head[1] + 0.066 * px), (0.024 * px, 0.007 * px), mixed(shaded(skin, 0.7), (60, 60, 150), 0.3))
