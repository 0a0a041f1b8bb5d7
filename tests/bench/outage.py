"""A day without a link, then 256 kbit/s: how long the backlog takes, and whether alarms wait behind it.

The day is simulated (the outbox lives through it on a clock of its own), the rest is real: a centre and a mosquitto
with its default limits in processes of their own, and a link of 32,000 bytes a second each way, 40 ms one way, with a
buffer of 32 KiB that all connections share. 50,000 messages of three kinds and 2 GB of clips wait.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import DURABLE_CLASSES, DurableClass, Event, Message, RecordingSpan, TrackSummary
from agent.wire.mqtt import LinkSettings
from tests.fixtures.clock import FakeClock
from tests.publish.proxy import Proxy
from tests.publish.site import GATEWAY, SITE, Site

DAY_S = 86_400
MESSAGES = int(os.environ.get("LAMPPOST_OUTAGE_MESSAGES", "50000"))
CLIPS, CLIP_BYTES = int(os.environ.get("LAMPPOST_OUTAGE_CLIPS", "40")), 50_000_000
RATE, DELAY_S = 32_000, 0.04
ALARM_EVERY_S = 1.0
CLIPS_ONLY_S = 60.0


class Made(NamedTuple):
    """What a gateway decided."""

    kind: DurableClass
    record: Message


def run(lines: tuple[str, ...] = ()) -> dict[str, object]:
    """`lines` go into the broker's configuration."""
    with tempfile.TemporaryDirectory() as name:
        site = Site(Path(name), lines=lines)
        try:
            site.broker.start()
            site.start_centre()
            return _run(site, Path(name) / "gateway")
        finally:
            site.end()


def small_packets() -> dict[str, object]:
    """The same with a broker that takes nothing beyond 64 KiB."""
    return run(("max_packet_size 65536",))


def _run(site: Site, folder: Path) -> dict[str, object]:
    outbox = _outage(folder)
    outbox_bytes = sum(path.stat().st_size for path in folder.glob("outbox.sqlite*") if path.is_file())
    with Proxy(site.broker.port) as link:
        link.rate(RATE)
        link.delay(DELAY_S)
        stop, threads = _start(outbox, link.url)
        try:
            began, alarms = time.monotonic(), _Alarms(outbox)
            behind = alarms.until(lambda: not _backlog(outbox), stop)
            drained_s, up_bytes = time.monotonic() - began, link.up.carried
            beside = alarms.until(lambda: time.monotonic() > began + drained_s + CLIPS_ONLY_S, stop)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            outbox.close()
    stats = site.ask("/stats")
    return {
        "messages": MESSAGES, "clips_gb": CLIPS * CLIP_BYTES / 1e9, "outbox_mb": round(outbox_bytes / 1e6, 1),
        "drained_s": round(drained_s), "sent_mb": round(up_bytes / 1e6, 1),
        "stored": sum(stats["stored"]["envelopes"].values()), "lost": stats["lost"], "rejected": stats["rejected"],
        "came_twice": stats["duplicates"],
        "alarms_behind_backlog": _figures(behind), "alarms_beside_clips": _figures(beside),
    }  # fmt: skip


