"""What a track remembers beside where it is: its path, its best shot, the zones it touched, when to tell of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from agent.analyse.detect.port import Image
from agent.analyse.observe import foot_of
from agent.analyse.track.shot import Shot, better_shot
from agent.analyse.track.track import Track
from agent.config.gateway import Zone
from agent.core.clock import NS
from agent.core.geometry import Box, Point, inside

STEP_NS = NS // 2
MOST_POINTS = 600
FIRST_REPORT_S = 30
REPORT_S = 60
SHORTEST_S = 1.0
"""A track that lived shorter is not worth telling of."""
STRIDE = 0.25
"""Of the box height: smaller moves are the detector's trembling."""

SECTORS = ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")


class Story:
    """One per track, from its first sight."""

    def __init__(self, track: Track, zones: Sequence[Zone]) -> None:
        self.track = track
        self.shot: Shot | None = None
        self.zones: list[str] = []
        self._zones = zones
        self.birth_foot = foot_of(track.box)
        self._path: list[tuple[int, Box]] = []
        self._step_ns = STEP_NS
        self._reports = 0

    def tell(self, picture: Image, others: Sequence[Box]) -> None:
        """The track was just found in `picture`, among `others`."""
        track = self.track
        self._walk(track.seen_ns, track.box.clipped())
        if not track.confirmed:
            return
        self.shot = better_shot(picture, track.box.clipped(), track.best_score, track.seen_ns, others, self.shot)
        foot = foot_of(track.box)
        self.zones += [z.name for z in self._zones if z.name not in self.zones and inside(foot, z.polygon)]

    def zones_now(self) -> list[str]:
        """The zones its foot is in now."""
        return [zone.name for zone in self._zones if inside(foot_of(self.track.box), zone.polygon)]

    @property
    def worthy(self) -> bool:
        """Confirmed, and long enough to tell of."""
        return self.track.confirmed and self.track.age_s >= SHORTEST_S

    def due(self, wall_ns: int) -> bool:
        """Is it time for a summary of a track that goes on: after 30 s, then every minute? True once each time."""
        if not self.worthy or wall_ns - self.track.first_ns < (FIRST_REPORT_S + REPORT_S * self._reports) * NS:
            return False
        self._reports += 1
        return True

    def path(self) -> list[tuple[int, Box]]:
        """Times and boxes, the last sight included."""
        last = (self.track.seen_ns, self.track.box.clipped())
        return self._path if self._path[-1][0] >= last[0] else [*self._path, last]

    def size(self) -> float:
        """Share of the picture, the median of the path."""
        areas = sorted(box.area for _, box in self.path())
        return areas[len(areas) // 2]

    def speed(self, aspect: float) -> float:
        """Box heights per second over the whole life; `aspect` is the picture's width over its height."""
        path = self.path()
        way = sum(_gap(a, b, aspect) for a, b in itertools.pairwise(self._anchors(aspect)))
        height = sum(box.height for _, box in path) / len(path)
        return way / height / self.track.age_s if height > 0 and self.track.age_s > 0 else 0.0

    def direction(self, aspect: float) -> str | None:
        """One of eight sectors of the picture, None for a thing that stayed where it was."""
        path = self.path()
        start, end = path[0][1], path[-1][1]
        return sector(start.centre, end.centre, aspect, least=max(start.height, end.height) / 2)

    def _walk(self, wall_ns: int, box: Box) -> None:
        if not self._path or wall_ns - self._path[-1][0] >= self._step_ns:
            self._path.append((wall_ns, box))
        if len(self._path) > MOST_POINTS:  # half as many points, twice as far apart: a day's track stays small
            self._path = self._path[::2]
            self._step_ns *= 2

    def _anchors(self, aspect: float) -> list[Point]:
        path = self.path()
        anchors = [path[0][1].centre]
        for _, box in path[1:]:
            if _gap(anchors[-1], box.centre, aspect) > STRIDE * box.height:
                anchors.append(box.centre)
        return anchors


def sector(start: Point, end: Point, aspect: float, least: float) -> str | None:
    """The direction from `start` to `end` as seen in the picture, None when shorter than `least` picture heights."""
    dx, dy = (end[0] - start[0]) * aspect, end[1] - start[1]
    if math.hypot(dx, dy) < least:
        return None
    return SECTORS[round(math.atan2(dy, dx) / (math.pi / 4)) % 8]


def _gap(a: Point, b: Point, aspect: float) -> float:
    return math.hypot((b[0] - a[0]) * aspect, b[1] - a[1])
