"""From the moment a thing's time is up to the centre: a real gateway and a real centre on this machine.

`python -m tests.bench.still_path` prints seconds and writes tests/output/still_path.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.config.gateway import GatewayConfig
from agent.core.clock import NS, parse_rfc3339
from agent.core.stop import StopToken
from agent.edge.gateway import run_gateway
from agent.sim.sketch.film import write_film
from agent.sim.sketch.happenings import left
from tests.central.helpers import GATEWAY, SITE, RunningCentre, running, wait_for

OUTPUT = Path(__file__).parents[1] / "output" / "still_path.json"
AFTER_S = 3.0
WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """Seconds: from the thing's time to its words, from those to the centre's row, and to all of its pictures."""

    told_after_s: float
    at_centre_after_s: float
    pictures_after_s: float
    pictures: int
    clip_begins_before_s: float
    clip_ends_after_s: float


@contextmanager
def site(folder: Path, seed: int = 3) -> Iterator[RunningCentre]:
    """A gateway with one camera that shows a sketch in which something is left, and its centre."""
    film = folder / "left.mp4"
    write_film(left(seed, AFTER_S), film)
    stop = StopToken()
    with running(folder / "centre") as centre:
        config = _config(folder, film, centre)
        gateway = threading.Thread(target=run_gateway, args=(config, stop), name="gateway")
        gateway.start()
        try:
            yield centre
        finally:
            stop.set()
            gateway.join(30)


def _config(folder: Path, film: Path, centre: RunningCentre) -> GatewayConfig:
    secrets = centre.data / "gateways" / SITE / GATEWAY
    mqtt = {
        "url": centre.mqtt_url, "username": GATEWAY, "password_file": str(secrets / "password"),
        "command_key_file": str(secrets / "command_key.pem"),
    }  # fmt: skip
    camera = {"id": "street", "url": f"file:{film}", "still": {"enabled": True, "after_s": AFTER_S}}
    return GatewayConfig.model_validate(
        {
            "gateway": {"id": GATEWAY, "site": SITE, "status_listen": "127.0.0.1:0"},
            "storage": {"path": str(folder / "gateway")}, "mqtt": mqtt, "camera": [camera],
        }
    )  # fmt: skip


def arrival(centre: RunningCentre) -> Arrival:
    """What the first event of a thing left took."""
    with centre.service() as api:
        event = wait_for(lambda: _events(api), WITHIN_S)[0]
        whole = wait_for(lambda: _with_pictures(api, event["id"]), WITHIN_S)
        complete_s = time.time()
        api.post(f"/api/v1/events/{event['id']}/clip").raise_for_status()
        clip = wait_for(lambda: _ready(api, event["id"]), WITHIN_S)
    start_s, told_s = _seconds(event["start"]), _seconds(event["time"])
    return Arrival(
        round(told_s - start_s - AFTER_S, 2), round(_seconds(event["received"]) - told_s, 2),
        round(complete_s - told_s, 2), len(whole["media"]), round(start_s - _seconds(clip["actual_start"]), 1),
        round(_seconds(clip["actual_end"]) - start_s, 1),
    )  # fmt: skip


def _events(api: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/api/v1/events", params={"kind": "object_left"}).json()["items"]
    return items


def _with_pictures(api: Any, event: str) -> dict[str, Any] | None:
    found: dict[str, Any] = api.get(f"/api/v1/events/{event}").json()
    return found if found["media"] and all(ref["state"] == "sent" for ref in found["media"]) else None


def _ready(api: Any, event: str) -> dict[str, Any] | None:
    clip: dict[str, Any] | None = api.get(f"/api/v1/events/{event}").json()["clip"]
    return clip if clip is not None and clip["state"] == "ready" else None


def _seconds(text: str) -> float:
    return parse_rfc3339(text) / NS


def main() -> int:
    """Measure once."""
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as folder, site(Path(folder)) as centre:
        found = asdict(arrival(centre))
    print(found)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
