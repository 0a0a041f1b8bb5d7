"""What may go over a link that costs: urgent things first, never more than allowed, remembered over restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.config.hours import Hours
from agent.core.clock import NS, parse_rfc3339
from agent.publish.budget import Budget
from agent.publish.cheap import cheap_link
from agent.publish.database import Database
from tests.fixtures.clock import FakeClock

CLASSES = ["event", "track", "asked", "snapshot", "sprite", "live", "clip"]


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock):
    database = Database(tmp_path / "outbox.db", clock)

    def make(**limits: Any) -> Budget:
        return Budget(database, clock, **limits)

    yield make
    database.close()


def set_wall(clock: FakeClock, wall_ns: int) -> None:
    clock.step_wall((wall_ns - clock.wall_ns()) / NS)


def spend_all(budget: Budget, kind: str, size: int = 10_000, most: int = 100_000) -> int:
    spent = 0
    while not budget.refusal(kind) and spent < most * size:
        budget.spend(kind, size)
        spent += size
    return spent


def test_without_limits_everything_goes(make):
    budget = make()
    assert [budget.refusal(kind) for kind in CLASSES] == [""] * len(CLASSES)
    assert not budget.limited


def test_clips_never_eat_what_events_need_and_alarms_always_go(make, clock: FakeClock):
    budget = make(bytes_per_hour=12_000_000)
    assert spend_all(budget, "clip") == 200_000
    assert budget.refusal("clip") == "bytes_per_hour: used up for now"
    assert [budget.refusal(kind) for kind in CLASSES[:-1]] == [""] * (len(CLASSES) - 1)
    assert spend_all(budget, "snapshot") == 400_000  # its own, and those of live pictures
    assert spend_all(budget, "event") == 400_000  # its own, and those of what people ask for
    assert all(budget.refusal(kind) for kind in CLASSES)
    budget.spend("alarm", 1_000_000)
    assert budget.refusal("alarm") == ""
    clock.advance(200)  # 600,000 bytes drip: the debt of the alarm first
    assert all(budget.refusal(kind) for kind in CLASSES)
    clock.advance(400)
    assert budget.refusal("event") == ""
    assert budget.limited


def test_in_any_hour_no_more_than_allowed_and_in_a_long_time_most_of_it(make, clock: FakeClock):
    budget, gone = make(bytes_per_hour=3_600_000), []
    for _ in range(4 * 360):
        clock.advance(10)
        gone.append(spend_all(budget, "clip", 1000))
    windows = [sum(gone[at : at + 360]) for at in range(len(gone) - 360)]
    assert max(windows) <= 3_600_000 + 1000
    assert min(windows) >= 3_200_000


def test_a_rate_is_kept_and_urgent_ones_come_first(make, clock: FakeClock):
    budget, clips, events = make(rate_limit=32_000), 0, 0
    for _ in range(1000):
        clock.advance(0.01)
        if not budget.refusal("event") and events < 100_000:
            budget.spend("event", 1000)
            events += 1000
        if not budget.refusal("clip"):
            budget.spend("clip", 1000)
            clips += 1000
    assert events == 100_000
    assert 300_000 <= clips + events <= 320_000 + 32_000 + 1000


def test_what_was_spent_is_remembered(make, clock: FakeClock):
    set_wall(clock, parse_rfc3339("2026-06-15T12:00:00Z"))
    first = make(bytes_per_month=100_000_000)
    spent = spend_all(first, "snapshot")
    clock.advance(2)
    first.save()
    again = make(bytes_per_month=100_000_000)
    assert again.refusal("snapshot") == "bytes_per_month: used up for now"
    assert (again.spent().month, again.spent().classes) == (spent, {"snapshot": spent})
    other = make(bytes_per_month=200_000_000)  # another contract: its buckets begin anew, the count goes on
    assert (other.refusal("snapshot"), other.spent().month) == ("", spent)


def test_what_is_remembered_may_be_nonsense(make, tmp_path: Path, clock: FakeClock):
    make()
    database = Database(tmp_path / "outbox.db", clock)
    for text in ("{", "[]", '{"hour": 3}', '{"at_ns": "x", "hour": ["", 0], "month": ["", {}, 0], "levels": {}}'):
        database.run(lambda db, text=text: db.execute("INSERT OR REPLACE INTO meta VALUES ('budget', ?)", (text,)))
        assert make(bytes_per_hour=1_000_000).refusal("clip") == ""
    database.close()


def test_hours_and_months_begin_anew_by_the_calendar(make, clock: FakeClock):
    set_wall(clock, parse_rfc3339("2026-06-30T23:59:00Z"))
    budget = make()
    budget.spend("event", 500)
    assert (budget.spent().hour, budget.spent().month) == (500, 500)
    clock.advance(120)
    assert (budget.spent().hour, budget.spent().month) == (0, 0)


def test_in_quiet_hours_pictures_wait_and_messages_go(make, clock: FakeClock):
    set_wall(clock, parse_rfc3339("2026-06-15T07:59:30Z"))
    budget = make(quiet_hours=[Hours.model_validate({"from": "08:00", "to": "18:00"})])
    assert budget.refusal("clip") == ""
    clock.advance(60)
    assert {kind: budget.refusal(kind) for kind in CLASSES} == {
        "event": "", "track": "", "asked": "", "live": "", "snapshot": "quiet hours", "sprite": "quiet hours",
        "clip": "quiet hours",
    }  # fmt: skip
    assert budget.refusal("alarm") == ""
    set_wall(clock, 5 * NS)  # nobody knows the hour
    clock.advance(2)
    assert budget.refusal("clip") == ""


def test_over_a_cheap_link_all_goes_and_costs_nothing(make, clock: FakeClock, tmp_path: Path):
    network = tmp_path / "net"
    (network / "eth9").mkdir(parents=True)
    (network / "eth9/operstate").write_text("down\n")
    budget = make(metered=True, bytes_per_hour=1_000_000, is_cheap=cheap_link(["wlan7", "eth9"], network))
    assert budget.refusal("clip").startswith("a metered link")
    assert budget.refusal("proxy") == ""
    assert spend_all(budget, "event") > 0
    assert budget.refusal("event")
    before = budget.spent().month
    (network / "eth9/operstate").write_text("unknown\n")
    (network / "eth9/carrier").write_text("1\n")
    clock.advance(1)
    assert [budget.refusal(kind) for kind in CLASSES] == [""] * len(CLASSES)
    assert (budget.cheap, budget.limited) == ("eth9", False)
    budget.spend("clip", 50_000_000)
    assert (budget.spent().month, budget.spent().cheap) == (before, 50_000_000)
    (network / "eth9/carrier").unlink()
    clock.advance(1)
    assert budget.refusal("clip")
    assert budget.limited
