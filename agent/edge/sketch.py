"""Draws onto a picture what the configuration says of it: zones, lines with directions, rules, masks, the ground."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.ground.points import from_points, homography
from agent.config.gateway import Camera, Line
from agent.config.ground import plan_of
from agent.config.rules import Base, WrongWay
from agent.core.errors import ConfigError

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Dot = tuple[int, int]
ZONE, LINE, ARROW, GRID, DARK, LIGHT = (
    (80, 200, 80), (60, 160, 255), (60, 60, 235), (200, 160, 60), (24, 24, 24), (245, 245, 245),
)  # fmt: skip
MOST_BYTES = 64 << 20
FONT = cv2.FONT_HERSHEY_SIMPLEX


def sketch_file(camera: Camera, picture: Path, out: Path) -> None:
    """Write `picture` with everything drawn onto it.

    Raises:
        ConfigError: the picture cannot be read, or the drawing not be written.
    """
    drawn = sketch(camera, _read(picture))
    coded, data = cv2.imencode(out.suffix if out.suffix in {".png", ".jpg", ".jpeg"} else ".jpg", drawn)
    if not coded:
        raise ConfigError(f"{out}: the drawing cannot be coded")
    try:
        out.write_bytes(data.tobytes())
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from error


def sketch(camera: Camera, picture: Image) -> Image:
    """A copy of a picture (BGR) with the camera's places and rules."""
    board = _Board(picture.copy())
    for mask in camera.mask:
        board.fill(mask.polygon, DARK, 0.85)
    _ground(board, camera)
    for zone in camera.zone:
        board.fill(zone.polygon, ZONE, 0.22)
        board.outline(zone.polygon, ZONE)
        board.text(_titles(zone.name, camera.rule, zone=zone.name), _top(zone.polygon))
    for line in camera.line:
        _line(board, line, camera.rule)
    for rule in camera.rule:
        if isinstance(rule, WrongWay):
            board.arrow(*rule.arrow, ARROW)
            (x, y) = rule.arrow[0]
            board.text([f"{rule.title}: this way"], (x, y + 0.05))
    board.text([rule.title for rule in camera.rule if not rule.place], (0.01, 0.03))
    return board.finished()


