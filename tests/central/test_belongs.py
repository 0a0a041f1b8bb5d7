"""\"This belongs here\": from the API to the gateway, and what is said when it does not work."""

from __future__ import annotations

import threading
import time

import pytest

from agent.central.commands import Commander, CommandFailed
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, FakeGateway, RunningCentre, event, wait_for

ASKED = "/api/v1/events/e1/belongs"


def test_the_gateway_is_told_who_said_it_and_the_audit_log_too(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.envelope("event", 1, event("e1", kind="object_left"), event("e2"))
    wait_for(lambda: gateway.acked("event"))
    with centre.admin() as api:
        assert api.post(ASKED).status_code == 204
        (command,) = gateway.commands
        assert (command.verb, command.args) == ("belongs", {"camera": CAMERA, "event": "e1", "by": "ann"})
        first = api.get("/api/v1/audit").json()["items"][0]
        assert (first["who"], first["action"], first["what"]) == ("ann", "event.belongs", "event e1")
        assert api.post("/api/v1/events/e2/belongs").json()["error"]["code"] == "over"
        assert api.post("/api/v1/events/e9/belongs").status_code == 404


def test_what_the_gateway_answers_is_said(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.handlers["belongs"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="that event is over")
    gateway.hello()
    gateway.envelope("event", 1, event("e1", kind="object_left"))
    wait_for(lambda: gateway.acked("event"))
    with centre.service() as api:
        refused = api.post(ASKED)
        assert (refused.status_code, refused.json()["error"]["message"]) == (502, "that event is over")
        gateway.envelope("event", 2, event("e1", "end", at_s=9, kind="object_left"))
        wait_for(lambda: gateway.acked("event") == {1, 2})
        assert api.post(ASKED).status_code == 409


class _Nobody:
    """Signs, and takes commands that no gateway answers."""

    def sign(self, _: bytes) -> str:
        return "00" * 64


def test_who_waits_for_an_answer_at_a_stop_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, failed = StopToken(), list[CommandFailed]()
    commander = Commander(_Nobody(), SystemClock(), lambda *_: True, lambda: True, lambda *_: True)  # type: ignore[arg-type]

    def ask() -> None:
        try:
            commander.ask("demo", "gw-1", "belongs", wire.BelongsArgs(camera=CAMERA, event="e1", by="ann"))
        except CommandFailed as error:
            failed.append(error)

    worker, request = (threading.Thread(target=what, daemon=True) for what in (lambda: commander.run(stop), ask))
    worker.start()
    request.start()
    time.sleep(0.1)
    stop.set()
    request.join(3)
    assert [one.code for one in failed] == ["gateway_silent"]
    monkeypatch.setattr("agent.central.commands.REPLY_TIMEOUT_S", -0.9)
    ask()  # after the end, when nobody tells that a reply is overdue
    assert len(failed) == 2
