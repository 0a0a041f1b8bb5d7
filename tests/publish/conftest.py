"""Parts that the tests of this room share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.backoff import Backoff
from agent.core.clock import SystemClock
from agent.core.ports import Worker
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.mqtt import LinkSettings


@pytest.fixture
def running() -> Iterator[Callable[..., StopToken]]:
    """Runs workers in threads until the test ends or the returned token is set."""
    started: list[tuple[StopToken, list[threading.Thread]]] = []

    def run(*workers: Worker) -> StopToken:
        stop = StopToken()
        threads = [threading.Thread(target=worker.run, args=(stop,), name=worker.name) for worker in workers]
        started.append((stop, threads))
        for thread in threads:
            thread.start()
        return stop

    yield run
    for stop, threads in started:
        stop.set()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


def quick_backoff() -> Backoff:
    return Backoff(first_s=0.05, most_s=0.3)


@pytest.fixture
def make_uplink(tmp_path: Path) -> Iterator[Callable[..., tuple[Uplink, Outbox]]]:
    """Uplink of gateway `pole` at site `town` with an outbox in the test's folder."""
    made: list[Outbox] = []

    def make(url: str, *, verifier: Any = None, handlers: Any = None, name: str = "outbox.db", **options: Any):
        clock = SystemClock()
        outbox = Outbox(tmp_path / name, clock)
        made.append(outbox)
        desk = CommandDesk("town", "pole", verifier, clock, handlers or {})
        settings = LinkSettings(url, "", username=options.pop("username", None), password=options.pop("password", None))
        options = {"resend_s": 1.0, "backoff": quick_backoff(), **options}
        return Uplink("town", "pole", outbox, settings, clock, commands=desk, version="1", **options), outbox

    yield make
    for outbox in made:
        outbox.close()
