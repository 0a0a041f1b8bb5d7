"""What of a camera is recorded when: its mode, and the hours of the week that have a mode of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from agent.config.gateway import RecordMode, Schedule
from agent.core.clock import NS

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EARLIEST = 2020
"""A clock that says an earlier year was never set: nobody knows the hour."""
_MOST_FIRST = (RecordMode.CONTINUOUS, RecordMode.EVENTS, RecordMode.OFF)


class Plan:
    """One camera's. The first of `schedule` that fits counts, else `record`.

    An hour of the schedule is what a clock on the wall shows in `zone` (None: the machine's): when clocks are set
    forward, hours that the wall never shows never come; when they are set back, those shown twice come twice.
    """

    def __init__(self, record: RecordMode, schedule: Sequence[Schedule], zone: tzinfo | None) -> None:
        self._record, self._schedule, self._zone = record, tuple(schedule), zone
        self.modes = frozenset({record, *(one.record for one in schedule)})
        """All that ever apply."""

    def mode(self, wall_ns: int) -> RecordMode:
        """What applies at that time; of a clock that was never set, the mode that keeps most."""
        moment = datetime.fromtimestamp(wall_ns // NS, UTC).astimezone(self._zone)
        if moment.year < _EARLIEST:
            return next(mode for mode in _MOST_FIRST if mode in self.modes)
        return next((one.record for one in self._schedule if _fits(one, moment)), self._record)


def _fits(one: Schedule, moment: datetime) -> bool:
    hour = f"{moment:%H:%M}"
    if one.since < one.until:
        return _on(one, moment.weekday()) and one.since <= hour < one.until
    began_today = _on(one, moment.weekday()) and hour >= one.since
    began_yesterday = _on(one, moment.weekday() - 1) and hour < one.until
    return began_today or began_yesterday


def _on(one: Schedule, weekday: int) -> bool:
    return not one.days or _DAYS[weekday] in one.days
