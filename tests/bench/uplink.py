"""The uplink against a bare paho loop: how fast it drains a backlog to a local mosquitto, and that memory stays flat.

The bare loop publishes the same payloads one by one at QoS 1 with a window, and keeps nothing. Ours takes them out of
SQLite, packs them, waits for the centre's word (a small one in a process of its own) and takes them off the disk.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import Event, encode
from agent.wire.mqtt import LinkSettings
from tests.fixtures.mosquitto import Mosquitto

ROUNDS = 3
EVENTS = 20_000
ROOT = "lamppost/v1/town/pole"

_CENTRE = """
import json, sys, zlib
from agent.core.clock import rfc3339
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
client = paho.Client(CallbackAPIVersion.VERSION2, "centre", protocol=MQTTProtocolVersion.MQTTv5)
stored = set()
def heard(client, _data, message):
    body = message.payload if message.payload[:1] == b"{" else zlib.decompress(message.payload)
    body = json.loads(body)
    seqs = body.get("seqs") or [body["seq"]]
    stored.update(seqs)
    ack = {"outbox": body["outbox"], "seqs": seqs, "now": rfc3339(1_780_000_000 * 10**9)}
    client.publish("lamppost/v1/town/pole/ack/" + body["class"], json.dumps(ack), 1)
client.on_connect = lambda client, *_: client.subscribe("lamppost/v1/+/+/camera/#", 1)
client.on_subscribe = lambda *_: print("ready", flush=True)
client.on_message = heard
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
"""


def run() -> dict[str, object]:
    """Events a second of both, their ratio, and how the memory of the drain grows."""
    with tempfile.TemporaryDirectory() as name:
        broker = Mosquitto(Path(name) / "mosquitto").start()
        try:
            pairs = [_round(broker.port, Path(name) / str(number)) for number in range(ROUNDS)]
        finally:
            broker.kill()
    ratio = statistics.median(ours["drain_per_s"] / bare for ours, bare in pairs)
    return {
        "put_per_s": round(statistics.median(ours["put_per_s"] for ours, _ in pairs)),
        "drain_per_s": round(statistics.median(ours["drain_per_s"] for ours, _ in pairs)),
        "both_at_once_per_s": round(statistics.median(ours["both_per_s"] for ours, _ in pairs)),
        "bare_per_s": round(statistics.median(bare for _, bare in pairs)),
        "ratio": round(ratio, 3),
        "rss_growth_mb": round(max(ours["rss_growth_mb"] for ours, _ in pairs), 1),
        "events": EVENTS,
        "rounds": ROUNDS,
    }


def event(number: int) -> Event:
    """About what a rule says: 400 bytes."""
    moment = "2026-01-01T00:00:00.000Z"
    return Event(
        id=f"event-{number}", camera="park", kind="zone_entered", phase="start", time=moment, start=moment,
        label="person", score=0.8, box=(0.1, 0.2, 0.3, 0.4), zone="plaza", tracks=[f"track-{number}"],
    )  # fmt: skip


def _round(port: int, folder: Path) -> tuple[dict[str, float], float]:
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", _CENTRE, str(port)], stdout=subprocess.PIPE) as centre:
        assert centre.stdout is not None
        centre.stdout.readline()
        try:
            return _ours(port, folder), _bare(port)
        finally:
            centre.kill()


def _ours(port: int, folder: Path) -> dict[str, float]:
    clock, stop = SystemClock(), StopToken()
    outbox = Outbox(folder / "outbox.db", clock)
    put_per_s = _put(outbox)
    desk = CommandDesk("town", "pole", None, clock, {})
    uplink = Uplink(
        "town", "pole", outbox, LinkSettings(f"mqtt://127.0.0.1:{port}", ""), clock, commands=desk, version="1"
    )
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in uplink.workers]
    began, memory = time.perf_counter(), _rss_mb()
    for thread in threads:
        thread.start()
    drain_s = _until_empty(outbox, began)
    growth = _rss_mb() - memory
    began = time.perf_counter()
    _put(outbox)
    both_s = _until_empty(outbox, began)
    stop.set()
    for thread in threads:
        thread.join()
    outbox.close()
    return {
        "put_per_s": put_per_s, "drain_per_s": EVENTS / drain_s, "both_per_s": EVENTS / both_s, "rss_growth_mb": growth
    }  # fmt: skip


def _put(outbox: Outbox) -> float:
    began = time.perf_counter()
    for number in range(EVENTS):
        outbox.put("event", "park", event(number))
    outbox.sync()
    return EVENTS / (time.perf_counter() - began)


def _until_empty(outbox: Outbox, began: float) -> float:
    while outbox.depth().messages:
        time.sleep(0.02)
    return time.perf_counter() - began


def _bare(port: int) -> float:
    done = threading.Semaphore(0)
    window = threading.Semaphore(64)
    client = paho.Client(CallbackAPIVersion.VERSION2, "bare", protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(0)

    def published(*_: Any) -> None:
        window.release()
        done.release()

    client.on_publish = published
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    ready.wait()
    bodies = [_payload(number) for number in range(EVENTS)]
    began = time.perf_counter()
    for body in bodies:
        window.acquire()
        client.publish(f"{ROOT}/bare", body, 1)
    for _ in bodies:
        done.acquire()
    rate = EVENTS / (time.perf_counter() - began)
    client.disconnect()
    client.loop_stop()
    return rate


def _payload(number: int) -> bytes:
    head = {"v": 1, "site": "town", "gateway": "pole", "outbox": "x" * 32, "class": "event", "seq": number + 1}
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"records":[' + encode(event(number)) + b"]}"


def _rss_mb() -> float:
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1000
