"""When the sun rises and sets, after astral (Meeus, Astronomical Algorithms)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

DAY_MIN = 24 * 60
_NOON = time(12)


@lru_cache(maxsize=1024)  # of each of 64 cameras the days around today
def sun_times(latitude: float, longitude: float, day: date, zone: tzinfo | None) -> tuple[int | None, int | None]:
    """Sunrise and sunset around the noon of `day`, in minutes after its midnight by the clock of `zone`.

    `zone` None is the machine's. In the far north one may be below 0, the other above 1440. Where the sun does not set
    that day it is up from 0 and there is no sunset (None); where it does not rise, down from 0 and no sunrise.
    """
    from astral import Observer  # noqa: PLC0415 - only who goes by the sun pays for it
    from astral.sun import elevation, noon, sunrise, sunset  # noqa: PLC0415

    there, solar = Observer(latitude, longitude), _solar_date(longitude, day, zone)
    top = noon(there, solar)
    # astral gives what falls on that date by the clock it is told. By the sun's own clock, which says twelve at noon,
    # the sun rises before and sets after noon on one date everywhere; by UTC or the wall's clock it need not.
    own = timezone(datetime.combine(solar, _NOON) - top.replace(tzinfo=None))

    def minute(event: Callable[..., datetime]) -> int | None:
        try:
            wall = event(there, solar, tzinfo=own).astimezone(zone)
        except ValueError:
            return None
        return (wall.date() - day).days * DAY_MIN + wall.hour * 60 + wall.minute

    rise, fall = minute(sunrise), minute(sunset)
    if rise is not None and fall is not None:
        return rise, fall
    return (rise or 0, fall) if elevation(there, top) > 0 else (rise, fall or 0)


def _solar_date(longitude: float, day: date, zone: tzinfo | None) -> date:
    """The date by the mean sun when the wall's clock says noon: in Samoa it is the day before."""
    noon = datetime.combine(day, _NOON, zone).astimezone(UTC)
    return (noon + timedelta(minutes=4 * longitude)).date()
