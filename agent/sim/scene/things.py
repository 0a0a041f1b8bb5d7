"""Things that are ridden, carried, parked and left: bicycles, suitcases, rucksacks, parcels."""

from __future__ import annotations

import math
from collections.abc import Callable

from agent.sim.scene.colours import CLOTH
from agent.sim.scene.paint import Canvas, Colour, shaded
from agent.sim.scene.solids import Frame, block, bounds, ring

WHEEL_M, REAR_M, FRONT_M = 0.34, -0.52, 0.55


def bicycle_canvas(frame: Frame) -> Canvas:
    """A canvas that holds a bicycle."""
    corners = [frame.pixel(a, w, z) for a in (-0.95, 0.98) for w in (-0.35, 0.35) for z in (0.0, 1.15)]
    return Canvas(*bounds(corners))


def draw_bicycle(colour_name: str, frame: Frame, canvas: Canvas, gone_m: float = 0.0) -> None:
    """A town bicycle; `gone_m` turns wheels and pedals."""
    scale, colour = frame.camera.scale(frame.x, frame.y, 0.5), CLOTH[colour_name]
    for ahead in (REAR_M, FRONT_M):
        _wheel(frame, canvas, ahead, gone_m, scale)
    tube = max(1.2, 0.058 * scale)
    bracket, seat, head = (-0.02, 0.0, 0.30), (-0.26, 0.0, 0.92), (0.40, 0.0, 0.84)
    rear, front = (REAR_M, 0.0, WHEEL_M), (FRONT_M, 0.0, WHEEL_M)
    for line in ((rear, bracket, head), (bracket, seat), ((-0.2, 0.0, 0.78), head), (rear, (-0.2, 0.0, 0.78))):
        canvas.stroke(frame.pixels(line), tube, colour)
    canvas.stroke(frame.pixels([front, head, (0.37, 0.0, 1.0)]), tube, shaded(colour, 0.8))
    canvas.stroke(frame.pixels([(0.37, 0.0, 1.0), (0.43, 0.26, 1.05), (0.37, 0.29, 1.05)]), tube, (52, 52, 52))
    canvas.stroke(frame.pixels([(0.37, 0.0, 1.0), (0.43, -0.26, 1.05), (0.37, -0.29, 1.05)]), tube, (52, 52, 52))
    canvas.stroke(frame.pixels([(-0.38, 0.0, 0.95), (-0.14, 0.0, 0.95)]), tube * 1.9, (38, 40, 44))
    canvas.disc(frame.pixel(-0.02, 0.0, 0.30), 0.08 * scale, (66, 66, 66))
    turn = 2 * math.pi * gone_m / 4.6
    for way in (0.0, math.pi):
        pedal = (-0.02 + 0.17 * math.sin(turn + way), 0.0, 0.30 + 0.17 * math.cos(turn + way))
        canvas.stroke(frame.pixels([(-0.02, 0.0, 0.30), pedal]), max(0.8, 0.03 * scale), (60, 60, 60))
    canvas.stroke(
        frame.pixels([(REAR_M - 0.26, 0.0, 0.68), (REAR_M + 0.1, 0.0, 0.76)]), max(0.8, 0.04 * scale), (70, 70, 70)
    )


def _wheel(frame: Frame, canvas: Canvas, ahead: float, gone_m: float, scale: float) -> None:
    canvas.stroke(
        ring(frame, ahead, 0.0, WHEEL_M, WHEEL_M - 0.02, 28), max(1.2, 0.062 * scale), (36, 36, 36), closed=True
    )
    hub, thin = frame.pixel(ahead, 0.0, WHEEL_M), max(0.34, 0.008 * scale)
    for spoke in range(8):
        turn = math.pi * spoke / 4 - gone_m / WHEEL_M
        rim = frame.pixel(ahead + 0.31 * math.cos(turn), 0.0, WHEEL_M + 0.31 * math.sin(turn))
        canvas.stroke([hub, rim], thin, (140, 140, 138))


def bag_canvas(frame: Frame, base: float) -> Canvas:
    """A canvas that holds any bag, `base` metres above the ground."""
    corners = [frame.pixel(a, w, base + z) for a in (-0.4, 0.4) for w in (-0.4, 0.4) for z in (-0.05, 1.2)]
    return Canvas(*bounds(corners))


def draw_suitcase(frame: Frame, canvas: Canvas, colour: Colour, base: float) -> None:
    """A trolley case, upright, with its handle out."""
    px = frame.camera.scale(frame.x, frame.y, 0.4)
    canvas.stroke(
        frame.pixels(
            [(-0.10, 0.1, 0.66 + base), (-0.10, 0.1, 1.0 + base), (-0.10, -0.1, 1.0 + base), (-0.10, -0.1, 0.66 + base)]
        ),
        max(0.8, 0.03 * px),
        (70, 70, 72),
    )
    block(canvas, frame, (0.30, 0.48, 0.66), colour, base + 0.06)
    for share in (0.25, 0.5, 0.75):
        line = [(0.152, -0.24 + 0.48 * share, 0.1 + base), (0.152, -0.24 + 0.48 * share, 0.7 + base)]
        if frame.hx * frame.x + frame.hy * frame.y < 0:
            canvas.stroke(frame.pixels(line), max(0.5, 0.02 * px), shaded(colour, 0.6))
    for ahead in (-0.1, 0.1):
        canvas.disc(frame.pixel(ahead, 0.2, 0.04 + base), 0.045 * px, (30, 30, 30))


def draw_rucksack(frame: Frame, canvas: Canvas, colour: Colour, base: float) -> None:
    """A rucksack that stands on its bottom."""
    px = frame.camera.scale(frame.x, frame.y, 0.3)
    low, high = frame.pixel(0, 0, 0.17 + base), frame.pixel(0, 0, 0.42 + base)
    canvas.limb(low, 0.19 * px, high, 0.155 * px, colour)
    canvas.limb(
        frame.pixel(0.02, 0.0, 0.12 + base),
        0.12 * px,
        frame.pixel(0.02, 0.0, 0.2 + base),
        0.12 * px,
        shaded(colour, 0.82),
    )
    canvas.stroke(
        [
            (high[0] - 0.05 * px, high[1] - 0.14 * px),
            (high[0], high[1] - 0.2 * px),
            (high[0] + 0.05 * px, high[1] - 0.14 * px),
        ],
        max(0.8, 0.025 * px),
        shaded(colour, 0.5),
    )
    canvas.stroke(
        [(low[0] - 0.13 * px, low[1] - 0.12 * px), (low[0] + 0.13 * px, low[1] - 0.12 * px)],
        max(0.5, 0.015 * px),
        shaded(colour, 0.45),
    )


def draw_parcel(frame: Frame, canvas: Canvas, colour: Colour, base: float) -> None:
    """A cardboard box with tape."""
    block(canvas, frame, (0.46, 0.56, 0.44), colour, base)
    tape = [
        (-0.23, 0.05, 0.442 + base),
        (0.23, 0.05, 0.442 + base),
        (0.23, -0.05, 0.442 + base),
        (-0.23, -0.05, 0.442 + base),
    ]
    canvas.polygon(frame.pixels(tape), (168, 200, 214))


BAGS: dict[str, Callable[[Frame, Canvas, Colour, float], None]] = {
    "suitcase": draw_suitcase,
    "rucksack": draw_rucksack,
    "parcel": draw_parcel,
}
BAG_HEIGHT_M = {"suitcase": 0.8, "rucksack": 0.55, "parcel": 0.45}