class _Board:
    """A picture to draw on, in shares of it."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._height, self._width = image.shape[:2]
        self._stroke = max(1, round(self._height / 480))
        self._arrows: list[tuple[Dot, Dot, Colour]] = []

    def finished(self) -> Image:
        """Arrows lie on top of everything, words too."""
        for start, end, colour in self._arrows:
            cv2.arrowedLine(self.image, start, end, DARK, 4 * self._stroke, cv2.LINE_AA, tipLength=0.3)
            cv2.arrowedLine(self.image, start, end, colour, 2 * self._stroke, cv2.LINE_AA, tipLength=0.3)
        return self.image

    def dot(self, point: tuple[float, float]) -> Dot:
        return round(point[0] * self._width), round(point[1] * self._height)

    def fill(self, polygon: Sequence[tuple[float, float]], colour: Colour, share: float) -> None:
        layer = self.image.copy()
        cv2.fillPoly(layer, [np.array([self.dot(point) for point in polygon])], colour)
        cv2.addWeighted(layer, share, self.image, 1 - share, 0, dst=self.image)

    def outline(
        self, points: Sequence[tuple[float, float]], colour: Colour, *, closed: bool = True, bold: int = 2
    ) -> None:
        dots = np.array([self.dot(point) for point in points])
        cv2.polylines(self.image, [dots], closed, colour, bold * self._stroke, cv2.LINE_AA)

    def arrow(self, start: tuple[float, float], end: tuple[float, float], colour: Colour) -> None:
        self.arrow_dots(self.dot(start), self.dot(end), colour)

    def across(self, a: tuple[float, float], b: tuple[float, float]) -> tuple[Dot, Dot]:
        """From the left of the way from `a` to `b` to its right, through the middle, as it looks."""
        (x1, y1), (x2, y2) = self.dot(a), self.dot(b)
        length = max(1.0, math.hypot(x2 - x1, y2 - y1))
        reach = 0.07 * self._height / length
        middle, (dx, dy) = ((x1 + x2) / 2, (y1 + y2) / 2), (-(y2 - y1) * reach, (x2 - x1) * reach)
        left, right = (middle[0] - dx, middle[1] - dy), (middle[0] + dx, middle[1] + dy)
        return (round(left[0]), round(left[1])), (round(right[0]), round(right[1]))

    def arrow_dots(self, start: Dot, end: Dot, colour: Colour) -> None:
        self._arrows.append((start, end, colour))

    def text(self, lines: Sequence[str], at: tuple[float, float]) -> None:
        """Light on dark, kept inside the picture."""
        size = self._height / 1500 + 0.1
        x, y = self.dot(at)
        for line in lines:
            (width, height), below = cv2.getTextSize(line, FONT, size, self._stroke)
            x, y = max(2, min(x, self._width - width - 4)), max(height + 4, min(y, self._height - below - 2))
            cv2.rectangle(self.image, (x - 2, y - height - 2), (x + width + 2, y + below), DARK, -1)
            cv2.putText(self.image, line, (x, y), FONT, size, LIGHT, self._stroke, cv2.LINE_AA)
            y += height + below + 4


def _line(board: _Board, line: Line, rules: Sequence[Base]) -> None:
    board.outline(line.points, LINE, closed=False)
    a, b = max(itertools.pairwise(line.points), key=lambda pair: math.dist(*pair))
    left, right = board.across(a, b)
    board.arrow_dots(left, right, LINE)
    board.text([*_titles(line.name, rules, line=line.name), "arrow: left_to_right"], line.points[0])


def _titles(name: str, rules: Sequence[Base], **place: str) -> list[str]:
    (key, value), = place.items()  # fmt: skip
    return [name, *(rule.name or rule.kind for rule in rules if getattr(rule, key, None) == value)]


def _top(polygon: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(polygon, key=lambda point: (point[1], point[0]))


def _ground(board: _Board, camera: Camera) -> None:
    """The measured points, a grid between them, and north."""
    ground = camera.ground
    if ground is None or not ground.points:
        return
    plan = plan_of(ground)
    flat = homography(plan, ground.points)
    for a, b in _grid(plan):
        one, other = _seen(flat, a), _seen(flat, b)
        if one and other:
            board.outline((one, other), GRID, closed=False, bold=1)
    for number, point in enumerate(ground.points, 1):
        board.text([str(number)], point)
    plane = from_points(ground, camera.place, 16 / 9)
    if plane.north is not None:
        x, y = (sum(values) / len(plan) for values in zip(*plan, strict=True))
        turn, step = math.radians(-plane.north), _step(plan)
        tip = x + 2 * step * math.sin(turn), y + 2 * step * math.cos(turn)
        start, end = _seen(flat, (x, y)), _seen(flat, tip)
        if start and end:
            board.arrow(start, end, LIGHT)
            board.text(["N"], end)


def _grid(plan: Sequence[tuple[float, float]]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    xs, ys = zip(*plan, strict=True)
    step = _step(plan)
    for x in np.arange(math.ceil(min(xs) / step) * step, max(xs) + 1e-6, step):
        yield (float(x), min(ys)), (float(x), max(ys))
    for y in np.arange(math.ceil(min(ys) / step) * step, max(ys) + 1e-6, step):
        yield (min(xs), float(y)), (max(xs), float(y))


def _step(plan: Sequence[tuple[float, float]]) -> float:
    """Metres between the lines of the grid: 1, 5, 10 or 50."""
    xs, ys = zip(*plan, strict=True)
    span = max(max(xs) - min(xs), max(ys) - min(ys))
    return next(step for step in (1.0, 5.0, 10.0, 50.0, math.inf) if span / step <= 12)


def _seen(flat: NDArray[np.float64], at: tuple[float, float]) -> tuple[float, float] | None:
    x, y, depth = (float(value) for value in flat @ np.array([*at, 1.0]))
    point = (x / depth, y / depth) if depth > 0 else (math.inf, math.inf)
    return point if all(-3 < value < 4 for value in point) else None


def _read(path: Path) -> Image:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: larger than {MOST_BYTES >> 20} MiB; is this a picture?")
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise ConfigError(f"{path}: not a picture that can be read; a JPEG or PNG of the camera is wanted")
    return np.asarray(picture, np.uint8)
