"""Street furniture: benches, bins, lamp posts, bollards, planters, signals, racks and trees' trunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.sim.scene.camera import Camera
from agent.sim.scene.paint import Canvas, Colour, Patch, shaded
from agent.sim.scene.solids import Frame, block, bounds

WOOD: Colour = (72, 108, 146)
IRON: Colour = (62, 60, 56)


@dataclass(frozen=True)
class Prop:
    """A thing that never moves; `wide`, `high` bound it in metres and cast its shadow."""

    kind: str
    x: float
    y: float
    hx: float = 1.0
    hy: float = 0.0
    colour: Colour | None = None

    @property
    def reach_m(self) -> tuple[float, float]:
        """Radius around its foot and height, metres."""
        return _REACH[self.kind]


def drawn_prop(prop: Prop, camera: Camera) -> Patch:
    """The prop, ready to blend."""
    frame = Frame(camera, prop.x, prop.y, prop.hx, prop.hy)
    reach, high = prop.reach_m
    corners = [frame.pixel(a, w, z) for a in (-reach, reach) for w in (-reach, reach) for z in (-0.05, high)]
    canvas = Canvas(*bounds(corners), finer=4)
    _DRAW[prop.kind](frame, canvas, prop.colour or (WOOD if prop.kind == "bench" else IRON))
    return canvas.patch()


def _bench(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    for ahead in (-0.75, 0.75):
        block(
            canvas, Frame(frame.camera, *frame.world(ahead, 0.0, 0)[:2], frame.hx, frame.hy), (0.08, 0.45, 0.44), IRON
        )
    if frame.hx < 0:  # the back is nearer to us than the seat
        _seat(frame, canvas, colour)
    for base in (0.62, 0.82):
        _slat(frame, canvas, -0.24, base, colour)
    if frame.hx >= 0:
        _seat(frame, canvas, colour)


def _seat(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    for left in (-0.15, 0.0, 0.15):
        slat = Frame(frame.camera, *frame.world(0.0, -left, 0)[:2], frame.hx, frame.hy)
        block(canvas, slat, (1.8, 0.13, 0.05), colour, 0.43)


def _slat(frame: Frame, canvas: Canvas, left: float, base: float, colour: Colour) -> None:
    slat = Frame(frame.camera, *frame.world(0.0, -left, 0)[:2], frame.hx, frame.hy)
    block(canvas, slat, (1.8, 0.05, 0.14), shaded(colour, 0.92), base)


def _bin(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 0.4)
    low, top = frame.pixel(0, 0, 0.06), frame.pixel(0, 0, 0.86)
    half = 0.24 * px
    for left, right, light in ((-1, -0.4, 0.95), (-0.4, 0.2, 1.2), (0.2, 0.65, 0.9), (0.65, 1, 0.65)):
        side = [
            (low[0] + half * left, low[1]),
            (top[0] + half * left, top[1]),
            (top[0] + half * right, top[1]),
            (low[0] + half * right, low[1]),
        ]
        canvas.polygon(side, shaded(colour, light))
    canvas.oval(low, (half, half * 0.32), shaded(colour, 0.7))
    canvas.oval(top, (half * 1.08, half * 0.36), shaded(colour, 1.25))
    canvas.oval((top[0], top[1] + 0.01 * px), (half * 0.75, half * 0.22), (30, 30, 30))


def _lamp(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 2.0)
    canvas.limb(frame.pixel(0, 0, 0.0), 0.11 * px, frame.pixel(0, 0, 0.7), 0.08 * px, colour)
    canvas.limb(frame.pixel(0, 0, 0.6), 0.055 * px, frame.pixel(0, 0, 4.1), 0.04 * px, colour)
    canvas.capsule(frame.pixel(0, 0, 4.1), 0.05 * px, frame.pixel(0, 0, 4.2), 0.20 * px, shaded(colour, 0.8))
    canvas.polygon(
        [
            frame.pixel(-0.16, 0, 4.2),
            frame.pixel(0.16, 0, 4.2),
            frame.pixel(0.24, 0, 4.62),
            frame.pixel(-0.24, 0, 4.62),
        ],
        (206, 226, 232),
    )
    canvas.capsule(frame.pixel(-0.2, 0, 4.66), 0.05 * px, frame.pixel(0.2, 0, 4.66), 0.05 * px, colour)


def _bollard(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 0.4)
    canvas.limb(frame.pixel(0, 0, 0.02), 0.075 * px, frame.pixel(0, 0, 0.85), 0.065 * px, colour)
    canvas.capsule(frame.pixel(0, 0, 0.70), 0.068 * px, frame.pixel(0, 0, 0.74), 0.068 * px, (212, 216, 218))


def _planter(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    block(canvas, frame, (1.5, 1.5, 0.55), colour)
    px = frame.camera.scale(frame.x, frame.y, 0.6)
    for index in range(26):
        angle_x, angle_y = ((index * 37) % 100) / 50 - 1, ((index * 61) % 100) / 50 - 1
        leaf = ((58, 118, 78), (66, 140, 92), (74, 96, 60))[index % 3]
        at = frame.pixel(angle_x * 0.62, angle_y * 0.62, 0.58 + ((index * 17) % 10) / 40)
        canvas.disc(at, 0.13 * px, leaf)
        if index % 3 == 0:
            canvas.disc(
                (at[0], at[1] - 0.08 * px), 0.05 * px, ((84, 70, 214), (210, 200, 240), (70, 196, 236))[index % 9 // 3]
            )


def _rack(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 0.4)
    for ahead in (-1.1, 0.0, 1.1):
        hoop = [
            (ahead, -0.3, 0.0),
            (ahead, -0.3, 0.62),
            (ahead, -0.2, 0.75),
            (ahead, 0.2, 0.75),
            (ahead, 0.3, 0.62),
            (ahead, 0.3, 0.0),
        ]
        canvas.stroke(frame.pixels(hoop), max(1.0, 0.05 * px), colour)


def _signal(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 2.0)
    canvas.limb(frame.pixel(0, 0, 0), 0.07 * px, frame.pixel(0, 0, 2.6), 0.06 * px, colour)
    block(canvas, frame, (0.34, 0.26, 0.95), (44, 44, 44), 2.5)


def _trunk(frame: Frame, canvas: Canvas, colour: Colour) -> None:
    px = frame.camera.scale(frame.x, frame.y, 1.0)
    canvas.oval(frame.pixel(0, 0, 0), (0.7 * px, 0.24 * px), (62, 78, 92))
    canvas.limb(frame.pixel(0, 0, 0), 0.19 * px, frame.pixel(0.03, 0, 2.9), 0.12 * px, colour)
    canvas.limb(frame.pixel(0.03, 0, 2.2), 0.08 * px, frame.pixel(0.7, 0, 3.4), 0.05 * px, colour)
    canvas.limb(frame.pixel(0.0, 0, 2.4), 0.08 * px, frame.pixel(-0.6, 0, 3.5), 0.05 * px, colour)


_DRAW: dict[str, Callable[[Frame, Canvas, Colour], None]] = {
    "bench": _bench,
    "bin": _bin,
    "lamp": _lamp,
    "bollard": _bollard,
    "planter": _planter,
    "rack": _rack,
    "signal": _signal,
    "trunk": _trunk,
}
_REACH = {
    "bench": (1.0, 1.05),
    "bin": (0.35, 1.0),
    "lamp": (0.4, 4.85),
    "bollard": (0.15, 0.95),
    "planter": (1.1, 1.2),
    "rack": (1.4, 0.9),
    "signal": (0.3, 3.6),
    "trunk": (0.9, 3.7),
}
