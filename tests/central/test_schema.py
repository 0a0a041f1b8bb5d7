"""What the OpenAPI page says is so: Schemathesis asks every route of a centre with data, on either database.

As an admin, as an operator, as a viewer who sees one camera, and as nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.central.accounts import make, own_process
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    PASSWORD,
    SITE,
    FakeGateway,
    RunningCentre,
    event,
    health,
    manifest,
    span,
    track,
    wait_for,
)

schemathesis = pytest.importorskip("schemathesis", reason="Schemathesis is not installed: pip install '.[dev]'")
checks = pytest.importorskip("schemathesis.checks")
conformance = pytest.importorskip("schemathesis.specs.openapi.checks")

CHECKS = [
    checks.not_a_server_error, conformance.status_code_conformance, conformance.content_type_conformance,
    conformance.response_headers_conformance, conformance.response_schema_conformance,
]  # fmt: skip
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
ENDLESS = {"GET /api/v1/stream"}
LAST = ("/me/sessions", "/me/password", "/sign-out", "/first", "/join", "/sign-in")
"""What ends the session that asks, or locks out who goes on trying."""
MINUTE = {"start": "2026-05-28T20:26:40Z", "end": "2026-05-28T20:27:40Z"}
EXAMPLES = int(os.environ.get("LAMPPOST_CASES", "40"))
"""Of a route, on both databases and of all who ask together, about."""
SHARES: dict[str, tuple[int, Any]] = {
    "ann": (EXAMPLES * 2 // 5, (POSITIVE, NEGATIVE)),
    "otto": (max(2, EXAMPLES // 20), (POSITIVE,)),
    "vera": (max(2, EXAMPLES // 20), (POSITIVE,)),
    "nobody": (2, (POSITIVE,)),
}
ROLES: dict[str, tuple[str, list[str] | None]] = {
    "otto": ("operator", None),
    "vera": ("viewer", [f"{SITE}/{GATEWAY}/{CAMERA}"]),
}
PICTURE = b"\xff\xd8" + bytes(3000)


@dataclass
class Town:
    """A centre with something of everything, and the ids by which that is asked for."""

    centre: RunningCentre
    gateway: FakeGateway
    people: dict[str, requests.Session]
    known: dict[str, list[str]]

    @property
    def admin(self) -> requests.Session:
        return self.people["ann"]

    def come_back(self, name: str) -> requests.Session:
        """Sign them in, if they are not; the gateway says that it is still there."""
        self.gateway.send(self.gateway.topics.health, health(), retain=True)
        session, api = self.people[name], f"{self.centre.url}/api/v1"
        body = {"username": name, "password": PASSWORD}
        if name != "nobody" and session.get(f"{api}/me").status_code == 401:
            wait_for(lambda: session.post(f"{api}/sign-in", json=body).status_code == 200, 40)
        return session


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("schema")
    database = "sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()
    with (
        own_process(folder, ((SITE, GATEWAY),), database) as centre,
        FakeGateway(centre) as gateway,
        centre.admin() as admin,
        ExitStack() as sessions,
    ):
        gateway.hello()
        gateway.envelope("recording", 1, span("s1", 0, 30), span("s2", 30, 60))
        gateway.envelope("track", 1, track("t1", plate="AB12CDE", position="41.7,-72.6"), track("t2", label="bag"))
        gateway.envelope("event", 1, event("e1", media=[_ref("m1")]), event("e2", kind="object_left", tracks=["t1"]))
        gateway.send_medium(manifest("m1", PICTURE, event="e1"), PICTURE)
        wait_for(lambda: gateway.acked("event") and gateway.acked("track") and gateway.acked("recording"))
        wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks("m1")))
        people = {name: sessions.enter_context(requests.Session()) for name in SHARES}
        for session in people.values():
            session.headers["X-Lamppost"] = "1"
        for name, (role, places) in ROLES.items():
            body = {"token": make(admin, name, role, places), "password": PASSWORD}
            people[name].post(f"{centre.url}/api/v1/join", json=body).raise_for_status()
        town = Town(centre, gateway, people, _fill(admin))
        town.come_back("ann")
        yield town


def _ref(key: str) -> dict[str, Any]:
    return {"id": key, "kind": "snapshot", "type": "image/jpeg", "bytes": len(PICTURE)}


def _fill(admin: httpx.Client) -> dict[str, list[str]]:
    def made(path: str, body: Any = None, **query: Any) -> str:
        answer = admin.post(f"/api/v1{path}", json=body or {}, params=query).raise_for_status().json()
        return str(answer.get("id"))

    make(admin, "bob", "operator")
    hook = made("/webhooks", {"name": "Dispatch", "url": "https://dispatch.example/x"})
    place = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
    made("/reviews", {"events": [{"event": "e1", "version": 0}], "acknowledged": True, "note": "A fox."})
    return {
        "site": [SITE], "gateway": [GATEWAY], "camera": [CAMERA], "event": ["e1", "e2"], "track": ["t1"],
        "media": ["m1"],
        "clip": [made("/clips", place | MINUTE)], "name": ["bob"], "webhook": [hook],
        "link": [made("/media/m1/links", {"days": 1})],
        "search": [made("/searches/tracks", {"name": "bags"}, label="bag")],
        "token": [made("/tokens", {"name": "robot", "scopes": ["read"]})],
        "incident": [made("/incidents", {"kind": "shot", "latitude": 41.7, "longitude": -72.6})],
        "layout": [made("/layouts", {"name": "wall", "columns": 2, "cameras": [f"{SITE}/{GATEWAY}/{CAMERA}"]})],
    }  # fmt: skip


def operations(town: Town) -> list[Any]:
    """Of the page that the centre itself gives out; what would end the session comes last."""
    document = town.admin.get(f"{town.centre.url}/api/v1/openapi.json").json()
    found = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    rank = {path: number for number, path in enumerate(LAST, 1)}
    usual = [one for one in found if one.label not in ENDLESS]
    return sorted(usual, key=lambda one: max((rank[path] for path in LAST if one.path.endswith(path)), default=0))


def ask(town: Town, operation: Any, session: requests.Session, examples: int, modes: Any) -> None:
    """Some requests that the page allows (or, NEGATIVE, does not), half of them for things that are there."""

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def one(data: Any) -> None:
        case = data.draw(st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]))
        for name in sorted(set(case.path_parameters or {}) & set(town.known)):
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(town.known[name]))
        response = case.call(base_url=town.centre.url, session=session, headers={"X-Lamppost": "1"})
        case.validate_response(response, checks=CHECKS)

    one()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_whatever_is_asked_is_answered_as_the_page_says(town: Town) -> None:
    asked = operations(town)
    assert len(asked) > 70
    try:
        for operation in asked:
            for name, (examples, modes) in SHARES.items():
                ask(town, operation, town.come_back(name), examples, modes)
        assert town.come_back("ann").get(f"{town.centre.url}/api/v1/audit/verify").json()["verified"]
    finally:
        for session in town.people.values():
            session.close()
