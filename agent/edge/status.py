"""The gateway's local status page, on loopback: `GET /health` as JSON, `GET /` for a person."""

from __future__ import annotations

import http.client
import logging
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent.core.errors import LinkError
from agent.core.stop import StopToken
from agent.wire.messages import CameraHealth, Health, UplinkState, decode, encode

log = logging.getLogger(__name__)

_LOOK_S = 0.5


class StatusPage:
    """Serves the newest health. An address that is taken is reported, and nothing else is disturbed."""

    name = "status-page"

    def __init__(self, address: str, health: Callable[[], Health]) -> None:
        self._address, self._health = address, health

    def run(self, stop: StopToken) -> None:
        """See `Worker.run`."""
        host, _, port = self._address.rpartition(":")
        host = host.strip("[]")
        kind = _Server6 if ":" in host else ThreadingHTTPServer
        try:
            server = kind((host, int(port)), _handler(self._health))
        except OSError as error:
            raise LinkError(f"status page: {self._address}: {error.strerror}; set [gateway] status_listen") from error
        server.daemon_threads = True
        server.timeout = _LOOK_S
        with server:
            while not stop.is_set():
                server.handle_request()


class _Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def fetch_status(address: str) -> Health:
    """Ask the gateway at `address`.

    Raises:
        LinkError: nobody answers there.
    """
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/health")
        return decode(Health, connection.getresponse().read(1 << 20))
    except (OSError, http.client.HTTPException) as error:
        raise LinkError(f"no gateway answers at {address} ({error}); is `lamppost run` running?") from error
    finally:
        connection.close()


def format_status(health: Health) -> str:
    """The health for a person, a few lines."""
    lines = [f"up {health.uptime_s:.0f} s, analysis: {health.analysis}, shedding: {health.shed}"]
    if health.disk:
        lines.append(f"disk: {health.disk.recordings / 1e9:.2f} GB recorded, {health.disk.free / 1e9:.1f} GB free")
    lines.append(f"waiting for the centre: {health.outbox.messages} messages, {health.outbox.media} media")
    lines += [f"given up so far: {_each(health.outbox.dropped)}"] if health.outbox.dropped else []
    lines += _uplink_lines(health.uplink) if health.uplink else []
    lines += [_camera_line(camera) for camera in health.cameras]
    lines += [f"problem: {problem}" for problem in health.problems]
    return "\n".join(lines)


def _uplink_lines(uplink: UplinkState) -> list[str]:
    """What it cost and what waits for it, and why."""
    link = f"broker: {uplink.broker or 'not connected'}"
    link += f"; commands refused: {_each(uplink.refused_commands)}" if uplink.refused_commands else ""
    spent = f"uplink: {uplink.hour / 1e6:.1f} MB this hour{_of(uplink.hour_limit)}"
    spent += f", {uplink.month / 1e6:.1f} MB this month{_of(uplink.month_limit)}"
    spent += f", at most {uplink.rate_limit * 8 // 1000} kbit/s" if uplink.rate_limit else ""
    spent += f"; {uplink.cheap} is up: everything goes" if uplink.cheap else ""
    waits = [
        f"waits: {one.number} of class {one.kind}, {one.bytes / 1e6:.1f} MB: {one.reason}"
        for one in uplink.waiting
        if one.reason
    ]
    return [link, spent, *waits, *(f"live: {line}" for line in uplink.live)]


def _each(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _of(limit: int | None) -> str:
    return f" of {limit / 1e6:.0f} MB" if limit else ""


def _camera_line(camera: CameraHealth) -> str:
    words = [
        "online" if camera.online else "OFFLINE",
        "recording" if camera.recording else "not recording",
        "analysing" if camera.analysing else "not analysing",
    ]
    counts = f"{camera.packets_recorded} of {camera.packets_in} packets recorded, {camera.packets_lost} lost"
    counts += f", {camera.packets_not_wanted} not wanted" if camera.packets_not_wanted else ""
    return f"{camera.id}: {', '.join(words)}; {counts}; {camera.error or 'no error'}"


def _handler(health: Callable[[], Health]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            if self.path == "/health":
                self._answer("application/json", encode(health()))
            elif self.path == "/":
                self._answer("text/plain; charset=utf-8", format_status(health()).encode() + b"\n")
            else:
                self.send_error(404)

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            log.debug(format, *args)

    return Handler
