"""Footage taken out over the API: a ZIP file that its gateway signs, for whom and why."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from agent.wire import messages as wire
from tests.central.accounts import program, somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, RunningCentre, manifest, wait_for

WISH = {
    "site": SITE, "gateway": GATEWAY, "camera": CAMERA, "start": "2026-05-29T00:00:00Z", "end": "2026-05-29T00:00:20Z",
}  # fmt: skip


@contextmanager
def _heard(api: httpx.Client, gateway: FakeGateway) -> Iterator[list[str]]:
    """The lines of somebody's stream, as they come."""
    lines, stop = list[str](), threading.Event()

    def listen() -> None:
        with api.stream("GET", "/api/v1/stream") as stream:
            for line in stream.iter_lines():
                lines.append(line)
                if stop.is_set():
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    wait_for(lambda: lines)
    try:
        yield lines
    finally:
        stop.set()
        gateway.hello()  # one line more, with which it ends
        thread.join(20)


def test_an_export_says_who_and_why_and_comes_as_a_file(centre: RunningCentre, gateway: FakeGateway) -> None:
    body = os.urandom(3000)
    gateway.hello()
    gateway.handlers["export"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": "z1"})
    with centre.admin() as api:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        asked = api.post("/api/v1/exports", json=WISH | {"reason": "  incident\n4711 "})
        clip = asked.json()
        assert (asked.status_code, clip["quality"]) == (202, "export")
        wait_for(lambda: gateway.commands)
        span = {"camera": CAMERA, "start": clip["start"], "end": clip["end"]}
        assert gateway.commands[-1].args == span | {"by": "ann", "reason": "incident 4711"}
        wait_for(lambda: api.get(f"/api/v1/clips/{clip['id']}").json()["state"] == "sending")
        gateway.send_medium(manifest("z1", body, kind="export", type="application/zip"), body)
        ready = wait_for(lambda: api.get(f"/api/v1/clips/{clip['id']}").json()["url"])
        file = api.get(ready, params={"download": "1"})
        assert (file.content, file.headers["content-type"]) == (body, "application/zip")
        assert file.headers["content-disposition"] == f'attachment; filename="{CAMERA} 2026-05-28 20.26.40 UTC.zip"'
        lines = [line for line in api.get("/api/v1/audit").json()["items"] if line["action"] == "footage.export"]
        assert [line["what"].endswith(": incident 4711") for line in lines] == [True]
        again = api.post("/api/v1/exports", json=WISH | {"reason": "incident 4711"})
        assert again.json()["id"] != clip["id"]
        assert api.post("/api/v1/clips", json=WISH).json()["quality"] == "full"


def test_nothing_is_taken_out_without_a_reason_or_by_who_may_not(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.handlers["export"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": "z1"})
    with centre.admin() as api:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        assert api.post("/api/v1/exports", json=WISH | {"reason": " "}).status_code == 422
        assert api.post("/api/v1/exports", json=WISH, headers={"X-Lamppost-Reason": "a fire"}).status_code == 202
        assert gateway.commands[-1].args["reason"] == "a fire"
        assert api.post("/api/v1/exports", json=WISH | {"reason": "x", "camera": "other"}).status_code == 404
        assert api.post("/api/v1/exports", json=WISH | {"reason": "x", "end": WISH["start"]}).status_code == 422
    with somebody(centre, "looks", "operator") as api:
        assert api.post("/api/v1/exports", json=WISH | {"reason": "x"}).status_code == 403
    with somebody(centre, "takes", "investigator") as api:
        assert api.post("/api/v1/exports", json=WISH | {"reason": "x"}).status_code == 202


def test_a_program_calls_its_own_export_off(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.handlers["export"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": "z1"})
    with (
        somebody(centre, "takes", "investigator") as api,
        program(centre, api, scopes=["read", "media", "command"]) as nightly,
    ):
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        asked = nightly.post("/api/v1/exports", json=WISH | {"reason": "x"})
        assert asked.status_code == 202
        assert gateway.commands[-1].args["by"] == "takes"
        assert nightly.delete(f"/api/v1/clips/{asked.json()['id']}").json()["state"] == "cancelled"


def test_what_was_taken_out_exists_for_nobody_below_an_investigator(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    body = os.urandom(3000)
    gateway.hello()
    media = iter(("z1", "z2"))
    gateway.handlers["export"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": next(media)})
    with (
        somebody(centre, "takes", "investigator") as api,
        somebody(centre, "acts", "operator") as operator,
        somebody(centre, "looks") as viewer,
        centre.service() as program,
        centre.client() as nobody,
        _heard(viewer, gateway) as heard,
        _heard(api, gateway) as own,
    ):
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        asked = [api.post("/api/v1/exports", json=WISH | {"reason": "an informant"}).json()["id"] for _ in range(2)]
        gateway.send_medium(manifest("z1", body, kind="export", type="application/zip"), body)
        url = wait_for(lambda: api.get(f"/api/v1/clips/{asked[0]}").json()["url"])
        wait_for(lambda: [line for line in own if asked[0] in line and '"ready"' in line])
        event_clip = operator.post("/api/v1/clips", json=WISH).json()
        wait_for(lambda: [line for line in heard if event_clip["id"] in line])
        assert not [line for line in heard if '"export"' in line]
        for person in (operator, viewer, program):
            assert person.get(url).status_code == 404
            assert person.get(f"/api/v1/clips/{asked[0]}").status_code == 404
        assert operator.delete(f"/api/v1/clips/{asked[1]}").status_code == 404
        assert api.get(f"/api/v1/clips/{asked[1]}").json()["state"] in {"requested", "sending"}
        link = api.post(f"{url}/links", json={}).json()["link"]
        assert nobody.get(link).content == body  # whoever made it may
        assert api.get(url).content == body
