"""A clip over a link that breaks every three seconds: whether it arrives, and how much of it goes twice.

Real mosquitto, a small centre that stores pieces, and the tests' bad link between gateway and broker. `again` is the
share of the clip's bytes that were handed to the connection more than once; `carried` the share beyond the clip that
the link carried in all: manifests, headers, handshakes, and what was cut off on its way.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from pathlib import Path

from agent.core.backoff import Backoff
from agent.core.clock import SystemClock, rfc3339
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.mqtt import LinkSettings
from tests.fixtures.mosquitto import Mosquitto
from tests.publish.centre import Centre
from tests.publish.proxy import Proxy

BREAK_S = 3.0
CASES = {"256 kbit/s": (32_000, 2_000_000), "2 Mbit/s": (250_000, 6_000_000), "8 Mbit/s": (1_000_000, 16_000_000)}
DELAY_S = 0.03


def run() -> dict[str, object]:
    """Per rate: seconds, breaks, and what went again; beside it the seconds that the rate alone would take."""
    return {"break_every_s": BREAK_S, "delay_ms": 1000 * DELAY_S} | {
        name: _transfer(rate, size) for name, (rate, size) in CASES.items()
    }


def _transfer(rate: int, size: int) -> dict[str, object]:
    body, now = random.Random(size).randbytes(size), rfc3339(1_780_000_000 * 10**9)
    with tempfile.TemporaryDirectory() as name:
        broker = Mosquitto(Path(name) / "mosquitto").start()
        clock = SystemClock()
        outbox = Outbox(Path(name) / "outbox.db", clock)
        try:
            with Proxy(broker.port) as link, Centre(broker.url) as centre:
                link.rate(rate)
                link.delay(DELAY_S)
                link.break_every(BREAK_S)
                uplink = _uplink(link.url, outbox, clock)
                outbox.put_media(
                    id="clip", camera="cam", kind="clip", type="video/mp4", start=now, end=now, source=body
                )
                took_s = _drain(uplink, outbox)
                whole = centre.media.get("clip") == body
                carried, breaks = link.up.carried, link.broken
            again = uplink.media.sent["bytes"] / size - 1
        finally:
            outbox.close()
            broker.kill()
    return {
        "bytes": size, "whole": whole, "seconds": round(took_s, 1), "at_least_s": round(size / rate, 1),
        "breaks": breaks, "again": round(again, 4), "carried": round(carried / size - 1, 4),
    }  # fmt: skip


def _uplink(url: str, outbox: Outbox, clock: SystemClock) -> Uplink:
    desk = CommandDesk("town", "pole", None, clock, {})
    return Uplink(
        "town", "pole", outbox, LinkSettings(url, ""), clock, commands=desk, version="1", backoff=Backoff(0.1, 1.0)
    )


def _drain(uplink: Uplink, outbox: Outbox) -> float:
    stop, began = StopToken(), time.monotonic()
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in uplink.workers]
    for thread in threads:
        thread.start()
    while outbox.depth().media and time.monotonic() - began < 600:
        time.sleep(0.05)
    took_s = time.monotonic() - began
    stop.set()
    for thread in threads:
        thread.join()
    return took_s


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
