"""What of a camera is recorded when: its mode, and the hours that have a mode of their own."""

from __future__ import annotations

from collections.abc import Sequence

from agent.config.gateway import RecordMode, Schedule
from agent.config.hours import Calendar

_MOST_FIRST = (RecordMode.CONTINUOUS, RecordMode.EVENTS, RecordMode.OFF)


class Plan:
    """One camera's. The first of `schedule` that fits counts, else `record`."""

    def __init__(self, record: RecordMode, schedule: Sequence[Schedule], calendar: Calendar) -> None:
        self._record, self._schedule, self._calendar = record, tuple(schedule), calendar
        self.modes = frozenset({record, *(one.record for one in schedule)})
        """All that ever apply."""

    def hang(self, calendar: Calendar) -> None:
        """The camera hangs elsewhere: the sun rises and sets at other times."""
        self._calendar = calendar

    def mode(self, wall_ns: int) -> RecordMode:
        """What applies at that time; of a clock that was never set, the mode that keeps most."""
        if not self._calendar.knows(wall_ns):
            return next(mode for mode in _MOST_FIRST if mode in self.modes)
        fits = self._calendar.fits
        return next((one.record for one in self._schedule if fits(one, wall_ns)), self._record)
