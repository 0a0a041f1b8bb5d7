"""Hours by clock, dates and sun."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.config.hours import Calendar, Hours
from agent.core.clock import NS
from agent.core.sun import sun_times

VIENNA, HARTFORD, TROMSO = (48.2, 16.37), (41.76, -72.69), (69.65, 18.96)


def hours(**keys) -> Hours:
    return Hours.model_validate({key.rstrip("_"): value for key, value in keys.items()})


def at(text: str, zone: str = "Europe/Vienna") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * NS


def fits(one: Hours, text: str, place=VIENNA, zone: str = "Europe/Vienna") -> bool:
    return Calendar(ZoneInfo(zone), place).fits(one, at(text, zone))


def test_the_sun_rises_when_the_almanac_says():
    # timeanddate.com: Vienna 2026-06-21 04:54 and 20:58; Hartford 2026-12-21 07:14 and 16:23
    rise, fall = sun_times(*VIENNA, datetime(2026, 6, 21, tzinfo=UTC).date(), ZoneInfo("Europe/Vienna"))
    assert (rise, fall) == (pytest.approx(4 * 60 + 54, abs=3), pytest.approx(20 * 60 + 58, abs=3))
    rise, fall = sun_times(*HARTFORD, datetime(2026, 12, 21, tzinfo=UTC).date(), ZoneInfo("America/New_York"))
    assert (rise, fall) == (pytest.approx(7 * 60 + 14, abs=3), pytest.approx(16 * 60 + 23, abs=3))


@pytest.mark.parametrize(
    ("place", "zone", "day", "rise", "fall"),
    [  # timeanddate.com; by UTC the sun sets there on the day after, or rises on the day before
        (HARTFORD, "America/New_York", date(2026, 6, 21), "05:16", "20:29"),
        ((34.05, -118.24), "America/Los_Angeles", date(2026, 6, 21), "05:42", "20:08"),
        ((21.31, -157.86), "Pacific/Honolulu", date(2026, 6, 21), "05:50", "19:16"),
        ((-33.87, 151.21), "Australia/Sydney", date(2026, 12, 21), "05:41", "20:06"),
        ((-13.83, -171.77), "Pacific/Apia", date(2026, 3, 21), "06:30", "18:38"),
    ],
)
def test_the_sun_keeps_the_day_of_the_wall_all_over_the_world(place, zone, day, rise, fall):
    wanted = [int(text[:2]) * 60 + int(text[3:]) for text in (rise, fall)]
    assert sun_times(*place, day, ZoneInfo(zone)) == pytest.approx(wanted, abs=4)


def test_without_a_zone_it_is_the_machines(monkeypatch):
    day = date(2026, 6, 20)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert sun_times(*HARTFORD, day, None) == sun_times(*HARTFORD, day, ZoneInfo("America/New_York"))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_in_summer_the_night_of_hartford_begins_at_its_sunset():
    night, zone = hours(from_="sunset", to="sunrise"), "America/New_York"
    dark = [hour for hour in range(24) if fits(night, f"2026-06-20T{hour:02}:45", HARTFORD, zone)]
    assert dark == [0, 1, 2, 3, 4, 20, 21, 22, 23]


def test_the_sun_may_set_after_midnight():
    fairbanks, zone = (
        (64.84, -147.72),
        "America/Anchorage",
    )  # timeanddate.com: 2026-06-21 02:57 to 00:47
    night = hours(from_="sunset", to="sunrise", days=["sun"])
    times = ("21T00:30", "21T23:59", "22T00:30", "22T00:59", "22T02:30", "22T03:10", "23T01:00")
    assert [fits(night, f"2026-06-{text}", fairbanks, zone) for text in times] == [0, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "fit"),
    [("2026-06-20T21:10", 1), ("2026-06-21T00:30", 1), ("2026-06-21T00:50", 1), ("2026-06-21T01:05", 0)],
)
def test_an_offset_may_lead_past_midnight(text, fit):
    assert fits(hours(from_="sunset", to="sunset+04:00"), text) == fit
    assert fits(hours(from_="sunset", to="sunset+04:00", days=["sat"]), text) == fit


def test_an_offset_may_lead_to_the_day_before_and_over_two_days():
    early = hours(from_="sunrise-06:00", to="sunrise", days=["sun"])  # 22:54 to 04:54
    assert [fits(early, f"2026-06-{text}") for text in ("20T22:40", "20T23:10", "21T04:40", "21T05:10")] == [0, 1, 1, 0]
    late = hours(from_="sunset+23:00", to="sunset+23:30", days=["sun"])  # 19:58 to 20:28
    assert [fits(late, f"2026-06-{text}") for text in ("21T20:10", "22T19:40", "22T20:10", "22T20:40")] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "fit"),
    [("2026-01-15T10:00", 1), ("2026-01-16T09:00", 1), ("2026-01-16T11:55", 0), ("2026-01-16T14:00", 1)],
)
def test_the_polar_night_lasts_until_the_first_sunrise(text, fit):
    assert sun_times(*TROMSO, date(2026, 1, 15), ZoneInfo("Europe/Oslo")) == (None, 0)
    assert fits(hours(from_="sunset", to="sunrise"), text, TROMSO, "Europe/Oslo") == fit
    assert fits(hours(from_="sunrise", to="sunset"), text, TROMSO, "Europe/Oslo") == (not fit)


@pytest.mark.parametrize(
    ("text", "dark"),
    [("2026-06-21T04:40", True), ("2026-06-21T05:10", False), ("2026-06-21T20:50", False), ("2026-06-21T21:10", True),
     ("2026-12-21T15:50", False), ("2026-12-21T16:30", True), ("2026-12-21T00:00", True)],
)  # fmt: skip
def test_from_sunset_to_sunrise_is_the_night(text, dark):
    assert fits(hours(from_="sunset", to="sunrise"), text) is dark
    assert fits(hours(from_="sunrise", to="sunset"), text) is not dark


def test_an_offset_moves_the_edge():
    early = hours(from_="sunset-01:00", to="sunrise+00:30")
    assert fits(early, "2026-06-21T20:05")
    assert fits(early, "2026-06-21T05:10")
    assert not fits(early, "2026-06-21T05:40")


def test_where_the_sun_does_not_set_there_is_no_night_and_where_it_does_not_rise_no_day():
    night, day = hours(from_="sunset", to="sunrise"), hours(from_="sunrise", to="sunset")
    for clock in ("00:00", "12:00", "23:59"):
        assert not fits(night, f"2026-06-21T{clock}", TROMSO)
        assert fits(day, f"2026-06-21T{clock}", TROMSO)
        assert fits(night, f"2026-12-21T{clock}", TROMSO)
        assert not fits(day, f"2026-12-21T{clock}", TROMSO)


def test_dates_once_each_year_and_over_the_turn_of_the_year():
    assert fits(hours(dates=["2026-12-24"]), "2026-12-24T10:00")
    assert not fits(hours(dates=["2026-12-24"]), "2027-12-24T10:00")
    assert fits(hours(dates=["12-24"]), "2027-12-24T10:00")
    feast = hours(dates=["12-24..01-06"])
    assert [fits(feast, f"2027-{day}T10:00") for day in ("12-23", "12-24", "01-06", "01-07")] == [0, 1, 1, 0]
    school = hours(days=["mon"], except_dates=["2026-07-01..2026-08-31"])
    assert fits(school, "2026-06-29T10:00")
    assert not fits(school, "2026-07-06T10:00")


def test_a_night_belongs_to_the_day_on_which_it_begins():
    party = hours(days=["sat"], from_="22:00", to="04:00")
    times = ("06T21:59", "06T22:00", "07T03:59", "07T04:00", "07T22:30")
    assert [fits(party, f"2026-06-{text}") for text in times] == [False, True, True, False, False]


@pytest.mark.parametrize("value", ["25:00", "8:30", "sunrise+1", "sunset+00:75", "sunset+24:00", "noon", ""])
def test_what_is_no_hour(value):
    with pytest.raises(ValidationError, match="write it as 08:30"):
        hours(from_=value)


@pytest.mark.parametrize(
    "value",
    ["2026-13-01", "02-30", "2026-12-24..12-26", "today", "12-24..", "..12-24", "2026-W01-1", "W01-1", "20261224"],
)
def test_what_is_no_date(value):
    with pytest.raises(ValidationError, match="not a date"):
        hours(dates=[value])


def test_with_years_the_earlier_date_comes_first():
    with pytest.raises(ValidationError, match=r"earlier date first: 2026-01-06\.\.2026-12-24"):
        hours(except_dates=["2026-12-24..2026-01-06"])
    assert fits(hours(dates=["2026-12-24..2027-01-06"]), "2027-01-02T10:00")


def test_a_clock_that_was_never_set_keeps_every_rule_in_force():
    calendar = Calendar(None)
    assert calendar.any((hours(days=["mon"], from_="10:00", to="10:01"),), 5 * NS)
    assert calendar.any((), at("2026-06-01T10:00"))


EDGES = st.one_of(
    st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
    st.sampled_from(["sunrise", "sunset", "sunrise+02:00", "sunset-03:30"]),
)


@given(EDGES, EDGES, st.integers(1_577_836_800, 1_893_456_000), st.floats(-90, 90), st.floats(-180, 180))
def test_any_hours_anywhere_at_any_time_have_an_answer(since, until, seconds, latitude, longitude):
    one = hours(from_=since, to=until)
    assert Calendar(ZoneInfo("Europe/Vienna"), (latitude, longitude)).fits(one, seconds * NS) in {True, False}
