"""Cars and vans: extruded bodies with glass, wheels and lights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.sim.scene.colours import CLOTH, GLASS, METAL, TYRE
from agent.sim.scene.paint import Canvas, Colour, mixed, shaded
from agent.sim.scene.solids import Frame, bounds, extruded, ring, sunlit

Profile = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Shape:
    """Measures of a model, metres; profiles are (ahead, up, half width) from the rear over the top to the front."""

    body: Profile
    cabin: Profile
    wheels: tuple[float, float]
    wheel_m: float
    pillars: tuple[float, ...]


CAR = Shape(
    body=(
        (-2.02, 0.24, 0.80),
        (-2.12, 0.45, 0.84),
        (-2.08, 0.82, 0.84),
        (-1.86, 0.96, 0.80),
        (0.98, 0.94, 0.80),
        (1.80, 0.78, 0.80),
        (2.06, 0.62, 0.80),
        (2.10, 0.36, 0.80),
        (2.00, 0.22, 0.78),
    ),
    cabin=((-1.80, 0.94, 0.76), (-1.25, 1.42, 0.62), (-0.95, 1.48, 0.60), (0.12, 1.47, 0.60), (0.95, 0.93, 0.76)),
    wheels=(-1.28, 1.30),
    wheel_m=0.32,
    pillars=(-1.02, -0.12),
)
VAN = Shape(
    body=(
        (-2.60, 0.28, 0.94),
        (-2.64, 0.55, 0.96),
        (-2.60, 2.15, 0.88),
        (-2.45, 2.24, 0.84),
        (1.05, 2.22, 0.84),
        (1.30, 2.10, 0.86),
        (1.98, 1.22, 0.92),
        (2.55, 1.02, 0.90),
        (2.66, 0.60, 0.90),
        (2.60, 0.28, 0.88),
    ),
    cabin=(),
    wheels=(-1.65, 1.70),
    wheel_m=0.35,
    pillars=(),
)
SHAPES = {"car": CAR, "van": VAN}


def canvas_for(frame: Frame, shape: Shape) -> Canvas:
    """A canvas that holds the vehicle."""
    top = max(up for _, up, _ in (*shape.body, *shape.cabin))
    corners = [frame.pixel(a, w, z) for a in (-2.75, 2.75) for w in (-1.05, 1.05) for z in (0.0, top + 0.05)]
    left, upper, right, lower = bounds(corners)
    return Canvas(left, upper, right, lower, finer=3 if right - left < 220 else 2)


def draw_vehicle(kind: str, colour_name: str, frame: Frame, canvas: Canvas) -> None:
    """Paint the vehicle on the road."""
    shape, lack = SHAPES[kind], CLOTH[colour_name]
    _far_wheels(shape, frame, canvas)
    body_edges = [lack] * (len(shape.body) - 1)
    if kind == "van":
        body_edges[5] = GLASS  # the windscreen
    extruded(canvas, frame, shape.body, body_edges, lack)
    _flank_shade(shape, frame, canvas, lack)
    if shape.cabin:
        _cabin(shape, frame, canvas, lack)
    else:
        _van_window(frame, canvas)
    _ends(shape, frame, canvas)
    _near_wheels(shape, frame, canvas)


def _side(frame: Frame) -> int:
    return 1 if frame.left_faces_us else -1


def _cabin(shape: Shape, frame: Frame, canvas: Canvas, lack: Colour) -> None:
    edges = [GLASS, lack, lack, GLASS]
    extruded(canvas, frame, shape.cabin, edges, lack)
    glass: list[tuple[float, float, float]] = []
    way, light = _side(frame), shaded(GLASS, 0.9)
    for ahead, up, wide in shape.cabin:
        middle, low = -0.42, 1.16
        glass.append((middle + (ahead - middle) * 0.88, way * (wide + 0.005), low + (up - low) * 0.80))
    canvas.polygon(frame.pixels(glass), light)
    shine = [(glass[1][0] + 0.1, glass[1][1], glass[1][2]), (glass[2][0] + 0.5, glass[2][1], glass[2][2])]
    base = [(glass[0][0] + 1.3, glass[0][1], glass[0][2]), (glass[0][0] + 0.6, glass[0][1], glass[0][2])]
    canvas.polygon(frame.pixels([*shine, *base]), mixed(light, (225, 220, 205), 0.28))
    scale = frame.camera.scale(frame.x, frame.y)
    for pillar in shape.pillars:
        posts = [(pillar - 0.02, way * 0.77, 0.95), (pillar + 0.02, way * 0.62, 1.45)]
        canvas.stroke(frame.pixels(posts), max(0.8, 0.06 * scale), shaded(lack, sunlit(0, way, 0.2, frame)))


def _van_window(frame: Frame, canvas: Canvas) -> None:
    way = _side(frame)
    pane = [(0.55, 1.30), (0.55, 1.92), (1.22, 1.92), (1.78, 1.28)]
    canvas.polygon(frame.pixels([(a, way * 0.90, u) for a, u in pane]), GLASS)
    canvas.polygon(
        frame.pixels([(a, way * 0.905, u) for a, u in ((0.7, 1.9), (0.95, 1.9), (0.75, 1.32), (0.6, 1.32))]),
        (150, 144, 132),
    )


def _flank_shade(shape: Shape, frame: Frame, canvas: Canvas, lack: Colour) -> None:
    way, scale = _side(frame), frame.camera.scale(frame.x, frame.y)
    rear, front = shape.body[0][0], shape.body[-1][0]
    wide = way * (shape.body[1][2] + 0.01)
    dark = shaded(lack, 0.55)
    canvas.polygon(
        frame.pixels([(rear, wide, 0.24), (rear, wide, 0.40), (front, wide, 0.40), (front, wide, 0.24)]), dark
    )
    line = [(rear + 0.15, wide, 0.72), (front - 0.2, wide, 0.68)]
    canvas.stroke(frame.pixels(line), max(0.5, 0.025 * scale), shaded(lack, 1.18))
    for door in (-0.92, 0.06, 0.95):
        seam = [(door, wide, 0.32), (door, wide, 0.92)]
        canvas.stroke(frame.pixels(seam), max(0.4, 0.014 * scale), shaded(lack, 0.6))
    handle = [(-0.72, wide, 0.82), (-0.55, wide, 0.82)]
    canvas.stroke(frame.pixels(handle), max(0.5, 0.03 * scale), shaded(lack, 0.5))


def _ends(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    if frame.hx * frame.x + frame.hy * frame.y < 0:
        _nose(shape, frame, canvas)
    else:
        _tail(shape, frame, canvas)


def _across(frame: Frame, canvas: Canvas, ahead: float, box: tuple[float, float, float, float], colour: Colour) -> None:
    """A flat rectangle (left, low, right, high) across the vehicle at `ahead`."""
    left, low, right, high = box
    corners = [(left, low), (right, low), (right, high), (left, high)]
    canvas.polygon(frame.pixels([(ahead, wide, up) for wide, up in corners]), colour)


def _nose(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    ahead, high = shape.body[-2][0] + 0.03, shape.body[-3][1]
    _across(frame, canvas, ahead, (-0.82, 0.28, 0.82, 0.50), (48, 47, 46))
    _across(frame, canvas, ahead, (-0.44, high - 0.17, 0.44, high - 0.05), (40, 40, 41))
    for side in (-1, 1):
        _across(frame, canvas, ahead, (side * 0.48, high - 0.20, side * 0.80, high - 0.02), (150, 150, 148))
        _across(frame, canvas, ahead, (side * 0.52, high - 0.17, side * 0.76, high - 0.05), (226, 244, 250))
    _across(frame, canvas, ahead + 0.01, (-0.27, 0.36, 0.27, 0.47), (228, 230, 230))
    if not shape.cabin:
        _windscreen(frame, canvas)
    _mirrors(shape, frame, canvas)


def _windscreen(frame: Frame, canvas: Canvas) -> None:
    """A van's: a dark frame, the sky in the upper half, and whoever drives."""
    low, high = (1.94, 1.27), (1.36, 2.04)
    for wide, share, colour in ((0.84, 1.0, (52, 48, 44)), (0.76, 0.92, (96, 86, 74))):
        rim = [(low[0], wide, low[1]), (high[0], wide * 0.93, high[1] * share + low[1] * (1 - share))]
        rim += [(ahead, -side, up) for ahead, side, up in reversed(rim)]
        canvas.polygon(frame.pixels(rim), colour)
    sky = [(1.58, 0.70, 1.75), (1.40, 0.68, 1.98), (1.40, -0.68, 1.98), (1.58, -0.70, 1.75)]
    canvas.polygon(frame.pixels(sky), (158, 144, 124))
    px = frame.camera.scale(frame.x, frame.y, 1.5)
    canvas.disc(frame.pixel(1.5, 0.36, 1.62), 0.11 * px, (74, 84, 104))
    canvas.oval(frame.pixel(1.6, 0.36, 1.40), (0.20 * px, 0.10 * px), (58, 54, 56))


