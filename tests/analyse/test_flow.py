"""What stands between socket and pipeline: sampling, shedding, turns, what goes out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.analyse.frames import Sampler, as_fraction
from agent.analyse.ladder import Ladder, Load
from agent.analyse.outgoing import Outgoing
from agent.analyse.turns import Turns


def taken(fps, time_base, stamps):
    sampler = Sampler(as_fraction(fps), time_base)
    return [number for number, pts in enumerate(stamps, 1) if sampler.takes(pts)]


def test_ten_frames_a_second_at_five_are_the_odd_ones_for_ever():
    assert taken(5, Fraction(1, 10), range(36_000)) == list(range(1, 36_001, 2))


def test_sampling_goes_by_the_first_timestamp_and_exact_fractions():
    stamps = [7_000_000 + 3003 * number for number in range(9000)]  # 29.97 in 1/90000
    expected, slot = [], 0
    for number, pts in enumerate(stamps, 1):
        if Fraction(pts - stamps[0], 90_000) >= Fraction(slot, 5):
            expected.append(number)
            slot = Fraction(pts - stamps[0], 90_000) * 5 // 1 + 1
    assert taken(5, Fraction(1, 90_000), stamps) == expected


def test_zero_takes_every_frame_and_a_slow_source_gives_all_it_has():
    assert taken(0, Fraction(1, 25), range(50)) == list(range(1, 51))
    assert taken(5, Fraction(1), range(20)) == list(range(1, 21))


def test_after_a_hole_the_grid_stays_where_it_was():
    assert taken(5, Fraction(1, 10), [0, 1, 2, 33, 34, 35]) == [1, 3, 4, 5]


def test_timestamps_that_jump_back_begin_again():
    assert taken(5, Fraction(1, 10), [0, 1, 2, 3, 0, 1, 2]) == [1, 3, 5, 7]


@given(st.integers(1, 60), st.integers(1, 120), st.integers(1, 400))
def test_never_more_than_asked_for(fps, rate, count):
    sampler = Sampler(Fraction(fps), Fraction(1, rate))
    number = sum(sampler.takes(pts) for pts in range(count))
    assert number <= Fraction(count - 1, rate) * fps + 1


def climb(ladder: Ladder, seconds: int, **load) -> None:
    for _ in range(seconds):
        ladder.note(Load(**load))


LATE, LOST = {"late_s": 3}, {"lost_share": 0.9}


def test_the_ladder_goes_down_by_steps_and_up_again():
    ladder = Ladder(Fraction(10))
    climb(ladder, 1, **LATE)
    assert (ladder.shed, ladder.fps) == ("none", 10)
    climb(ladder, 1, **LATE)
    assert (ladder.shed, ladder.fps) == ("down to 5 pictures a second", 5)
    climb(ladder, 4, **LOST)
    assert (ladder.shed, ladder.fps) == ("down to 5 pictures a second", 5)  # the step is given time to show
    climb(ladder, 1, **LOST)
    assert (ladder.shed, ladder.fps) == ("down to 2 pictures a second", 2)
    climb(ladder, 5, **LOST)
    assert (ladder.shed, ladder.keyframes_only) == ("keyframes only", True)
    climb(ladder, 10, **LOST)
    assert ladder.keyframes_only
    climb(ladder, 9)
    assert ladder.keyframes_only
    for shed in ("down to 2 pictures a second", "down to 5 pictures a second", "none"):
        climb(ladder, 1)
        assert ladder.shed == shed
        climb(ladder, 9)


@pytest.mark.parametrize(("fps", "steps"), [(5, ["2", "keyframes"]), (2, ["keyframes"]), (3.5, ["2", "keyframes"])])
def test_what_is_configured_is_the_top_of_the_ladder(fps, steps):
    ladder = Ladder(as_fraction(fps))
    for step in steps:
        climb(ladder, 5, **LATE)
        assert step in ladder.shed
    climb(ladder, 9, **LATE)
    assert ladder.keyframes_only


def test_a_step_up_that_would_not_fit_is_not_taken():
    ladder = Ladder(Fraction(5))
    climb(ladder, 7, **LATE)
    full = {"think_s": 0.03, "streams": 16, "cores": 2}  # at 2 pictures a second 0.96 of the thinking thread
    climb(ladder, 60, **full)
    assert ladder.keyframes_only
    climb(ladder, 10, **(full | {"streams": 8, "decode_s": 1.2}))  # 0.48 of it, but 1.68 of 2 cores
    assert ladder.keyframes_only
    climb(ladder, 1, **(full | {"streams": 8, "decode_s": 0.5}))
    assert ladder.shed == "down to 2 pictures a second"
    climb(ladder, 60, **(full | {"streams": 8}))  # at 5 it would be 1.2
    assert ladder.shed == "down to 2 pictures a second"
    climb(ladder, 10, **(full | {"streams": 5}))
    assert ladder.shed == "none"


def test_a_step_up_that_had_to_be_taken_back_is_tried_later():
    ladder = Ladder(Fraction(5))
    climb(ladder, 2, **LATE)
    climb(ladder, 10)
    assert ladder.shed == "none"
    climb(ladder, 2, **LATE)
    climb(ladder, 19)
    assert ladder.shed != "none"
    climb(ladder, 1)
    assert ladder.shed == "none"


def test_when_cameras_go_a_step_up_is_tried_sooner_again():
    ladder = Ladder(Fraction(5))
    for patience in (10, 20, 40):  # each step up is taken back
        climb(ladder, 2, streams=9, **LATE)
        climb(ladder, patience, streams=9)
        assert ladder.shed == "none"
    climb(ladder, 2, streams=9, **LATE)
    climb(ladder, 20, streams=9)
    assert ladder.shed != "none"
    climb(ladder, 1, streams=8)
    assert ladder.shed == "none"


class Ticks:
    """A clock that goes on by one each time it is read."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


