"""Who gets in, and who does not."""

from __future__ import annotations

import sqlite3
import stat
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from agent.central.api.build import make_routes
from agent.central.api.guard import OPEN_BELOW, OPEN_PATHS
from agent.central.sealing import Sealer
from agent.central.store.database import Database
from agent.central.store.people import People
from agent.core.clock import SystemClock
from tests.central.helpers import PASSWORD, RunningCentre


def _shape(response: httpx.Response) -> str:
    document = response.json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message"}
    assert document["error"]["message"]
    return str(document["error"]["code"])


def test_every_route_answers_401_without_a_sign_in(centre: RunningCentre) -> None:
    paths = make_routes().openapi()["paths"]
    assert len(paths) > 15
    with centre.client() as api:
        asked = 0
        for path, operations in paths.items():
            for method in operations:
                if path not in OPEN_PATHS and not path.startswith(OPEN_BELOW):
                    response = api.request(method, path.replace("{", "").replace("}", ""))
                    assert (response.status_code, _shape(response)) == (401, "not_signed_in"), path
                    asked += 1
        assert asked > 15
        assert api.get("/api/v1/nothing").status_code == 401
        assert api.get("/api/v1/health").status_code == 200
        assert "paths" in api.get("/api/v1/openapi.json").json()
        assert "/api/v1/events" in api.get("/api/v1/docs").text
        for wrong in ({"Authorization": "Bearer wrong"}, {"Cookie": "lamppost_session=wrong"}, {"Authorization": "x"}):
            assert api.get("/api/v1/me", headers=wrong).status_code == 401
    with pytest.raises(InvalidStatus) as caught:
        connect(centre.url.replace("http", "ws") + "/api/v1/live/demo/gw-1/plaza")
    assert caught.value.response.status_code == 401


def test_the_first_link_makes_one_admin_and_is_burnt(centre: RunningCentre) -> None:
    kept = centre.data / "first-sign-in"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().strip() == centre.sign_in_url
    assert not any(centre.sign_in_url in line for line in centre.said)  # stdout is no terminal here
    token = centre.sign_in_url.partition("token=")[2]
    with centre.client() as api:
        assert api.get("/api/v1/health").json()["first_start"]
        short = {"token": token, "username": "ann", "password": "short"}
        refused = api.post("/api/v1/first", json=short)
        assert (refused.status_code, _shape(refused)) == (422, "invalid")
        wrong = {"token": "x" * 32, "username": "ann", "password": PASSWORD}
        assert api.post("/api/v1/first", json=wrong).status_code == 403
        good = api.post("/api/v1/first", json={"token": token, "username": "ann", "password": PASSWORD})
        told = {"name": "ann", "role": "admin", "csrf_header": "X-Lamppost", "places": None}
        assert good.json() == good.json() | told
        cookie = good.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert api.get("/api/v1/me").json()["name"] == "ann"
        again = api.post("/api/v1/first", json={"token": token, "username": "eve", "password": PASSWORD})
        assert (again.status_code, _shape(again)) == (403, "token_used")
        assert not api.get("/api/v1/health").json()["first_start"]
    assert not kept.exists()


def test_signing_in_and_out(centre: RunningCentre) -> None:
    with centre.admin() as first, centre.client() as api:
        wrong = api.post("/api/v1/sign-in", json={"username": "ann", "password": "not this one"})
        assert (wrong.status_code, _shape(wrong)) == (401, "wrong_credentials")
        nobody = api.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD})
        assert nobody.json() == wrong.json()
        assert api.post("/api/v1/sign-in", json={"username": "ann", "password": PASSWORD}).status_code == 200
        stolen = dict(api.cookies)
        assert api.post("/api/v1/sign-out").status_code == 204
        assert httpx.get(f"{centre.url}/api/v1/me", cookies=stolen).status_code == 401
        assert first.get("/api/v1/me").status_code == 200  # the other session stays
        lines = first.get("/api/v1/audit").json()
        assert first.get("/api/v1/audit/verify").json()["verified"]
        assert [line["action"] for line in lines["items"]] == [
            "sign-out", "sign-in", "sign-in.refused", "sign-in.refused", "account.first"
        ]  # fmt: skip


def test_whoever_tries_passwords_is_slowed_down(centre: RunningCentre) -> None:
    with centre.admin() as admin, centre.client() as api:
        codes = [api.post("/api/v1/sign-in", json={"username": "a", "password": "b"}).status_code for _ in range(10)]
        assert codes == [401] * 8 + [429] * 2
        late = api.post("/api/v1/sign-in", json={"username": "a", "password": "b"})
        assert _shape(late) == "too_many"
        assert int(late.headers["retry-after"]) >= 1
        (line,) = admin.get("/api/v1/audit", params={"action": "sign-in.slowed"}).json()["items"]
        assert (line["who"], line["from"]) == ("a", "127.0.0.1")


def test_requests_of_other_sites_are_refused(centre: RunningCentre) -> None:
    with centre.admin() as api:
        evil = {"Origin": "https://evil.example"}
        for response in (
            api.post("/api/v1/sign-out", headers=evil),
            api.get("/api/v1/me", headers=evil),
            api.get("/api/v1/stream", headers={"Origin": "null"}),
            api.get("/api/v1/me", headers={"Origin": "http://["}),
            api.post("/api/v1/sign-out", headers={"X-Lamppost": ""}),
            api.post("/api/v1/sign-in", headers={"X-Lamppost": "0"}, json={"username": "ann", "password": PASSWORD}),
        ):
            assert (response.status_code, _shape(response)) == (403, "csrf")
        assert api.get("/api/v1/me", headers={"Origin": centre.url}).status_code == 200
        address = centre.url.replace("http", "ws") + "/api/v1/live/demo/gw-1/plaza"
        cookie = f"lamppost_session={api.cookies['lamppost_session']}"
        with pytest.raises(InvalidStatus) as caught:
            connect(address, origin="https://evil.example", additional_headers={"Cookie": cookie})
        assert caught.value.response.status_code == 403


