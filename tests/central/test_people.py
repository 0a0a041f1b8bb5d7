"""Accounts as admins and their owners manage them."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agent.central.api.guard import is_the_same
from agent.central.first_sign_in import FirstSignIn
from agent.central.folder import DataFolder
from agent.central.store.database import Database
from agent.central.store.lockout import Lockout
from agent.central.store.people import NotSo, People
from agent.central.store.reach import Reach
from agent.central.store.schema import session
from agent.central.store.second_factor import step_of
from agent.central.store.sessions import Sessions
from agent.central.store.tokens import Tokens
from agent.core.clock import NS, SystemClock
from tests.central.accounts import make, program, somebody
from tests.central.helpers import PASSWORD, FakeGateway, RunningCentre, wait_for
from tests.central.stores import SEALER, Store
from tests.fixtures.clock import FakeClock

OTHER = "another long password"


def _code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_account_from_the_link_to_its_end(centre: RunningCentre) -> None:
    with centre.admin() as admin, centre.client() as api:
        token = make(admin, "bob", "operator", ["demo", "hartford/pole-17/main"])
        assert _code(admin.post("/api/v1/people", json={"name": "BOB"})) == (409, "taken")
        (ann, bob) = admin.get("/api/v1/people").json()["items"]
        assert (ann["name"], ann["places"], bob["waiting"], bob["role"]) == ("ann", None, True, "operator")
        early = api.post("/api/v1/sign-in", json={"username": "bob", "password": ""})
        assert _code(early) == (401, "wrong_credentials")
        assert _code(api.post("/api/v1/join", json={"token": "x" * 32, "password": PASSWORD})) == (403, "token_used")
        assert api.post("/api/v1/join", json={"token": token, "password": "short"}).status_code == 422
        joined = api.post("/api/v1/join", json={"token": token, "password": PASSWORD}).json()
        assert (joined["name"], joined["places"]) == ("bob", ["demo", "hartford/pole-17/main"])
        assert _code(api.post("/api/v1/join", json={"token": token, "password": PASSWORD})) == (403, "token_used")
        refused = admin.get("/api/v1/audit", params={"action": "account.refused"}).json()["items"]
        assert [one["what"] for one in refused] == ["password link"] * 2
        assert _code(api.get("/api/v1/people")) == (403, "forbidden")
        changed = admin.patch("/api/v1/people/bob", json={"role": "investigator"}).json()
        assert (changed["role"], changed["places"]) == ("investigator", ["demo", "hartford/pole-17/main"])
        assert api.get("/api/v1/me").json()["role"] == "investigator"
        admin.patch("/api/v1/people/bob", json={"disabled": True}).raise_for_status()
        assert api.get("/api/v1/me").status_code == 401
        assert _code(api.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD}))[0] == 401
        admin.patch("/api/v1/people/bob", json={"disabled": False}).raise_for_status()
        api.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD}).raise_for_status()
        assert admin.delete("/api/v1/people/bob").status_code == 204
        assert api.get("/api/v1/me").status_code == 401
        assert _code(admin.get("/api/v1/people/bob")) == (404, "not_found")
        assert admin.patch("/api/v1/people/bob", json={}).status_code == 422
        for wrong in ({"name": "../x"}, {"name": "c", "places": ["a//b"]}, {"name": "c", "role": "king"}):
            assert admin.post("/api/v1/people", json=wrong).status_code == 422


def test_the_last_admin_who_sees_everything_stays(centre: RunningCentre) -> None:
    with centre.admin() as admin:
        for change in ({"role": "viewer"}, {"disabled": True}, {"places": ["demo"]}):
            assert _code(admin.patch("/api/v1/people/ann", json=change)) == (409, "last_admin")
        assert _code(admin.delete("/api/v1/people/ann")) == (409, "last_admin")
        make(admin, "second", "admin", ["demo"])
        assert _code(admin.delete("/api/v1/people/ann")) == (409, "last_admin")
        admin.patch("/api/v1/people/second", json={"places": None}).raise_for_status()
        assert admin.delete("/api/v1/people/ann").status_code == 204


def test_an_admin_of_a_site_manages_those_who_see_no_more(centre: RunningCentre) -> None:
    with centre.admin() as admin, somebody(centre, "local", "admin", ["demo"]) as api:
        make(admin, "elsewhere", "viewer", ["hartford"])
        make(admin, "here", "viewer", ["demo/gw-1/plaza"])
        assert [one["name"] for one in api.get("/api/v1/people").json()["items"]] == ["here", "local"]
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/link"), ("DELETE", "/sessions")):
            for name in ("elsewhere", "ann"):
                assert _code(api.request(method, f"/api/v1/people/{name}{path}")) == (404, "not_found")
        for places in (None, ["hartford"], ["demo", "hartford"]):
            assert _code(api.post("/api/v1/people", json={"name": "new", "places": places})) == (403, "forbidden")
            assert _code(api.patch("/api/v1/people/here", json={"places": places})) == (403, "forbidden")
        assert api.post("/api/v1/people", json={"name": "new", "places": ["demo"]}).status_code == 201
        for path in ("/audit", "/audit/verify", "/audit/export", "/tokens?everybody=true"):
            assert _code(api.get(f"/api/v1{path}")) == (403, "forbidden")


def test_a_change_of_password_ends_every_other_session(centre: RunningCentre) -> None:
    with somebody(centre, "bob") as api, centre.client() as phone, centre.admin() as admin:
        phone.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD}).raise_for_status()
        wrong = api.post("/api/v1/me/password", json={"old": "not it", "new": OTHER})
        assert _code(wrong) == (403, "wrong_password")
        assert phone.get("/api/v1/me").status_code == 200
        old = dict(api.cookies)
        api.post("/api/v1/me/password", json={"old": PASSWORD, "new": OTHER}).raise_for_status()
        assert phone.get("/api/v1/me").status_code == 401
        assert httpx.get(f"{centre.url}/api/v1/me", cookies=old).status_code == 401
        assert api.get("/api/v1/me").status_code == 200
        link = admin.post("/api/v1/people/bob/link").json()["link"]
        body = {"token": link.partition("token=")[2], "password": PASSWORD}
        assert phone.post("/api/v1/join", json=body).status_code == 200
        assert api.get("/api/v1/me").status_code == 401


def test_sessions_are_listed_and_ended(centre: RunningCentre) -> None:
    with somebody(centre, "bob") as api, centre.client() as phone, centre.admin() as admin:
        phone.headers["User-Agent"] = "Phone/1"
        phone.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD}).raise_for_status()
        items = api.get("/api/v1/me/sessions").json()["items"]
        assert sorted((one["agent"], one["here"], one["origin"]) for one in items) == [
            ("Phone/1", False, "127.0.0.1"), (f"python-httpx/{httpx.__version__}", True, "127.0.0.1"),
        ]  # fmt: skip
        (other,) = [one["id"] for one in items if not one["here"]]
        assert admin.delete(f"/api/v1/me/sessions/{other}").status_code == 404
        assert api.delete(f"/api/v1/me/sessions/{other}").status_code == 204
        assert phone.get("/api/v1/me").status_code == 401
        phone.post("/api/v1/sign-in", json={"username": "bob", "password": PASSWORD}).raise_for_status()
        assert api.delete("/api/v1/me/sessions").status_code == 204
        assert (phone.get("/api/v1/me").status_code, api.get("/api/v1/me").status_code) == (401, 200)
        assert admin.delete("/api/v1/people/bob/sessions").status_code == 204
        assert api.get("/api/v1/me").status_code == 401


def test_a_second_factor_is_asked_for_and_no_code_works_twice(centre: RunningCentre) -> None:
    with somebody(centre, "bob") as api, centre.client() as door, centre.admin() as admin:
        assert _code(api.post("/api/v1/me/second-factor", json={"password": "no"})) == (403, "wrong_password")
        begun = api.post("/api/v1/me/second-factor", json={"password": PASSWORD}).json()
        assert begun["picture"].startswith("data:image/svg+xml")
        assert re.match(r"otpauth://totp/Lamppost:bob\?secret=[A-Z2-7]{32}&issuer=Lamppost$", begun["address"])
        app = pyotp.TOTP(begun["secret"])
        assert _code(api.post("/api/v1/me/second-factor/confirm", json={"code": "nonsense"})) == (403, "wrong_code")
        word = {"username": "bob", "password": PASSWORD}
        assert door.post("/api/v1/sign-in", json=word).status_code == 200  # not confirmed yet
        told = admin.get("/api/v1/audit", params={"who": "bob", "action": "account.refused"}).json()["items"]
        assert [one["what"] for one in told] == ["second factor: wrong code", "wrong password"]
        code = app.now()
        codes = api.post("/api/v1/me/second-factor/confirm", json={"code": code}).json()["codes"]
        assert len(set(codes)) == 10
        assert _code(door.post("/api/v1/sign-in", json=word)) == (401, "second_factor")
        assert _code(door.post("/api/v1/sign-in", json=word | {"code": code})) == (401, "wrong_code")
        assert door.post("/api/v1/sign-in", json=word | {"code": codes[3].upper()}).status_code == 200
        assert _code(door.post("/api/v1/sign-in", json=word | {"code": codes[3]})) == (401, "wrong_code")
        assert _code(api.post("/api/v1/me/second-factor", json={"password": PASSWORD})) == (409, "already_on")
        link = admin.post("/api/v1/people/bob/link").json()["link"].partition("token=")[2]
        assert _code(door.post("/api/v1/join", json={"token": link, "password": PASSWORD})) == (401, "second_factor")
        assert admin.delete("/api/v1/people/bob/second-factor").status_code == 204
        assert door.post("/api/v1/sign-in", json=word).status_code == 200
        assert not door.get("/api/v1/me").json()["second_factor"]


def test_codes_by_the_clock_as_the_standard_has_them() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238 appendix B; six of its eight digits
    for at_s, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert step_of(secret, code, at_s * NS, 0) == at_s // 30
        assert step_of(secret, f"{code[:3]} {code[3:]}", (at_s + 30) * NS, 0) == at_s // 30
        assert step_of(secret, code, (at_s + 70) * NS, 0) is None
        assert step_of(secret, code, at_s * NS, at_s // 30) is None


def test_a_token_is_shown_once_and_is_void_when_it_is_revoked_or_expired(centre: RunningCentre) -> None:
    with centre.admin() as admin, somebody(centre, "bob") as bob:
        past = admin.post("/api/v1/tokens", json={"name": "a", "scopes": ["read"], "expires": "2020-01-01T00:00:00Z"})
        assert _code(past) == (422, "invalid")
        assert _code(bob.post("/api/v1/tokens", json={"name": "a", "scopes": ["admin"]})) == (403, "forbidden")
        assert bob.post("/api/v1/tokens", json={"name": "a", "scopes": []}).status_code == 422
        with program(centre, bob, expires="2100-01-01T00:00:00Z") as api:
            assert api.get("/api/v1/me").json()["scopes"] == ["read"]
            (listed,) = bob.get("/api/v1/tokens").json()["items"]
            assert "token" not in listed
            assert listed["last_used"] is not None
            assert admin.get("/api/v1/tokens").json()["items"] == []
            everybody = admin.get("/api/v1/tokens", params={"everybody": "true"}).json()["items"]
            assert {one["owner"] for one in everybody} == {"bob", None}
            (service,) = [one["id"] for one in everybody if one["owner"] is None]
            assert _code(admin.delete(f"/api/v1/tokens/{service}")) == (409, "configured")
            assert bob.delete(f"/api/v1/tokens/{service}").status_code == 404
            assert admin.delete(f"/api/v1/tokens/{listed['id']}").status_code == 204
            assert api.get("/api/v1/me").status_code == 401


def _attempts(lockout: Lockout, count: int, name: str, origin: str) -> list[int]:
    return [lockout.attempt(name, origin) for _ in range(count)]


def test_every_further_attempt_waits_twice_as_long_and_what_comes_too_early_does_not_count(plain_store: Store) -> None:
    lockout, clock = Lockout(plain_store.database, plain_store.clock), plain_store.clock
    waits = []
    assert _attempts(lockout, 8, "ann", "192.0.2.1") == [0] * 8
    for _ in range(12):
        wait = lockout.attempt("ann", "192.0.2.1")
        assert lockout.attempt("ann", "192.0.2.1") == wait
        clock.advance(wait)
        waits.append(wait)
        assert lockout.attempt("ann", "192.0.2.1") == 0
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.advance(7200)
    assert _attempts(lockout, 8, "ann", "192.0.2.1") == [0] * 8


def test_whoever_hammers_at_a_name_does_not_keep_its_owner_out(store: Store) -> None:
    lockout = Lockout(store.database, store.clock)
    assert lockout.attempt("ann", "192.0.2.1") == 0
    lockout.succeeded("ann", "192.0.2.1")
    for number in range(20):
        lockout.attempt("ann", f"198.51.100.{number}")
    assert lockout.attempt("ann", "198.51.100.99") > 0
    assert lockout.attempt("ann", "192.0.2.1") == 0
    assert lockout.attempt("bob", "198.51.100.99") == 0  # another name from a fresh address
    assert lockout.attempt("bob", "198.51.100.1") == 0
    _attempts(lockout, 8, "", "2001:db8::1")
    assert lockout.attempt("carl", "2001:db8::2") > 0  # the same network
    assert lockout.attempt("carl", "2001:db8:1::2") == 0


@pytest.fixture
def kept(plain_store: Store) -> tuple[Database, FakeClock, People]:
    people = People(plain_store.database, plain_store.clock, SEALER)
    assert people.add_first("ann", PASSWORD)
    return plain_store.database, plain_store.clock, people


def test_web_workers_that_start_together_give_out_one_first_link(plain_store: Store, tmp_path: Path) -> None:
    """Over one data folder; and nobody's half-written file is taken away by another."""
    people = People(plain_store.database, plain_store.clock, SEALER)
    for round_ in range(20):
        folder = DataFolder(tmp_path / str(round_))
        folder.prepare()
        workers = [FirstSignIn(folder, people) for _ in range(4)]
        together = threading.Barrier(len(workers))

        def prepare(worker: FirstSignIn, together: threading.Barrier = together) -> str | None:
            together.wait()
            return worker.prepare("https://city.example")

        with ThreadPoolExecutor(len(workers)) as pool:
            links = set(pool.map(prepare, workers))
        assert links == {folder.first_sign_in.read_text().strip()}


