"""The virtual camera's ONVIF side: a small real device server (Device and Media services, Digest and tokens)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from agent.camera.limited_xml import each, local, parse_xml, text_of
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError
from agent.sim import onvif_answers as answers
from agent.sim.onvif_answers import VirtualIdentity, VirtualProfile
from agent.sim.onvif_auth import Gate

DEVICE_PATH, MEDIA_PATH, SNAPSHOT_PATH = "/onvif/device_service", "/onvif/media_service", "/snapshot/"
MOST_REQUEST = 1 << 16
OPEN_CALLS = frozenset({"GetSystemDateAndTime", "GetCapabilities", "GetServices"})
"""PRE_AUTH calls (ONVIF Core section 5.9.4.3): a client needs them before it can date a token."""


class VirtualOnvif:
    """Serves from `start` to `close`, in threads of its own.

    `xaddr_host` puts another host into every address it returns, as cameras behind NAT do; `tokens` = False makes it
    a camera that takes HTTP Digest alone, `digest` = False one that takes tokens alone. `private_clock` makes
    it tell its time to users only, as older Axis cameras do. `snapshot` makes a JPEG.
    """

    def __init__(
        self,
        identity: VirtualIdentity,
        profiles: Sequence[VirtualProfile],
        username: str | None,
        password: str | None,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        xaddr_host: str | None = None,
        tokens: bool = True,
        digest: bool = True,
        private_clock: bool = False,
        snapshot: Callable[[str], bytes] | None = None,
    ) -> None:
        self.identity, self.profiles = identity, tuple(profiles)
        self.snapshot, self.tokens, self.digest = snapshot, tokens, digest
        self.open_calls = OPEN_CALLS - ({"GetSystemDateAndTime"} if private_clock else set())
        self.gate = Gate(username, password, clock)
        self._clock, self._host, self._port, self._xaddr_host = clock, host, port, xaddr_host
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._server.server_address[1] if self._server is not None else self._port

    @property
    def url(self) -> str:
        """The device service, as one who can reach it dials it."""
        return f"http://{self._host}:{self.port}{DEVICE_PATH}"

    @property
    def xaddr(self) -> str:
        """The device service as it names it itself."""
        return self._named(DEVICE_PATH)

    def start(self) -> None:
        """Listen and serve."""
        self._server = _Server((self._host, self._port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"onvif-{self.identity.serial}"
        )
        self._thread.start()

    def close(self) -> None:
        """Stop and free the port; safe to call twice."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._thread = None

    def now_s(self) -> float:
        """The camera's clock, seconds since 1970."""
        return self._clock.wall_ns() / NS

    def answer(self, call: Element) -> bytes:
        """The message for one call, already let in.

        Raises:
            CameraError: no such call or profile.
        """
        name = local(call)
        makers: dict[str, Callable[[], str]] = {
            "GetSystemDateAndTime": lambda: answers.system_date_and_time(self._clock.wall_ns()),
            "GetDeviceInformation": lambda: answers.device_information(self.identity),
            "GetCapabilities": lambda: answers.capabilities(self.xaddr, self._named(MEDIA_PATH)),
            "GetServices": lambda: answers.services(self.xaddr, self._named(MEDIA_PATH)),
            "GetScopes": lambda: answers.scopes(self.identity),
            "GetNetworkInterfaces": lambda: answers.network_interfaces(self.identity, self._host),
            "GetProfiles": lambda: answers.profiles(self.profiles),
            "GetStreamUri": lambda: answers.uri(name, self._profile(call).rtsp_url),
            "GetSnapshotUri": lambda: answers.uri(name, self._snapshot_uri(call)),
        }
        if name not in makers:
            raise CameraError(f"no such call: {name[:40]}")
        return answers.envelope(makers[name]())

    def _profile(self, call: Element) -> VirtualProfile:
        token = text_of(call, "ProfileToken")
        for profile in self.profiles:
            if profile.token == token:
                return profile
        raise CameraError(f"no such profile: {token[:40]}")

    def _snapshot_uri(self, call: Element) -> str:
        if self.snapshot is None:
            raise CameraError("no snapshots here")
        return self._named(f"{SNAPSHOT_PATH}{self._profile(call).token}.jpg")

    def _named(self, path: str) -> str:
        return f"http://{self._xaddr_host or f'{self._host}:{self.port}'}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # close() waits for them: a test sees what is left behind

    def __init__(self, address: tuple[str, int], device: VirtualOnvif) -> None:
        self.device = device
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection, one request (HTTP/1.0), so that no idle client holds up the end."""

    timeout: ClassVar[float] = 5.0
    server: _Server

    def do_POST(self) -> None:
        """A SOAP call."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_REQUEST:
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"")
            return
        try:
            root = parse_xml(self.rfile.read(int(length)), MOST_REQUEST)
            call = next(iter(next(each(root, "Body"))))
        except (CameraError, StopIteration):
            self._reply(HTTPStatus.BAD_REQUEST, answers.fault("Sender", "ter:WellFormed", "not a SOAP call"))
            return
        if local(call) in self.server.device.open_calls or self._let_in(root):
            self._answer(call)

    def do_GET(self) -> None:
        """A snapshot."""
        device = self.server.device
        token = unquote(self.path.removeprefix(SNAPSHOT_PATH).removesuffix(".jpg"))
        known = self.path.startswith(SNAPSHOT_PATH) and token in {profile.token for profile in device.profiles}
        if not known or device.snapshot is None:
            self._reply(HTTPStatus.NOT_FOUND, b"")
        elif device.gate.open or self._digest_fits():
            self._reply(HTTPStatus.OK, device.snapshot(token), kind="image/jpeg")
        else:
            self._challenge()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Say nothing: the tests and the demo have better things on their terminal."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` header goes by the camera's clock too."""
        return super().date_time_string(self.server.device.now_s() if timestamp is None else timestamp)

    def _answer(self, call: Element) -> None:
        try:
            self._reply(HTTPStatus.OK, self.server.device.answer(call))
        except CameraError as error:
            self._reply(HTTPStatus.BAD_REQUEST, answers.fault("Sender", "ter:InvalidArgVal", str(error)))

    def _let_in(self, root: Element) -> bool:
        """Token first when there is one, because cameras look at it first; then Digest. Refuses by itself."""
        device = self.server.device
        if device.gate.open:
            return True
        token = next(each(root, "UsernameToken"), None)
        if device.tokens and token is not None:
            if not (reason := device.gate.token(token)):
                return True
            self._reply(HTTPStatus.BAD_REQUEST, answers.fault("Sender", "ter:NotAuthorized", reason))
            return False
        if not device.digest:
            self._reply(HTTPStatus.BAD_REQUEST, answers.fault("Sender", "ter:NotAuthorized", "no token"))
            return False
        if self._digest_fits():
            return True
        self._challenge()
        return False

    def _digest_fits(self) -> bool:
        header = self.headers.get("Authorization", "")
        return header.startswith("Digest ") and not self.server.device.gate.digest(header[7:], self.command)

    def _challenge(self) -> None:
        self._reply(HTTPStatus.UNAUTHORIZED, b"", challenge=self.server.device.gate.challenge())

    def _reply(
        self, status: HTTPStatus, body: bytes, *, kind: str = "application/soap+xml; charset=utf-8", challenge: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)
