"""A whole centre on PostgreSQL: from the wire to the API, over a restart of either."""

from __future__ import annotations

from pathlib import Path

from tests.central.helpers import FakeGateway, event, manifest, running, span, track, wait_for
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
