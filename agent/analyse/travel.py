"""How a track moves just now: in the picture over the last second and a half, on the ground while it goes straight.

A box trembles. The slope of a line through n sights in T seconds trembles by sqrt(12 / n) / T of that, so that a line
through twice the time is almost three times as steady. On the ground who goes straight makes a straight line, however
far away; so its sights are kept for longer, until the newest ones clearly go otherwise.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple

from agent.analyse.ground.plane import Plane
from agent.analyse.straight import Line, Way, joined
from agent.core.clock import NS
from agent.core.geometry import Box, Point

WINDOW_NS = 16 * NS // 10
STRAIGHT_NS = 4 * NS
"""On the ground, while it goes straight."""
OTHERWISE = 6.0
"""So many times the standard error: it turned, or its pace changed."""
LEAST_SIGHTS, STRAIGHT_LEAST_S = 4, 1.0
"""Fewer, or sights over less time, do not tell how much a box trembles."""
STEP_NS = NS // 11
"""Sights closer together than this add nothing."""
LEAST_S = 0.3
"""A speed needs sights so far apart."""
CUT = 0.004
STILL = 0.12
"""Of its height: who moved less in the window has no direction."""

SECTORS = ("up", "up-right", "right", "down-right", "down", "down-left", "left", "up-left")
COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
Unit = Literal["m/s", "heights/s"]
Sight = tuple[int, float, float, float, float, float]
"""When; foot right and down in picture heights; height; where on the ground, or NaN."""
NOWHERE = (math.nan, math.nan)


class Travel(NamedTuple):
    """What is None is not known. Angles are degrees clockwise: from the picture's up, or from true north.

    `heights_s` is in heights of its own box per second. `place` is in metres, in the plane's own axes, and `heading`
    clockwise from its y axis. `box` is where it was measured, on the ground `plane`.
    """

    heights_s: float | None = None
    angle: float | None = None
    mps: float | None = None
    heading: float | None = None
    bearing: float | None = None
    place: Point | None = None
    box: Box | None = None
    plane: Plane | None = None

    @property
    def size_m(self) -> tuple[float, float] | None:
        """Width and height in metres."""
        return None if self.plane is None or self.box is None else self.plane.size(self.box)

    @property
    def speed(self) -> float | None:
        """In `unit`."""
        return self.heights_s if self.mps is None else self.mps

    @property
    def unit(self) -> Unit:
        """What `speed` is in."""
        return "heights/s" if self.mps is None else "m/s"

    @property
    def direction(self) -> str | None:
        """`SE` and the like by compass; where that is not known `down-right` and the like in the picture."""
        return named(self.angle, self.bearing)


UNKNOWN = Travel()


def named(angle: float | None, bearing: float | None) -> str | None:
    """The word for a direction: a point of the compass, else one of eight directions of the picture."""
    if bearing is not None:
        return COMPASS[round(bearing / 45) % 8]
    return None if angle is None else SECTORS[round(angle / 45) % 8]


class Walk:
    """The last sights of one track."""

    def __init__(self) -> None:
        self._sights: deque[Sight] = deque()
        self._before: Way | None = None
        """What was before them, on the same straight way."""
        self._whole_ns = 0
        """When it was last seen whole."""
        self.travel = UNKNOWN

    def go(self, wall_ns: int, box: Box, aspect: float, plane: Plane | None) -> Travel:
        """It is there now; `aspect` is the picture's width over its height.

        Of what is cut by the picture's edge nobody sees where it stands: how it moved before holds for `WINDOW_NS`,
        where it was and how large it is until it is seen whole again.
        """
        if box.x1 < CUT or box.x2 > 1 - CUT or box.y2 > 1 - CUT:
            self._sights.clear()
            self._before = None
            if not 0 <= wall_ns - self._whole_ns <= WINDOW_NS:
                self.travel = Travel(place=self.travel.place, box=self.travel.box, plane=self.travel.plane)
            return self.travel
        self._whole_ns = wall_ns
        x, y = box.foot
        place = None if plane is None else plane.at((x, y))
        sights = self._sights
        if len(sights) > 1 and wall_ns - sights[-2][0] < STEP_NS:
            sights.pop()
        sights.append((wall_ns, x * aspect, y, box.y2 - box.y1, *(place or NOWHERE)))
        while not 0 <= wall_ns - sights[0][0] <= WINDOW_NS:
            self._keep(sights.popleft(), wall_ns)
        self.travel = self._measured(box, place, plane)
        return self.travel

    def _measured(self, box: Box, place: Point | None, plane: Plane | None) -> Travel:
        sights = self._sights
        span_s = (sights[-1][0] - sights[0][0]) / NS
        if span_s < LEAST_S or box.height <= 0:
            return Travel(place=place, box=box, plane=plane)
        vx, vy, height = _slopes(sights)
        pace = math.hypot(vx, vy)
        moved = pace * span_s > STILL * height
        angle = clockwise(vx, -vy) if moved else None
        ground = None if plane is None else _on_ground(sights)
        if plane is None or ground is None or math.isnan(ground.vx):
            return Travel(pace / height, angle, place=place, box=box, plane=plane)
        gx, gy = self._steadied(ground, span_s)
        heading = clockwise(gx, gy) if moved else None
        bearing = plane.bearing(gx, gy) if moved else None
        return Travel(pace / height, angle, math.hypot(gx, gy), heading, bearing, place, box, plane)

    def _keep(self, sight: Sight, wall_ns: int) -> None:
        """It is older than the window now; one nowhere on the ground, or of a clock that was set back, ends the way."""
        seen_ns, _, _, _, x, y = sight
        if math.isnan(x) or seen_ns > wall_ns:
            self._before = None
        elif self._before is None:
            self._before = Way(seen_ns, x, y)
        else:
            self._before.add(seen_ns, x, y)

    def _steadied(self, newest: Line, span_s: float) -> Point:
        """Over all of the straight way; where the newest sights go otherwise, as they do, and it begins anew."""
        way, since_ns = self._before, self._sights[0][0]
        if way is not None:
            way.drop(self._sights[-1][0] - STRAIGHT_NS)
        if way is None or min(way.count, newest.number) < LEAST_SIGHTS or span_s < STRAIGHT_LEAST_S:
            return newest.vx, newest.vy
        before = way.line(since_ns)
        change = math.hypot(newest.vx - before.vx, newest.vy - before.vy)
        if change <= OTHERWISE * math.hypot(newest.error, before.error):
            return joined(before, newest)
        self._before = None
        return newest.vx, newest.vy


def _times(sights: Sequence[Sight]) -> tuple[int, int, float]:
    """When the first was, how many there are, and how long after the first their mean is, ns."""
    first_ns, count = sights[0][0], len(sights)
    return first_ns, count, sum([sight[0] - first_ns for sight in sights]) / count


def _slopes(sights: Sequence[Sight]) -> tuple[float, float, float]:
    """Of the straight lines through the sights, least squares, per second: right and down in the picture; mean height.

    One pass: this is done for every track in every picture.
    """
    first_ns, count, middle = _times(sights)
    down = vx = vy = height = 0.0
    for wall_ns, x, y, tall, _, _ in sights:
        off = (wall_ns - first_ns - middle) / NS
        down += off * off
        vx += off * x
        vy += off * y
        height += tall
    return vx / down, vy / down, height / count


def _on_ground(sights: Sequence[Sight]) -> Line:
    """The same on the ground; NaN where one of them was nowhere on it."""
    first_ns, count, middle = _times(sights)
    down = gx = gy = sx = sy = square = 0.0
    _, _, _, _, x0, y0 = sights[0]
    for wall_ns, _, _, _, x, y in sights:
        off, east, north = (wall_ns - first_ns - middle) / NS, x - x0, y - y0
        down += off * off
        gx += off * east
        gy += off * north
        sx += east
        sy += north
        square += east * east + north * north
    beside = square - (sx * sx + sy * sy) / count - (gx * gx + gy * gy) / down
    return Line(count, middle / NS, x0 + sx / count, y0 + sy / count, down, gx / down, gy / down, beside)


def clockwise(right: float, up: float) -> float:
    """The angle of a way, degrees clockwise from up, 0..360."""
    return math.degrees(math.atan2(right, up)) % 360


def apart(a: float, b: float) -> float:
    """Between two angles, 0..180 degrees."""
    return abs((a - b + 180) % 360 - 180)


def along(points: list[Point], least: list[float]) -> float:
    """The length of a way; moves shorter than `least` at that point are trembling."""
    anchors = points[:1]
    for point, stride in zip(points[1:], least[1:], strict=True):
        if math.dist(anchors[-1], point) > stride:
            anchors.append(point)
    return sum(math.dist(a, b) for a, b in itertools.pairwise(anchors))
