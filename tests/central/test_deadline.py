"""A search has its time and no more, whatever a single statement would take, and says how far it came."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg.pq import Trace

from agent.central.store import facets, search
from agent.central.store.database import Database
from agent.central.store.day_schema import track as table
from agent.central.store.deadline import Deadline, OutOfTime
from agent.central.store.filters import Filters
from agent.central.store.keeper import TRACKS
from agent.central.store.rows import DAY_NS
from agent.central.store.search import Search
from agent.core.clock import NS, SystemClock, rfc3339
from tests.central.helpers import T0_NS, event, track
from tests.central.stores import DAY, Store
from tests.fixtures.clock import FakeClock
from tests.fixtures.postgres import Postgres

ENDLESS = sa.text(
    "(WITH RECURSIVE n(x) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000000)"
    " SELECT count(*) FROM n) > 0"
)
"""Hours of work for either database."""


def _slow_before(monkeypatch: pytest.MonkeyPatch, start_ns: int) -> None:
    """Whoever looks at what began before that never comes back."""
    for module in (search, facets):
        real = module.conditions

        def slow(of: sa.Table, filters: Filters, real: Any = real) -> list[Any]:
            return [*real(of, filters), sa.or_(of.c.start_ns >= start_ns, ENDLESS)]

        monkeypatch.setattr(module, "conditions", slow)


def test_one_statement_that_runs_on_is_ended_and_the_answer_says_how_far_it_came(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {number: rfc3339(T0_NS + (3600 * number + 30) * NS) for number in range(4)}
    store.put(
        *(track(f"t{number}", start=rfc3339(T0_NS + 3600 * number * NS), end=ends[number]) for number in range(4))
    )
    store.put(track("before", start=rfc3339(T0_NS - 2 * DAY_NS), end=rfc3339(T0_NS - 2 * DAY_NS + NS)))
    with monkeypatch.context() as patched:
        _slow_before(patched, T0_NS + 5400 * NS)
        page = store.finds.tracks(Filters(), limit_ms=300, facets=True)
    assert [one["id"] for one in page["items"]] == ["t3", "t2"]
    assert (page["complete"], page["facets"]["exact"]) == (False, False)
    assert rfc3339(T0_NS + 3600 * NS) < page["reached"] <= rfc3339(T0_NS + 7200 * NS)
    assert store.tracks(cursor=page["next"]) == ["t1", "t0", "before"]


def test_what_never_came_anywhere_goes_on_where_it_began(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of one moment: a cursor between them names its place, and not the moment."""
    store.put(*(track(f"t{number}") for number in range(3)), event("e1"), event("e2"))
    first = store.finds.tracks(Filters(limit=1))
    with monkeypatch.context() as patched:
        _slow_before(patched, 1 << 62)
        for sort in ("time", "oldest"):
            assert store.finds.tracks(Filters(sort=sort), limit_ms=50)["items"] == []  # type: ignore[arg-type]
        page = store.finds.tracks(Filters(cursor=first["next"]), limit_ms=50)
        assert (page["items"], page["complete"]) == ([], False)
        counted = store.finds.events(Filters(), limit_ms=50, facets=True)
        assert (counted["items"], counted["facets"]["exact"], counted["facets"]["kinds"]) == ([], False, [])
        patched.setattr("agent.central.store.finds.LIMIT_MS", 50)
        assert store.finds.neighbours("e1", Filters()) == {"older": None, "newer": None, "complete": False}
    assert store.tracks(cursor=page["next"]) == ["t1", "t0"]


def _ask(store: Store, where: Any, late: Deadline | None) -> list[str]:
    with store.database.days.read(DAY, late) as connection:
        assert connection is not None
        return list(connection.scalars(sa.select(table.c.id).where(where)))


def test_whoever_comes_next_has_all_the_time_they_need(store: Store) -> None:
    store.put(track("t1"))
    long = sa.text(str(ENDLESS).replace("1000000000000", "1000000"))
    for _ in range(3):
        with pytest.raises(OutOfTime):
            _ask(store, ENDLESS, Deadline(SystemClock(), 20))
        assert _ask(store, long, None) == ["t1"]


def test_a_statement_ends_when_nobody_waits_for_it_any_more(plain_store: Store) -> None:
    plain_store.put(track("t1"))
    gone = threading.Event()
    timer = threading.Timer(0.1, gone.set)
    timer.start()
    with pytest.raises(OutOfTime):
        _ask(plain_store, ENDLESS, Deadline(SystemClock(), 3_600_000, gone.is_set))
    timer.join()


@pytest.fixture
def served(tmp_path: Path, postgres: Postgres) -> Iterator[Store]:
    database = Database.open(postgres.fresh(), tmp_path)
    yield Store(database)
    database.close()


def test_later_statements_of_a_day_have_what_those_before_left(served: Store) -> None:
    served.put(track("t1"))
    clock, said = FakeClock(T0_NS), []
    with served.database.days.read(DAY, Deadline(clock, 10_000)) as connection:
        assert connection is not None
        for passed_s in (0, 0.5, 4.5, 0.1, 4.9, 1):
            clock.advance(passed_s)
            said.append(connection.exec_driver_sql("SHOW statement_timeout").scalar())
    assert said == ["10s", "10s", "5s", "5s", "1ms", "1ms"]
    with served.database.days.read(DAY) as connection:
        assert connection is not None
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"


@contextmanager
def _sent(database: Database, path: Path) -> Iterator[list[str]]:
    """What libpq sends to the server meanwhile, message by message; filled in at the end."""
    engine, found, opened = database._engine, list[str](), list[int]()

    def begin(connection: Any, *_: Any) -> None:
        opened.append(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        connection.pgconn.trace(opened[-1])
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

    def end(connection: Any, *_: Any) -> None:
        connection.pgconn.untrace()
        os.close(opened.pop())

    sa.event.listen(engine, "checkout", begin)
    sa.event.listen(engine, "checkin", end)
    yield found
    sa.event.remove(engine, "checkout", begin)
    sa.event.remove(engine, "checkin", end)
    found += [line for line in path.read_text().splitlines() if line.startswith("F\t")]


def test_the_limit_costs_no_message_to_the_server(served: Store, tmp_path: Path) -> None:
    served.put(*(track(f"t{number}") for number in range(9)))
    sought = Search(served.database, SystemClock())
    free, limited = sought.walk(TRACKS, Filters()), sought.walk(TRACKS, Filters(), late=sought.late(60_000))
    with _sent(served.database, tmp_path / "free") as before:
        assert len(free.take(5).rows) == 5
    with _sent(served.database, tmp_path / "limited") as after:
        assert len(limited.take(5).rows) == 5
    assert "statement_timeout" not in str(before)
    assert "statement_timeout" in str(after)
    assert len(after) == len(before) > 3
