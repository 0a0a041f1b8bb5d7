"""A device that answers what no device should: each answer is refused in one line, within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.camera.onvif import OnvifDevice
from agent.core.clock import NS, SystemClock
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


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://198.51.100.9/onvif/device_service", "give the address that it names: https://198.51.100.9/onvif/"),
        ("/login.html", "give its https:// address"),
        ("https://admin:hunter2@198.51.100.9/", "give its https:// address"),
        ("https://h/" + "x" * 3000, "give its https:// address"),
        ("https://h/\x1b[2J", "give its https:// address"),
        ("javascript:alert(1)", "give its https:// address"),
        (None, "give its https:// address"),
    ],
)
@pytest.mark.parametrize("status", [302, 308])
def test_a_redirect_is_not_followed_and_says_what_to_do(
    serve: Serve, location: str | None, said: str, status: int
) -> None:
    refused = refusal(serve(b"", *([("Location", location)] if location else []), status=status))
    assert isinstance(refused, CameraError)
    assert "/onvif/device_service redirects; " in str(refused)
    assert said in str(refused)


def _clock(year: str) -> bytes:
    return envelope(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time><tt:Hour>23</tt:Hour><tt:Minute>59"
        f"</tt:Minute><tt:Second>59</tt:Second></tt:Time><tt:Date><tt:Year>{year}</tt:Year><tt:Month>12</tt:Month>"
        "<tt:Day>31</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


@pytest.mark.parametrize("year", ["99999999999", "9999", "1", "0", "-5"])
def test_a_year_beyond_all_reckoning_is_dated_by_http(serve: Serve, year: str) -> None:
    url = serve(_clock(year), ("Content-Type", "application/soap+xml"))
    device = OnvifDevice(url, "viewer", "light", SystemClock())
    offset_ns = device.clock_offset_ns()
    device.close()
    assert offset_ns is not None
    assert abs(offset_ns) < 5 * NS
    assert isinstance(refusal(url), CameraError)


def test_a_document_type_is_refused_by_name(serve: Serve) -> None:
    device = OnvifDevice(serve(LAUGHS), None, None, SystemClock())
    with pytest.raises(CameraError, match=r"(?i)dtd|doctype|document type"):
        device.identity()
    device.close()