def test_a_session_ends_when_it_idles_and_when_it_is_old(kept: Any) -> None:
    database, clock, _ = kept
    sessions = Sessions(database, clock, idle_s=600, most_s=3600)
    token = sessions.open("ann", "192.0.2.1", "browser")
    for _ in range(7):
        clock.advance(500)
        assert sessions.person(token) is not None
    clock.advance(500)
    assert sessions.person(token) is None
    token = sessions.open("ann", "192.0.2.1", "browser")
    clock.advance(601)
    assert sessions.person(token) is None
    assert sessions.of("ann") == []


def test_a_link_is_good_for_a_day_and_for_the_enabled(kept: Any) -> None:
    _, clock, people = kept
    late, off = people.create("late", "viewer"), people.create("off", "viewer")
    people.change("off", disabled=True)
    assert people.join(off, PASSWORD) is None
    clock.advance(86_401)
    assert people.join(late, PASSWORD) is None
    fresh = people.link("late")
    assert people.join(fresh, PASSWORD).name == "late"
    assert people.link("nobody") is None
    assert not people.add_first("second", PASSWORD)


def test_a_token_ends_with_its_time_or_its_owner(kept: Any) -> None:
    database, clock, people = kept
    tokens = Tokens(database, clock)
    token, _ = tokens.make("ann", "x", ["read"], Reach.of(["demo"]), clock.wall_ns() + 100 * NS)
    held = tokens.person(token)
    assert (held.signature, held.reach.places, held.scopes) == ("ann/x", ["demo"], {"read"})
    clock.advance(100)
    assert tokens.person(token) is None
    people.join(people.create("bob", "admin"), PASSWORD)
    token, _ = tokens.make("bob", "y", ["read"], Reach(), None)
    people.change("bob", role="viewer")
    assert tokens.person(token).role == "viewer"
    people.remove("bob")
    assert tokens.person(token) is None


