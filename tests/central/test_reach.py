"""A camera that one may not see does not exist: in no list, no count, no answer of any route."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agent.central.api import access
from agent.central.api.build import make_routes
from agent.central.api.errors import ApiError
from agent.central.store.people import Person
from agent.central.store.reach import EVERYTHING, NOTHING, Reach
from tests.central.accounts import own_process, program, somebody
from tests.central.helpers import FakeGateway, RunningCentre, event, manifest, span, track, wait_for

SEEN, HIDDEN, ATTIC = "demo/gw-1/plaza", "demo/gw-1/vault", "attic/gw-9/cellar"
SECRETS = ("vault", "attic", "cellar")
NAMES = st.sampled_from("abc")
GRANTS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=4)
PLACES = st.lists(NAMES, min_size=3, max_size=3).map(tuple)


@given(GRANTS, GRANTS, PLACES)
def test_two_limits_together_show_what_both_show(one: list[str], other: list[str], place: tuple[str, ...]) -> None:
    first, second = Reach.of(one), Reach.of(other)
    both = first.both(second)
    assert both.sees(*place) == (first.sees(*place) and second.sees(*place))
    assert first.covers(both)
    assert not second.covers(first) or not first.sees(*place) or second.sees(*place)
    assert both == second.both(first)
    assert EVERYTHING.both(first) == first
    assert not NOTHING.sees(*place)
    assert all(first.touches(*place[:length]) for length in (1, 2) if first.sees(*place))


@pytest.mark.parametrize("place", ["", "a/b/c/d", "a//c", "../x", "a b"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="is no place"):
        Reach.of([place])


class Town:
    """A centre with three cameras: one to be seen, one beside it, and one at another site."""

    def __init__(self, centre: RunningCentre, sessions: dict[str, FakeGateway]) -> None:
        self.centre, self.gateways = centre, sessions


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("town")
    with (
        own_process(folder, (("demo", "gw-1"), ("attic", "gw-9"))) as centre,
        FakeGateway(centre) as demo,
        FakeGateway(centre, "attic", "gw-9") as attic,
    ):
        for gateway, cameras in ((demo, ("plaza", "vault")), (attic, ("cellar",))):
            for camera in cameras:
                _fill(gateway, camera)
        with centre.admin() as api:
            wait_for(lambda: len(api.get("/api/v1/events").json()["items"]) == 3)
            wait_for(lambda: len(api.get("/api/v1/tracks").json()["items"]) == 3)
            for place in (SEEN, HIDDEN, ATTIC):
                api.post("/api/v1/clips", json=_span_of(place)).raise_for_status()
        yield Town(centre, {"demo": demo, "attic": attic})


def _fill(gateway: FakeGateway, camera: str) -> None:
    gateway.hello(camera)
    gateway.seq = getattr(gateway, "seq", 0) + 1  # type: ignore[attr-defined]
    seq: int = gateway.seq  # type: ignore[attr-defined]
    named: Any = {"camera": camera}
    gateway.envelope("event", seq, event(f"e-{camera}", **named), camera=camera)
    gateway.envelope("track", seq, track(f"t-{camera}", **named), camera=camera)
    gateway.envelope("recording", seq, span(f"s-{camera}", 0, 9).model_copy(update=named), camera=camera)
    gateway.send_medium(manifest(f"m-{camera}", b"x" * 100, **named), b"x" * 100)
    wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks(f"m-{camera}")))


def _span_of(place: str) -> dict[str, str]:
    site, gateway, camera = place.split("/")
    times = {"start": "2026-05-28T20:26:40Z", "end": "2026-05-28T20:26:45Z"}
    return {"site": site, "gateway": gateway, "camera": camera} | times


def _is_silent(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


def test_lists_counts_and_searches_show_only_what_is_within_reach(town: Town) -> None:
    with somebody(town.centre, "lim", "operator", [SEEN]) as api:
        found = {
            path: api.get(f"/api/v1/{path}", params={"facets": "true"} if path in {"events", "tracks"} else {})
            for path in ("sites", "gateways", "cameras", "events", "tracks")
        }
        for answer in found.values():
            assert len(answer.json()["items"]) == 1
            assert _is_silent(answer.text)
        for path in ("events", "tracks"):
            assert [one["count"] for one in found[path].json()["facets"]["cameras"]] == [1]
            assert [one["count"] for one in found[path].json()["facets"]["hours"]] == [1]
        (gateway,) = found["gateways"].json()["items"]
        assert (gateway["cameras"], gateway["health"], gateway["lost"]) == (1, None, 0)
        assert found["sites"].json()["items"] == [{"site": "demo", "gateways": 1, "cameras": 1, "online": 1}]
        for hidden in (HIDDEN, ATTIC):
            for path in ("events", "tracks"):
                assert api.get(f"/api/v1/{path}", params={"camera": hidden}).json()["items"] == []
        assert api.get("/api/v1/me").json()["places"] == [SEEN]
        assert api.get("/api/v1/stats").status_code == 403


def test_who_sees_a_site_sees_all_of_its_gateways(town: Town) -> None:
    with somebody(town.centre, "site", "viewer", ["attic"]) as api:
        (gateway,) = api.get("/api/v1/gateways").json()["items"]
        assert gateway["health"]["uptime_s"] == 5
        assert [one["camera"] for one in api.get("/api/v1/cameras").json()["items"]] == ["cellar"]


def test_who_sees_nothing_finds_nothing_and_no_error(town: Town) -> None:
    with somebody(town.centre, "none", "viewer", []) as api:
        for path in ("sites", "gateways", "cameras", "events", "tracks"):
            assert api.get(f"/api/v1/{path}").json()["items"] == [], path


def _hidden_requests(clip: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route, asked for what is hidden."""
    for path, operations in make_routes().openapi()["paths"].items():
        for method, operation in operations.items():
            names = {"site": "demo", "gateway": "gw-1", "camera": "vault", "event": "e-vault", "track": "t-vault"}
            names |= {"media": "m-vault", "clip": clip}
            queried = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            options: dict[str, Any] = {"params": {"site": "demo", "gateway": "gw-1", "camera": "vault"}}
            if "start" in queried:
                options["params"] |= {"start": "2026-05-28T20:00:00Z", "end": "2026-05-28T21:00:00Z"}
            if method == "post":
                options["json"] = _span_of(HIDDEN) if path.endswith(("/clips", "/exports")) else {}
            if path.endswith("/previews"):
                start = _span_of(HIDDEN)["start"]
                options["json"] = {**options["params"], "at": start, "step_s": 60}
            if method == "put":
                options["json"] = {"settings": {}, "version": 0}
            with contextlib.suppress(KeyError):
                yield method, path.format(**names), options


