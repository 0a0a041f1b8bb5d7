"""Webhooks: signed, retried, each by itself, and never to where they must not go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from agent.central.hooks import PAUSES_S, HookRunner
from agent.central.outgoing import Gate, Unsent, check_url, post
from agent.central.store import hooks as kept
from agent.central.store import schema
from agent.central.store.hooks import Hooks
from agent.central.store.places import Place
from agent.core.stop import StopToken
from tests.central.helpers import FakeGateway, RunningCentre, event, running, wait_for
from tests.central.receiver import Receiver, receiver
from tests.central.stores import SEALER, Store

HERE, THERE = Place("demo", "gw-1", "plaza"), Place("attic", "gw-9", "cellar")
LOOPBACK = Gate(["127.0.0.0/8"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.central.hooks._LOOK_S", 0.02)


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def _put(store: Store, hooks: Hooks, *events: Any, place: Place = HERE) -> None:
    with store.database.write() as main:
        hooks.put(main, [(place, one) for one in events])


@contextmanager
def _delivering(store: Store, hooks: Hooks, gate: Gate = LOOPBACK) -> Iterator[None]:
    stop = StopToken()
    thread = threading.Thread(target=HookRunner(hooks, gate, store.clock).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def _make(hooks: Hooks, url: str, **wanted: Any) -> tuple[str, str]:
    return hooks.make("x", url, **{"kinds": None, "severity": None, "phases": None, "places": None} | wanted)


def _log(hooks: Hooks, key: str) -> list[dict[str, Any]]:
    return list(hooks.deliveries(key, None, 100, None)["items"])


def test_what_is_wanted_is_told_once_signed_and_in_order(store: Store, heard: Receiver) -> None:
    hooks = Hooks(store.database, store.clock, SEALER)
    key, secret = _make(hooks, heard.url, kinds=["tamper"], places=["demo"])
    _put(store, hooks, event("e1", kind="tamper"), event("e2", kind="motion"), event("e1", kind="tamper"))
    _put(store, hooks, event("e1", "end", 9, kind="tamper"))
    _put(store, hooks, event("e3", kind="tamper"), place=THERE)
    with _delivering(store, hooks):
        wait_for(lambda: [one["state"] for one in _log(hooks, key)] == ["delivered"] * 2)
    told = heard.told()
    assert sorted((one["type"], one["data"]["id"], one["data"]["site"]) for one in told) == [
        ("event.end", "e1", "demo"), ("event.start", "e1", "demo"),
    ]  # fmt: skip
    assert all(heard.is_signed(number, secret) for number in range(2))
    assert heard.heard[0][0]["content-type"] == "application/json"
    assert not heard.is_signed(0, "whsec_" + "A" * 44)


def test_a_receiver_that_is_away_is_tried_for_a_day_then_given_up(plain_store: Store, heard: Receiver) -> None:
    hooks = Hooks(plain_store.database, plain_store.clock, SEALER)
    key, _ = _make(hooks, heard.url)
    heard.answers = [500, 302, 429, *[503] * 20]
    _put(plain_store, hooks, event("e1"))
    waited = 0.0
    with _delivering(plain_store, hooks):
        for number in range(len(PAUSES_S) + 1):
            wait_for(lambda number=number: _log(hooks, key)[0]["attempts"] == number + 1)
            plain_store.clock.advance(PAUSES_S[min(number, len(PAUSES_S) - 1)] * 1.1 + 1)
            waited += PAUSES_S[min(number, len(PAUSES_S) - 1)]
        (one,) = _log(hooks, key)
        assert (one["state"], one["status"], one["attempts"], one["next"]) == ("failed", 503, 10, None)
        assert waited > 86_400
        assert len(heard.heard) == 10  # the redirect was not followed
        assert len({headers["webhook-id"] for headers, _ in heard.heard}) == 1
        heard.answers = []
        assert hooks.again(key, one["id"])
        wait_for(lambda: _log(hooks, key)[0]["state"] == "delivered")
        assert not hooks.again(key, one["id"])


def test_a_slow_receiver_delays_nobody_else_and_the_end(plain_store: Store, heard: Receiver) -> None:
    hooks = Hooks(plain_store.database, plain_store.clock, SEALER)
    with receiver() as slow:
        slow.wait.clear()
        slow_key, _ = _make(hooks, slow.url)
        quick_key, _ = _make(hooks, heard.url)
        with _delivering(plain_store, hooks):
            for number in range(5):
                _put(plain_store, hooks, event(f"e{number}"))
                wait_for(lambda number=number: len(heard.heard) == number + 1)
            assert len(slow.heard) == 1
            wait_for(lambda: {one["state"] for one in _log(hooks, quick_key)} == {"delivered"})
            assert {one["state"] for one in _log(hooks, slow_key)} == {"waiting"}
        # stopped at once, though it still waits for an answer


def _said(hooks: Hooks, key: str) -> dict[str, tuple[str, int | None, str]]:
    return {one["event"]: (one["state"], one["status"], one["error"]) for one in _log(hooks, key)}


def test_who_is_gone_is_told_no_more_and_nothing_late_when_switched_on_again(store: Store, heard: Receiver) -> None:
    hooks = Hooks(store.database, store.clock, SEALER)
    key, _ = _make(hooks, heard.url)
    heard.answers = [410]
    for number in range(3):
        _put(store, hooks, event(f"e{number}"))
        store.clock.advance(1)
    with _delivering(store, hooks):
        wait_for(lambda: not hooks.one(key)["enabled"])  # type: ignore[index]
        off = ("failed", None, "the webhook was switched off before this was told")
        gone = ("failed", 410, "the receiver wants no more: the webhook is switched off")
        assert _said(hooks, key) == {"e0": gone, "e1": off, "e2": off}
        _put(store, hooks, event("e3"))
        assert hooks.again(key, _log(hooks, key)[0]["id"])
        is_off = ("failed", None, "the webhook is switched off: switch it on, then send this again")
        assert _said(hooks, key) == {"e0": gone, "e1": off, "e2": is_off}
        hooks.change(key, enabled=True)
        store.clock.advance(86_400)
        _put(store, hooks, event("e4"))
        wait_for(lambda: _said(hooks, key)["e4"] == ("delivered", 204, ""))
        assert hooks.again(key, _log(hooks, key)[-2]["id"])
        wait_for(lambda: _said(hooks, key)["e1"] == ("delivered", 204, ""))
    assert [one["data"]["id"] for one in heard.told()] == ["e0", "e4", "e1"]
    assert _said(hooks, key)["e2"] == is_off


def test_switched_off_while_it_is_told_says_how_that_ended(plain_store: Store, heard: Receiver) -> None:
    hooks = Hooks(plain_store.database, plain_store.clock, SEALER)
    key, _ = _make(hooks, heard.url)
    heard.answers = [204, 503]
    with _delivering(plain_store, hooks):
        for name, said in (("e1", ("delivered", 204, "")), ("e2", ("failed", 503, "the webhook was switched off bef"))):
            heard.wait.clear()
            _put(plain_store, hooks, event(name))
            wait_for(lambda name=name: [one for one in heard.told() if one["data"]["id"] == name])
            hooks.change(key, enabled=False)
            assert _said(hooks, key)[name][0] == "failed"
            hooks.change(key, enabled=True)
            heard.wait.set()
            wait_for(lambda name=name: _said(hooks, key)[name][1])
            state, status, error = _said(hooks, key)[name]
            assert (state, status, error[:32]) == said


def test_a_change_of_anything_else_gives_nothing_up(plain_store: Store) -> None:
    hooks = Hooks(plain_store.database, plain_store.clock, SEALER)
    key, _ = _make(hooks, "https://away.example")
    _put(plain_store, hooks, event("e1"))
    hooks.change(key, name="other", enabled=True)
    assert _said(hooks, key) == {"e1": ("waiting", None, "")}


def test_a_test_of_one_that_is_off_fails_at_once_and_what_slipped_in_is_swept(store: Store) -> None:
    hooks = Hooks(store.database, store.clock, SEALER)
    key, _ = _make(hooks, "https://away.example")
    _put(store, hooks, event("e1"))
    with store.database.write() as connection:  # as another process may, in the same moment
        connection.execute(sa.update(schema.webhook).values(enabled=False))
    hooks.test(key)
    hooks.sweep()
    said = {one["type"]: (one["state"], one["attempts"]) for one in _log(hooks, key)}
    assert said == {"event.start": ("failed", 0), "test": ("failed", 0)}
    assert hooks.one(key)["waiting"] == 0  # type: ignore[index]


def test_what_another_process_makes_or_switches_off_counts_from_the_next_event_on(store: Store) -> None:
    web, ingest = (Hooks(store.database, store.clock, SEALER) for _ in range(2))
    _put(store, ingest, event("e1"))
    key, _ = _make(web, "https://dispatch.example")
    _put(store, ingest, event("e2"))
    web.change(key, enabled=False)
    _put(store, ingest, event("e3"))
    assert [one["event"] for one in _log(web, key)] == ["e2"]


def test_two_workers_tell_each_thing_once(store: Store, heard: Receiver) -> None:
    hooks = Hooks(store.database, store.clock, SEALER)
    key, _ = _make(hooks, heard.url)
    _put(store, hooks, *(event(f"e{number}") for number in range(30)))
    with _delivering(store, hooks), _delivering(store, Hooks(store.database, store.clock, SEALER)):
        wait_for(lambda: {one["state"] for one in _log(hooks, key)} == {"delivered"})
    assert len(heard.heard) == 30


def test_too_much_that_waits_is_dropped_and_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_WAITING", 3)
    hooks = Hooks(store.database, store.clock, SEALER)
    key, _ = _make(hooks, "https://away.example")
    for number in range(5):
        _put(store, hooks, event(f"e{number}"))
        store.clock.advance(6)
    found = hooks.one(key)
    assert found is not None
    assert (found["waiting"], found["dropped"]) == (3, 2)
    first = hooks.deliveries(key, "waiting", 2, None)
    last = hooks.deliveries(key, "waiting", 2, first["next"])
    assert [len(first["items"]), len(last["items"]), last["next"]] == [2, 1, None]
    hooks.sweep()
    hooks.remove(key)
    assert hooks.one(key) is None


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "::", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_nothing_goes_to_addresses_that_are_not_public(address: str) -> None:
    gate = Gate(resolve=lambda *_: ["93.184.216.34", address])
    with pytest.raises(Unsent, match="not public"):
        gate.address(urlsplit("https://looks-fine.example/"))


def test_what_is_public_or_allowed_is_gone_to_and_plain_http_only_to_the_latter() -> None:
    for address in ("93.184.216.34", "2606:2800:220:1::1", "::ffff:808:808"):
        assert Gate(resolve=lambda *_, address=address: [address]).address(urlsplit("https://x.example")) == address
    inside = Gate(["10.0.0.0/8"], resolve=lambda *_: ["10.1.2.3"])
    assert inside.address(urlsplit("http://x.example")) == "10.1.2.3"
    with pytest.raises(Unsent, match="only https"):
        Gate(resolve=lambda *_: ["93.184.216.34"]).address(urlsplit("http://x.example"))
    with pytest.raises(Unsent, match="cannot be resolved"):
        Gate().address(urlsplit("https://no-such-host.invalid"))


def test_the_connection_goes_to_the_address_that_was_looked_at(heard: Receiver) -> None:
    answers = iter([["127.0.0.1"], ["10.255.255.1"]])
    gate = Gate(["127.0.0.1"], resolve=lambda *_: next(answers))
    url = heard.url.replace("127.0.0.1", "rebound.example")
    assert post(url, b"{}", {}, gate) == 204
    assert heard.heard[0][0]["host"].startswith("rebound.example:")


@pytest.mark.parametrize(
    "url",
    ["ftp://x.example", "https://", "https://u:p@x.example", "https://x.example/#a", "https://x.example/a b", "x",
     "https://x.example:99999", "https://x.example:0", "https://x.example/\r\nHost: y"],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"write it|without|none"):
        check_url(url)


def test_over_the_api(tmp_path: Path, heard: Receiver) -> None:
    allowed = {"allow": ["127.0.0.0/8"]}
    with running(tmp_path / "data", webhooks=allowed) as centre, FakeGateway(centre) as gateway, centre.admin() as api:
        gateway.hello()
        made = api.post("/api/v1/webhooks", json={"name": "Dispatch", "url": heard.url, "severity": "alarm"}).json()
        where = f"/api/v1/webhooks/{made['id']}"
        assert api.post(f"{where}/test").status_code == 202
        wait_for(lambda: heard.heard)
        assert heard.is_signed(0, made["secret"])
        assert "secret" not in api.get(where).json()
        gateway.envelope("event", 1, event("calm"), event("loud", severity="alarm"))
        wait_for(lambda: len(heard.heard) == 2)
        assert heard.told()[1]["data"]["id"] == "loud"
        fresh = api.post(f"{where}/secret").json()["secret"]
        gateway.envelope("event", 2, event("louder", severity="alarm"))
        wait_for(lambda: len(heard.heard) == 3)
        assert heard.is_signed(2, fresh)
        wait_for(lambda: [one["state"] for one in api.get(f"{where}/deliveries").json()["items"]] == ["delivered"] * 3)
        assert api.patch(where, json={"enabled": False, "kinds": ["tamper"]}).json()["kinds"] == ["tamper"]
        for wrong in ({"url": "ftp://x"}, {}, {"kinds": []}, {"places": ["a//b"]}, {"phases": ["never"]}):
            assert api.patch(where, json=wrong).status_code == 422, wrong
        assert api.post(f"{where}/deliveries/none/again").status_code == 404
        actions = [one["action"] for one in api.get("/api/v1/audit", params={"action": "webhook"}).json()["items"]]
        assert actions[-1] == "webhook.make"
        assert api.delete(where).status_code == 204
        assert api.get(where).status_code == 404


def test_a_receiver_on_this_machine_is_not_told_of_anything_unless_allowed(
    centre: RunningCentre, heard: Receiver
) -> None:
    with centre.admin() as api:
        made = api.post("/api/v1/webhooks", json={"name": "inner", "url": heard.url}).json()
        where = f"/api/v1/webhooks/{made['id']}"
        api.post(f"{where}/test").raise_for_status()
        log = wait_for(lambda: [one for one in api.get(f"{where}/deliveries").json()["items"] if one["attempts"]])
        assert "not public" in log[0]["error"]
        assert heard.heard == []


def test_deliveries_are_paged_over_the_api(centre: RunningCentre) -> None:
    with centre.admin() as api:
        made = api.post("/api/v1/webhooks", json={"name": "x", "url": "https://dispatch.example.invalid"}).json()
        where = f"/api/v1/webhooks/{made['id']}"
        told = {api.post(f"{where}/test").json()["delivery"] for _ in range(3)}
        first = api.get(f"{where}/deliveries", params={"limit": 2}).json()
        last = api.get(f"{where}/deliveries", params={"limit": 2, "cursor": first["next"]})
        assert last.status_code == 200, last.text
        assert {one["id"] for one in first["items"] + last.json()["items"]} == told
        assert last.json()["next"] is None
        assert api.get(f"{where}/deliveries", params={"cursor": f"{'9' * 19}-a"}).status_code == 422
