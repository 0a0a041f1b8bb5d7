"""How much moved, kept by the second at the gateway, and taken along by the footage that is told of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import WireError
from agent.edge.keeper import Keeper
from agent.edge.motion import KEPT_S, MotionLedger, read_levels
from agent.edge.teller import MOST_WAITING, WAIT_NS, Teller
from agent.publish.outbox import Outbox
from agent.record.segment import Segment
from agent.wire.messages import MOST_MOTION_S, UNSEEN, unpack_motion
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store, segment

T = 1_780_000_000


def ledger(*levels: tuple[int, int]) -> MotionLedger:
    made = MotionLedger(["cam"])
    made.hear({"cam": levels, "nobody": levels})
    return made


def of(found: MotionLedger, first_s: float, last_s: float) -> list[int]:
    return list(found.of("cam", round((T + first_s) * NS), round((T + last_s) * NS)))


def test_each_second_that_a_span_touches_has_a_level_and_none_where_nobody_looked() -> None:
    found = ledger((T, 0), (T + 1, 7), (T + 3, 9))
    assert of(found, 0.9, 4.0) == [0, 7, UNSEEN, 9]
    assert of(found, 0, 4.001) == [0, 7, UNSEEN, 9, UNSEEN]
    assert of(found, -2, -1) == [UNSEEN]
    assert found.of("another", T * NS, (T + 1) * NS) == b""
    assert MotionLedger(["cam"]).of("cam", T * NS, (T + 1) * NS) == b""


def test_a_second_that_is_told_twice_keeps_the_higher_level() -> None:
    assert of(ledger((T, 5), (T, 3), (T, 8), (T + 1, 1), (T, 2)), 0, 2) == [8, 1]


def test_only_the_last_hour_is_kept_and_a_clock_that_was_set_begins_anew() -> None:
    found = ledger((T, 5), (T + KEPT_S - 1, 6))
    assert of(found, 0, 1) == [5]
    found.hear({"cam": [(T + KEPT_S, 7)]})
    assert of(found, 0, 1) == [UNSEEN]
    assert of(found, KEPT_S - 1, KEPT_S + 1) == [6, 7]
    found.hear({"cam": [(T - 10 * KEPT_S, 4)]})
    assert of(found, KEPT_S - 1, KEPT_S + 1) == [UNSEEN, UNSEEN]
    assert of(found, -10 * KEPT_S, -10 * KEPT_S + 1) == [4]


def test_what_lay_between_two_seconds_an_hour_apart_is_not_taken_for_what_was_there_before() -> None:
    found = ledger(*((T + second, 9) for second in range(KEPT_S)))
    found.hear({"cam": [(T + KEPT_S + 60, 1)]})
    assert of(found, KEPT_S - 1, KEPT_S + 61) == [9, *[UNSEEN] * 60, 1]


def test_a_very_long_span_has_its_first_minutes_alone() -> None:
    assert len(of(ledger((T, 1)), 0, 10 * MOST_MOTION_S)) == MOST_MOTION_S


@pytest.mark.parametrize("told", [
    {"cam": [[T, 101]]}, {"cam": [[T, -1]]}, {"cam": [[T, 1.5]]}, {"cam": [[1 << 41, 1]]}, {"cam": [["x", 1]]},
])  # fmt: skip
def test_levels_that_are_none_are_refused(told: dict) -> None:
    with pytest.raises(WireError):
        read_levels(told)


class Desk:
    """A teller with an outbox behind it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.motion = FakeClock(T * NS), ledger()
        self.store, self._outbox = new_store(folder / "recordings", self.clock), Outbox(folder / "o.sqlite", self.clock)
        self.keeper = Keeper(self._outbox)
        self.teller = Teller(self.store, self.keeper, self.clock, self.motion)

    def told(self) -> dict[str, list[int] | None]:
        """By segment: the levels that went along."""
        self.keeper.flush()
        records = [json.loads(message.record) for message in self._outbox.waiting(1000)]
        return {one["id"]: list(unpack_motion(one["motion"])) if "motion" in one else None for one in records}

    def close(self) -> None:
        self._outbox.close()
        self.store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def closed(name: str = "a", **more: object) -> Segment:
    """A segment of three seconds of the clock."""
    times = {"start_ns": T * NS + 500, "end_ns": (T + 3) * NS, "shift_ns": 0}
    return replace(segment(0), id=name, camera="cam", **(times | more))  # type: ignore[arg-type]


def test_a_segment_waits_until_its_last_second_was_looked_at(desk: Desk) -> None:
    desk.motion.hear({"cam": [(T, 4), (T + 1, 5)]})
    desk.teller.tell(closed())
    desk.teller.turn()
    assert desk.told() == {}
    desk.motion.hear({"cam": [(T + 2, 6)]})
    desk.teller.turn()
    desk.teller.turn()
    assert desk.told() == {"a": [4, 5, 6]}


@pytest.mark.parametrize("ends", [lambda desk: desk.clock.advance(WAIT_NS / NS), lambda desk: desk.teller.flush()])
def test_it_goes_with_what_is_known_after_five_seconds_and_at_the_end(desk: Desk, ends: Callable[[Desk], None]) -> None:
    desk.motion.hear({"cam": [(T, 4)]})
    desk.teller.tell(closed())
    ends(desk)
    desk.teller.turn()
    assert desk.told() == {"a": [4, UNSEEN, UNSEEN]}


@pytest.mark.parametrize("known", [[], [(T - 60, 3)], [(T + 2, 3)]])
def test_nobody_waits_for_who_does_not_look_or_has_looked(desk: Desk, known: list[tuple[int, int]]) -> None:
    desk.motion.hear({"cam": known})
    desk.teller.tell(closed())
    assert list(desk.told()) == ["a"]


def test_no_more_than_so_many_wait(desk: Desk) -> None:
    desk.motion.hear({"cam": [(T, 4)]})
    for number in range(MOST_WAITING + 2):
        desk.teller.tell(closed(f"s{number}"))
    assert list(desk.told()) == ["s0", "s1"]


def test_what_was_seen_by_a_wrong_clock_goes_along_with_the_times_put_right(desk: Desk) -> None:
    desk.motion.hear({"cam": [(T, 4), (T + 1, 5), (T + 2, 6)]})
    late = {"start_ns": (T + 3600) * NS, "end_ns": (T + 3603) * NS, "shift_ns": 3600 * NS}
    desk.teller.correct(closed(**late))
    assert desk.told() == {"a": [4, 5, 6]}
