"""\"This belongs here\": from the API to the gateway, and what is said when it does not work."""

from __future__ import annotations

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
