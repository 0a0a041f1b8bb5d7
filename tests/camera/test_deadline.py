"""A device that answers byte by byte, in whichever part of its answer, has no more time than one that is silent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from agent.camera.bounded_http import BoundedAdapter, DeviceSession
from agent.core.errors import CameraError

HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "status line": (b"", b"H"),
    "header": (HEAD, b"X"),
    "body": (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "body without length": (HEAD + b"Connection: close\r\n\r\n", b"x"),
    "length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "TLS": (b"\x16\x03\x03\x40\x00", b"\x02"),
}
WHOLE = HEAD + b"Content-Length: 2\r\n\r\nok"

Drip = Callable[[bytes, bytes], int]


@pytest.fixture
def drip() -> Iterator[Drip]:
    """A server that answers at once as often as asked, with `whole`, and then for ever with one byte more; its port."""
    over = threading.Event()
    threads = []

    def serve(door: socket.socket, start: bytes, more: bytes) -> None:
        with suppress(OSError), door, door.accept()[0] as client:  # it ends when the client hangs up
            while b"/whole" in client.recv(65_536):
                client.sendall(WHOLE)
            client.sendall(start)
            while not over.wait(0.05):
                client.sendall(more)

    def begin(start: bytes, more: bytes) -> int:
        door = socket.create_server(("127.0.0.1", 0))
        threads.append(threading.Thread(target=serve, args=(door, start, more)))
        threads[-1].start()
        return int(door.getsockname()[1])

    yield begin
    over.set()
    for thread in threads:
        thread.join(5)


def session(url: str, total_s: float) -> DeviceSession:
    return DeviceSession(urlsplit(url), None, None, BoundedAdapter(total_s))


@pytest.mark.parametrize("part", DRIPS)
def test_the_whole_answer_has_one_deadline(drip: Drip, part: str) -> None:
    url = f"{'https' if part == 'TLS' else 'http'}://127.0.0.1:{drip(*DRIPS[part])}/"
    began = time.monotonic()
    with session(url, 0.4) as dialled, pytest.raises(CameraError, match=r"took longer than 0\.4 s; given up"):
        dialled.get(url, timeout=5)
    assert 0.3 < time.monotonic() - began < 2


def test_each_request_on_a_kept_connection_has_its_own(drip: Drip) -> None:
    url = f"http://127.0.0.1:{drip(*DRIPS['body'])}/"
    with session(url, 0.4) as dialled:
        for _ in range(3):
            assert dialled.get(f"{url}whole", timeout=5).text == "ok"
            time.sleep(0.2)
        with pytest.raises(CameraError, match="took longer"):
            dialled.get(url, timeout=5)


def test_a_closed_session_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        seen: list[bytes] = []

        def serve() -> None:
            with door.accept()[0] as client:
                client.recv(65_536)
                client.sendall(WHOLE)
                client.settimeout(5)
                seen.append(client.recv(1))

        thread = threading.Thread(target=serve)
        thread.start()
        with session(url, 5) as dialled:
            assert dialled.get(f"{url}whole", timeout=5).text == "ok"
        thread.join(5)
        assert seen == [b""]
