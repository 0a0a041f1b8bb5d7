"""The status page, on either kind of loopback."""

from __future__ import annotations

import socket
import threading

import pytest

from agent.cli import main
from agent.core.stop import StopToken
from agent.edge.status import StatusPage, fetch_status
from agent.wire.messages import Health, OutboxDepth
from tests.fixtures.rig import wait_until

HEALTH = Health(
    time="2026-05-28T20:00:00Z", uptime_s=5, cameras=[], outbox=OutboxDepth(messages=0, media=0, media_bytes=0)
)


def free(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_it_is_served_where_the_configuration_says(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"{host}:{free(host.strip('[]'))}"
    stop = StopToken()
    page = StatusPage(address, lambda: HEALTH)
    thread = threading.Thread(target=page.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: main(["status", "--address", address]) == 0, 10, "an answer")
        assert fetch_status(address) == HEALTH
    finally:
        stop.set()
        thread.join()
    assert "up 5 s" in capsys.readouterr().out
