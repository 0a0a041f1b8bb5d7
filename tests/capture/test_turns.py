"""Packets are held back only while nobody hurries, never long, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from agent.capture.demux import Read
from agent.capture.turns import HELD_NS, in_turns

MS = 1_000_000


class Wire:
    """Packets that come at given times (ms), by a clock that only reading and resting move."""

    def __init__(self, times_ms: list[int], pts_ms: list[int] | None = None, error: Exception | None = None) -> None:
        self._times_ms, self._pts_ms, self._error = times_ms, pts_ms or times_ms, error
        self.now_ms, self.rests_ms = 0.0, list[float]()
        self.busy_ms = 0.0

    def reads(self) -> Iterator[Read]:
        for came_ms, pts_ms in zip(self._times_ms, self._pts_ms, strict=True):
            asked_ms = self.now_ms
            self.now_ms = max(self.now_ms, came_ms) + self.busy_ms
            packet = av.Packet(1)
            packet.pts, packet.time_base = pts_ms, Fraction(1, 1000)
            yield Read(packet, 0, int(self.now_ms * MS), int((self.now_ms - asked_ms) * MS))
        if self._error is not None:
            raise self._error

    def rest(self, seconds: float) -> None:
        self.rests_ms.append(1000 * seconds)
        self.now_ms += 1000 * seconds

    def handed(self, hurried: Callable[[], bool]) -> list[tuple[int, float]]:
        """Of each packet, its own time and when it was handed on."""
        turns = in_turns(self.reads(), hurried, self.rest)  # type: ignore[arg-type]
        return [(read.packet.pts or 0, self.now_ms) for read in turns]


def never() -> bool:
    return False


def test_who_hurries_gets_each_packet_at_once() -> None:
    times = list(range(0, 2000, 66))
    wire = Wire(times)
    assert wire.handed(lambda: True) == [(at, at) for at in times]
    assert wire.rests_ms == []


@pytest.mark.parametrize("step_ms", [20, 40, 66, 100, 200, 390, 500, 2000])
def test_without_hurry_packets_come_in_order_and_no_later_than_promised(step_ms: int) -> None:
    times = list(range(1000, 1000 + 60 * step_ms, step_ms))
    found = Wire(times).handed(never)
    assert [came for came, _ in found] == times
    assert all(handed - came <= HELD_NS // MS for came, handed in found[:-1])
    late = found[len(found) // 2 :]
    assert (len(late) / len({handed for _, handed in late}) > 2) == (step_ms <= 200)


def test_the_reader_rests_most_of_the_time_and_begins_with_short_rests() -> None:
    wire = Wire(list(range(1000, 21_000, 66)))
    wire.handed(never)
    assert wire.rests_ms[0] < 60
    assert all(before <= after for before, after in pairwise(wire.rests_ms))
    assert sum(wire.rests_ms) > 15_000


def test_on_a_machine_where_every_read_takes_long_nothing_piles_up() -> None:
    wire = Wire(list(range(1000, 61_000, 66)))
    wire.busy_ms = 20
    found = wire.handed(never)
    assert max(handed - came for came, handed in found) < 1000


def test_a_stop_of_the_whole_process_is_caught_up_with_before_the_next_rest() -> None:
    wire = Wire(list(range(1000, 61_000, 66)))
    stopped = iter([*[False] * 40, True])

    def stop_once() -> bool:
        if next(stopped, False):
            wire.now_ms += 1500
        return False

    found = wire.handed(stop_once)
    late = [came for came, handed in found if handed - came > HELD_NS // MS]
    assert 10 < len(late) < 40
    assert late[-1] - late[0] < 2000


def test_times_that_jump_do_not_end_the_rests() -> None:
    times = list(range(1000, 61_000, 66))
    pts = [at if at < 20_000 else at + 3_600_000 if at < 40_000 else at - 500_000 for at in times]
    wire = Wire(times, pts)
    wire.handed(never)
    assert sum(wire.rests_ms) > 45_000


def test_a_viewer_who_comes_waits_for_one_turn() -> None:
    wire = Wire(list(range(1000, 6000, 66)))
    found = wire.handed(lambda: wire.now_ms > 3000)
    assert all(handed == came for came, handed in found if came > 3000 + HELD_NS // MS)


def test_a_stream_that_breaks_gives_all_that_had_come() -> None:
    wire = Wire([1000, 1001, 1002], error=av.InvalidDataError(1, "x"))
    came = in_turns(wire.reads(), never, wire.rest)  # type: ignore[arg-type]
    assert [next(came).packet.pts for _ in range(3)] == [1000, 1001, 1002]
    with pytest.raises(av.InvalidDataError):
        next(came)
