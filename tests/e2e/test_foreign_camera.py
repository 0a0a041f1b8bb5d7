"""The whole path with a camera that is not ours: GStreamer's RTSP server with Digest, real traffic, both brokers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from agent.core.clock import NS, parse_rfc3339, rfc3339
from tests.fixtures.gst import GstServer
from tests.fixtures.rig import Rig, wait_until

CAMERA = """
[[camera]]
id = "road"
url = "{url}"
username = "root"
password_file = "{folder}/camera-password"
[[camera.zone]]
name = "all"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
[[camera.rule]]
kind = "zone_entered"
zone = "all"
labels = ["vehicle"]
"""


@pytest.mark.parametrize(("broker", "protocol"), [("embedded-mosquitto", "5"), ("embedded-amqtt", "3.1.1")])
@pytest.mark.usefixtures("mosquitto")
def test_traffic_is_recorded_seen_reported_and_fetched(
    gst_server: Callable[..., GstServer], traffic_h264: Path, data: Path, tmp_path: Path, broker: str, protocol: str
) -> None:
    camera = gst_server({"/axis-media/media.amp": traffic_h264}, "root", "pass:w@rd/")
    rig = Rig(tmp_path, broker=broker)
    rig.environment["LAMPPOST_MODELS"] = str(data / "models")
    (tmp_path / "camera-password").write_text("pass:w@rd/\n")
    try:
        rig.start_central()
        rig.write_gateway(CAMERA.format(url=camera.url("/axis-media/media.amp"), folder=tmp_path))
        rig.start_gateway()
        event = wait_until(lambda: _with_picture(rig), 90, f"an event with its picture\n{rig.log('run')}")
        assert (event["label"], event["zone"], event["camera"]) == ("vehicle", "all", "road")
        assert rig.api(event["picture"].removeprefix("/api/v1"))[:2] == b"\xff\xd8"
        _clip_shows_the_road(rig, event)
        assert f"(MQTT {protocol})" in rig.log("run")
        health = rig.camera_health("road")
        assert (health["packets_lost"], rig.api("/stats")["lost"]) == (0, 0)
        assert "pass:w" not in rig.log("run") + rig.log("central")
    finally:
        rig.end()


def _with_picture(rig: Rig) -> dict[str, Any] | None:
    found = rig.try_api("/events?camera=road") or {"items": []}
    return next((event for event in found["items"] if event["picture"]), None)


def _clip_shows_the_road(rig: Rig, event: dict[str, Any]) -> None:
    start_ns = parse_rfc3339(event["start"])
    clip, body = rig.clip("road", rfc3339(start_ns), rfc3339(start_ns + 4 * NS))
    with av.open(io.BytesIO(body)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) >= 4 * 10
    assert frames[0].to_ndarray(format="gray").std() > 10
    assert parse_rfc3339(clip["actual_start"]) <= start_ns
