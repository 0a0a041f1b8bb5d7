"""`lamppost demo`: a whole site on this machine, each part a process started by the command a user types."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.core.errors import LamppostError, LinkError
from agent.core.leash import leashed
from agent.core.stop import StopToken
from agent.sim import town
from agent.sim.folder import claimed, quoted, user_scenes
from agent.sim.summary import LEFT_AFTER_S, Endpoints, first_frame_seen, summarise

log = logging.getLogger(__name__)

Say = Callable[[str], None]

SITE, GATEWAY = "demo", "gateway-1"
LOOK_S = 0.5
DRAW_WITHIN_S = 600.0
START_WITHIN_S = 60.0
DRAIN_WITHIN_S = 20.0
END_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line says. `seconds` count from the first frame; None runs until stopped."""

    port: int
    headless: bool
    seconds: float | None
    as_json: bool
    folder: Path | None


def run_demo(options: DemoOptions, stop: StopToken, say: Say) -> int:
    """Run the site until `stop` or the time is over; 0 when all parts worked, and what was asked for was said.

    Raises:
        ConfigError: the folder is another demo's.
        LamppostError: a part did not start.
        OSError: the folder cannot be written.
    """
    if options.folder is not None:
        with claimed(options.folder) as place:
            return _run_in(place, options, stop, say)
    with tempfile.TemporaryDirectory(prefix="lamppost-demo-") as folder:
        return _run_in(Path(folder), options, stop, say)