def test_who_signs_in_elsewhere_cannot_take_over_an_account(kept: Any) -> None:
    _, _, people = kept
    with pytest.raises(NotSo, match="somebody else is called Ann"):
        people.enter_by_subject("https://id.example carla", "Ann", "viewer", Reach())
    first = people.enter_by_subject("https://id.example carla", "carla", "viewer", Reach.of(["demo"]))
    again = people.enter_by_subject("https://id.example carla", "carla-2", "operator", Reach())
    assert (first.name, again.name, again.role) == ("carla", "carla", "operator")
    assert people.check_password("carla", "") is None
    people.change("carla", disabled=True)
    with pytest.raises(NotSo, match="disabled"):
        people.enter_by_subject("https://id.example carla", "carla", "viewer", Reach())


def test_what_is_open_ends_when_its_owner_may_see_something_else(
    centre: RunningCentre, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.central.api.stream._KEEP_S", 0.2)
    monkeypatch.setattr("agent.central.api.live_socket._CHECK_EVERY_S", 0.2)
    gateway.hello()
    with somebody(centre, "bob", "viewer", ["demo"]) as api, centre.admin() as admin:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        address = centre.url.replace("http", "ws") + "/api/v1/live/demo/gw-1/plaza"
        cookie = {"Cookie": f"lamppost_session={api.cookies['lamppost_session']}"}
        with api.stream("GET", "/api/v1/stream") as stream, connect(address, additional_headers=cookie) as socket:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            admin.patch("/api/v1/people/bob", json={"places": ["elsewhere"]}).raise_for_status()
            list(lines)  # it ends
            with pytest.raises(ConnectionClosed, match="4401"):
                list(socket)


def test_the_first_link_is_good_until_there_is_an_admin_whoever_comes_before(store: Store, tmp_path: Path) -> None:
    people, folder = People(store.database, store.clock, SEALER), DataFolder(tmp_path / "data")
    folder.prepare()
    first = FirstSignIn(folder, people)
    link = first.prepare("https://city.example")
    assert link is not None
    token = link.partition("token=")[2]
    assert first.is_the_only_way
    people.enter_by_subject("https://id.example vic", "vic", "viewer", Reach.of(["demo"]))
    people.enter_by_subject("https://id.example max", "max", "admin", Reach.of(["demo"]))
    assert (first.is_open, first.is_the_only_way) == (True, False)  # they are asked to sign in, not for the link
    assert FirstSignIn(folder, people).prepare("https://city.example") == link
    with pytest.raises(NotSo, match="called Vic"):
        first.use(token, "Vic", PASSWORD)
    assert first.use(token, "ann", PASSWORD)
    assert not first.is_open
    assert first.prepare("https://city.example") is None


def test_an_admin_of_the_directory_voids_the_first_link_for_good(store: Store, tmp_path: Path) -> None:
    people, folder = People(store.database, store.clock, SEALER), DataFolder(tmp_path / "data")
    folder.prepare()
    first = FirstSignIn(folder, people)
    token = str(first.prepare("https://city.example")).partition("token=")[2]
    people.enter_by_subject("https://id.example max", "max", "admin", Reach())
    assert not first.is_open
    assert not first.use(token, "ann", PASSWORD)
    people.enter_by_subject("https://id.example max", "max", "viewer", Reach())
    assert not first.use(token, "ann", PASSWORD)  # an old link in a log lets nobody in
    assert first.prepare("https://city.example") is not None  # a restart gives a way back in


def test_a_session_idles_out_while_its_page_listens(kept: Any) -> None:
    database, clock, _ = kept
    sessions = Sessions(database, clock, idle_s=600, most_s=86_400)
    token = sessions.open("ann", "192.0.2.1", "browser")
    cookie = (b"cookie", f"lamppost_session={token}".encode())
    stream = HTTPConnection({"type": "http", "headers": [cookie], "person": sessions.person(token)})
    centre: Any = SimpleNamespace(sessions=sessions)
    lived = 0
    while asyncio.run(is_the_same(centre, stream)) and lived < 20:
        clock.advance(100)
        lived += 1
    assert lived == 6


def test_what_a_page_asks_by_itself_keeps_no_session_open(centre: RunningCentre) -> None:
    database = Database.open("sqlite", centre.data)
    earlier_ns = SystemClock().wall_ns() - 300 * NS

    def renews(path: str, **headers: str) -> bool:
        with database.write() as connection:
            connection.execute(sa.update(session).values(seen_ns=earlier_ns))
        with api.stream("GET", f"/api/v1/{path}", headers=headers), database.read() as connection:
            return connection.scalar(sa.select(session.c.seen_ns)) != earlier_ns

    with centre.admin() as api:
        assert [renews(path) for path in ("health", "stream", "media/none")] == [False] * 3
        assert not renews("cameras", **{"X-Lamppost-Idle": "1"})
        assert renews("cameras")
    database.close()
