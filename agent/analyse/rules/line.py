"""Somebody crosses a line."""

from __future__ import annotations

from typing import Literal

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.place import clear_of, crossing
from agent.analyse.rules.port import Happening, concerns, instant
from agent.config.gateway import Line
from agent.core.geometry import Point


class LineCrossed:
    """An event without duration each time the foot has passed from clear of the line to clear of it across it."""

    def __init__(self, line: Line, labels: tuple[str, ...], severity: Literal["info", "alarm"]) -> None:
        self.name, self.severity = f"line_crossed {line.name}", severity
        self._line, self._points, self._labels = line.name, line.points, labels
        self._clear: dict[str, Point] = {}

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        for seen in observation.ended:
            self._clear.pop(seen.track, None)
        return [one for seen in observation.seen for one in self._look(seen, observation.wall_ns)]

    def _look(self, seen: Seen, wall_ns: int) -> list[Happening]:
        if not (seen.confirmed and seen.now):
            return []
        foot, before = seen.foot, self._clear.setdefault(seen.track, seen.birth_foot)
        if not clear_of(foot, self._points):
            return []
        self._clear[seen.track] = foot
        direction = crossing(before, foot, self._points)
        if direction is None or not concerns(self._labels, seen):
            return []
        return instant(seen.track, "line_crossed", wall_ns, seen, line=self._line, direction=direction)
