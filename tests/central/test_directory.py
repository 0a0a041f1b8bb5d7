"""Signing in through a directory: over real HTTP, with a provider that does right, and that does wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from agent.central.directory import Directory, Refused
from agent.config.central import Central, CentralConfig, Oidc
from agent.core.clock import SystemClock
from tests.central.helpers import RunningCentre, running
from tests.central.provider import CLIENT, SECRET, Provider, provider

GRANTS = [
    {"value": "video-admins", "role": "admin"},
    {"value": "hartford-patrol", "role": "operator", "places": ["hartford"]},
]


@pytest.fixture
def directory() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def centre(directory: Provider, tmp_path: Path) -> Iterator[RunningCentre]:
    (tmp_path / "secret").write_text(SECRET)
    oidc = {"issuer": directory.issuer, "client_id": CLIENT, "client_secret_file": tmp_path / "secret"}
    with running(tmp_path / "data", oidc=oidc | {"grant": GRANTS}) as started:
        yield started


def _come_in(api: httpx.Client) -> str:
    """As a browser does; returns where it ends."""
    away = api.get("/api/v1/oidc/start")
    assert away.status_code == 303
    there = httpx.get(away.headers["location"])
    back = api.get(there.headers["location"])
    assert back.status_code == 303
    return str(back.headers["location"])


def test_who_the_directory_knows_comes_in_with_what_the_grants_say(centre: RunningCentre, directory: Provider) -> None:
    with centre.client() as api, centre.admin() as admin:
        assert api.get("/api/v1/health").json()["directory"]
        assert _come_in(api) == "/"
        me = api.get("/api/v1/me").json()
        assert (me["name"], me["role"], me["places"], me["elsewhere"]) == ("carla", "operator", ["hartford"], True)
        assert admin.post("/api/v1/people/carla/link").status_code == 409
        word = {"username": "carla", "password": ""}
        assert api.post("/api/v1/sign-in", json=word).status_code == 401
        directory.claims = {"sub": "u-1", "preferred_username": "renamed"}
        directory.userinfo = {"sub": "u-1", "groups": ["video-admins", "hartford-patrol"]}
        assert _come_in(api) == "/"
        me = api.get("/api/v1/me").json()
        assert (me["name"], me["role"], me["places"]) == ("carla", "admin", None)
        lines = admin.get("/api/v1/audit", params={"who": "carla"}).json()["items"]
        assert [(one["action"], one["what"]) for one in lines] == [
            ("sign-in", "through the directory"),
            ("account.change", "carla: admin, sees everything, by the directory"),
            ("sign-in.refused", ""),
            ("sign-in", "through the directory"),
            ("account.make", "carla: operator, sees hartford, by the directory"),
        ]
        admin.patch("/api/v1/people/carla", json={"disabled": True}).raise_for_status()
        assert _come_in(api) == "/?refused=disabled"
        assert api.get("/api/v1/me").status_code == 401


def test_whom_no_grant_fits_or_whose_name_is_taken_stays_out(centre: RunningCentre, directory: Provider) -> None:
    with centre.client() as api, centre.admin() as admin:
        directory.claims["groups"] = ["gardeners"]
        assert _come_in(api) == "/?refused=no_grant"
        directory.claims |= {"groups": "video-admins", "preferred_username": "ann"}
        assert _come_in(api) == "/?refused=taken"
        directory.claims["preferred_username"] = "../ / <b>"
        assert _come_in(api) == "/"
        assert api.get("/api/v1/me").json()["name"] == "b"
        refused = admin.get("/api/v1/audit", params={"action": "sign-in.refused"}).json()["items"]
        assert len(refused) == 2


WRONG: dict[str, Any] = {
    "another issuer": lambda claims: claims.update(iss="https://evil.example"),
    "for another client": lambda claims: claims.update(aud="other"),
    "too old": lambda claims: claims.update(exp=int(time.time()) - 600),
    "an old answer again": lambda claims: claims.update(nonce="earlier"),
    "nobody": lambda claims: claims.pop("sub"),
}


def test_an_answer_that_is_not_right_lets_nobody_in(centre: RunningCentre, directory: Provider) -> None:
    with centre.client() as api:
        for what, spoil in WRONG.items():
            directory.spoil = spoil
            assert _come_in(api) == "/?refused=directory", what
        directory.spoil = dict.copy
        directory.signs_with = directory.strange_key
        assert _come_in(api) == "/?refused=directory"
        assert api.get("/api/v1/me").status_code == 401


def test_what_did_not_begin_in_this_browser_does_not_end_in_it(centre: RunningCentre, directory: Provider) -> None:
    with centre.client() as api, centre.client() as other:
        there = httpx.get(api.get("/api/v1/oidc/start").headers["location"]).headers["location"]
        assert other.get(there).headers["location"] == "/?refused=again"
        other.get("/api/v1/oidc/start")
        assert other.get(there).headers["location"] == "/?refused=directory"  # another state
        denied = api.get("/api/v1/oidc/back", params={"error": "access_denied"})
        assert denied.headers["location"] == "/?refused=directory"


def test_a_directory_that_is_away_says_so_and_the_centre_goes_on(centre: RunningCentre, directory: Provider) -> None:
    directory.server.shutdown()
    directory.server.server_close()
    with centre.client() as api, centre.admin():
        for _ in range(2):  # the second does not try again
            assert api.get("/api/v1/oidc/start").headers["location"] == "/?refused=directory"


def test_without_a_directory_there_is_no_such_route(tmp_path: Path) -> None:
    with running(tmp_path / "data") as centre, centre.client() as api:
        assert not api.get("/api/v1/health").json()["directory"]
        for name in ("start", "back"):
            assert api.get(f"/api/v1/oidc/{name}").status_code == 404


@pytest.mark.parametrize(
    ("oidc", "said"),
    [
        ({"issuer": "http://id.example"}, "without TLS"),
        ({"scopes": ["profile"]}, "must have openid"),
        ({"grant": [{"value": "a", "role": "viewer", "places": ["a//b"]}]}, "is no place"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(oidc: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CentralConfig(central=Central(), oidc=Oidc(**{"issuer": "https://id.example", "client_id": "x"} | oidc))


def test_a_directory_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = Oidc(issuer=issuer, client_id=CLIENT, client_secret_file=tmp_path / "secret", grant=GRANTS)
        made = Directory(config, SystemClock())

        def leave() -> None:
            with pytest.raises(Refused, match="does not answer"):
                made.leave("http://here/back")

        asking = threading.Thread(target=leave)
        asking.start()
        try:
            with silent.accept()[0]:
                began = time.monotonic()
                for _ in range(3):
                    with pytest.raises(Refused, match="being asked") as refused:
                        made.leave("http://here/back")
                    assert refused.value.code == "directory"
                assert time.monotonic() - began < 2
        finally:
            asking.join(30)


def test_who_hammers_from_the_same_address_locks_nobody_out_of_the_directory(centre: RunningCentre) -> None:
    with centre.client() as other, centre.client() as api, centre.admin() as admin:
        for _ in range(12):  # they began nothing here, or answer something else, or know no password
            assert other.get("/api/v1/oidc/back?code=x&state=y").headers["location"] == "/?refused=again"
            other.post("/api/v1/join", json={"token": "x" * 32, "password": "a long enough password"})
        other.get("/api/v1/oidc/start")
        for _ in range(12):
            assert other.get("/api/v1/oidc/back?code=x&state=y").headers["location"] == "/?refused=directory"
        assert not admin.get("/api/v1/audit", params={"action": "sign-in.refused"}).json()["items"]
        assert _come_in(api) == "/"


def test_codes_that_are_tried_are_counted(centre: RunningCentre) -> None:
    with centre.client() as api:
        away = api.get("/api/v1/oidc/start").headers["location"]
        state = parse_qs(urlsplit(away).query)["state"][0]
        tried = [api.get("/api/v1/oidc/back", params={"code": "x", "state": state}).status_code for _ in range(9)]
        assert tried == [303] * 8 + [429]
        assert api.post("/api/v1/sign-in", json={"username": "a", "password": "b"}).status_code == 401
