"""Which mode applies when: hours, days, midnight, and clocks that are set forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.gateway import RecordMode, Schedule
from agent.config.hours import Calendar
from agent.core.clock import NS
from agent.record.plan import Plan

VIENNA = ZoneInfo("Europe/Vienna")
CONTINUOUS, EVENTS, OFF = RecordMode.CONTINUOUS, RecordMode.EVENTS, RecordMode.OFF
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(since: str, until: str, *days: str, record: str = "events") -> Schedule:
    return Schedule.model_validate({"days": days, "from": since, "to": until, "record": record})


def at(text: str, fold: int = 0) -> int:
    """Nanoseconds of what a wall clock in Vienna shows."""
    return int(datetime.fromisoformat(text).replace(tzinfo=VIENNA, fold=fold).timestamp()) * NS


def mode(text: str, *schedule: Schedule, fold: int = 0) -> RecordMode:
    return Plan(CONTINUOUS, schedule, Calendar(VIENNA)).mode(at(text, fold))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-06-01T07:59:59", CONTINUOUS),  # a Monday
        ("2026-06-01T08:00:00", EVENTS),
        ("2026-06-01T17:59:59", EVENTS),
        ("2026-06-01T18:00:00", CONTINUOUS),
        ("2026-06-06T12:00:00", CONTINUOUS),  # a Saturday
    ],
)
def test_hours_of_some_days(text: str, wanted: RecordMode) -> None:
    assert mode(text, hours("08:00", "18:00", "mon", "tue", "wed", "thu", "fri")) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-06-05T21:59:59", CONTINUOUS),  # a Friday
        ("2026-06-05T22:00:00", EVENTS),
        ("2026-06-06T05:59:59", EVENTS),
        ("2026-06-06T06:00:00", CONTINUOUS),
        ("2026-06-05T03:00:00", CONTINUOUS),  # that night began on Thursday
        ("2026-06-06T23:00:00", CONTINUOUS),
    ],
)
def test_a_night_belongs_to_the_day_it_began_on(text: str, wanted: RecordMode) -> None:
    assert mode(text, hours("22:00", "06:00", "fri")) is wanted


def test_the_night_after_sunday_is_mondays_morning() -> None:
    assert mode("2026-06-08T01:00:00", hours("22:00", "06:00", "sun")) is EVENTS


@pytest.mark.parametrize("days", [(), DAYS])
def test_no_days_are_all_days_and_no_hours_the_whole_day(days: tuple[str, ...]) -> None:
    for day in range(1, 8):
        for hour in ("00:00:00", "12:00:00", "23:59:59"):
            assert mode(f"2026-06-{day:02d}T{hour}", hours("00:00", "00:00", *days)) is EVENTS


def test_an_end_at_the_beginning_is_a_day_on() -> None:
    saturday = hours("08:00", "08:00", "sat", record="off")
    assert [
        mode(text, saturday)
        for text in ("2026-06-06T07:59:59", "2026-06-06T08:00:00", "2026-06-07T07:59:59", "2026-06-07T08:00:00")
    ] == [CONTINUOUS, OFF, OFF, CONTINUOUS]


def test_the_first_that_fits_counts() -> None:
    lunch, day = hours("12:00", "13:00", record="off"), hours("08:00", "18:00")
    assert mode("2026-06-01T12:30:00", lunch, day) is OFF
    assert mode("2026-06-01T12:30:00", day, lunch) is EVENTS


def test_clocks_set_forward_skip_what_the_wall_never_shows() -> None:
    # 2026-03-29, 02:00 becomes 03:00
    before, after = at("2026-03-29T01:59:59"), at("2026-03-29T03:00:00")
    assert after - before == NS
    plan = Plan(CONTINUOUS, [hours("02:15", "02:45"), hours("02:30", "04:00", record="off")], Calendar(VIENNA))
    assert [plan.mode(before), plan.mode(after), plan.mode(at("2026-03-29T04:00:00"))] == [CONTINUOUS, OFF, CONTINUOUS]


def test_clocks_set_back_show_an_hour_twice_and_it_counts_twice() -> None:
    # 2026-10-25, 03:00 becomes 02:00
    half = hours("02:15", "02:45")
    assert at("2026-10-25T02:30:00", fold=1) - at("2026-10-25T02:30:00") == 3600 * NS
    shown = [("02:30:00", 0), ("02:50:00", 0), ("02:30:00", 1), ("02:50:00", 1)]
    found = [mode(f"2026-10-25T{hour}", half, fold=fold) for hour, fold in shown]
    assert found == [EVENTS, CONTINUOUS, EVENTS, CONTINUOUS]


def test_a_clock_that_was_never_set_keeps_most() -> None:
    plan = Plan(OFF, [hours("08:00", "18:00"), hours("18:00", "19:00", record="continuous")], Calendar(VIENNA))
    assert plan.mode(10 * NS) is CONTINUOUS
    assert Plan(OFF, [hours("08:00", "18:00")], Calendar(VIENNA)).mode(10 * NS) is EVENTS


def test_without_a_zone_the_machines_counts() -> None:
    noon_utc = int(datetime(2026, 6, 1, 12, 30, tzinfo=UTC).timestamp()) * NS
    here = datetime.fromtimestamp(noon_utc // NS, UTC).astimezone()
    around = hours(f"{here:%H}:00", f"{here + timedelta(hours=1):%H}:00")
    assert Plan(CONTINUOUS, [around], Calendar(None)).mode(noon_utc) is EVENTS


@given(
    since=st.integers(0, 1439),
    until=st.integers(0, 1439),
    days=st.sets(st.sampled_from(DAYS)),
    minute=st.integers(0, 10 * 365 * 1440),
)
def test_a_span_lasts_from_its_beginning_for_its_length(since: int, until: int, days: set[str], minute: int) -> None:
    """Against the definition: some chosen day began at most its length ago. In UTC, where no clock is ever set."""
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    one = hours(f"{since // 60:02d}:{since % 60:02d}", f"{until // 60:02d}:{until % 60:02d}", *days)
    length = timedelta(minutes=(until - since) % 1440 or 1440)
    midnight = moment.replace(hour=0, minute=0)
    begins = [midnight + timedelta(days=back, minutes=since) for back in (0, -1)]
    inside = any(begin <= moment < begin + length and (not days or DAYS[begin.weekday()] in days) for begin in begins)
    plan = Plan(CONTINUOUS, [one], Calendar(ZoneInfo("UTC")))
    assert (plan.mode(int(moment.timestamp()) * NS) is EVENTS) == inside
