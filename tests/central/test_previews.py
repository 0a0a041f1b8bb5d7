"""Previews of a timeline: asked of the gateway once for everybody, kept as a medium, bounded."""

from __future__ import annotations

import os

import httpx

from agent.central import clips
from agent.core.clock import NS, SystemClock, parse_rfc3339, rfc3339
from agent.wire import messages as wire
from tests.central.accounts import somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, RunningCentre, gone, manifest, wait_for

PLACE = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
AT = "2026-05-29T00:00:20Z"


def _ask(api: httpx.Client, at: str = AT, step_s: int = 60, **more: str) -> httpx.Response:
    return api.post("/api/v1/previews", json=PLACE | {"at": at, "step_s": step_s} | more)


def _ready(centre: RunningCentre, gateway: FakeGateway, api: httpx.Client) -> None:
    """The camera is known, and the gateway names its sheets s1, s2, ..."""
    count = iter(range(1, 100))
    gateway.hello()
    gateway.handlers["previews"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": f"s{next(count)}"})
    wait_for(lambda: api.get("/api/v1/cameras").json()["items"])


def _state(api: httpx.Client, sheet: str) -> str:
    return str(api.get(f"/api/v1/clips/{sheet}").json()["state"])


def test_a_sheet_is_asked_for_once_for_all_who_look_at_its_time(centre: RunningCentre, gateway: FakeGateway) -> None:
    body = os.urandom(3000)
    with centre.admin() as api:
        _ready(centre, gateway, api)
        asked = _ask(api)
        sheet = asked.json()
        assert (asked.status_code, sheet["quality"], sheet["event"]) == (202, "previews", None)
        wait_for(lambda: _state(api, sheet["id"]) == "sending")
        args = gateway.commands[-1].args
        assert args == {"camera": CAMERA, "start": sheet["start"], "end": sheet["end"], "count": 24}
        start_ns, end_ns = parse_rfc3339(sheet["start"]), parse_rfc3339(sheet["end"])
        assert (end_ns - start_ns, start_ns % (24 * 60 * NS)) == (24 * 60 * NS, 0)
        assert start_ns <= parse_rfc3339(AT) < end_ns
        gateway.send_medium(manifest("s1", body, kind="previews", type="image/jpeg"), body)
        wait_for(lambda: _state(api, sheet["id"]) == "ready")
        again = _ask(api, rfc3339(end_ns - 1_000_000))
        assert (again.status_code, again.json()["id"]) == (200, sheet["id"])
        assert api.get(again.json()["url"]).content == body
        assert [one.verb for one in gateway.commands] == ["previews"]
        other = [_ask(api, rfc3339(end_ns)), _ask(api, step_s=30)]
        assert [one.status_code for one in other] == [202, 202]
        actions = [line["action"] for line in api.get("/api/v1/audit").json()["items"]]
        assert actions[:4] == ["previews.request", "previews.request", "media.view", "previews.request"]


def test_of_time_that_is_still_being_recorded_a_sheet_grows_old(
    centre: RunningCentre, gateway: FakeGateway, monkeypatch
) -> None:
    now = rfc3339(SystemClock().wall_ns())
    with centre.admin() as api:
        _ready(centre, gateway, api)
        first = _ask(api, now, 2).json()
        wait_for(lambda: _state(api, first["id"]) == "sending")
        assert _ask(api, now, 2).json()["id"] == first["id"]
        monkeypatch.setattr(clips, "_SAME_AGAIN_NS", 0)
        wait_for(lambda: SystemClock().wall_ns() - parse_rfc3339(first["created"]) > 2 * NS)
        assert _ask(api, now, 2).json()["id"] != first["id"]


def test_a_sheet_is_no_clip_of_the_same_time(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.handlers["clip"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": "m1"})
    with centre.admin() as api:
        _ready(centre, gateway, api)
        sheet = _ask(api, step_s=2).json()
        wait_for(lambda: _state(api, sheet["id"]) == "sending")
        clip = api.post("/api/v1/clips", json=PLACE | {"start": sheet["start"], "end": sheet["end"]})
        assert (clip.status_code, clip.json()["quality"]) == (202, "full")
        assert _ask(api, step_s=2).json()["id"] == sheet["id"]


def test_what_goes_wrong_is_said_and_can_be_asked_for_again(centre: RunningCentre, gateway: FakeGateway) -> None:
    with centre.admin() as api:
        _ready(centre, gateway, api)
        sheet = _ask(api).json()
        wait_for(lambda: _state(api, sheet["id"]) == "sending")
        gateway.send(f"{gateway.topics.root}/media/s1/gone", gone("s1", kind="previews"))
        wait_for(lambda: _state(api, sheet["id"]) == "failed")
        assert api.get(f"/api/v1/clips/{sheet['id']}").json()["error"] == "the outbox is full"
        gateway.handlers["previews"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="nothing is recorded")
        again = _ask(api).json()
        assert again["id"] != sheet["id"]
        wait_for(lambda: _state(api, again["id"]) == "failed")
        assert _ask(api, camera="other").status_code == 404
        assert _ask(api, step_s=7).status_code == 422


def test_a_gateway_is_asked_for_a_few_sheets_at_a_time(centre: RunningCentre, gateway: FakeGateway) -> None:
    with centre.admin() as api:
        _ready(centre, gateway, api)
        gateway.handlers["previews"] = lambda _: None  # it draws
        answers = [_ask(api, f"2026-05-{day:02}T00:00:00Z") for day in range(1, clips.MOST_SHEETS + 2)]
        assert [one.status_code for one in answers] == [202] * clips.MOST_SHEETS + [429]
        assert answers[-1].headers["Retry-After"] == "2"
        assert answers[-1].json()["error"]["code"] == "too_many"
        assert _ask(api, "2026-05-01T00:01:00Z").status_code == 200  # one that is drawn already costs nothing


def test_an_operator_may_ask_and_a_viewer_may_not(centre: RunningCentre, gateway: FakeGateway) -> None:
    with centre.admin() as api:
        _ready(centre, gateway, api)
    with somebody(centre, "looks", "operator", [SITE]) as api:
        assert _ask(api).status_code == 202
    with somebody(centre, "far", "operator", ["elsewhere"]) as api:
        assert _ask(api).status_code == 404
    with somebody(centre, "sees", "viewer") as api:
        assert _ask(api).status_code == 403