def test_no_route_answers_of_what_is_hidden(town: Town) -> None:
    with town.centre.admin() as admin:
        clip = admin.post("/api/v1/clips", json=_span_of(HIDDEN)).json()["id"]
    with somebody(town.centre, "nosy", "admin", [SEEN]) as api:
        refused = 0
        for method, path, options in _hidden_requests(clip):
            if path.endswith(("/sign-out", "/openapi.json", "/docs", "/stream")):
                continue
            answer = api.request(method, path, **options)
            assert _is_silent(answer.text), (method, path, answer.text)
            assert answer.status_code < 500, path
            if {"vault", clip} & set(path.replace("e-", "/").replace("t-", "/").replace("m-", "/").split("/")):
                assert answer.status_code == 404, (method, path, answer.text)
                refused += 1
        assert refused >= 9
        for hidden in (_span_of(HIDDEN), _span_of(ATTIC)):
            assert api.get("/api/v1/recordings", params=hidden).status_code == 404
            assert api.post("/api/v1/clips", json=hidden).status_code == 404
        assert api.get("/api/v1/recordings", params=_span_of(SEEN)).json()["spans"]
        assert api.get("/api/v1/media/m-plaza").status_code == 200


def test_the_live_socket_of_a_hidden_camera_ends_as_that_of_none(town: Town) -> None:
    with somebody(town.centre, "live", "viewer", [SEEN]) as api:
        cookie = {"Cookie": f"lamppost_session={api.cookies['lamppost_session']}"}
        address = town.centre.url.replace("http", "ws") + "/api/v1/live/"
        codes = []
        for place in (HIDDEN, ATTIC, "demo/gw-1/none"):
            with connect(address + place, additional_headers=cookie) as socket:
                assert json.loads(socket.recv(5))["code"] == "not_found"
                with pytest.raises(ConnectionClosed) as ended:
                    socket.recv(5)
            codes.append(ended.value.rcvd.code if ended.value.rcvd else 0)
        assert codes == [4404] * 3
    with somebody(town.centre, "tok", "viewer") as owner, program(town.centre, owner) as api:
        bearer = {"Authorization": api.headers["Authorization"]}
        with pytest.raises(Exception, match="403"), connect(address + SEEN, additional_headers=bearer):
            pass


