"""Run inside a network namespace of its own (`unshare -rn`): a kernel's queue and a link that vanishes without a word.

Its loopback is the link: `tc tbf` makes it slow, and while it is down packets vanish and sockets stay.
Writes one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from agent.core.backoff import Backoff
from agent.core.clock import SystemClock, rfc3339
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import Event
from agent.wire.mqtt import LinkSettings
from tests.fixtures.mosquitto import Mosquitto
from tests.publish.centre import Centre, wait_for

RATE, DOWN_S, EVENTS = "1mbit", 8.0, 4000
NOW = rfc3339(1_780_000_000 * 10**9)


def main(folder: Path) -> None:
    _ip(*["link", "set", "lo", "mtu", "1500", "up"])
    broker, clock = Mosquitto(folder / "mosquitto").start(), SystemClock()
    outbox = Outbox(folder / "outbox.db", clock)
    desk = CommandDesk("town", "pole", None, clock, {})
    uplink = Uplink(
        "town", "pole", outbox, LinkSettings(broker.url, "", keepalive_s=3), clock, commands=desk, version="1",
        resend_s=3.0, backoff=Backoff(0.1, 1.0),
    )  # fmt: skip
    stop = StopToken()
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in uplink.workers]
    try:
        with Centre(broker.url) as centre:
            subprocess.run(
                ["tc", *f"qdisc add dev lo root tbf rate {RATE} burst 8kb latency 400ms".split()], check=True
            )
            for thread in threads:
                thread.start()
            sys.stdout.write(json.dumps(_outage(outbox, centre)) + "\n")
    finally:
        _ip("link", "set", "lo", "up")
        stop.set()
        for thread in threads:
            thread.join()
        outbox.close()
        broker.kill()


def _outage(outbox: Outbox, centre: Centre) -> dict[str, object]:
    _fill(outbox, range(EVENTS // 2))
    wait_for(lambda: centre.stored["event"], 20)
    before = len(centre.stored["event"])
    _ip("link", "set", "lo", "down")
    _fill(outbox, range(EVENTS // 2, EVENTS))  # however slow the machine: these meet a link that is gone
    time.sleep(DOWN_S)
    while_down = len(centre.stored["event"])
    _ip("link", "set", "lo", "up")
    back = time.monotonic()
    alarm = outbox.put("event", "cam", _event("a", severity="alarm"))
    wait_for(lambda: alarm in centre.stored["alarm"], 60)
    alarm_s = time.monotonic() - back
    wait_for(lambda: outbox.depth().messages == 0, 120)
    return {
        "before": before, "vanished": while_down < EVENTS, "alarm_s": round(alarm_s, 2), "rows": len(centre.records),
        "lost": len(centre.lost("event", EVENTS)), "dropped": sum(outbox.depth().dropped.values()),
    }  # fmt: skip


def _fill(outbox: Outbox, numbers: range) -> None:
    for number in numbers:
        outbox.put("event", "cam", _event(f"e{number}"))


def _event(name: str, severity: str = "info") -> Event:
    document = {"id": name, "camera": "cam", "kind": "motion", "phase": "start", "time": NOW, "start": NOW}
    return Event.model_validate(document | {"severity": severity})


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
