"""Hours with days and dates, by the clock on the wall or by the sun; recording and rules go by the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from agent.config.base import Section
from agent.core.clock import NS
from agent.core.sun import DAY_MIN, sun_times

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EARLIEST = 2020
"""A clock that says an earlier year was never set: nobody knows the hour."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SUN = re.compile(r"(sunrise|sunset)(?:([+-])([01]\d|2[0-3]):([0-5]\d))?")
_BY_THE_CLOCK, _BY_THE_SUN = range(2), range(-2, 4)
"""How many days back hours may have begun: with an offset, those by the sun begin up to two days from their own."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d-\d\d")
_LEAP_YEAR = 2024


def _edge(value: str) -> str:
    if not (_CLOCK.fullmatch(value) or _SUN.fullmatch(value)):
        raise ValueError("not an hour of the day; write it as 08:30, sunrise, or sunset-00:30")
    return value


def _dates(value: str) -> str:
    first, dots, last = value.partition("..")
    if not _is_date(first) or (dots and (not _is_date(last) or len(first) != len(last))):
        raise ValueError("not a date; write it as 2026-12-24, each year as 12-24, from to as 12-24..01-06")
    if dots and len(first) > 5 and first > last:
        raise ValueError(f"ends before it begins; with years write the earlier date first: {last}..{first}")
    return value


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if len(text) > 5 else f"{_LEAP_YEAR}-{text}")
    except ValueError:
        return False
    return True


Edge = Annotated[str, AfterValidator(_edge)]
Dates = Annotated[str, AfterValidator(_dates)]


class Hours(Section):
    """No `days` means all; an end not after the beginning is a day on. `dates` alone count, `except_dates` do not."""

    days: tuple[Weekday, ...] = ()
    since: Annotated[Edge, Field(alias="from")] = "00:00"
    until: Annotated[Edge, Field(alias="to")] = "00:00"
    dates: Annotated[tuple[Dates, ...], Field(max_length=64)] = ()
    except_dates: Annotated[tuple[Dates, ...], Field(max_length=64)] = ()

    @property
    def by_the_sun(self) -> bool:
        """Do they need to know where the camera hangs?"""
        return self.since.startswith("sun") or self.until.startswith("sun")


class Calendar:
    """Which hours it is. An hour is what a clock on the wall shows in `zone` (None: the machine's).

    When clocks are set forward, hours that the wall never shows never come; when they are set back, those shown twice
    come twice. `place` is latitude and longitude, for the sun.
    """

    def __init__(self, zone: tzinfo | None, place: tuple[float, float] | None = None) -> None:
        self._zone, self._place = zone, place

    def knows(self, wall_ns: int) -> bool:
        """Was the clock ever set?"""
        return self._moment(wall_ns).year >= EARLIEST

    def fits(self, hours: Hours, wall_ns: int) -> bool:
        """Is it one of those hours?"""
        moment = self._moment(wall_ns)
        minute, today = moment.hour * 60 + moment.minute, moment.date()
        for back in _BY_THE_SUN if hours.by_the_sun else _BY_THE_CLOCK:
            day = today - timedelta(days=back)
            if _on(hours, day):
                began, ended = self._span(hours, day)
                if began <= minute + back * DAY_MIN < ended:
                    return True
        return False

    def any(self, many: Iterable[Hours], wall_ns: int) -> bool:
        """Is it within one of them? With none at all, or a clock that was never set: yes."""
        wanted = tuple(many)
        return not wanted or not self.knows(wall_ns) or any(self.fits(hours, wall_ns) for hours in wanted)

    def _moment(self, wall_ns: int) -> datetime:
        return datetime.fromtimestamp(wall_ns // NS, UTC).astimezone(self._zone)

    def _span(self, hours: Hours, day: date) -> tuple[int, int]:
        """From when until when they last that begin on `day`, in minutes after its midnight."""
        began, ended = self._minute(hours.since, day), self._minute(hours.until, day)
        if began is None:
            return 0, 0
        if ended is None or ended <= began:
            ended = DAY_MIN + (self._minute(hours.until, day + timedelta(days=1)) or 0)
        return began, ended

    def _minute(self, edge: str, day: date) -> int | None:
        """None where the sun does not do that on that day."""
        if found := _CLOCK.fullmatch(edge):
            return int(found[1]) * 60 + int(found[2])
        found = _SUN.fullmatch(edge)
        if found is None or self._place is None:
            return 0
        rise, fall = sun_times(*self._place, day, self._zone)
        minute = rise if found[1] == "sunrise" else fall
        off = int(found[3] or 0) * 60 + int(found[4] or 0)
        return None if minute is None else minute + (-off if found[2] == "-" else off)


def _on(hours: Hours, day: date) -> bool:
    return (
        (not hours.days or DAYS[day.weekday()] in hours.days)
        and (not hours.dates or any(_within(dates, day) for dates in hours.dates))
        and not any(_within(dates, day) for dates in hours.except_dates)
    )


def _within(dates: str, day: date) -> bool:
    first, _, last = dates.partition("..")
    said = day.isoformat() if len(first) > 5 else f"{day:%m-%d}"
    last = last or first
    return first <= said <= last if first <= last else said >= first or said <= last
