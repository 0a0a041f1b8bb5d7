"""Days as files: how many are open at once, what is not worth a file, and what moves from one to another."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.batch import Batch
from agent.central.ingest import Arrival, Writer
from agent.central.news import News
from agent.central.opening import MOST_DAYS
from agent.central.store import sqlite_days
from agent.central.store.day_schema import tally
from agent.central.store.engines import Unstorable
from agent.central.store.rows import DAY_NS
from agent.central.store.sqlite_days import SqliteChange
from agent.core.clock import NS, rfc3339
from agent.core.ids import new_id
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event, span, track
from tests.central.stores import DAY, Store

PATH = [(0.0, 0.1, 0.2, 0.3, 0.4), (0.5, 0.4, 0.2, 0.6, 0.4)]


def topic(kind: str) -> Address:
    return Address(SITE, GATEWAY, ("camera", CAMERA, kind))


def old(number: int) -> wire.TrackSummary:
    """A track of so many days ago."""
    start = rfc3339(T0_NS - number * DAY_NS)
    return track(f"t{number}", start=start, end=start)


def test_what_would_leave_at_once_is_not_taken(store: Store) -> None:
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts, keep_days=30)
        for seq, back in enumerate((30, 32, 400), 1):
            store.seq = seq
            first_s = -back * DAY_NS / NS
            seen = span(f"s{back}", first_s, first_s + 1, number=seq)
            batch.take(topic("track"), wire.encode(store._envelope(GATEWAY, "track", old(back))))
            batch.take(topic("recording"), wire.encode(store._envelope(GATEWAY, "recording", seen)))
        batch.write()
    assert store.counts.reasons() == {"out_of_time": 4}
    assert store.tracks() == ["t30"]
    assert store.database.days.present() == [DAY - 30]


@contextmanager
def few_files(more: int) -> Iterator[None]:
    """This process may open so many more files than it has open now."""
    held = len(list(Path("/proc/self/fd").iterdir()))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (held + more, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def written(store: Store, messages: list[wire.Envelope]) -> set[int]:
    """What a writer acknowledges of these; it has a turn for each and one more, whatever the database says."""
    acked: set[int] = set()

    def publish(_: str, payload: bytes) -> bool:
        acked.update(wire.decode(wire.Ack, payload).seqs)
        return True

    queue: BoundedQueue[Arrival] = BoundedQueue(10_000)
    for message in messages:
        queue.put(Arrival(topic("track"), wire.encode(message), 0))
    writer, stop = Writer(queue, store.database, store.clock, store.counts, News(), publish), StopToken()
    stop.set()
    for _ in range(len(messages) + 1):
        writer._turn(stop) if writer.queued else None
    assert (writer.error, writer.queued) == ("", 0)
    return acked


def test_a_batch_over_very_many_days_is_written_some_days_at_a_time(plain_store: Store) -> None:
    messages = []
    for number in range(120):
        plain_store.seq += 1
        messages.append(plain_store._envelope(GATEWAY, "track", old(number)))
    with few_files(300):
        assert written(plain_store, messages) == set(range(1, 121))
    assert len(plain_store.database.days.present()) == 120
    assert plain_store.counts.reasons() == {}


def test_to_look_through_all_days_takes_few_files(plain_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_days, "_MOST_OPEN", 4)
    for number in range(80):
        plain_store.put(old(number))
    plain_store.put(span("one", -79 * DAY_NS / NS, -79 * DAY_NS / NS + 5, number=1))
    with few_files(120):
        plain_store.put(span("other", -90 * DAY_NS / NS, -90 * DAY_NS / NS + 5, number=1))
    assert plain_store.footage_breaks() == 1


def test_an_envelope_over_more_days_than_anybody_packs_is_cut_and_answered(plain_store: Store) -> None:
    plain_store.seq += 1
    records = [old(number).model_dump(mode="json") for number in range(MOST_DAYS + 2)]
    many = plain_store._envelope(GATEWAY, "track", old(0)).model_copy(update={"records": records})
    assert written(plain_store, [many]) == {1}
    assert plain_store.counts.reasons() == {"too_many_days": 2}
    assert len(plain_store.database.days.present()) == MOST_DAYS


def test_a_change_that_touches_more_days_than_can_be_open_is_refused_for_good(
    plain_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_days, "MOST_WRITTEN", 3)
    with pytest.raises(Unstorable):
        plain_store.put(*(old(number) for number in range(4)))
    plain_store.put(*(old(number) for number in range(3)))
    assert len(plain_store.tracks()) == 3


def _dies(change: SqliteChange) -> None:
    change._open[change._order()[0]][1].commit()
    raise InterruptedError


def tracks_counted(store: Store, day: int) -> int:
    with store.database.days.read(day) as connection:
        assert connection is not None
        query = sa.select(sa.func.sum(tally.c.tracks)).where(tally.c.colour == 0, tally.c.place == 0)
        return int(connection.scalar(query) or 0)


@pytest.mark.parametrize("dies", [False, True])
def test_what_moves_to_another_day_is_in_one_of_them_whenever_the_centre_dies(
    plain_store: Store, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    store, key, midnight = plain_store, new_id(T0_NS), (DAY + 1) * DAY_NS
    at_night: dict[str, Any] = {"start": rfc3339(midnight + NS), "end": rfc3339(midnight + 90 * NS)}
    first_s = (midnight - T0_NS) / NS
    store.clock._wall_ns = midnight
    store.put(track(key, path=PATH), event("e1", zone="plaza"), span("s1", 0, 5), track("there", **at_night))
    moved = (
        track(key, final=True, **at_night),
        event("e1", "end", first_s + 90, start=at_night["start"]),
        span("s1", first_s, first_s + 5, number=1, shift_ms=5),
        track("new", **at_night),
        track("stays", plate="AB1"),
    )
    if dies:
        with monkeypatch.context() as patch:
            patch.setattr(SqliteChange, "commit", _dies)
            with pytest.raises(InterruptedError):
                store.put(*moved)
        assert store.finds.track(key) is not None
        assert store.finds.event("e1") is not None
    store.put(*moved)
    dump = store.dump()
    assert sorted(row[:2] for row in dump["track"]) == sorted(
        [(key, DAY + 1), ("there", DAY + 1), ("new", DAY + 1), ("stays", DAY)]
    )
    assert [row[:2] for row in dump["event"]] == [("e1", DAY + 1)]
    assert [row[:2] for row in dump["recording"]] == [("s1", DAY + 1)]
    assert [tracks_counted(store, day) for day in (DAY, DAY + 1)] == [1, 3]
    found = store.finds.event("e1")
    assert found is not None
    assert found["zone"] == "plaza"  # which only the message before has said
