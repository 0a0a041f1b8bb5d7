"""Somebody crosses a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.area import bounds_of, passes_by
from agent.analyse.rules.port import Happening, instant
from agent.analyse.rules.who import Who
from agent.core.edges import MARGIN, clear_of, crossing
from agent.core.geometry import Point

Direction = Literal["both", "left_to_right", "right_to_left"]


class Crossings:
    """Who has crossed one line, each time the foot has passed from clear of it to clear of it across it.

    One may serve several rules.
    """

    def __init__(self, points: Sequence[Point], who: Who) -> None:
        self._points, self._who = points, who
        left, top, right, bottom = bounds_of(points)
        self._bounds = left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN
        self._clear: dict[str, Point] = {}
        self._of: Observation | None = None
        self._said: list[tuple[Seen, str]] = []

    def step(self, observation: Observation) -> list[tuple[Seen, str]]:
        """Who crossed now, and in which direction. The same observation again gives the same answer."""
        if observation is not self._of:
            self._of = observation
            self._said = [one for seen in observation.seen if (one := self._look(seen, observation))]
            for seen in observation.ended:
                self._clear.pop(seen.track, None)
        return self._said

    def _look(self, seen: Seen, observation: Observation) -> tuple[Seen, str] | None:
        if not (seen.confirmed and seen.now):
            return None
        foot, before = seen.foot, self._clear.get(seen.track)
        if before is None:
            before = self._clear[seen.track] = seen.birth_foot
        if foot == before:
            return None
        if passes_by(before, foot, self._bounds):
            self._clear[seen.track] = foot
            return None
        if not clear_of(foot, self._points):
            return None
        self._clear[seen.track] = foot
        direction = crossing(before, foot, self._points)
        return (seen, direction) if direction is not None and self._who.passes(seen, observation) else None


class LineCrossed:
    """An event without duration for each crossing in that direction."""

    def __init__(self, line: str, crossings: Crossings, direction: Direction = "both") -> None:
        self._line, self._crossings, self._direction = line, crossings, direction

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        return [
            said
            for seen, direction in self._crossings.step(observation)
            if self._direction in {"both", direction}
            for said in instant(
                seen.track, "line_crossed", observation.wall_ns, seen, line=self._line, direction=direction
            )
        ]
