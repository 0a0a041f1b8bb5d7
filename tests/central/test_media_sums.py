"""The sums of media are what counting would find, whatever becomes of media: over both databases."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from agent.central.media_rows import MediaRows
from agent.central.store import media_sums
from agent.central.store.leaving import Leaving
from agent.central.store.schema import media, media_sum
from agent.central.store.views import Views
from agent.wire.topics import Address
from tests.central.helpers import gone, manifest
from tests.central.stores import Store

GATEWAYS = ("gw-1", "gw-2")


def _counted(store: Store) -> dict[str, tuple[int, int]]:
    sums = (sa.func.count(), sa.func.sum(media.c.bytes))
    query = sa.select(media.c.gateway, *sums).where(media.c.state == "ready").group_by(media.c.gateway)
    with store.database.read() as connection:
        return {gateway: (int(many), int(size)) for gateway, many, size in connection.execute(query)}


def _kept(store: Store) -> dict[str, tuple[int, int]]:
    with store.database.read() as connection:
        rows = connection.execute(sa.select(media_sum)).all()
    return {row.gateway: (row.media, row.bytes) for row in rows if (row.media, row.bytes) != (0, 0)}


@pytest.mark.parametrize("seed", range(3))
def test_they_are_what_counting_would_find(store: Store, seed: int) -> None:
    rows, leaving = MediaRows(store.database, store.clock), Leaving(store.database, lambda _: None)
    rng, most = random.Random(seed), 0
    steps: list[Callable[[str, Address, bytes], object]] = [
        lambda key, address, body: rows.begin(address, manifest(key, body)),
        lambda key, address, body: rows.ready(address, manifest(key, body)),
        lambda key, address, body: rows.ready(address, manifest(key, body)),
        lambda key, address, _: rows.gone(address, gone(key)),
        lambda key, *_: rows.forget(key, "called off"),
        lambda *_: leaving.beyond(rng.randrange(4000)),
    ]
    for _ in range(60):
        number = rng.randrange(8)
        address = Address("demo", GATEWAYS[number % 2], ())
        rng.choice(steps)(f"m{number}", address, b"x" * (100 * number + 100))
        assert _kept(store) == _counted(store)
        most = max(most, sum(many for many, _ in _kept(store).values()))
    assert most > 2, "the steps made hardly any"
    with store.database.read() as connection:
        here = media_sums.total(connection)
    stored = Views(store.database, store.clock).stored()
    assert (stored["stored"]["media"], stored["media_bytes"]) == here


def test_a_medium_that_is_told_whole_twice_counts_once(store: Store) -> None:
    rows, address = MediaRows(store.database, store.clock), Address("demo", "gw-1", ())
    one = manifest("m1", b"x" * 100)
    rows.begin(address, one)
    for _ in range(2):
        rows.ready(address, one)
    assert _kept(store) == {"gw-1": (1, 100)}
