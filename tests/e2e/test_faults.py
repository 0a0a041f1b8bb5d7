"""Everything is killed once while running: camera, child, broker, centre, gateway. No manual step, nothing lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.gst import GstServer
from tests.fixtures.models import without_models
from tests.fixtures.rig import Rig, wait_until

pytestmark = pytest.mark.timeout(300)

CAMERA = """
[[camera]]
id = "ball"
url = "{url}"
[[camera.zone]]
name = "all"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
[[camera.rule]]
kind = "zone_entered"
zone = "all"
"""


class Town:
    """A rig with one foreign camera whose picture moves without end."""

    def __init__(self, rig: Rig, camera: GstServer) -> None:
        self.rig, self.camera = rig, camera

    def health(self, name: str) -> Any:
        return self.rig.camera_health("ball").get(name)

    def seen_by_the_centre(self, name: str) -> Any:
        return (self.rig.try_api("/cameras/test/gw/ball") or {}).get(name)

    def analysis_restarts(self) -> int:
        health = (self.rig.try_api("/gateways/test/gw") or {}).get("health") or {"workers": []}
        return sum(worker["restarts"] for worker in health["workers"] if worker["name"] == "analysis")

    def goes_on(self, name: str, by: int = 20) -> None:
        """Wait until a counter of the camera has grown."""
        before = self.health(name) or 0
        wait_until(lambda: (self.health(name) or 0) >= before + by, 60, f"{name} goes on\n{self.rig.log('run')}")

    def pids(self, word: str) -> list[int]:
        """Processes of this rig whose command line holds `word`."""
        return [pid for pid in _descendants(os.getpid()) if word in _command(pid)]

    def goes_on_event(self) -> str:
        """An event that the centre knows and that is not over."""

        def find() -> str | None:
            items = (self.rig.try_api("/events?limit=1") or {}).get("items") or [{"end": "none"}]
            return None if items[0]["end"] else items[0]["id"]

        return str(wait_until(find, 60, "an event goes on"))

    def is_ended(self, event: str) -> None:
        """The centre hears that an event whose end nobody saw is over."""

        def outcome() -> bool:
            found = self.rig.try_api(f"/events/{event}") or {}
            return bool(found.get("end")) and found["attributes"].get("outcome") == "analysis_ended"

        wait_until(outcome, 60, f"{event} is ended\n{self.rig.log('run')}")

    def nothing_lost(self) -> None:
        """The outbox empties, the centre has every message of it, and the recorder lost no packet."""
        self.goes_on("packets_recorded")

        def settled() -> bool:
            outbox, stats = self.rig.status().get("outbox", {}), self.rig.try_api("/stats")
            if not outbox or stats is None:
                return False
            stored = sum(stats["stored"]["envelopes"].values())
            return stats["lost"] == stats["dropped"] == 0 and stored >= sum(outbox["sent"].values()) > 0

        wait_until(settled, 60, f"all that was sent is stored\n{self.rig.log('run')}")
        assert self.health("packets_lost") == 0


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from _descendants(child)


@pytest.fixture
def town(rig: Rig, gst_server: Callable[..., GstServer], tmp_path: Path) -> Town:
    rig.environment["LAMPPOST_MODELS"] = str(without_models(tmp_path))  # no model: what moves is followed all the same
    rig.environment["XDG_DATA_HOME"] = str(tmp_path)
    camera = gst_server()
    rig.start_central()
    rig.write_gateway(CAMERA.format(url=camera.url("/live")))
    rig.start_gateway()
    built = Town(rig, camera)
    built.goes_on("frames_analysed", 5)
    return built


def test_the_camera_goes_and_comes_back(town: Town) -> None:
    wait_until(lambda: town.seen_by_the_centre("online"), 30, "the centre sees the camera online")
    town.camera.kill()
    wait_until(lambda: town.seen_by_the_centre("online") is False, 40, "the centre sees the camera offline")
    assert "127.0.0.1" in town.seen_by_the_centre("error")
    town.camera.start()
    wait_until(lambda: town.seen_by_the_centre("online"), 60, "the centre sees the camera back")
    town.nothing_lost()


def test_the_child_is_killed_and_another_takes_over(town: Town) -> None:
    (child,) = town.pids("agent.analyse")
    event = town.goes_on_event()
    os.kill(child, signal.SIGKILL)
    town.is_ended(event)
    wait_until(lambda: town.pids("agent.analyse") not in ([], [child]), 30, "another child")
    town.goes_on("frames_analysed", 5)
    assert wait_until(town.analysis_restarts, 30, "the centre knows of the restart") == 1
    town.nothing_lost()


def test_the_child_stopped_for_30_s_costs_no_recorded_packet(town: Town) -> None:
    (child,) = town.pids("agent.analyse")
    os.kill(child, signal.SIGSTOP)
    before = town.health("packets_recorded")
    time.sleep(30)
    assert town.health("packets_recorded") - before > 30 * 15 * 0.9
    wait_until(lambda: town.seen_by_the_centre("analysing") is False, 15, "the centre sees that nothing is analysed")
    if child in town.pids("agent.analyse"):
        os.kill(child, signal.SIGCONT)
    town.goes_on("frames_analysed", 5)
    town.nothing_lost()


def test_the_broker_is_killed_and_comes_back(town: Town) -> None:
    (broker,) = town.pids("mosquitto") or town.pids("amqtt_broker")
    os.kill(broker, signal.SIGKILL)
    wait_until(
        lambda: town.rig.try_api("/health")["broker"]["up"] is False, 10, "the centre says that the broker is away"
    )
    wait_until(lambda: town.rig.try_api("/health")["broker"]["up"], 30, "the broker is back")
    town.nothing_lost()


def test_the_centre_is_killed_and_started_again(town: Town) -> None:
    town.rig.kill("central")
    town.goes_on("packets_recorded", 100)
    town.rig.start_central()
    wait_until(lambda: town.seen_by_the_centre("online"), 60, "the centre sees the camera again")
    town.nothing_lost()


def test_the_gateway_is_killed_and_started_again(town: Town) -> None:
    wait_until(lambda: (town.rig.try_api("/stats") or {})["stored"]["recording"] > 0, 60, "a closed segment is known")
    town.goes_on("packets_recorded", 60)  # so that the open segment holds whole fragments
    event = town.goes_on_event()
    town.rig.kill("run")
    wait_until(lambda: town.seen_by_the_centre("online") is False, 60, "the centre sees the gateway gone")
    town.rig.start_gateway()
    town.is_ended(event)
    town.goes_on("packets_recorded", 100)
    town.nothing_lost()
    spans = town.rig.api(
        "/recordings?site=test&gateway=gw&camera=ball&start=2020-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"
    )
    assert "recovered" in [segment["reason"] for segment in spans["segments"]]


def test_a_wrong_password_is_said_in_one_line_and_disturbs_nothing_else(
    rig: Rig, gst_server: Callable[..., GstServer], tmp_path: Path
) -> None:
    good, locked = gst_server(), gst_server(username="root", password="right")
    (tmp_path / "wrong").write_text("hunter2\n")
    rig.environment["LAMPPOST_MODELS"] = rig.environment["XDG_DATA_HOME"] = str(without_models(tmp_path))
    rig.start_central()
    rig.write_gateway(
        f'[[camera]]\nid = "good"\nurl = "{good.url("/live")}"\n'
        f'[[camera]]\nid = "locked"\nurl = "{locked.url("/live")}"\nusername = "root"\n'
        f'password_file = "{tmp_path}/wrong"\n'
        '[[camera]]\nid = "away"\nurl = "rtsp://127.0.0.1:9/live"\n'
    )
    rig.start_gateway()
    wait_until(lambda: rig.camera_health("good").get("packets_recorded", 0) > 30, 40, "the good camera is recorded")
    for camera, words in (("locked", ("password",)), ("away", ("127.0.0.1:9",))):
        error = wait_until(lambda camera=camera: rig.camera_health(camera).get("error"), 30, f"an error of {camera}")
        assert all(word in error for word in words), error
        assert "\n" not in error
        assert "hunter2" not in error + rig.log("run")