def test_turns_go_round_and_the_newest_wins():
    turns = Turns[int](["a", "b", "c"], Ticks())
    for number in range(5):
        turns.put("a", number)
    turns.put("b", 10)
    assert [turns.take(0), turns.take(0), turns.take(0)] == [("a", 4), ("b", 10), None]
    assert turns.replaced("a") == 4
    turns.put("a", 5)
    turns.put("c", 20)
    assert turns.take(0) == ("c", 20)


def test_who_waited_longest_is_served_first_and_being_replaced_is_no_newer_wait():
    turns, served = Turns[int](["a", "b", "c"], Ticks()), []
    for number in range(30):
        for name in "abc":
            turns.put(name, number)
        served.append(turns.take(0)[0])
    assert [served.count(name) for name in "abc"] == [10, 10, 10]


def test_where_somebody_moves_turns_come_more_often_and_nobody_starves():
    turns, served = Turns[int](["a", "b", "c", "d"], Ticks()), []
    turns.weigh("c", 2.0)
    for number in range(120):
        for name in "abcd":
            turns.put(name, number)
        served.append(turns.take(0)[0])
    counts = {name: served.count(name) for name in "abcd"}
    assert counts["c"] > 1.5 * counts["a"]
    assert min(counts.values()) >= 18


def test_a_picture_that_was_kept_waits_for_the_one_before_it():
    turns, got = Turns[int](["a"], Ticks()), []

    def bring() -> None:
        for number in range(20):
            turns.put("a", number, 10.0)

    bringer = threading.Thread(target=bring)
    bringer.start()
    while len(got) < 20:
        turn = turns.take(5)
        got += [] if turn is None else [turn[1]]
    bringer.join(5)
    assert got == list(range(20))
    assert turns.replaced("a") == 0


def test_patience_ends():
    turns = Turns[int](["a"], Ticks())
    turns.put("a", 1)
    turns.put("a", 2, 0.01)
    assert (turns.take(0), turns.replaced("a")) == (("a", 2), 1)


def test_the_end_of_a_stream_comes_after_its_last_picture():
    turns = Turns[int](["a"], Ticks())
    turns.put("a", 1)
    turns.over("a")
    assert [turns.take(0), turns.take(0), turns.take(0)] == [("a", 1), ("a", None), None]


def all_turns(turns: Turns[str]) -> list[tuple[str, str | None]]:
    return list(iter(lambda: turns.take(0), None))


