"""Small pictures of the last minutes, so that an event can show the moment it began."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2

from agent.analyse.detect.port import Image
from agent.core.clock import NS

LONGEST_PX = 640
QUALITY = 75
MOST_PAGES = 120
"""About 4 MB a camera."""


@dataclass(frozen=True, slots=True)
class Page:
    """A JPEG of that time, with its size in px."""

    wall_ns: int
    jpeg: bytes
    width: int
    height: int


class Album:
    """Keeps `memory_s`, a page a second or, for long memories, as often as `MOST_PAGES` allow."""

    def __init__(self, memory_s: float) -> None:
        self._step_ns = round(max(1.0, memory_s / MOST_PAGES) * NS)
        self._pages: deque[Page] = deque(maxlen=MOST_PAGES)

    def keep(self, picture: Image, wall_ns: int) -> None:
        """Look at one picture, masks painted over."""
        if self._pages and 0 <= wall_ns - self._pages[-1].wall_ns < self._step_ns:
            return
        scale = min(1.0, LONGEST_PX / max(picture.shape[:2]))
        width, height = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else picture
        _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._pages.append(Page(wall_ns, coded.tobytes(), width, height))

    def nearest(self, wall_ns: int) -> Page | None:
        """The page closest to that time."""
        return min(self._pages, key=lambda page: abs(page.wall_ns - wall_ns), default=None)
