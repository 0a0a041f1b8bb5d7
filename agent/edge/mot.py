"""MOTChallenge rows: `frame,id,x,y,w,h,score,-1,-1,-1`, pixels of the source, frames and ids from 1."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TextIO

from agent.analyse.observe import Observation, Seen
from agent.edge.outputs import put


@dataclass(slots=True)
class _Page:
    """The rows of one picture that wait until it is known which of their tracks are real."""

    frame: int
    rows: list[tuple[Seen, str]] = field(default_factory=list)


class MotWriter:
    """Writes a row per track seen in an analysed picture, in order.

    A track counts from its first sight, but only once it was confirmed: pictures wait (a second or so) until all
    their tracks are confirmed or gone.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._pages: deque[_Page] = deque()
        self._numbers: dict[str, int] = {}
        self._real: set[str] = set()
        self._living: set[str] = set()

    def add(self, frame: int | None, observation: Observation, size: tuple[int, int]) -> None:
        """One analysed picture of the source; None ends the file."""
        self._real.update(seen.track for seen in observation.seen if seen.confirmed)
        self._living = {seen.track for seen in observation.seen}
        if frame is not None:
            rows = [(seen, _columns(seen, size)) for seen in observation.seen if seen.now]
            self._pages.append(_Page(frame, rows))
        self._write()
        self._forget()

    def _write(self) -> None:
        while self._pages and not any(self._undecided(seen.track) for seen, _ in self._pages[0].rows):
            page = self._pages.popleft()
            for seen, columns in page.rows:
                if seen.track in self._real:
                    number = self._numbers.setdefault(seen.track, len(self._numbers) + 1)
                    put(self._out, f"{page.frame},{number},{columns}\n")

    def _undecided(self, track: str) -> bool:
        return track in self._living and track not in self._real

    def _forget(self) -> None:
        waiting = {seen.track for page in self._pages for seen, _ in page.rows}
        self._real &= self._living | waiting


def _columns(seen: Seen, size: tuple[int, int]) -> str:
    width, height = size
    box = seen.box.clipped()
    x, y, w, h = box.x1 * width, box.y1 * height, box.width * width, box.height * height
    return f"{x:.2f},{y:.2f},{w:.2f},{h:.2f},{seen.score:.3f},-1,-1,-1"