def test_the_end_of_a_session_comes_before_the_pictures_of_the_next():
    turns = Turns[str](["a"], Ticks())
    turns.put("a", "A8")
    turns.put("a", "A9")
    turns.over("a")
    turns.put("a", "B1")
    assert turns.take(0) == ("a", "A9")
    turns.put("a", "B2")
    assert all_turns(turns) == [("a", None), ("a", "B2")]
    assert turns.replaced("a") == 2


def test_an_end_is_no_later_when_the_next_session_always_has_a_picture():
    turns, got = Turns[str](["a", "b"], Ticks()), []
    turns.put("a", "A9")
    turns.over("a")
    for number in range(6):
        turns.put("a", f"B{number}")
        turns.put("b", str(number))
        got.append(turns.take(0))
    assert [item for name, item in got if name == "a"] == ["A9", None, "B4"]
    assert [item for name, item in got if name == "b"] == ["1", "3", "5"]


def test_two_ends_are_each_told_after_the_pictures_of_their_own():
    turns = Turns[str](["a", "b"], Ticks())
    for name in "ab":
        turns.put(name, "A9")
        turns.over(name)
        turns.put(name, "B1")
        turns.put(name, "B2")
        turns.over(name)
        turns.put(name, "C1")
    got = all_turns(turns)
    for name in "ab":
        assert [item for other, item in got if other == name] == ["A9", None, "B2", None, "C1"]
        assert turns.replaced(name) == 1


def test_a_session_that_showed_nothing_has_no_end_of_its_own():
    turns = Turns[str](["a"], Ticks())
    turns.put("a", "A9")
    for _ in range(3):
        turns.over("a")
    assert all_turns(turns) == [("a", "A9"), ("a", None)]


def test_sessions_that_nobody_has_time_for_do_not_pile_up():
    turns = Turns[str](["a"], Ticks())
    for session in "ABCDEFGH":
        turns.put("a", session)
        turns.over("a")
    turns.put("a", "I")
    assert all_turns(turns) == [("a", "A"), ("a", None), ("a", "B"), ("a", None), ("a", "I")]
    assert turns.replaced("a") == 6


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual_s)


def test_sessions_that_turn_while_they_are_taken_are_never_mixed(hasty_threads):
    for _ in range(10):
        turns, last, got = Turns[int](["a"], Ticks()), 1000, []
        bringer = threading.Thread(target=bring_sessions, args=(turns, last))
        bringer.start()
        while not got or got[-1] != last:
            turn = turns.take(5)
            got += [] if turn is None else [turn[1]]
        bringer.join(5)
        shown, ends = got[::2], got[1::2]
        assert set(ends) <= {None}
        assert shown == sorted(set(shown))
        assert len(shown) + turns.replaced("a") == last + 1


def bring_sessions(turns: Turns[int], last: int) -> None:
    for session in range(last):
        turns.put("a", session)
        turns.over("a")
    turns.put("a", last)


def test_when_full_pictures_go_first_oldest_first():
    out = Outgoing(most_items=3)
    for data, may_go in [(b"p1", True), (b"e1", False), (b"p2", True), (b"e2", False)]:
        out.put(data, may_go=may_go)
    assert [out.get(), out.get(), out.get()] == [b"e1", b"p2", b"e2"]
    assert out.dropped == 1


def test_a_picture_does_not_push_out_an_event():
    out = Outgoing(most_items=2)
    for data, may_go in [(b"e1", False), (b"e2", False), (b"p1", True)]:
        out.put(data, may_go=may_go)
    out.close()
    assert [out.get(), out.get(), out.get()] == [b"e1", b"e2", None]


def test_bytes_count_too_and_one_item_always_fits():
    out = Outgoing(most_bytes=10)
    out.put(b"x" * 100, may_go=True)
    out.put(b"y" * 8, may_go=True)
    out.close()
    assert [out.get(), out.get()] == [b"y" * 8, None]


@pytest.mark.parametrize("ends", ["taken", "closed"])
def test_an_event_waits_for_room(ends):
    out = Outgoing(most_items=1)
    out.put(b"e1", may_go=False)
    writer = threading.Thread(target=out.put, args=(b"e2",), kwargs={"may_go": False})
    writer.start()
    writer.join(0.05)
    assert writer.is_alive()
    first = out.get() if ends == "taken" else out.close()
    writer.join(5)
    assert not writer.is_alive()
    assert first in {b"e1", None}
