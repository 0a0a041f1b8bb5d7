"""Messages about one thing make one row, in any order and however often they come."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.central.store.merge import document, fold_event, merge_event
from agent.central.store.outboxes import MOST_RANGES, Ledger
from agent.central.store.ranges import Ranges
from agent.central.store.rows import event_row, track_row
from agent.central.store.summary import Summary, merge_track, read_body, summaries, track_body
from agent.core.errors import WireError
from tests.central.helpers import event, track

REFS = st.lists(
    st.sampled_from("abc").map(lambda key: {"id": key, "kind": "snapshot", "type": "image/jpeg", "bytes": 5}),
    max_size=2,
)
EVENTS = st.builds(
    lambda phase, at_s, label, refs, zone, mark: event(
        "e1", phase, at_s, label=label, media=refs, zone=zone, attributes={"mark": mark} if mark else {}
    ),
    st.sampled_from(["start", "update", "end"]),
    st.integers(0, 5),
    st.sampled_from([None, "person", "cat"]),
    REFS,
    st.sampled_from([None, "plaza"]),
    st.sampled_from(["", "x", "y"]),
)
TRACKS = st.builds(
    lambda final, at_s, refs, label, path: track("t1", final=final, at_s=at_s, media=refs, label=label, path=path),
    st.booleans(),
    st.integers(0, 5),
    REFS,
    st.sampled_from(["person", "cat"]),
    st.lists(st.tuples(st.floats(0, 1e6), *[st.floats(0, 1)] * 4), max_size=3),
)


@given(st.data(), st.lists(EVENTS, min_size=1, max_size=6))
def test_an_events_row_does_not_depend_on_order_or_repetition(data: st.DataObject, records: list[Any]) -> None:
    shuffled = data.draw(st.permutations([*records, *data.draw(st.lists(st.sampled_from(records), max_size=3))]))
    one, other = _events(records), _events(shuffled)
    assert (event_row(one), fold_event(one)) == (event_row(other), fold_event(other))


def _events(records: Any) -> Any:
    phases = None
    for record in records:
        phases = merge_event(phases, record)
    return phases


@given(st.data(), st.lists(TRACKS, min_size=1, max_size=6))
def test_a_tracks_row_does_not_depend_on_order_or_repetition(data: st.DataObject, records: list[Any]) -> None:
    shuffled = data.draw(st.permutations([*records, *data.draw(st.lists(st.sampled_from(records), max_size=3))]))
    one, other = _tracks(records), _tracks(shuffled)
    assert (_row(one), track_body(one)) == (_row(other), track_body(other))
    again = read_body(**track_body(one))
    assert (_row(again), again.text, set(again.cells)) == (_row(one), one.text, set(one.cells))


def _row(summary: Summary) -> dict[str, Any]:
    return track_row(summary.fields, summary.tiles)


def _tracks(records: Any) -> Any:
    """Some of them read back from what was stored in between."""
    held = None
    for number, fresh in enumerate(summaries(records)):
        assert isinstance(fresh, Summary)
        held = merge_track(held, fresh)
        held = read_body(**track_body(held)) if number % 2 else held
    return held


def test_what_a_later_phase_leaves_out_stays_and_what_it_says_wins() -> None:
    start = event("e1", "start", 0, label="person", zone="plaza", severity="alarm", score=0.5)
    end = event("e1", "end", 9, score=0.9, attributes={"colour": "green"})
    phases = _events([end, start])
    row, record = event_row(phases), fold_event(phases)
    assert (row["phase"], row["severity"], row["label"]) == ("end", "alarm", "person")
    assert (record["zone"], record["score"], record["attributes"]) == ("plaza", 0.9, {"colour": "green"})
    assert row["end_ns"] == row["start_ns"] + 9 * 10**9


@pytest.mark.parametrize(
    "more",
    [
        {"count": 10**20},
        {"attributes": {"a": ["\x00"]}},
        {"label": "\x00"},
        {"start": "9999-01-01T00:00:00Z"},
        {"start": "0001-01-01T00:00:00Z"},
    ],
)
def test_what_no_database_takes_is_refused_before_it_gets_there(more: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        merge_event(None, event("e1", **more))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_never_reach_a_reader(number: float) -> None:
    try:
        kept = [document(track("t1", speed=number)), document(event("e1", attributes={"a": [number]}))]
    except WireError:
        return
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


def test_json_that_is_kept_has_no_lone_surrogate() -> None:
    with pytest.raises(WireError):
        document(event("e1").model_copy(update={"label": "\ud800"}))


SETS = st.sets(st.integers(1, 40))


@given(SETS, SETS, st.integers(0, 41))
def test_ranges_are_sets(a: set[int], b: set[int], floor: int) -> None:
    ranges, other = Ranges((n, n) for n in sorted(a, key=hash)), Ranges((n, n) for n in b)
    assert _numbers(ranges) == a
    assert _numbers(ranges.without(other)) == a - b
    assert _numbers(ranges.above(floor)) == {n for n in a if n > floor}
    assert ranges.count() == len(a)
    assert ranges.last == max(a, default=0)
    assert {n for n in range(42) if n in ranges} == a
    assert all(second[0] > first[1] + 1 for first, second in zip(list(ranges), list(ranges)[1:], strict=False))


def _numbers(ranges: Ranges) -> set[int]:
    return {n for first, last in ranges for n in range(first, last + 1)}


GAPS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), max_size=2)
ENVELOPES = st.lists(st.tuples(st.lists(st.integers(1, 30), min_size=1, max_size=4) | st.integers(1, 30), GAPS))


@given(ENVELOPES)
def test_the_ledger_counts_what_came_what_was_dropped_and_what_is_lost(messages: list[Any]) -> None:
    ledger, came, announced = Ledger(), set[int](), set[int]()
    stored = duplicates = given_up = 0
    for said, gaps in messages:
        seqs = said if isinstance(said, list) else list(range(said, said + 5))
        dropped = [(first, first + more) for first, more in gaps]
        ledger = ledger.with_messages(seqs, dropped)
        for number, seq in enumerate(seqs):
            # what lies below the mark counts as known, be it received or announced
            mark = next(n for n in range(1, 100) if n not in came | announced)
            known = seq in came or seq < mark
            stored, duplicates, came = stored + (not known), duplicates + known, came | {seq}
            if not number:
                fresh = {n for first, last in dropped for n in range(first, last + 1) if n >= mark}
                given_up += len(fresh - announced - came)
                announced |= fresh
        top = max(came | announced)
        missing = set(range(1, top + 1)) - came - announced
        assert (ledger.lost, ledger.high) == (len(missing), min(missing, default=top + 1) - 1)
    assert (ledger.stored, ledger.duplicates, ledger.dropped) == (stored, duplicates, given_up)
    assert Ledger.of(ledger.row()) == ledger


def _steps(work: Callable[..., object], *values: object) -> int:
    """How many lines of ours that takes: what it costs, and the same on every machine."""
    count, before = 0, sys.gettrace()

    def step(frame: FrameType, what: str, _: object) -> Any:
        nonlocal count
        count += what == "line" and "/agent/" in frame.f_code.co_filename
        return step

    sys.settrace(step)
    try:
        work(*values)
    finally:
        sys.settrace(before)
    return count


def test_what_a_message_costs_does_not_grow_with_the_square_of_the_holes() -> None:
    def holes(count: int) -> Ledger:
        announced = tuple((n, n) for n in range(5, 4 * count, 8))
        return Ledger(1, tuple((n, n) for n in range(3, 4 * count, 8)), announced, count)

    few, many = holes(MOST_RANGES // 32), holes(MOST_RANGES // 2)
    assert (few.holes, many.holes) == (MOST_RANGES // 32, MOST_RANGES // 2)
    drops = [(n, n) for n in range(5, 2000, 8)]
    for seqs, dropped in (([2], drops), (list(range(2, 400)), []), (list(range(8, 3200, 8)), [])):
        small, large = (_steps(one.with_messages, seqs, dropped) for one in (few, many))
        assert large < 20 * small, (seqs[:3], small, large)
    last = many.announced[-1][1] + 10
    behind = many.with_messages([last], [])
    going_on = _steps(behind.with_messages, list(range(last + 1, last + 200)), [])
    assert going_on < _steps(few.with_messages, [2], [])


@pytest.mark.parametrize(("seq", "dropped"), [(1 << 60, []), (1, [(5, 2)]), (1, [(0, 2)]), (1, [(1, 1 << 60)])])
def test_numbers_beyond_reason_are_refused(seq: int, dropped: list[tuple[int, int]]) -> None:
    with pytest.raises(WireError):
        Ledger().with_messages([seq], dropped)