def _mirrors(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    ahead, up, wide = (1.55, 1.38, 1.02) if not shape.cabin else (0.72, 0.98, 0.92)
    px = frame.camera.scale(frame.x, frame.y, up)
    for side in (-1, 1):
        canvas.oval(frame.pixel(ahead, side * wide, up), (0.08 * px, 0.10 * px), (44, 44, 46))


def _tail(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    ahead, high = shape.body[2][0] - 0.04, min(0.95, shape.body[2][1])
    _across(frame, canvas, ahead - 0.03, (-0.82, 0.28, 0.82, 0.48), (48, 47, 46))
    for side in (-1, 1):
        _across(frame, canvas, ahead, (side * 0.50, high - 0.18, side * 0.79, high - 0.03), (38, 34, 176))
    _across(frame, canvas, ahead - 0.04, (-0.27, 0.50, 0.27, 0.62), (228, 230, 230))
    if not shape.cabin:
        for side in (-1, 1):
            _across(frame, canvas, ahead, (side * 0.08, 1.30, side * 0.70, 1.90), (84, 76, 66))
        _across(frame, canvas, ahead, (-0.015, 0.5, 0.015, 2.1), (60, 60, 62))


def _far_wheels(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    for ahead in shape.wheels:
        canvas.polygon(ring(frame, ahead, -_side(frame) * 0.7, shape.wheel_m, shape.wheel_m), TYRE)


def _near_wheels(shape: Shape, frame: Frame, canvas: Canvas) -> None:
    left = _side(frame) * (shape.body[1][2] + 0.015)
    rounds: Sequence[tuple[float, Colour]] = (
        (1.22, (28, 27, 27)),
        (1.0, TYRE),
        (0.66, METAL),
        (0.56, (168, 168, 164)),
        (0.2, (92, 92, 92)),
    )
    for ahead in shape.wheels:
        for share, colour in rounds:
            canvas.polygon(ring(frame, ahead, left, shape.wheel_m, shape.wheel_m * share), colour)