def _outage(folder: Path) -> Outbox:
    """A day passes, on its own clock, with nobody to tell."""
    clock = FakeClock(wall_ns=time.time_ns() - DAY_S * NS)
    outbox = Outbox(folder / "outbox.sqlite", clock)
    clips = iter(range(CLIPS))
    for number, (kind, record) in enumerate(_decided(clock)):
        outbox.put(kind, "cam", record)
        if number % max(1, MESSAGES // max(1, CLIPS)) == 0 and (clip := next(clips, None)) is not None:
            _clip(outbox, folder, clock, clip)
    outbox.close()
    return Outbox(folder / "outbox.sqlite", SystemClock())


def _decided(clock: FakeClock) -> Iterator[Made]:
    """Half spans of recording, three tenths tracks, two tenths events."""
    dice = random.Random(1)
    for number in range(MESSAGES):
        clock.advance(DAY_S / MESSAGES)
        now = rfc3339(clock.wall_ns())
        match number % 10:
            case 0 | 1:
                yield Made("event", event(f"e{number}", now))
            case 2 | 3 | 4:
                path = [(k * 0.5, *sorted(round(dice.random(), 4) for _ in range(4))) for k in range(24)]
                yield Made("track", TrackSummary(
                    id=f"t{number}", camera="cam", final=True, label="person", score=0.8, start=now, end=now,
                    path=path, zones=["plaza"], dwell_s=3.2,
                ))  # fmt: skip
            case _:
                yield Made("recording", RecordingSpan(
                    id=f"s{number}", camera="cam", epoch="e1", start=now, end=now, bytes=4_000_000, packets=300,
                    reason="time", sha256=dice.randbytes(32).hex(), number=number + 1, link=dice.randbytes(32).hex(),
                ))  # fmt: skip


def event(name: str, now: str, severity: str = "info") -> Event:
    """What a rule says."""
    return Event.model_validate({
        "id": name, "camera": "cam", "kind": "zone_entered", "phase": "start", "time": now, "start": now,
        "label": "person", "score": 0.8, "box": (0.1, 0.2, 0.3, 0.4), "zone": "plaza", "severity": severity,
    })  # fmt: skip


def _clip(outbox: Outbox, folder: Path, clock: FakeClock, number: int) -> None:
    now, file = rfc3339(clock.wall_ns()), folder / "clip.tmp"
    file.write_bytes(random.Random(number).randbytes(1 << 20) * (CLIP_BYTES >> 20))
    outbox.put_media(id=f"c{number}", camera="cam", kind="clip", type="video/mp4", start=now, end=now, source=file)


def _start(outbox: Outbox, url: str) -> tuple[StopToken, list[threading.Thread]]:
    clock, stop = SystemClock(), StopToken()
    desk = CommandDesk(SITE, GATEWAY, None, clock, {})
    uplink = Uplink(SITE, GATEWAY, outbox, LinkSettings(url, ""), clock, commands=desk, version="1")
    threads = [threading.Thread(target=worker.run, args=(stop,), name=worker.name) for worker in uplink.workers]
    for thread in threads:
        thread.start()
    return stop, threads


class _Alarms:
    """Raises one now and then, and notes how long until the centre's word that it is stored."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox, self._number = outbox, 0
        self._waiting: dict[int, float] = {}

    def until(self, done: Callable[[], bool], stop: StopToken) -> list[float]:
        took: list[float] = []
        next_at = time.monotonic() + 5  # the connection comes up first
        while not done() or self._waiting:
            if time.monotonic() >= next_at and not done():
                next_at = time.monotonic() + random.uniform(0.5, 1.5) * ALARM_EVERY_S
                self._raise()
            here = {row.seq for row in self._outbox.rows("alarm", list(self._waiting))} if self._waiting else set()
            took += [time.monotonic() - self._waiting.pop(seq) for seq in set(self._waiting) - here]
            stop.wait(0.02)
        return took

    def _raise(self) -> None:
        self._number += 1
        alarm = event(f"a{self._number}", rfc3339(time.time_ns()), "alarm")
        self._waiting[self._outbox.put("event", "cam", alarm)] = time.monotonic()


def _backlog(outbox: Outbox) -> bool:
    return any(outbox.after(kind, 0, 1) for kind in DURABLE_CLASSES if kind != "alarm")


def _figures(took: list[float]) -> dict[str, float]:
    if len(took) < 2:
        return {"alarms": len(took)}
    cuts = statistics.quantiles(took, n=100)
    within = sum(1 for one in took if one <= 2) / len(took)
    return {
        "alarms": len(took), "within_2_s": round(within, 4), "median_s": round(cuts[49], 3),
        "p95_s": round(cuts[94], 3),
        "worst_s": round(max(took), 3),
    }  # fmt: skip
