"""Stores that are large, kept between runs: 5, 20, 50 million tracks take minutes to an hour to build.

`python -m tests.bench.sized sqlite 5_000_000` makes the store under LAMPPOST_SIZED (/var/tmp/lamppost-centre) grow to
that many, over 30 days, or says that it has them. What a day has is read from its own counts, which are written last:
a build that was cut off goes on with that day's part, whose tracks get the same ids again.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.day_schema import day_metadata, tally
from agent.central.store.rows import day_of
from tests.bench.city import City
from tests.fixtures.postgres import Postgres, binaries

DAYS = 30
PART = 5_000_000
"""Stores grow by parts: what is built for 5 million is the beginning of 20 million."""
BUILDERS = 2
"""Processes that draw tracks and hand them to a server."""
TUNED = ("shared_buffers=2GB", "max_wal_size=4GB", "effective_cache_size=8GB", "random_page_cost=1.1", "jit=off")
"""What `docs/design/centre.md` advises for a server of 16 GB."""
_SEARCHED = ("track", "track_body", "track_plate", "tally")


class Sized(NamedTuple):
    """An open store and where another process finds it."""

    database: Database
    url: str
    folder: Path
    last_day: int


def root() -> Path:
    """Where the large stores lie."""
    return Path(os.environ.get("LAMPPOST_SIZED", "/var/tmp/lamppost-centre"))


@contextmanager
def opened(kind: str, *, building: bool = False) -> Iterator[Sized]:
    """The large store of this kind, made when there is none; while it is `building` nothing waits for the disk."""
    folder = root() / kind
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    cluster = _cluster(folder, building=building) if kind == "postgresql" else None
    database = None
    try:
        url = cluster.address("postgres") if cluster else "sqlite"
        database = Database.open(url, folder)
        _renew(database)
        yield Sized(database, url, folder, _last_day(folder))
    finally:
        if database is not None:
            database.close()
        if cluster is not None:
            cluster.stop("fast")


def _renew(database: Database) -> None:
    """Tables and columns that came after the store was built; nothing is released, so no migration makes them."""
    with database.write() as connection:
        schema.metadata.create_all(connection)
        if database.kind == "postgresql":
            day_metadata.create_all(connection)
            _widen(connection)
    for day in database.days.present() if database.kind == "sqlite" else ():
        with database.days.read(day) as one:
            assert one is not None
            day_metadata.create_all(one)
            _widen(one)
            one.commit()


def _widen(connection: sa.Connection) -> None:
    has = {
        table: {one["name"] for one in sa.inspect(connection).get_columns(table)} for table in ("track", "track_body")
    }
    if "tiles" not in has["track"]:
        connection.execute(sa.text("ALTER TABLE track ADD COLUMN tiles BIGINT NOT NULL DEFAULT 0"))
    if "received_ns" not in has["track_body"]:
        connection.execute(sa.text("ALTER TABLE track_body ADD COLUMN received_ns BIGINT NOT NULL DEFAULT 0"))
        connection.execute(sa.text("ALTER TABLE track DROP COLUMN received_ns"))


def _cluster(folder: Path, *, building: bool) -> Postgres:
    tools = binaries()
    assert tools is not None, "PostgreSQL is not installed"
    return Postgres(tools, fast=building, settings=TUNED, folder=folder).start()


def _last_day(folder: Path) -> int:
    """The day in which the store was begun: its newest."""
    note = folder / "sized.json"
    if not note.exists():
        note.write_text(json.dumps({"last_day": day_of(time.time_ns())}))
    return int(json.loads(note.read_text())["last_day"])


def counts(database: Database) -> dict[int, int]:
    """Tracks by day."""
    found = {}
    for day in database.days.present():
        with database.days.read(day) as connection:
            assert connection is not None
            where = (tally.c.day == day, tally.c.colour == 0, tally.c.place == 0)
            found[day] = int(connection.scalar(sa.select(sa.func.sum(tally.c.tracks)).where(*where)) or 0)
    return found


def grow(sized: Sized, total: int) -> None:
    """Until it has `total` tracks, day by day; SQLite has one writer."""
    held, wanted = counts(sized.database), total // DAYS
    City().name(sized.database)
    every = range(sized.last_day - DAYS + 1, sized.last_day + 1)
    days = [day for day in every if held.get(day, 0) < wanted]
    together = 1 if sized.database.kind == "sqlite" else BUILDERS
    with ProcessPoolExecutor(together, get_context("spawn"), _open, (sized.url, sized.folder)) as builders:
        for _ in builders.map(_grow_day, days, [held.get(day, 0) for day in days], itertools.repeat(wanted)):
            pass  # what fails is raised here
    for day in every:  # with no other transaction open: what one may not see is not marked as seen by all
        _settle(sized.database, day)


_here: list[Database] = []
"""The store, in a process that builds it."""


def _open(url: str, folder: Path) -> None:
    _here.append(Database.open(url, folder))


def _grow_day(day: int, have: int, wanted: int) -> None:
    city, [database] = City(), _here
    while have < wanted:
        part = min(wanted, (have // (PART // DAYS) + 1) * (PART // DAYS)) - have
        city.begin(day * 1000 + have // (PART // DAYS) + 1)
        began = time.monotonic()
        city.fill(database, day, part)
        have += part
        print(f"{day}: {have} tracks, {part / (time.monotonic() - began):.0f}/s", flush=True)


def _settle(database: Database, day: int) -> None:
    """What a living server's autovacuum does within a minute or two."""
    if database.kind != "postgresql":
        return
    with database.read() as connection:
        connection.commit()
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in (*(f"{name}_{day}" for name in _SEARCHED), "place", "camera"):
            plain.exec_driver_sql(f"VACUUM (ANALYZE) {table}")


if __name__ == "__main__":
    with opened(sys.argv[1], building=True) as store:
        grow(store, int(sys.argv[2].replace("_", "")))
