"""What waits is given up for its age by a clock that can be trusted, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.core.clock import NS, rfc3339
from agent.core.errors import StorageError
from agent.publish.outbox import Outbox
from agent.publish.wishes import Wish, Wishes
from agent.wire.messages import MediaGone
from tests.fixtures.clock import FakeClock

DAY_S = 86_400


class Waiting:
    """A picture, the notice of another and a clip that is still to be made; all put now."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.clock = clock
        self.open(path)
        now_ns = clock.wall_ns()
        now = rfc3339(now_ns)
        self.outbox.put_media(
            id="picture", camera="cam", kind="snapshot", type="image/jpeg", start=now, end=now, source=b"x"
        )
        self.outbox.media.never(MediaGone(id="no", camera="cam", kind="clip", reason="no", start=now, end=now))
        self.wishes.put(Wish("event", "cam", now_ns, now_ns, "full", True, now_ns))

    def open(self, path: Path) -> None:
        self.outbox = Outbox(path / "outbox.db", self.clock)
        self.wishes = Wishes(self.outbox.database, self.clock)

    def given_up(self) -> bool:
        """Were all three? One look at each, as the workers do."""
        media, wishes = self.outbox.media.expire(), len(self.wishes.old())
        kept = [one.id for one in self.outbox.media.waiting(9)]
        assert (media, wishes, kept) in [(0, 0, ["no", "picture"]), (1, 1, ["picture"])]
        return media == 1


@pytest.fixture
def waiting(tmp_path: Path, clock: FakeClock):
    found = Waiting(tmp_path, clock)
    yield found
    found.outbox.close()


def test_what_waits_is_given_up_after_a_week(waiting: Waiting):
    waiting.clock.advance(7 * DAY_S - 1)
    assert not waiting.given_up()
    waiting.clock.advance(2)
    assert waiting.given_up()


def test_when_the_clock_jumps_all_that_waits_has_another_week(waiting: Waiting):
    """A gateway without a battery, put there from storage: its time is nine days old until a server answers."""
    waiting.clock.advance(60)
    assert not waiting.given_up()
    waiting.clock.step_wall(9 * DAY_S)
    for _ in range(7 * 24):
        assert not waiting.given_up()
        waiting.clock.advance(3600)
    assert not waiting.given_up()
    waiting.clock.advance(3601)
    assert waiting.given_up()


@pytest.mark.parametrize("step_days", [25_000, -15_000])
def test_a_clock_that_was_wrong_for_a_while_costs_nothing(waiting: Waiting, step_days: int):
    for seconds in (step_days * DAY_S, -step_days * DAY_S):
        waiting.clock.step_wall(seconds)
        assert not waiting.given_up()
        waiting.clock.advance(4 * 3600)
        assert not waiting.given_up()
    waiting.clock.advance(7 * DAY_S - 10)
    assert not waiting.given_up()
    waiting.clock.advance(20)
    assert waiting.given_up()


def test_a_doubt_outlives_a_power_cut(tmp_path: Path, clock: FakeClock):
    clock.is_synced = False
    waiting = Waiting(tmp_path, clock)
    assert not waiting.given_up()
    waiting.outbox.close()
    waiting.clock = FakeClock(clock.wall_ns() + 9 * DAY_S * NS)
    waiting.open(tmp_path)
    assert not waiting.given_up()
    waiting.clock.advance(7 * DAY_S + 1)
    assert waiting.given_up()
    waiting.outbox.close()


def test_where_a_doubt_cannot_be_kept_nothing_is_given_up(waiting: Waiting, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise StorageError("full")

    waiting.clock.step_wall(9 * DAY_S)
    with monkeypatch.context() as patched:
        patched.setattr(waiting.outbox.database, "run", full)
        assert not waiting.given_up()
        waiting.clock.advance(3601)
        assert not waiting.given_up()
    assert not waiting.given_up()
    waiting.clock.advance(7 * DAY_S + 1)
    assert waiting.given_up()
