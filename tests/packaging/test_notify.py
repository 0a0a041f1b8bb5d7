"""sd_notify over a real socket, by path and abstract, and the watchdog's honesty."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.notify import Watchdog, notify, status, watchdog_interval_s
from agent.core.stop import StopToken
from tests.fixtures.clock import FakeClock


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@lamppost-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        sock.settimeout(2)
        yield name, sock


def test_states_reach_the_manager(manager: tuple[str, socket.socket]) -> None:
    address, sock = manager
    environment = {"NOTIFY_SOCKET": address}
    assert notify("READY=1", status("3 cameras"), environment=environment)
    assert sock.recv(1024) == b"READY=1\nSTATUS=3 cameras"
    assert notify(status("two\nlines\nREADY=1"), environment=environment)
    assert sock.recv(1024) == b"STATUS=two lines READY=1", "a status cannot smuggle another state in"
    assert not notify(status(" \n "), environment=environment), "an empty status is not sent"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_without_a_manager_nothing_happens(environment: dict[str, str]) -> None:
    assert not notify("READY=1", environment=environment)


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_interval_is_read_as_systemd_means_it(environment: dict[str, str], seconds: float | None) -> None:
    assert watchdog_interval_s(environment) == seconds


def test_the_watchdog_is_fed_only_while_healthy(
    manager: tuple[str, socket.socket], clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    address, sock = manager
    healthy = True
    watchdog = Watchdog(clock, lambda: healthy, {"NOTIFY_SOCKET": address})
    assert watchdog.feed()
    assert sock.recv(64) == b"WATCHDOG=1"
    healthy = False
    assert not watchdog.feed()
    clock.advance(7)
    assert not watchdog.feed()
    assert "not healthy for 7 s" in caplog.text
    sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        sock.recv(64)


def test_the_worker_feeds_until_it_is_stopped(manager: tuple[str, socket.socket], clock: FakeClock) -> None:
    address, sock = manager
    stop = StopToken()
    watchdog = Watchdog(clock, lambda: True, {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "40000"})
    thread = threading.Thread(target=watchdog.run, args=(stop,))
    thread.start()
    assert [sock.recv(64) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    stop.set()
    thread.join()
