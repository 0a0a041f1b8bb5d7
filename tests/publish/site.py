"""A gateway, a broker and a centre as processes that can be killed at any moment, and what must then hold."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.mosquitto import Mosquitto, free_port

SITE, GATEWAY = "town", "pole"

_GATEWAY = """
import sys, threading, time
from pathlib import Path
from agent.core.backoff import Backoff
from agent.core.clock import SystemClock, rfc3339
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import Event
from agent.wire.mqtt import LinkSettings

folder, url, rate, resend = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
clock = SystemClock()
outbox = Outbox(folder / "outbox.sqlite", clock)
desk = CommandDesk("town", "pole", None, clock, {})
settings = LinkSettings(url, "", queue_s=0.3)
uplink = Uplink("town", "pole", outbox, settings, clock, commands=desk, version="1", resend_s=resend,
                backoff=Backoff(0.1, 1.0))
for worker in uplink.workers:
    threading.Thread(target=worker.run, args=(StopToken(),), daemon=True).start()
promised = (folder / "promised").open("a", buffering=1)
begun = sum(1 for _ in (folder / "promised").open())
number = begun
while True:
    now = rfc3339(clock.wall_ns())
    for phase in ("start", "end"):
        more = {"end": now} if phase == "end" else {}
        outbox.put("event", "cam", Event(id=f"e{number}", camera="cam", kind="motion", phase=phase, time=now, start=now,
                                         severity="alarm" if number % 10 == 0 else "info", **more))
    promised.write(f"e{number}\\n")
    number += 1
    time.sleep(1 / rate)
"""


class Site:
    """All three; each `restart_*` kills with SIGKILL and starts again."""

    def __init__(self, folder: Path, *, rate: float = 100, resend_s: float = 2, lines: tuple[str, ...] = ()) -> None:
        self.folder, self._rate, self._resend_s = folder, rate, resend_s
        self.broker = Mosquitto(folder / "broker", lines=lines)
        self._web = free_port()
        self._gateway: subprocess.Popen[bytes] | None = None
        self._centre: subprocess.Popen[bytes] | None = None
        self._log = (folder / "log").open("ab")
        (folder / "gateway").mkdir()
        (folder / "gateway" / "promised").touch()
        (folder / "central.toml").write_text(
            f'[central]\nlisten = "127.0.0.1:{self._web}"\ndata = {json.dumps(str(folder / "centre"))}\n'
            f'broker = "{self.broker.url}"\n'
            f"service_token_file = {json.dumps(str(folder / 'token'))}\n"
            f'[[gateway]]\nsite = "{SITE}"\nid = "{GATEWAY}"\n'
        )

    def start_gateway(self) -> None:
        code = [sys.executable, "-c", _GATEWAY, str(self.folder / "gateway"), self.broker.url]
        self._gateway = subprocess.Popen([*code, str(self._rate), str(self._resend_s)], stderr=self._log)

    def start_centre(self) -> None:
        command = [sys.executable, "-m", "agent.cli", "central", "--config", str(self.folder / "central.toml")]
        self._centre = subprocess.Popen(command, stdout=self._log, stderr=self._log)

    def kill(self, what: str) -> None:
        """And start again at once."""
        if what == "broker":
            self.broker.kill()
            self.broker.start()
            return
        process = self._gateway if what == "gateway" else self._centre
        if process is not None:
            _kill(process)
        self.start_gateway() if what == "gateway" else self.start_centre()

    def end(self) -> None:
        for process in (self._gateway, self._centre):
            if process is not None:
                _kill(process)
        self.broker.kill()
        self._log.close()

    def stop_making(self) -> None:
        """No further events; what is in the outbox goes on being delivered."""
        if self._gateway is not None:
            _kill(self._gateway)
        self._rate = 1e-6
        self.start_gateway()

    @property
    def promised(self) -> list[str]:
        """Events of which both phases were in the outbox before the gateway said so."""
        return (self.folder / "gateway" / "promised").read_text().split()

    def waiting(self) -> int:
        """Messages in the outbox; some, while a gateway that was killed is just opening it again."""
        try:
            with closing(sqlite3.connect(f"file:{self.folder}/gateway/outbox.sqlite?mode=ro", uri=True)) as db:
                return int(db.execute("SELECT count(*) FROM message").fetchone()[0])
        except sqlite3.OperationalError:
            return 1

    def ask(self, path: str, **query: object) -> Any:
        """The centre's API."""
        headers = {"Authorization": f"Bearer {(self.folder / 'token').read_text().strip()}"}
        found = httpx.get(f"http://127.0.0.1:{self._web}/api/v1{path}", params=query, headers=headers, timeout=30)
        return found.raise_for_status().json()

    def events(self) -> Iterator[dict[str, Any]]:
        """All that are stored, page by page."""
        cursor: dict[str, object] = {}
        while True:
            page = self.ask("/events", limit=200, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


@contextmanager
def running_site(folder: Path, **options: object) -> Iterator[Site]:
    """All three running, ended with the block."""
    site = Site(folder, **options)  # type: ignore[arg-type]
    try:
        site.broker.start()
        site.start_centre()
        site.start_gateway()
        yield site
    finally:
        site.end()


def kill_at_random(site: Site, kills: int, seed: int) -> dict[str, int]:
    """Kills one of the three at a time, now and then two at once, at moments nobody chose."""
    dice = random.Random(seed)
    counts = dict.fromkeys(("gateway", "broker", "centre"), 0)
    while sum(counts.values()) < kills:
        time.sleep(dice.uniform(0.1, 2.5))
        for what in dice.sample(sorted(counts), 2 if dice.random() < 0.15 else 1):
            site.kill(what)
            counts[what] += 1
    return counts


def wait_until_drained(site: Site, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if site.waiting() == 0:
            return
        time.sleep(0.2)
    log = (site.folder / "log").read_text()[-3000:]
    raise AssertionError(f"{site.waiting()} messages still wait after {timeout_s} s: {log}")


def check(site: Site) -> str:
    """Every event that was promised is stored, once and whole, and the centre misses no number."""
    stored = Counter((event["id"], event["phase"]) for event in site.events())
    promised = site.promised
    lost = [event for event in promised if stored[event, "end"] != 1]
    stats = site.ask("/stats")
    assert not lost, f"{len(lost)} of {len(promised)} are lost: {lost[:5]}"
    assert set(stored.values()) == {1}
    assert (stats["lost"], stats["dropped"], stats["rejected"]) == (0, 0, {})
    return f"{len(promised)} events promised and stored, {stats['duplicates']} records came twice"
