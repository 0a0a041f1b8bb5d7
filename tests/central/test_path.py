"""The whole way of a message: gateway -> broker -> row -> acknowledgement -> API."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from agent.central.app import run_central
from agent.core.errors import ConfigError
from agent.core.stop import StopToken
from agent.wire import messages as wire
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    FakeGateway,
    RunningCentre,
    event,
    fresh_id,
    manifest,
    running,
    span,
    track,
    wait_for,
)


@pytest.mark.parametrize("broker", ["embedded-mosquitto", "embedded-amqtt"])
def test_what_a_gateway_says_is_stored_acknowledged_and_shown(tmp_path: Path, broker: str) -> None:
    if broker == "embedded-mosquitto" and not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("mosquitto is not installed")
    with running(tmp_path / "data", broker=broker) as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        key = fresh_id()
        gateway.envelope("event", 1, event(key, zone="plaza", label="person"))
        gateway.envelope("track", 1, track(fresh_id()))
        gateway.envelope("recording", 1, span("r1", 0, 10), span("r2", 10, 20), span("r3", 60, 70))
        wait_for(lambda: gateway.acked("event") and gateway.acked("track") and gateway.acked("recording"))
        with centre.service() as api:
            found = api.get("/api/v1/events").json()["items"]
            assert [(item["id"], item["zone"], item["camera_name"]) for item in found] == [(key, "plaza", "The plaza")]
            assert len(api.get("/api/v1/tracks").json()["items"]) == 1
            camera = api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()
            assert camera["online"]
            assert camera["streams"][0]["width"] == 640
            stats = api.get("/api/v1/stats").json()
            assert stats["stored"]["recording"] == 3
            assert stats["lost"] == 0
            when = {"start": "2026-05-28T00:00:00Z", "end": "2026-05-30T00:00:00Z"}
            spans = api.get("/api/v1/recordings", params={"site": SITE, "gateway": GATEWAY, "camera": CAMERA, **when})
            assert [item["segments"] for item in spans.json()["spans"]] == [2, 1]
            timeline = api.get(spans.url, params={**spans.url.params, "segments": "false"}).json()
            assert (timeline["spans"], timeline["segments"]) == (spans.json()["spans"], [])
            assert {item["reason"] for item in timeline["spans"]} == {"time"}
            assert api.get("/api/v1/health").json()["ok"]
            assert api.get("/api/v1/sites").json()["items"] == [
                {"site": SITE, "gateways": 1, "cameras": 1, "online": 1}
            ]


def test_a_gap_that_was_not_announced_is_lost_and_one_that_was_is_dropped(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    gateway.hello()
    gateway.envelope("track", 1, track(fresh_id()))
    gateway.envelope("track", 5, track(fresh_id()), dropped=[(2, 3)])
    wait_for(lambda: gateway.acked("track") == {1, 5})
    with centre.service() as api:
        stats = api.get("/api/v1/stats").json()
        assert (stats["lost"], stats["dropped"]) == (1, 2)
        gateway.envelope("track", 4, track(fresh_id()))
        gateway.envelope("track", 4, track(fresh_id()))
        wait_for(lambda: 4 in gateway.acked("track"))
        stats = wait_for(lambda: api.get("/api/v1/stats").json())
        assert stats["lost"] == 0
        assert api.get(f"/api/v1/gateways/{SITE}/{GATEWAY}").json()["dropped"] == 2


def test_one_broken_record_does_not_take_its_neighbours_along(centre: RunningCentre, gateway: FakeGateway) -> None:
    good, endless = event("e1"), event("e2", count=1).model_dump(mode="json") | {"count": 10**30}
    foreign = event("e3").model_dump(mode="json") | {"camera": "other"}
    document = json.loads(wire.encode(gateway.packed("event", 1, good)))
    document["records"] += [endless, foreign, {"id": "e4"}, {**good.model_dump(mode="json"), "id": "e5", "score": 7}]
    gateway.send(gateway.topics.camera(CAMERA, "event"), json.dumps(document).encode())
    wait_for(lambda: gateway.acked("event") == {1})
    with centre.service() as api:
        assert [item["id"] for item in api.get("/api/v1/events").json()["items"]] == ["e1"]
        assert api.get("/api/v1/stats").json()["rejected"] == {"broken_event": 3, "wrong_sender": 1}


def test_a_message_in_anothers_name_is_refused(centre: RunningCentre, gateway: FakeGateway) -> None:
    packed = gateway.packed("event", 1, event("e1")).model_copy(update={"gateway": "gw-2"})
    gateway.send(gateway.topics.camera(CAMERA, "event"), packed)
    gateway.envelope("event", 2, event("e2"))
    wait_for(lambda: gateway.acked("event"))
    assert gateway.acked("event") == {2}
    with centre.service() as api:
        assert api.get("/api/v1/stats").json()["rejected"] == {"wrong_sender": 1}


def test_an_id_that_belongs_to_another_gateway_cannot_be_overwritten(tmp_path: Path) -> None:
    with (
        running(tmp_path / "data", gateways=((SITE, "gw-1"), (SITE, "gw-2"))) as centre,
        FakeGateway(centre) as one,
        FakeGateway(centre, gateway="gw-2") as two,
    ):
        one.envelope("event", 1, event("e1", label="person"))
        wait_for(lambda: one.acked("event"))
        two.envelope("event", 1, event("e1", "end", at_s=5, label="cat"))
        wait_for(lambda: two.acked("event"))
        with centre.service() as api:
            assert api.get("/api/v1/events/e1").json()["label"] == "person"
            assert api.get("/api/v1/stats").json()["rejected"] == {"foreign_id": 1}


def test_the_late_will_of_an_older_session_changes_nothing(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    late = wire.Status(state="offline", session="older", since="2020-01-01T00:00:00Z", version="0")
    gateway.send(gateway.topics.status, late)
    with centre.service() as api:
        wait_for(lambda: api.get("/api/v1/stats").json()["rejected"].get("late_will"))
        place = f"/api/v1/gateways/{SITE}/{GATEWAY}"
        assert api.get(place).json()["online"]
        gateway.send(gateway.topics.status, gateway._status("offline"))
        wait_for(lambda: not api.get(place).json()["online"])
        camera = api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()
        assert (camera["online"], camera["error"]) == (False, "the gateway is offline")


def test_a_killed_broker_comes_back_on_its_port_and_ingest_goes_on(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.envelope("event", 1, event("e1"))
    wait_for(lambda: gateway.acked("event") == {1})
    pid = int((centre.data / "broker" / "broker.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    with centre.service() as api:
        wait_for(lambda: not api.get("/api/v1/health").json()["ok"])
        wait_for(lambda: api.get("/api/v1/health").json()["ok"])
        wait_for(gateway.client.is_connected)
        gateway.envelope("event", 2, event("e2"))
        wait_for(lambda: gateway.acked("event") == {1, 2})
        assert api.get("/api/v1/stats").json()["lost"] == 0


def test_a_centre_that_starts_again_goes_on_where_it_stopped(tmp_path: Path) -> None:
    body = os.urandom(3000)
    announced = manifest("m1", body)
    with running(tmp_path / "data") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.envelope("event", 1, event("e1"))
        gateway.send(gateway.topics.manifest("m1"), announced)
        gateway.send(gateway.topics.chunk("m1", 0), body[:1024])
        wait_for(lambda: gateway.acked("event") and (centre.data / "media/incoming/m1").exists())
        with centre.admin():
            pass
    with running(tmp_path / "data") as centre, FakeGateway(centre) as gateway:
        assert centre.sign_in_url is None
        gateway.send(gateway.topics.manifest("m1"), announced)
        answer = wait_for(lambda: gateway.media_acks("m1"))[0]
        assert (answer["state"], answer["missing"]) == ("want", [[1, 2]])
        gateway.envelope("event", 2, event("e2"))
        wait_for(lambda: gateway.acked("event") == {2})
        with centre.admin() as api:
            assert len(api.get("/api/v1/events").json()["items"]) == 2


def test_a_command_that_cannot_listen_says_so_in_one_line(centre: RunningCentre, tmp_path: Path) -> None:

    taken = centre.url.removeprefix("http://")
    central = centre.config.central.model_copy(update={"listen": taken, "data": tmp_path / "other"})
    with pytest.raises(ConfigError, match="cannot listen there") as caught:
        run_central(centre.config.model_copy(update={"central": central}), StopToken())
    assert len(str(caught.value).splitlines()) == 1
