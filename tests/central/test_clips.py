"""Footage on request: the command goes out signed, the reply names a medium, the medium arrives."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any

import httpx
import pytest

from agent.central.api import stream
from agent.core.clock import SystemClock, rfc3339
from agent.wire import messages as wire
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    FakeGateway,
    RunningCentre,
    event,
    health,
    manifest,
    pieces,
    wait_for,
)

PLACE = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
SPAN = {"start": "2026-05-29T00:00:00Z", "end": "2026-05-29T00:00:20Z"}


def _cuts(gateway: FakeGateway, media: str) -> None:
    gateway.handlers["clip"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": media})


def _sees_an_event(gateway: FakeGateway) -> None:
    """It is there, and has told of `e1`, a minute ago."""
    gateway.hello()
    start = rfc3339(SystemClock().wall_ns() - 60 * 10**9)
    gateway.envelope("event", 1, event("e1", start=start, time=start))
    wait_for(lambda: gateway.acked("event"))


def _state(api: httpx.Client, clip: str) -> str:
    return str(api.get(f"/api/v1/clips/{clip}").json()["state"])


def test_a_clip_of_an_event_is_asked_for_once_and_plays_when_it_has_come(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    _sees_an_event(gateway)
    body = os.urandom(3000)
    _cuts(gateway, "m1")
    with centre.admin() as api:
        asked = api.post("/api/v1/events/e1/clip")
        clip = asked.json()
        assert (asked.status_code, clip["event"]) == (202, "e1")
        assert clip["state"] in {"requested", "sending"}  # the gateway may be faster than the answer
        wait_for(lambda: _state(api, clip["id"]) == "sending")
        again = api.post("/api/v1/events/e1/clip", json={})
        assert (again.status_code, again.json()["id"]) == (200, clip["id"])
        args = gateway.commands[-1].args
        span = {"camera": CAMERA, "start": clip["start"], "end": clip["end"]}
        assert args == {**span, "quality": "full", "event": "e1"}
        announced = manifest("m1", body, kind="clip", type="video/mp4", codecs="avc1.64001f")
        gateway.send(gateway.topics.manifest("m1"), announced)
        gateway.send(gateway.topics.chunk("m1", 0), pieces(body)[0])
        progress = {"received": 1, "of": 3, "bytes": 1024}
        wait_for(lambda: api.get(f"/api/v1/clips/{clip['id']}").json()["progress"] == progress)
        for number in (1, 2):
            gateway.send(gateway.topics.chunk("m1", number), pieces(body)[number])
        wait_for(lambda: _state(api, clip["id"]) == "ready")
        found = api.get("/api/v1/events/e1").json()["clip"]
        assert (found["url"], found["codecs"], found["bytes"]) == ("/api/v1/media/m1", "avc1.64001f", 3000)
        assert found["actual_start"] == announced.start
        played = api.get(found["url"], headers={"Range": "bytes=0-"})
        assert (played.status_code, played.headers["content-type"], played.content) == (206, "video/mp4", body)
        actions = [line["action"] for line in api.get("/api/v1/audit").json()["items"]]
        assert actions[:3] == ["media.view", "clip.request", "clip.request"]


def test_two_who_play_the_same_footage_get_one_clip(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    _cuts(gateway, "m2")
    with centre.admin() as api:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        first = api.post("/api/v1/clips", json=PLACE | SPAN)
        wait_for(lambda: _state(api, first.json()["id"]) == "sending")
        again = api.post("/api/v1/clips", json=PLACE | SPAN)
        assert (first.status_code, again.status_code, again.json()["id"]) == (202, 200, first.json()["id"])
        inside = PLACE | {"start": "2026-05-29T00:00:05Z", "end": "2026-05-29T00:00:15Z"}
        part, just = api.post("/api/v1/clips", json=inside), api.post("/api/v1/clips", json=inside | {"exact": True})
        assert (part.status_code, part.json(), just.status_code) == (200, again.json(), 202)
        smaller = api.post("/api/v1/clips", json=PLACE | SPAN | {"quality": "proxy"})
        later = api.post("/api/v1/clips", json=PLACE | SPAN | {"end": "2026-05-29T00:00:21Z"})
        assert (smaller.status_code, later.status_code) == (202, 202)
        assert len({one.json()["id"] for one in (first, just, smaller, later)}) == 4


def test_what_the_gateway_says_is_wrong_is_what_the_person_reads(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.handlers["clip"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="no footage of that time")
    with centre.service() as api:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        clip = api.post("/api/v1/clips", json=PLACE | SPAN).json()
        wait_for(lambda: _state(api, clip["id"]) == "failed")
        assert api.get(f"/api/v1/clips/{clip['id']}").json()["error"] == "no footage of that time"


def test_a_gateway_that_is_away_is_said_at_once(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.send(gateway.topics.status, gateway._status("offline"), retain=True)
    with centre.service() as api:
        wait_for(lambda: api.get("/api/v1/gateways").json()["items"])
        wait_for(lambda: not api.get(f"/api/v1/gateways/{SITE}/{GATEWAY}").json()["online"])
        refused = api.post("/api/v1/clips", json=PLACE | SPAN)
        error = {"code": "gateway_offline", "message": "gateway gw-1 at demo is offline"}
        assert (refused.status_code, refused.json()) == (502, {"error": error})
        assert api.post("/api/v1/clips", json=PLACE | SPAN | {"camera": "other"}).status_code == 404
        backwards = {"start": SPAN["end"], "end": SPAN["start"]}
        assert api.post("/api/v1/clips", json=PLACE | backwards).status_code == 422
    assert gateway.commands == []


def test_a_clip_that_comes_before_the_answer_is_the_one_that_was_asked_for(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    _sees_an_event(gateway)
    gateway.handlers["clip"] = lambda _: None  # no answer yet
    body = os.urandom(2000)
    with centre.admin() as api:
        clip = api.post("/api/v1/events/e1/clip").json()
        wait_for(lambda: gateway.commands)
        gateway.send_medium(manifest("m1", body, kind="clip", type="video/mp4", event="e1"), body)
        wait_for(lambda: api.get("/api/v1/events/e1").json()["clip"]["state"] == "ready")
        before = api.get("/api/v1/events/e1").json()["clip"]
        assert before["id"] != clip["id"]
        asked = gateway.commands[-1].id
        gateway.send(gateway.topics.reply(asked), wire.Reply(id=asked, ok=True, result={"media": "m1"}))
        wait_for(lambda: _state(api, clip["id"]) == "ready")
        assert [one["id"] for one in api.get("/api/v1/events/e1").json()["clips"]] == [clip["id"]]
        assert api.get(f"/api/v1/clips/{before['id']}").status_code == 404


def test_news_come_as_they_happen(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    _cuts(gateway, "m1")
    body = os.urandom(2000)
    news: list[tuple[str, dict[str, Any]]] = []
    with centre.admin() as api:
        listening = threading.Thread(target=_listen, args=(centre.url, dict(api.cookies), news), name="listener")
        listening.start()
        wait_for(lambda: news)
        assert news[0][0] == "hello"
        gateway.envelope("event", 1, event("e1"))
        wait_for(lambda: [data for kind, data in news if kind == "event" and data["id"] == "e1"])
        gateway.hello()
        wait_for(lambda: {"camera", "gateway"} <= {kind for kind, _ in news})
        clip = api.post("/api/v1/clips", json=PLACE | SPAN).json()
        wait_for(lambda: _state(api, clip["id"]) == "sending")
        gateway.send_medium(manifest("m1", body, kind="clip", type="video/mp4", event="e1"), body)
        wait_for(lambda: [data for kind, data in news if kind == "clip" and data["state"] == "ready"])
        assert {data["id"] for kind, data in news if kind == "clip"} == {clip["id"]}
        centre.end()
        listening.join(10)
        assert not listening.is_alive()


def test_a_gateway_that_goes_takes_its_cameras_along_in_the_news_and_so_does_the_broker(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    news: list[tuple[str, dict[str, Any]]] = []
    gateway.hello()
    with centre.admin() as api:
        wait_for(lambda: api.get("/api/v1/cameras").json()["items"])
        listening = threading.Thread(target=_listen, args=(centre.url, dict(api.cookies), news), name="listener")
        listening.start()
        wait_for(lambda: news)
        gateway.send(gateway.topics.status, gateway._status("offline"), retain=True)
        wait_for(lambda: [data for kind, data in news if kind == "camera" and not data["gateway_online"]])
        os.kill(int((centre.data / "broker" / "broker.pid").read_text().split()[0]), signal.SIGKILL)
        wait_for(lambda: [data for kind, data in news if kind == "centre" and not data["broker"]["up"]])
        back = wait_for(lambda: [data for kind, data in news if kind == "centre" and data["broker"]["up"]])[0]["broker"]
        assert (back["restarts"], back["last_end"]) == (1, "the broker ended (signal 9)")
        centre.end()
        listening.join(10)


def test_signing_out_ends_the_news_even_in_a_busy_minute(
    centre: RunningCentre, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_KEEP_S", 0.3)
    news: list[tuple[str, dict[str, Any]]] = []
    with centre.admin() as api:
        listening = threading.Thread(target=_listen, args=(centre.url, dict(api.cookies), news), name="listener")
        listening.start()
        wait_for(lambda: news)
        api.post("/api/v1/sign-out").raise_for_status()
        for _ in range(200):
            gateway.hello()
            listening.join(0.05)
        assert not listening.is_alive()


def _listen(url: str, cookies: dict[str, str], news: list[tuple[str, dict[str, Any]]]) -> None:
    with httpx.stream("GET", f"{url}/api/v1/stream", cookies=cookies, timeout=30) as response:
        kind = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data":
                news.append((kind, json.loads(value)))


def test_small_and_full_clips_of_an_event_and_calling_one_off(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    start = rfc3339(SystemClock().wall_ns() - 60 * 10**9)
    limited = wire.UplinkState(limited=True)
    gateway.send(gateway.topics.health, health().model_copy(update={"uplink": limited}), retain=True)
    gateway.envelope("event", 1, event("e1", start=start, time=start))
    wait_for(lambda: gateway.acked("event"))
    gateway.handlers["clip"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": asked.args["quality"]})
    body = os.urandom(3000)
    with centre.admin() as api:
        wait_for(lambda: api.get("/api/v1/gateways").json()["items"][0]["health"].get("uplink"))
        small = api.post("/api/v1/events/e1/clip").json()
        assert small["quality"] == "proxy"
        wait_for(lambda: _state(api, small["id"]) == "sending")
        announced = manifest("proxy", body, kind="clip", type="video/mp4", event="e1", quality="proxy")
        gateway.send_medium(announced, body)
        wait_for(lambda: _state(api, small["id"]) == "ready")
        assert api.post("/api/v1/events/e1/clip").json()["id"] == small["id"]
        full = api.post("/api/v1/events/e1/clip?quality=full").json()
        wait_for(lambda: _state(api, full["id"]) == "sending")
        gateway.send(gateway.topics.manifest("full"), manifest("full", body[::-1], kind="clip", type="video/mp4"))
        wait_for(lambda: gateway.media_acks("full"))
        off = api.delete(f"/api/v1/clips/{full['id']}")
        assert (off.status_code, off.json()["state"]) == (200, "cancelled")
        wait_for(lambda: gateway.media_acks("full")[-1]["state"] == "cancelled")
        gateway.send(gateway.topics.manifest("full"), manifest("full", body[::-1], kind="clip", type="video/mp4"))
        wait_for(lambda: len(gateway.media_acks("full")) == 3)
        assert gateway.media_acks("full")[-1]["state"] == "cancelled"
        assert api.delete(f"/api/v1/clips/{small['id']}").json()["state"] == "ready"
        assert api.delete("/api/v1/clips/none").status_code == 404
        clips = api.get("/api/v1/events/e1").json()["clips"]
        assert [(clip["quality"], clip["state"]) for clip in clips] == [("proxy", "ready"), ("full", "cancelled")]


def test_a_clip_that_the_gateway_sends_by_itself_is_the_events_clip(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    gateway.hello()
    gateway.envelope("event", 1, event("e1"))
    wait_for(lambda: gateway.acked("event"))
    body = os.urandom(2000)
    gateway.send_medium(manifest("e1-full", body, kind="clip", type="video/mp4", event="e1", quality="full"), body)
    with centre.admin() as api:
        clip = wait_for(lambda: api.get("/api/v1/events/e1").json()["clip"])
        wait_for(lambda: _state(api, clip["id"]) == "ready")
        again = api.post("/api/v1/events/e1/clip")
        assert (again.status_code, again.json()["id"], gateway.commands) == (200, clip["id"], [])