class Part:
    """One process of the site. One that dies is started again, as a service manager would."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it ends with us, and its stdout goes to our stderr."""
        command = [sys.executable, "-m", "agent.cli", "--log-level", "warning", *self.arguments]
        self._process = subprocess.Popen(
            leashed(command), stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Of the process as it is now; 0 before the first start."""
        return self._process.pid if self._process else 0

    def look(self) -> None:
        """Start it again if it died."""
        if self._process is not None and (code := self._process.poll()) is not None:
            log.warning("%s ended (exit %s): starting it again", self.name, code)
            self.start()

    def ended(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.poll() if self._process else None

    def end(self) -> None:
        """Ask it to stop, and make it stop when it does not."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop within %.0f s: killed", self.name, END_WITHIN_S)
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Site:
    """The three processes and the files between them."""

    def __init__(self, folder: Path, options: DemoOptions) -> None:
        self._folder = folder
        rtsp, mqtt, status, web = free_ports(4)
        self._ports = {"rtsp": rtsp, "mqtt": mqtt, "status": status}
        self._web_port = options.port or web
        self.token = secrets.token_urlsafe(24)
        sim = ["sim", "--listen", f"127.0.0.1:{self._ports['rtsp']}", "--ready-file", str(folder / "sim.json")]
        if user_scenes() is None:
            sim += ["--folder", str(folder / "scenes")]
        central = ["central", "--config", str(folder / "central.toml"), "--ready-file", str(folder / "central.json")]
        self.sim = Part("virtual cameras", sim)
        self.central = Part("centre", central)
        self.gateway = Part("gateway", ["run", "--config", str(folder / "gateway.toml")])

    @property
    def endpoints(self) -> Endpoints:
        """Where the parts can be asked for what they counted."""
        return Endpoints(f"127.0.0.1:{self._ports['status']}", f"127.0.0.1:{self._web_port}", self.token, SITE, GATEWAY)

    def start(self, stop: StopToken) -> dict[str, Any]:
        """Start all parts, each when what it needs is up; returns what the virtual cameras and the centre said."""
        for ready in ("sim.json", "central.json"):
            (self._folder / ready).unlink(missing_ok=True)  # of an earlier run in this folder
        self.sim.start()
        self._write_central()
        self.central.start()
        central = _wait_for(self._folder / "central.json", self.central, START_WITHIN_S, stop)
        sim = _wait_for(self._folder / "sim.json", self.sim, DRAW_WITHIN_S, stop)
        self._write_gateway(sim, central)
        self.gateway.start()
        return {"sim": sim, "central": central}

    def look(self) -> None:
        """Start again what died."""
        for part in (self.sim, self.central, self.gateway):
            part.look()

    def end(self) -> None:
        """Stop those who send before those who take."""
        for part in (self.gateway, self.central, self.sim):
            part.end()

    def _write_central(self) -> None:
        token = self._folder / "service-token"
        _write_secret(token, self.token)
        streets = self._folder / "streets.geojson"
        streets.write_text(town.streets())
        lines = [
            "[central]",
            f'listen = "127.0.0.1:{self._web_port}"',
            f'mqtt_listen = "127.0.0.1:{self._ports["mqtt"]}"',
            f"data = {quoted(str(self._folder / 'centre'))}",
            f"service_token_file = {quoted(str(token))}",
            "",
            "[map]",
            f"streets = {quoted(str(streets))}",
            "",
            "[[gateway]]",
            f'site = "{SITE}"',
            f'id = "{GATEWAY}"',
        ]
        (self._folder / "central.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _write_gateway(self, sim: dict[str, Any], central: dict[str, Any]) -> None:
        credentials = self._folder / "centre" / "gateways" / SITE / GATEWAY
        lines = [
            "[gateway]",
            f'id = "{GATEWAY}"',
            f'site = "{SITE}"',
            f'status_listen = "127.0.0.1:{self._ports["status"]}"',
            "",
            "[storage]",
            f"path = {quoted(str(self._folder / 'gateway'))}",
            'max_bytes = "4GB"',
            "",
            "[mqtt]",
            f"url = {quoted(central['mqtt_url'])}",
            f'username = "{GATEWAY}"',
            f"password_file = {quoted(str(credentials / 'password'))}",
            f"command_key_file = {quoted(str(credentials / 'command_key.pem'))}",
        ]
        for camera in sim["cameras"]:
            lines += _camera_lines(camera)
        (self._folder / "gateway.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _camera_lines(camera: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "[[camera]]",
        f"id = {quoted(camera['id'])}",
        f"name = {quoted(camera['name'])}",
        f"url = {quoted(camera['main_url'])}",
        f"sub_url = {quoted(camera['sub_url'])}",
    ]
    if place := town.place_of(camera["id"]):
        lines += ["[camera.place]", *(f"{key} = {value!r}" for key, value in place.items())]
    lines += ["[camera.still]", "enabled = true", f"after_s = {LEFT_AFTER_S:g}"]
    for zone in camera["zones"]:
        lines += ["[[camera.zone]]", f"name = {quoted(zone['name'])}", f"polygon = {json.dumps(zone['polygon'])}"]
        lines += ["[[camera.rule]]", 'kind = "zone_entered"', f"zone = {quoted(zone['name'])}"]
    return lines


def _run_in(folder: Path, options: DemoOptions, stop: StopToken, say: Say) -> int:
    site = Site(folder, options)
    try:
        said = site.start(stop)
        began_s = _wait_first_frame(site, stop)
        if not options.headless:
            say(_greeting(said))
        while not stop.is_set() and (options.seconds is None or time.monotonic() - began_s < options.seconds):
            site.look()
            stop.wait(LOOK_S)
        if options.as_json or options.seconds is not None:
            seconds = time.monotonic() - began_s
            summary = summarise(site.endpoints, said["sim"], seconds, DRAIN_WITHIN_S)
            say(json.dumps(summary, indent=2) if options.as_json else _report(summary))
    except _Stopped:
        log.info("stopped before the first frame")
        return 1 if options.as_json else 0  # a script gets its object, or is told that there is none
    finally:
        site.end()
    return 0


class _Stopped(LamppostError):
    """The person stopped it while it was starting."""


def _wait_for(path: Path, part: Part, within_s: float, stop: StopToken) -> dict[str, Any]:
    deadline = time.monotonic() + within_s
    while not path.exists():
        if stop.wait(0.1):
            raise _Stopped
        if part.ended() is not None:
            raise LamppostError(
                f"demo: {part.name} ended (exit {part.ended()}) before it was ready; its lines above say why"
            )
        if time.monotonic() > deadline:
            raise LamppostError(f"demo: {part.name} was not ready within {within_s:.0f} s")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _wait_first_frame(site: Site, stop: StopToken) -> float:
    deadline = time.monotonic() + START_WITHIN_S
    while not first_frame_seen(site.endpoints):
        site.look()
        if stop.wait(0.2):
            raise _Stopped
        if time.monotonic() > deadline:
            raise LinkError(f"demo: no frame came from the virtual cameras within {START_WITHIN_S:.0f} s")
    return time.monotonic()


def _greeting(said: dict[str, Any]) -> str:
    central = said["central"]
    lines = ["", "The site is running: three virtual cameras, a gateway, a centre.", "Open the viewer:"]
    lines += [f"  {central.get('sign_in_url') or central['url']}"]
    lines += ["(the link works once: choose a name and a password there; Ctrl-C ends the demo)", ""]
    return "\n".join(lines)


def _report(summary: dict[str, Any]) -> str:
    lines = [
        f"{camera['id']}: {camera['frames_in']} frames in, {camera['frames_recorded']} recorded, "
        f"{camera['frames_analysed']} analysed, {camera['tracks']} tracks, "
        f"{camera['events_matched']} of {camera['events_truth']} drawn events found, "
        f"{camera['left_matched']} of {camera['left_truth']} things left and {camera['taken_matched']} of "
        f"{camera['taken_truth']} taken"
        for camera in summary["cameras"]
    ]
    lines.append(f"{summary['messages_stored']} messages stored at the centre, {summary['lost']} lost")
    return "\n".join(lines)


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that nobody has; all are taken at once, else one may come twice."""
    with ExitStack() as probes:
        taken = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in taken:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in taken]