def test_the_stream_tells_only_of_what_is_within_reach(town: Town) -> None:
    with somebody(town.centre, "hears", "viewer", [SEEN]) as api, api.stream("GET", "/api/v1/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        for seq, (name, camera) in enumerate((("demo", "vault"), ("attic", "cellar"), ("demo", "plaza")), 50):
            gateway = town.gateways[name]
            gateway.envelope("event", seq, event(f"new-{camera}", camera=camera), camera=camera)
        told = []
        for line in lines:
            told.append(line)
            if "new-plaza" in line:
                break
        assert _is_silent("\n".join(told))


def test_a_change_of_what_one_may_see_holds_at_once(town: Town) -> None:
    with somebody(town.centre, "moves", "viewer", [SEEN]) as api, town.centre.admin() as admin:
        admin.patch("/api/v1/people/moves", json={"places": ["attic"]}).raise_for_status()
        assert [one["camera"] for one in api.get("/api/v1/cameras").json()["items"]] == ["cellar"]
        admin.patch("/api/v1/people/moves", json={"places": None}).raise_for_status()
        assert len(api.get("/api/v1/cameras").json()["items"]) == 3


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    routes = {
        f"{method.upper()} {path.removeprefix(access.PREFIX)}"
        for path, operations in make_routes().openapi()["paths"].items()
        for method in operations
    }
    unseen = {"GET /{path:path}", "GET /docs", "LIVE /live/{site}/{gateway}/{camera}"}
    assert routes == set(access.RULES) - unseen


def test_a_route_without_a_rule_is_refused_to_everybody() -> None:
    admin = Person("ann", "admin")
    scope = {"type": "http", "method": "GET", "route": APIRoute("/forgotten", list), "person": admin}
    with pytest.raises(ApiError) as refused:
        asyncio.run(access.may(HTTPConnection(scope)))
    assert (refused.value.status, refused.value.code) == (403, "forbidden")


SCOPED = {
    "read": ("GET", "/cameras"), "search": ("GET", "/tracks"), "media": ("GET", "/media/m-plaza"),
    "command": ("POST", "/events/e-plaza/belongs"), "admin": ("GET", "/people"),
}  # fmt: skip


@pytest.mark.parametrize("scope", SCOPED)
def test_a_token_opens_what_its_scopes_say_and_nothing_else(town: Town, scope: str) -> None:
    with town.centre.admin() as admin, program(town.centre, admin, scopes=[scope]) as api:
        for other, (method, path) in SCOPED.items():
            status = api.request(method, f"/api/v1{path}").status_code
            assert (status == 403) == (other != scope), (other, status)
        for path in ("/me/sessions", "/tokens"):
            assert api.get(f"/api/v1{path}").status_code == 403


def test_a_token_sees_no_more_than_its_owner_whatever_it_was_made_for(town: Town) -> None:
    with somebody(town.centre, "own", "viewer", ["demo"]) as owner, town.centre.admin() as admin:
        beyond = owner.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"], "places": ["attic"]})
        assert beyond.status_code == 403
        with program(town.centre, owner, places=[HIDDEN]) as api:
            assert [one["camera"] for one in api.get("/api/v1/cameras").json()["items"]] == ["vault"]
            admin.patch("/api/v1/people/own", json={"places": [SEEN]})
            assert api.get("/api/v1/cameras").json()["items"] == []
            admin.patch("/api/v1/people/own", json={"disabled": True})
            assert api.get("/api/v1/cameras").status_code == 401
