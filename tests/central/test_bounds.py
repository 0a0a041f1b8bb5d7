"""What a gateway makes up (names of cameras, outboxes) does not fill the store, and says so."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from agent.central.batch import AckKey, Batch
from agent.central.small_rows import MOST_CAMERAS
from agent.central.store import outboxes, schema
from agent.central.store.day_schema import heat, tally, track
from agent.central.store.reach import EVERYTHING
from agent.central.store.views import Views
from agent.wire.topics import Address
from tests.central.helpers import GATEWAY, SITE
from tests.central.helpers import track as a_track
from tests.central.stores import DAY, Store


def _take(store: Store, *said: tuple[str, str, int]) -> Batch:
    """Tracks from (camera, outbox, number)."""
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        for camera, outbox, seq in said:
            path = [(0, 0.1, 0.1, 0.2, 0.2)]
            record = a_track(f"{outbox}.{seq}", final=True, path=path).model_dump(mode="json") | {"camera": camera}
            head = {"site": SITE, "gateway": GATEWAY, "outbox": outbox, "class": "track", "seq": seq}
            payload = json.dumps(head | {"records": [record]}).encode()
            batch.take(Address(SITE, GATEWAY, ("camera", camera, "track")), payload)
        batch.write()
    return batch


def _rows(store: Store, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    if table.metadata is schema.metadata:
        with store.database.read() as connection:
            return int(connection.scalar(query) or 0)
    with store.database.days.read(DAY) as day:
        assert day is not None
        return int(day.scalar(query.where(table.c.day == DAY)) or 0)


def test_cameras_that_are_made_up_have_an_end_and_those_that_are_known_go_on(store: Store) -> None:
    store.clock.advance(60)
    more = 30
    first = _take(store, *((f"cam{number}", "o", number + 1) for number in range(MOST_CAMERAS)))
    assert (first.problems, store.counts.reasons()) == ([], {})
    before = {table.name: _rows(store, table) for table in (schema.place, schema.camera, tally, heat, track)}
    batch = _take(store, *((f"other{number}", "o", MOST_CAMERAS + number + 1) for number in range(more)))
    assert batch.acks[AckKey(SITE, GATEWAY, "o", "track")] == [MOST_CAMERAS + number + 1 for number in range(more)]
    assert {table.name: _rows(store, table) for table in (schema.place, schema.camera, tally, heat, track)} == before
    assert store.counts.reasons() == {"too_many_cameras": more}
    assert batch.problems[0].startswith(
        f"{SITE}/{GATEWAY} has named 256 cameras: no more are kept, nor what other0 saw"
    )
    _take(store, ("cam7", "o", MOST_CAMERAS + more + 1))
    assert (_rows(store, track), _rows(store, schema.place)) == (MOST_CAMERAS + 1, MOST_CAMERAS)
    assert Views(store.database, store.clock).stored()["lost"] == 0


def test_outboxes_that_are_made_up_have_an_end_and_their_sums_stay(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "_MOST_LEDGERS", 3)

    def sums() -> tuple[int, int, int]:
        told = Views(store.database, store.clock).stored()
        return told["stored"]["envelopes"]["track"], told["duplicates"], told["lost"]

    def names() -> list[str]:
        with store.database.read() as connection:
            return sorted(connection.scalars(sa.select(schema.outbox_seq.c.outbox)))

    assert _take(store, *(("cam", f"a{number}", 3) for number in range(3))).problems == []
    assert (names(), sums()) == (["a0", "a1", "a2"], (3, 0, 6))
    batch = _take(store, *(("cam", f"b{number}", 1) for number in range(4)), ("cam", "b3", 1))
    assert (names(), sums()) == (["-", "b1", "b2", "b3"], (7, 1, 6))
    assert batch.problems[0].startswith(f"{SITE}/{GATEWAY} has had 200 outboxes; of the oldest only sums are kept")
    _take(store, ("cam", "b3", 2), ("cam", "c", 1))
    assert (names(), sums()) == (["-", "b2", "b3", "c"], (9, 1, 6))


def test_a_count_that_took_long_stands_for_whoever_asks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    views, counted = Views(store.database, store.clock), []

    def count(_: Views) -> dict[str, int]:
        counted.append(store.clock.advance(1))
        return {}

    monkeypatch.setattr(Views, "_count_days", count)
    for person in (views, views.limited(EVERYTHING, evidence=False), views.limited(EVERYTHING)):
        assert "media" in person.stored()["stored"]
    assert len(counted) == 1
    store.clock.advance(30)
    views.limited(EVERYTHING, evidence=False).stored()
    assert len(counted) == 2