def test_on_loopback_a_name_that_was_rebound_to_us_is_refused(centre: RunningCentre) -> None:
    port = centre.url.rpartition(":")[2]
    with centre.service() as api:
        for host in ("evil.example", f"evil.example:{port}", "10.1.2.3", "localhost.evil.example", "[", ""):
            for path in ("/", "/api/v1/health", "/api/v1/me"):
                answer = api.get(path, headers={"Host": host})
                assert answer.status_code == 421
                assert _shape(answer) == "misdirected"
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "127.0.0.2"):
            assert api.get("/api/v1/me", headers={"Host": host}).status_code == 200


def test_a_password_that_a_browser_adds_by_itself_excuses_no_missing_header(centre: RunningCentre) -> None:
    with centre.admin() as api:
        basic = api.post("/api/v1/sign-out", headers={"X-Lamppost": "", "Authorization": "Basic YTpi"})
        assert (basic.status_code, _shape(basic)) == (403, "csrf")


def test_the_cookie_outlives_the_session_that_use_prolongs(centre: RunningCentre) -> None:
    with centre.admin(), centre.client() as api:
        answer = api.post("/api/v1/sign-in", json={"username": "ann", "password": PASSWORD})
        age_s = int(answer.headers["set-cookie"].partition("Max-Age=")[2].partition(";")[0])
        assert age_s > 2 * centre.config.people.session_idle_minutes * 60


def test_every_error_has_the_one_shape_and_every_answer_the_strict_headers(centre: RunningCentre) -> None:
    with centre.admin() as api:
        asked: list[tuple[str, str, dict[str, Any], int]] = [
            ("GET", "/api/v1/events/none", {}, 404),
            ("GET", "/api/v1/nothing", {}, 404),
            ("DELETE", "/api/v1/events", {}, 405),
            ("GET", "/api/v1/events", {"params": {"limit": 0}}, 422),
            ("GET", "/api/v1/events", {"params": {"cursor": "rubbish"}}, 422),
            ("GET", "/api/v1/events", {"params": {"cursor": "W10"}}, 422),
            ("GET", "/api/v1/events", {"params": {"since": "yesterday"}}, 422),
            ("GET", "/api/v1/events", {"params": {"since": "0001-01-01T00:00:00Z"}}, 422),
            ("GET", "/api/v1/events", {"params": {"camera": "../x"}}, 422),
            ("GET", "/api/v1/recordings", {}, 422),
            ("GET", "/api/v1/media/..%2f..%2fcentre.db", {}, 404),
            ("POST", "/api/v1/clips", {"content": b"{"}, 422),
            ("POST", "/api/v1/clips", {"json": {"site": "demo"}}, 422),
            ("POST", "/api/v1/clips", {"content": b"\xff\xfe"}, 422),
            ("POST", "/api/v1/sign-in", {"content": b"x" * 70_000}, 413),
            ("POST", "/api/v1/sign-in", {"content": iter([b"x" * 40_000, b"x" * 40_000])}, 413),
            ("GET", "/assets/none.js", {}, 404),
        ]
        for method, path, options, status in asked:
            response = api.request(method, path, **options)
            assert response.status_code == status, (path, response.text)
            _shape(response)
        for path in ("/", "/events/abc", "/api/v1/me", "/api/v1/nothing"):
            headers = api.get(path).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers
        assert api.get("/api/v1/me").headers["cache-control"] == "no-store"
        assert api.get("/../../etc/passwd").text.startswith("<!doctype html>")


def test_a_role_below_operator_cannot_ask_for_clips_nor_read_the_audit_log(centre: RunningCentre) -> None:

    database = Database.open("sqlite", centre.data)
    people = People(database, SystemClock(), Sealer([bytes(32)]))
    people.join(people.create("vic", "viewer"), PASSWORD)
    database.close()
    with centre.client() as api:
        api.post("/api/v1/sign-in", json={"username": "vic", "password": PASSWORD}).raise_for_status()
        assert api.get("/api/v1/events").status_code == 200
        clip = {"site": "demo", "gateway": "gw-1", "camera": "plaza"}
        clip |= {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:05Z"}
        for response in (api.post("/api/v1/clips", json=clip), api.get("/api/v1/audit")):
            assert (response.status_code, _shape(response)) == (403, "forbidden")


def test_an_audit_line_cannot_be_changed_unseen(centre: RunningCentre) -> None:

    with centre.admin() as api:
        api.post("/api/v1/sign-in", json={"username": "x", "password": "y"})
        assert api.get("/api/v1/audit/verify").json()["verified"]
        with sqlite3.connect(centre.data / "centre.db") as database:
            database.execute("UPDATE audit SET who = 'nobody' WHERE seq = 1")
        database.close()
        verdict = api.get("/api/v1/audit/verify").json()
        assert (verdict["verified"], verdict["broken_at"]) == (False, 1)


def test_secrets_are_for_their_owner_only(centre: RunningCentre) -> None:
    private = [
        "command_key.pem",
        "first-sign-in",
        "service-token",
        "broker/users",
        "broker/acl",
        "broker/centre.password",
    ]
    for name in [*private, "gateways/demo/gw-1/password", "gateways/demo/gw-1/command_key.pem"]:
        assert stat.S_IMODE((centre.data / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(centre.ready.stat().st_mode) == 0o600
    public = (centre.data / "gateways/demo/gw-1/command_key.pem").read_text()
    assert "PUBLIC" in public
    assert "PRIVATE" not in public
