"""A centre moves from SQLite to PostgreSQL, and neither people nor gateways notice but by the pause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.core.clock import rfc3339
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    PASSWORD,
    SITE,
    T0_NS,
    FakeGateway,
    event,
    fresh_id,
    manifest,
    running,
    span,
    track,
    wait_for,
)
from tests.fixtures.postgres import Postgres

_DAY_NS = 86_400 * 10**9


@pytest.mark.slow
def test_a_centre_that_moved_goes_on_with_nothing_lost(
    tmp_path: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    data, address = tmp_path / "data", postgres.fresh()
    config = tmp_path / "central.toml"
    config.write_text(f"[central]\ndata = {json.dumps(str(data))}\n")
    move_it = ["central", "move", "--config", str(config), "--to", address]
    body, picture = b"picture" * 500, fresh_id()
    with running(data) as centre, centre.admin() as api:
        with FakeGateway(centre) as gateway:
            _speaks(gateway, picture, body)
            wait_for(lambda: api.get(f"/api/v1/media/{picture}").status_code == 200)
        _works(api)
        before, cookies = _seen(api, picture), dict(api.cookies)
        assert main(move_it) == 2
        assert "a centre runs over this data folder" in capsys.readouterr().err
    assert main(move_it) == 0
    with running(data, database=address) as centre, centre.client() as api:
        api.cookies.update(cookies)
        assert api.get("/api/v1/me").json()["name"] == "ann", "nobody need sign in anew"
        after = _seen(api, picture)
        assert api.get("/api/v1/audit/verify").json()["verified"]
        fresh = centre.client()
        assert fresh.post("/api/v1/sign-in", json={"username": "ann", "password": PASSWORD}).status_code == 200
        fresh.close()
        with FakeGateway(centre) as gateway:
            gateway.outbox = before["outbox"]
            gateway.envelope("event", 1, event(before["event"]))  # again: it is known
            gateway.envelope("event", 2, event(fresh_id()))
            wait_for(lambda: gateway.acked("event") == {1, 2})
            assert len(api.get("/api/v1/events").json()["items"]) == 2
    assert before | {"outbox": ""} == after | {"outbox": ""}


def _speaks(gateway: FakeGateway, picture: str, body: bytes) -> None:
    gateway.hello()
    gateway.envelope("event", 1, event(fresh_id()))
    for seq in range(1, 31):
        colours = {"upper": [["green", 0.9]]}
        gateway.envelope("track", seq, track(fresh_id(), final=True, colours=colours, plate="AB 123"))
    gateway.envelope("recording", 1, span(fresh_id(), 0, 10))
    gateway.send_medium(manifest(picture, body), body)
    wait_for(lambda: len(gateway.acked("track")) == 30 and gateway.acked("recording") == {1})
    _OUTBOX.append(gateway.outbox)


_OUTBOX: list[str] = []


def _works(api: Any) -> None:
    """What people leave behind."""
    [one] = api.get("/api/v1/events").json()["items"]
    api.post("/api/v1/people", json={"name": "bob", "role": "operator"}).raise_for_status()
    api.post("/api/v1/searches/tracks", params={"label": "person", "colour": "upper:green"},
             json={"name": "green", "watch": True}).raise_for_status()  # fmt: skip
    place = f"{SITE}/{GATEWAY}/{CAMERA}"
    api.post("/api/v1/layouts", json={"name": "plaza", "cameras": [place]}).raise_for_status()
    api.post("/api/v1/reviews", json={"events": [{"event": one["id"], "version": 0}],
             "acknowledged": True, "note": "looked"}).raise_for_status()  # fmt: skip


def _seen(api: Any, picture: str) -> dict[str, Any]:
    """All that people see."""
    found = {
        name: api.get(f"/api/v1/{name}").json()
        for name in ("people", "searches", "layouts", "webhooks", "events", "sites")
    }
    for one in found["people"]["items"]:
        one.pop("last_seen")
    span_of = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA,
               "start": rfc3339(T0_NS - _DAY_NS), "end": rfc3339(T0_NS + _DAY_NS)}  # fmt: skip
    tracks = api.get("/api/v1/tracks", params={"plate": "AB?1*", "colour": "upper:green", "facets": "true"}).json()
    lines = api.get("/api/v1/audit", params={"limit": 200, "text": "bob"}).json()["items"]
    return found | {
        "tracks": tracks["items"], "facets": tracks.get("facets"), "audit": lines,
        "recordings": api.get("/api/v1/recordings", params=span_of).json(),
        "picture": api.get(f"/api/v1/media/{picture}").content, "outbox": _OUTBOX[-1],
        "event": found["events"]["items"][0]["id"],
        "stats": {name: api.get("/api/v1/stats").json()[name] for name in ("stored", "lost", "media_bytes")},
    }  # fmt: skip
