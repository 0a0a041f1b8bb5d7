"""Gateways are asked to hold, and to let go, until each has answered; what is over by its time ends by itself."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central import holding as module
from agent.central.commands import CommandFailed
from agent.central.holding import Holding
from agent.central.news import News
from agent.central.store.audit import Audit, Sought
from agent.central.store.holds import Holds
from agent.config.central import Media
from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.wire import messages as wire
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    T0_NS,
    FakeGateway,
    RunningCentre,
    manifest,
    running,
    wait_for,
)
from tests.central.stores import Store

HOLDS = "/api/v1/holds"
TIMES = {"start": "2026-05-28T20:00:00.000Z", "end": "2026-05-28T21:00:00.000Z"}
BODY = {"cameras": [f"{SITE}/{GATEWAY}/{CAMERA}"], **TIMES, "reason": "case 4711"}


def _known(api: httpx.Client, *, online: bool = True) -> None:
    wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
    wait_for(lambda: api.get("/api/v1/gateways").json()["items"][0]["online"] is online)


def _make(api: httpx.Client, **more: Any) -> str:
    answer = api.post(HOLDS, json=BODY | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _at(api: httpx.Client, key: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"{HOLDS}/{key}").json()["gateways"][0]
    return found


def _becomes(api: httpx.Client, key: str, state: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_for(lambda: (one := _at(api, key))["state"] == state and one)
    return found


def _asked(gateway: FakeGateway, verb: str) -> list[dict[str, Any]]:
    return [one.args for one in gateway.commands if one.verb == verb]


def test_a_gateway_holds_and_lets_go_when_it_is_asked(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.handlers["hold"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"bytes": 4711})
    gateway.hello()
    with centre.admin() as api:
        _known(api)
        key = _make(api)
        assert _becomes(api, key, "held")["bytes"] == 4711
        order = {"hold": key, "cameras": [CAMERA], **TIMES, "until": None, "by": "ann", "reason": "case 4711"}
        assert _asked(gateway, "hold") == [order]
        api.post(f"{HOLDS}/{key}/release", json={"reason": "handed over"}).raise_for_status()
        assert _becomes(api, key, "released")["bytes"] is None
        assert _asked(gateway, "release") == [{"hold": key, "by": "ann", "reason": "handed over"}]


def test_one_that_is_away_is_asked_when_it_is_back_and_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path / "data") as centre, FakeGateway(centre) as gateway, centre.admin() as api:
        gateway.hello()
        _known(api)
        gateway.vanish()
        _known(api, online=False)
        key = _make(api)
        gateway.come_back()
        _becomes(api, key, "held")
        gateway.vanish()
        _known(api, online=False)
        api.post(f"{HOLDS}/{key}/release", json={"reason": "over"}).raise_for_status()
        later = _make(api)
    again = RunningCentre(tmp_path / "data").start()
    try:
        with FakeGateway(again) as gateway, again.service() as api:
            assert (_at(api, key)["state"], _at(api, later)["state"]) == ("releasing", "asked")
            gateway.hello()
            _becomes(api, key, "released")
            _becomes(api, later, "held")
    finally:
        again.end()


def test_what_a_gateway_cannot_is_said_and_written_down(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.handlers["hold"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="the disk is read-only")
    gateway.hello()
    with centre.admin() as api:
        _known(api)
        key = _make(api)
        assert _becomes(api, key, "failed")["error"] == "the disk is read-only"
        lines = wait_for(lambda: api.get("/api/v1/audit", params={"action": "hold.failed"}).json()["items"])
        assert [(one["who"], one["what"]) for one in lines] == [
            ("centre", f"hold {key} at {SITE}/{GATEWAY}: the disk is read-only")
        ]


def test_a_hold_ends_when_its_time_has_come(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    with centre.admin() as api:
        _known(api)
        key = _make(api, until=rfc3339(SystemClock().wall_ns() + 3 * NS))
        _becomes(api, key, "held")
        over = wait_for(lambda: (one := api.get(f"{HOLDS}/{key}").json())["state"] == "over" and one)
        assert (over["released_by"], over["gateways"][0]["state"]) == (None, "released")
        (line,) = api.get("/api/v1/audit", params={"action": "hold.end"}).json()["items"]
        assert (line["who"], line["what"]) == ("centre", f"hold {key}: its time is over")
        assert _asked(gateway, "release") == []  # it knows the time, too


def test_media_that_are_all_held_and_too_many_are_said_in_health(tmp_path: Path) -> None:
    with running(tmp_path / "data") as centre, FakeGateway(centre) as gateway, centre.admin() as api:
        gateway.hello()
        _known(api)
        gateway.send_medium(manifest("m1", b"x" * 3000), b"x" * 3000)
        wait_for(lambda: api.get("/api/v1/media/m1").status_code == 200)
        _make(api)
    little = Media(max_bytes=2000)
    with running(tmp_path / "data", media=little) as centre, centre.service() as api:
        full = wait_for(lambda: api.get("/api/v1/health").json()["media"]["full"])
        assert full.startswith("all pictures and clips that are left are held, 1000 bytes more than [media] max_bytes")
        assert api.get("/api/v1/media/m1").status_code == 200


class _Gateways:
    """Stands for the commander and the views: what was sent rests here until the test answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, wire.Message, Any]] = []
        self.online, self.broken = True, False

    def is_online(self, *_: str) -> bool:
        return self.online

    def send(self, _site: str, _gateway: str, verb: str, args: wire.Message, on_reply: Any) -> str:
        if self.broken:
            raise CommandFailed("gateway_offline", "away")
        self.sent.append((verb, args, on_reply))
        return "id"

    def answer(self, at: int = -1, *, error: str = "", **result: Any) -> None:
        self.sent[at][2](wire.Reply(id="x", ok=not error, error=error, result=result))

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, *_ in self.sent]


