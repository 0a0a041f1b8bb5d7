"""Packets are held back only while nobody hurries, never long, and never lost."""

from __future__ import annotations

from collections.abc import Iterator

import av
import pytest

from agent.capture.demux import Read
from agent.capture.turns import HELD_NS, in_turns

MS = 1_000_000


def reads(times_ms: list[int], error: Exception | None = None) -> Iterator[Read]:
    for at in times_ms:
        yield Read(None, 0, at * MS)
    if error is not None:
        raise error


def turns(times_ms: list[int], hurried: list[bool]) -> list[tuple[int, int]]:
    """Of each packet, when it came and when it was handed on (which is when the newest one had come)."""
    newest, found = [0], []

    def noting() -> Iterator[Read]:
        for read in reads(times_ms):
            newest[0] = read.mono_ns // MS
            yield read

    answers = iter(hurried)
    for read in in_turns(noting(), lambda: next(answers, hurried[-1])):
        found.append((read.mono_ns // MS, newest[0]))  # noqa: PERF401 - `newest` moves while the loop runs
    return found


def test_who_hurries_gets_each_packet_at_once() -> None:
    times = list(range(0, 2000, 66))
    assert turns(times, [True]) == [(at, at) for at in times]


@pytest.mark.parametrize("step_ms", [20, 40, 66, 100, 200, 390, 500, 2000])
def test_without_hurry_packets_come_in_order_and_no_later_than_promised(step_ms: int) -> None:
    times = list(range(1000, 1000 + 40 * step_ms, step_ms))
    found = turns(times, [False])
    assert [came for came, _ in found] == times
    last_turn = found[-1][1]
    assert all(handed - came <= HELD_NS // MS for came, handed in found if handed != last_turn)
    together = len(found) / len({handed for _, handed in found})
    assert (together > 2) == (step_ms <= 200)


def test_a_viewer_who_comes_waits_for_one_turn() -> None:
    times = list(range(1000, 3000, 66))
    found = turns(times, [False, False, True])
    first_at_once = next(number for number, (came, handed) in enumerate(found) if number > 12 and came == handed)
    assert all(came == handed for came, handed in found[first_at_once:])


def test_a_stream_that_breaks_gives_all_that_had_come() -> None:
    came = in_turns(reads([1000, 1040, 1080], av.InvalidDataError(1, "x")), lambda: False)
    assert [next(came).mono_ns // MS for _ in range(3)] == [1000, 1040, 1080]
    with pytest.raises(av.InvalidDataError):
        next(came)
