"""From the centre's API to the footage on a real gateway's disk and back: held, let go of, and kept until then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.config.gateway import GatewayConfig
from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.stop import StopToken
from agent.edge.gateway import run_gateway
from tests.central.helpers import GATEWAY, SITE, RunningCentre, running, wait_for
from tests.fixtures.clips import make_clip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre, and a gateway that records one camera."""
    film, stop = make_clip(tmp_path / "film.mp4"), StopToken()
    with running(tmp_path / "centre") as centre:
        secrets = centre.data / "gateways" / SITE / GATEWAY
        mqtt = {
            "url": centre.mqtt_url, "username": GATEWAY, "password_file": str(secrets / "password"),
            "command_key_file": str(secrets / "command_key.pem"),
        }  # fmt: skip
        config = GatewayConfig.model_validate(
            {
                "gateway": {"id": GATEWAY, "site": SITE, "status_listen": "127.0.0.1:0"}, "mqtt": mqtt,
                "storage": {"path": str(tmp_path / "gateway")}, "analysis": {"enabled": False},
                "camera": [{"id": "street", "url": f"file:{film}"}],
            }
        )  # fmt: skip
        gateway = threading.Thread(target=run_gateway, args=(config, stop), name="gateway")
        gateway.start()
        try:
            yield centre
        finally:
            stop.set()
            gateway.join(30)


def test_a_hold_is_kept_at_the_gateway_until_it_is_released(site: RunningCentre, tmp_path: Path) -> None:
    now_ns = SystemClock().wall_ns()
    wish = {
        "cameras": [f"{SITE}/{GATEWAY}/street"], "start": rfc3339(now_ns - 3600 * NS),
        "end": rfc3339(now_ns + 3600 * NS), "reason": "case 4711",
    }  # fmt: skip
    with site.admin() as api:

        def at_gateway(key: str) -> dict[str, Any]:
            found: dict[str, Any] = api.get(f"/api/v1/holds/{key}").json()["gateways"][0]
            return found

        wait_for(lambda: api.get("/api/v1/cameras").json()["items"], 30)
        made = api.post("/api/v1/holds", json=wish)
        assert made.status_code == 201, made.text
        key = made.json()["id"]
        wait_for(lambda: at_gateway(key)["state"] == "held", 30)
        file = tmp_path / "gateway" / "recordings" / "holds" / f"{key}.json"
        said = json.loads(file.read_text())
        assert (said["hold"]["id"], said["hold"]["owner"], said["hold"]["cameras"]) == (key, "ann", ["street"])
        assert "release" not in said
        api.post(f"/api/v1/holds/{key}/release", json={"reason": "handed over"}).raise_for_status()
        wait_for(lambda: at_gateway(key)["state"] == "released", 30)
        said = json.loads(file.read_text())
        assert (said["release"]["owner"], said["release"]["reason"]) == ("ann", "handed over")