class _Rig:
    def __init__(self, store: Store) -> None:
        self.clock, self.holds, self.gateways = store.clock, Holds(store.database, store.clock), _Gateways()
        self.audit, gateways = Audit(store.database, store.clock), self.gateways
        self.worker = Holding(self.holds, self.audit, gateways, gateways, store.clock, News())  # type: ignore[arg-type]
        self.key = new_id(T0_NS)
        place = [(SITE, GATEWAY, CAMERA)]
        assert self.holds.make(self.key, place, T0_NS, T0_NS + NS, reason="x", by="ann", until_ns=None)

    def look(self, seconds: float = 1) -> list[str]:
        self.clock.advance(seconds)
        self.worker.look()
        return self.gateways.verbs

    def state(self) -> tuple[str, str, int | None]:
        found = self.holds.one(self.key)
        assert found is not None
        (gateway,) = found["gateways"]
        return gateway["state"], gateway["error"], gateway["bytes"]


@pytest.fixture
def rig(store: Store) -> _Rig:
    return _Rig(store)


def test_one_that_does_not_answer_is_asked_again_and_not_before(rig: _Rig) -> None:
    rig.gateways.broken = True
    assert rig.look() == []
    rig.gateways.broken, rig.gateways.online = False, False
    assert rig.look() == []
    rig.gateways.online = True
    assert rig.look() == rig.look(15) == ["hold"]
    rig.gateways.sent[0][2](None)  # the commander gave up on it
    assert rig.look(10) == ["hold", "hold"]
    rig.gateways.answer(bytes=7)
    assert rig.look(60) == ["hold", "hold"]
    assert rig.state() == ("held", "", 7)


def test_one_that_refuses_is_asked_again_much_later_and_noted_once(rig: _Rig) -> None:
    for again in range(3):
        assert len(rig.look(601)) == again + 1
        rig.gateways.answer(error="the disk is full")
        assert len(rig.look(599)) == again + 1
    assert rig.state() == ("failed", "the disk is full", None)
    assert len(rig.audit.page(9, None, Sought(action="hold.failed"))["items"]) == 1
    rig.look(601)
    rig.gateways.answer(bytes=7)
    rig.look()
    assert rig.state() == ("held", "", 7)


def test_an_answer_that_comes_after_the_end_changes_nothing(rig: _Rig) -> None:
    rig.look()
    rig.holds.release(rig.key, "ann", "over")
    rig.gateways.answer(0, bytes=7)
    assert rig.look() == ["hold", "release"]
    assert rig.state()[0] == "releasing"
    rig.gateways.answer(1, error="the disk is full")
    rig.look()
    assert rig.state() == ("releasing", "the disk is full", None)
    assert len(rig.look(590)) == 2
    assert len(rig.look(11)) == 3
    rig.gateways.answer()
    rig.look()
    assert rig.state() == ("released", "", None)


@pytest.mark.parametrize("size", ["7", -1, 1 << 63, None, True, 1.5])
def test_a_number_that_is_none_is_no_reason_to_forget_that_it_is_held(rig: _Rig, size: Any) -> None:
    rig.look()
    rig.gateways.answer(bytes=size)
    rig.look()
    assert rig.state() == ("held", "", None)


def test_it_goes_on_where_the_database_is_away_for_a_while(rig: _Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, looked = StopToken(), list[int]()

    def look() -> None:
        looked.append(1)
        if len(looked) > 1:
            stop.set()
        raise StorageError("away")

    monkeypatch.setattr(module, "_LOOK_S", 0.01)
    monkeypatch.setattr(rig.worker, "look", look)
    thread = threading.Thread(target=rig.worker.run, args=(stop,))
    thread.start()
    thread.join(10)
    assert len(looked) == 2
