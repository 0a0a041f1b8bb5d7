"""When the sun rises and sets, after astral (Meeus, Astronomical Algorithms)."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

DAY_MIN = 24 * 60


@lru_cache(maxsize=256)
def sun_times(latitude: float, longitude: float, day: date, zone: tzinfo | None) -> tuple[int, int]:
    """Sunrise and sunset in minutes after midnight by the clock of `zone` (None: the machine's).

    Where the sun does not set that day, the day lasts from 0 to 1440; where it does not rise, from 1440 to 0: never.
    """
    from astral import Observer  # noqa: PLC0415 - only who goes by the sun pays for it
    from astral.sun import elevation, noon, sunrise, sunset  # noqa: PLC0415

    there = Observer(latitude, longitude)
    try:
        return _minute(sunrise(there, day), day, zone), _minute(sunset(there, day), day, zone)
    except ValueError:
        up = elevation(there, noon(there, day)) > 0
        return (0, DAY_MIN) if up else (DAY_MIN, 0)


def _minute(moment: datetime, day: date, zone: tzinfo | None) -> int:
    wall = moment.astimezone(UTC).astimezone(zone)
    days = (wall.date() - day).days
    return min(DAY_MIN, max(0, days * DAY_MIN + wall.hour * 60 + wall.minute))
