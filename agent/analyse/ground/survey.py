"""One camera's ground, from its configuration or from the people who pass; made again for another shape of picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agent.analyse.ground.book import Book
from agent.analyse.ground.plane import Plane
from agent.analyse.ground.points import from_points
from agent.config.gateway import Place
from agent.config.ground import Ground
from agent.core.geometry import Box


class Survey:
    """`plane` is what is known now. `state` is the folder in which measured people are kept, None: nowhere."""

    def __init__(self, camera: str, ground: Ground | None, place: Place | None, state: Path | None) -> None:
        self._ground, self._place, self._aspect = ground, place, 0.0
        self.plane: Plane | None = None
        self._was_moved = False
        path = None if state is None else state / f"{camera}.people.json"
        self._book = None if ground is None or ground.points else Book(ground, place, path)

    @property
    def trouble(self) -> str:
        """Why it cannot be relied on, or is not known yet."""
        if self._book is not None:
            return f"ground: {self._book.missing}" if self._book.missing else ""
        return "ground: the camera was moved since [camera.ground] was measured" if self._was_moved else ""

    def look(self, aspect: float, wall_ns: int) -> None:
        """A picture of this shape (width over height) comes: is there anything new?"""
        if self._ground is None:
            return
        changed = abs(aspect - self._aspect) > 1e-6
        self._aspect = aspect
        if self._book is not None:
            self.plane = self._book.plane(aspect, wall_ns, again=changed) or self.plane
        elif changed:
            self.plane = from_points(self._ground, self._place, aspect)

    @property
    def learns(self) -> bool:
        """Is the ground found out from those who walk there?"""
        return self._book is not None

    def note(self, track: str, box: Box, others: Iterable[Box]) -> None:
        """A person who walks was found there."""
        if self._book is not None:
            self._book.note(track, box, others, self._aspect)

    def forget(self, track: str) -> None:
        """That track has ended."""
        if self._book is not None:
            self._book.forget(track)

    def begin_again(self) -> None:
        """The camera looks elsewhere now. What a person has measured is kept, and doubted."""
        if self._book is not None:
            self._book.begin_again()
            self.plane = None
        self._was_moved = self._ground is not None

    def close(self, wall_ns: int) -> None:
        """Keep what was learnt."""
        if self._book is not None:
            self._book.close(wall_ns)
