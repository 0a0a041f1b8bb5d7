"""Collects how tall people look over days, keeps it on disk, and fits the ground anew from time to time."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from agent.analyse.ground.people import Fit, Sight, fit, focal_of, from_people
from agent.analyse.ground.plane import Plane
from agent.config.gateway import Place
from agent.config.ground import Ground
from agent.core.clock import NS
from agent.core.geometry import Box

log = logging.getLogger(__name__)

PER_ROW, ROWS = 60, 24
"""The newest sights of each strip of the picture are kept: a crowd at one place does not outweigh the others."""
SLIMMEST, STOUTEST = 0.2, 0.55
"""Width over height of somebody upright, in px."""
SMALLEST = 0.04
EDGE = 0.01
FIT_EACH = 20
"""New sights between two fits,"""
SAVE_NS = 300 * NS
"""and time between two savings."""
MOST_BYTES = 1 << 20


class Book:
    """One camera's. `path` None forgets at the end. The plane it finds takes the place of one from points."""

    def __init__(self, ground: Ground, place: Place | None, path: Path | None) -> None:
        self._ground, self._place, self._path = ground, place, path
        self._rows: list[deque[Sight]] = [deque(maxlen=PER_ROW) for _ in range(ROWS)]
        self._measured: dict[str, int] = {}
        self._fresh = FIT_EACH
        self._saved_ns = 0
        self._fit: Fit | None = None
        self.missing = "nobody seen yet"
        """Why there is no plane yet; empty when there is one."""
        self._load()

    def note(self, track: str, box: Box, others: Iterable[Box], aspect: float) -> None:
        """A person was found there; it counts when whole, upright and alone, once in each strip of the picture."""
        strip = min(ROWS - 1, max(0, int(box.y2 * ROWS)))
        if self._measured.get(track) == strip or not _upright(box, aspect):
            return
        if any(box.meets(other) for other in others):
            return
        self._measured[track] = strip
        self._rows[strip].append(Sight(box.y2, box.y1))
        self._fresh += 1

    def forget(self, track: str) -> None:
        """That track has ended."""
        self._measured.pop(track, None)

    def begin_again(self) -> None:
        """The camera looks elsewhere: nothing that was measured holds any longer."""
        for row in self._rows:
            row.clear()
        self._fit, self.missing, self._fresh = None, "the camera was moved: nobody seen since", 0

    def plane(self, aspect: float, wall_ns: int, *, again: bool) -> Plane | None:
        """A new plane when there is reason for one, else None: go on with the last. `again`: the last does not fit."""
        if self._fresh < FIT_EACH and not again:
            return None
        self._fresh = 0
        hfov = self._ground.hfov
        if hfov is None:
            return None
        focal = focal_of(hfov, aspect)
        sights = [sight for row in self._rows for sight in row]
        found, why = fit(sights, focal, self._ground.person_height)
        self._save(wall_ns)
        if found is None:  # the last one stays until people say otherwise
            self.missing = self.missing and why
            return None
        self._fit, self.missing = found, ""
        return from_people(found, focal, aspect, self._place)

    def close(self, wall_ns: int) -> None:
        """Keep what was collected."""
        self._saved_ns = 0
        self._save(wall_ns)

    def _save(self, wall_ns: int) -> None:
        if self._path is None or (self._saved_ns and wall_ns - self._saved_ns < SAVE_NS):
            return
        self._saved_ns = wall_ns
        rows = [[round(one.foot, 4), round(one.head, 4)] for row in self._rows for one in row]
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"v": 1, "people": rows}))
            os.replace(fresh, self._path)  # noqa: PTH105 - atomic by contract
        except OSError as error:
            log.warning("what people say of the ground cannot be kept in %s: %s", self._path, error.strerror)

    def _load(self) -> None:
        """What an earlier run collected; a file that cannot be read is as good as none."""
        if self._path is None or not self._path.exists():
            return
        try:
            if self._path.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            for foot, head in json.loads(self._path.read_text())["people"]:
                if 0 <= float(head) < float(foot) <= 1:
                    self._rows[min(ROWS - 1, int(foot * ROWS))].append(Sight(float(foot), float(head)))
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("what people said of the ground is lost, %s cannot be read: %s", self._path, error)


def _upright(box: Box, aspect: float) -> bool:
    """Whole in the picture, large enough, and shaped like somebody who stands or walks."""
    whole = box.x1 > EDGE and box.y1 > EDGE and box.x2 < 1 - EDGE and box.y2 < 1 - EDGE
    return whole and box.height > SMALLEST and SLIMMEST < box.width * aspect / box.height < STOUTEST
