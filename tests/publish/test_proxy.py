"""The bad link of the tests is as bad as it says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.publish.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it is sent."""
    door = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(client: socket.socket) -> None:
        with client:
            try:
                while data := client.recv(65536):
                    client.sendall(data)
            except OSError:
                pass

    def accept() -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(client,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    yield door.getsockname()[1]
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    for thread in [accepting, *threads]:
        thread.join(5)


def _round(one: socket.socket, size: int) -> float:
    began = time.monotonic()
    one.sendall(b"x" * size)
    while size:
        size -= len(one.recv(size))
    return time.monotonic() - began


def test_rate_delay_and_count(echo: int) -> None:
    with Proxy(echo) as link, socket.create_connection(("127.0.0.1", link.port)) as one:
        assert _round(one, 100_000) < 1
        link.rate(50_000)
        link.delay(0.1)
        assert 0.55 < _round(one, 20_000) < 2  # 0.4 s of line, there and back side by side, and 0.2 s of distance
        assert link.up.carried == link.down.carried == 120_000


def test_a_cut_resets_and_a_frozen_link_is_half_open(echo: int) -> None:
    with Proxy(echo) as link:
        with socket.create_connection(("127.0.0.1", link.port)) as one:
            _round(one, 10)
            link.cut()
            with pytest.raises(ConnectionResetError):
                one.recv(1)
        link.freeze()
        with socket.create_connection(("127.0.0.1", link.port)) as two:
            two.sendall(b"hello")
            two.settimeout(0.3)
            with pytest.raises(TimeoutError):
                two.recv(1)
            link.thaw()
            two.settimeout(5)
            assert two.recv(5) == b"hello"
        assert (link.broken, link.connections) == (1, 2)
