"""A whole centre on PostgreSQL: from the wire to the API, over a restart of either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store import postgres_days
from agent.central.store.database import Database
from agent.central.store.filters import Filters, Range
from agent.central.store.keeper import TRACKS
from agent.central.store.rows import DAY_NS, HOUR_NS
from agent.central.store.search import Search
from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.errors import StorageError
from tests.central.helpers import T0_NS, FakeGateway, event, manifest, running, span, track, wait_for
from tests.central.stores import DAY, Store
from tests.fixtures.postgres import Postgres

GREEN = {"upper": [["green", 0.7]]}


def test_a_centre_on_postgresql_stores_finds_and_starts_again(tmp_path: Path, postgres: Postgres) -> None:
    database = postgres.fresh()
    with running(tmp_path / "data", database=database) as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.envelope("event", 1, event("e1", attributes={"colours": GREEN}), event("e2", severity="alarm"))
        gateway.envelope("track", 1, track("t1", colours=GREEN, final=True), track("t2"))
        gateway.envelope("recording", 1, span("r1", 0, 10))
        body = b"x" * 2000
        gateway.send_medium(manifest("m1", body), body)
        wait_for(lambda: gateway.acked("event") and gateway.acked("track") and gateway.acked("recording"))
        wait_for(lambda: gateway.media_acks("m1")[-1]["state"] == "done")
        with centre.admin() as api:
            assert [
                one["id"] for one in api.get("/api/v1/tracks", params={"colour": "upper:green"}).json()["items"]
            ] == ["t1"]
            health = api.get("/api/v1/health").json()
            assert (health["ok"], health["database"]) == (True, {"kind": "postgresql", "ok": True})
            assert api.get("/api/v1/stats").json()["stored"]["track"] == 2
    with running(tmp_path / "data", database=database) as centre, FakeGateway(centre) as gateway:
        gateway.envelope("event", 1, event("e1", "end", 9))
        wait_for(lambda: gateway.acked("event"))
        with centre.admin() as api:
            found = api.get("/api/v1/events").json()["items"]
            assert [(one["id"], one["phase"]) for one in found] == [("e2", "start"), ("e1", "end")]
            assert api.get("/api/v1/events/e1").json()["camera_name"] == "The plaza"
    assert not list((tmp_path / "data").glob("*.db"))


def test_ingest_goes_on_when_the_database_comes_back(tmp_path: Path, postgres: Postgres) -> None:
    with running(tmp_path / "data", database=postgres.fresh()) as centre, FakeGateway(centre) as gateway:
        gateway.envelope("event", 1, event("e1"))
        wait_for(lambda: gateway.acked("event") == {1})
        postgres.stop()
        try:
            gateway.envelope("event", 2, event("e2"))
            with centre.client() as api:
                wait_for(lambda: not api.get("/api/v1/health").json()["ok"])
        finally:
            postgres.start()
        wait_for(lambda: gateway.acked("event") == {1, 2})
        with centre.service() as api:
            assert len(api.get("/api/v1/events").json()["items"]) == 2


@pytest.mark.parametrize("done", [2, 5, 9])
def test_letting_go_of_a_day_that_was_cut_short_is_begun_again(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    """The day is there until all of it is gone, and what comes late meanwhile finds it whole."""
    address = postgres.fresh()
    database = Database.open(address, tmp_path)
    store, steps, detach = Store(database), iter(range(done)), postgres_days._detach
    yesterday = [rfc3339(T0_NS - DAY_NS), rfc3339(T0_NS - DAY_NS + NS)]
    old = track("old", start=yesterday[0], end=yesterday[1], colours=GREEN)
    store.put(old, track("new"))

    def killed(*given: Any) -> None:
        detach(*given)
        if next(steps, None) is None:
            raise StorageError("killed")

    monkeypatch.setattr(postgres_days, "_detach", killed)
    with pytest.raises(StorageError):
        database.days.drop(DAY - 1)
    monkeypatch.undo()
    database.close()
    again = Store(Database.open(address, tmp_path))
    days = again.database.days
    assert days.present() == ([DAY, DAY - 1] if done < 9 else [DAY])
    again.put(old)
    assert again.tracks() == ["new", "old"]
    days.drop(DAY - 1)
    assert (days.present(), again.tracks()) == ([DAY], ["new"])
    again.put(old)
    assert again.tracks() == ["new", "old"]
    again.database.close()


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("beside", [{}, {"score": Range(0.5)}, {"camera": ("plaza",)}])
def test_a_colour_is_looked_for_in_the_index_alone(
    tmp_path: Path, postgres: Postgres, beside: dict[str, Any], brief: bool
) -> None:
    database = Database.open(postgres.fresh(), tmp_path)
    store, green = Store(database), Filters(colour=(("upper", "green"),), label=("person",), **beside)
    when = [rfc3339(T0_NS + 30 * n * NS) for n in range(401)]
    looks = [GREEN if n % 50 == 0 else {} for n in range(400)]
    store.put(*(track(f"t{n}", start=when[n], end=when[n + 1], colours=looks[n]) for n in range(400)))
    walk = replace(Search(database, SystemClock()).walk(TRACKS, green), brief=brief)
    with database.days.read(DAY) as connection:
        assert connection is not None
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        plain.exec_driver_sql(f"VACUUM (ANALYZE) track_{DAY}")
        plain.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")  # so few rows are no test else
        query = walk._query(plain, DAY, (T0_NS, T0_NS + HOUR_NS), None, sa.true(), 50)
        assert [row.id for row in plain.execute(query)] == ["t100", "t50", "t0"]
        text = str(query.compile(dialect=plain.dialect, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(row[0] for row in plain.exec_driver_sql(f"EXPLAIN {text}"))
    assert "Index Only Scan" in plan, plan
    told_by_the_index = brief and "score" not in beside
    assert ("Index Scan using" not in plan) == told_by_the_index, plan
    assert told_by_the_index or "colours &" not in plan.split("Index Scan using")[1], plan
    assert len(store.tracks(colour=green.colour, label=green.label, **beside)) == 8
    database.close()
