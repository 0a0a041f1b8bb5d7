"""A device that answers what no device should: each answer is refused in one line, within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.camera.onvif import OnvifDevice
from agent.core.clock import SystemClock
from agent.core.errors import CameraError, LamppostError
from agent.sim.onvif_answers import DEVICE, MEDIA, envelope

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % ((97 + n,) + (96 + n,) * 4) for n in range(1, 16))
    + b']><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&p;</s:Body></s:Envelope>'
)
FOREIGN = envelope(
    f"<tds:GetServicesResponse><tds:Service><tds:Namespace>{DEVICE}</tds:Namespace><tds:XAddr>file:///etc/passwd"
    f"</tds:XAddr></tds:Service><tds:Service><tds:Namespace>{MEDIA}</tds:Namespace><tds:XAddr>gopher://[x</tds:XAddr>"
    "</tds:Service></tds:GetServicesResponse>"
)
DEEP = b"<a>" * 5_000
ANSWERS = {
    "empty": b"",
    "garbage": bytes(range(256)) * 40,
    "html": b"<html><body>404 not here</body></html>",
    "cut": envelope("<tds:GetDeviceInformationResponse>")[:-40],
    "other call": envelope("<tds:GetScopesResponse/>"),
    "billion laughs": LAUGHS,
    "deep": DEEP,
    "foreign addresses": FOREIGN,
    "huge": b"<a>" + b"x" * (6 << 20),
}


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    body = b""
    headers_sent: tuple[tuple[str, str], ...] = ()
    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        for name, value in self.headers_sent:
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(self.body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def make(body: bytes, *headers: tuple[str, str], status: int = 200) -> str:
        handler = type("Handler", (_Handler,), {"body": body, "headers_sent": headers, "status": status})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}/onvif/device_service"

    yield make
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def refusal(url: str) -> LamppostError:
    device = OnvifDevice(url, "viewer", "light", SystemClock(), timeout_s=3, total_s=5)
    try:
        with pytest.raises(LamppostError) as caught:
            device.profiles()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500
        return caught.value
    finally:
        device.close()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("status", [200, 500])
def test_a_hostile_answer_is_refused(serve: Serve, answer: str, status: int) -> None:
    assert isinstance(
        refusal(serve(ANSWERS[answer], ("Content-Type", "application/soap+xml"), status=status)), CameraError
    )


def test_an_answer_that_does_not_end_is_cut_at_the_bound(serve: Serve) -> None:
    assert "longer than" in str(refusal(serve(b"x" * (5 << 20))))


def test_a_packed_answer_is_refused(serve: Serve) -> None:
    assert "packed" in str(refusal(serve(b"\x1f\x8b", ("Content-Encoding", "gzip"))))


def test_a_redirect_to_another_host_is_not_followed(serve: Serve) -> None:
    url = serve(b"", ("Location", "http://198.51.100.9/onvif/device_service"), status=302)
    assert isinstance(refusal(url), CameraError)


def test_a_document_type_is_refused_by_name(serve: Serve) -> None:
    device = OnvifDevice(serve(LAUGHS), None, None, SystemClock())
    with pytest.raises(CameraError, match=r"(?i)dtd|doctype|document type"):
        device.identity()
    device.close()
