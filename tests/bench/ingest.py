"""From a real mosquitto to the committed row: how many tracks a second of its own CPU time one worker takes in.

The broker holds a queue of tracks for the worker; the worker is a process of its own that drains it, stores and
acknowledges as in the centre. Beside it, in the same run, the bare floor: paho alone taking the same messages out of
the same broker, and executemany of the very rows that came of them into the same empty tables; and the same once more
with each message read by `json.loads`, for rows come from what was read. LAMPPOST_INGEST (20,000) says how many tracks,
LAMPPOST_STORES which databases. Once each track comes alone in its message, once ten are packed together, as gateways
do it when some wait.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.central.counts import Counts
from agent.central.ingest import Reception, Writer
from agent.central.news import News
from agent.central.sealing import Sealer
from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.day_schema import day_metadata
from agent.central.store.hooks import Hooks
from agent.central.store.rows import DAY_NS
from agent.central.store.searches import Searches
from agent.central.watching import Watcher
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.wire.mqtt import LinkSettings, MqttLink
from agent.wire.topics import GatewayTopics
from tests.bench.city import SITE, City
from tests.fixtures.mosquitto import Mosquitto
from tests.fixtures.postgres import Postgres, binaries

WORKER, ROOT = "bench-worker", "lamppost/v1/+/+/camera/#"
PACKED = (1, 10)
_AT_ONCE = 2000
_TABLES = tuple(day_metadata.sorted_tables)


def run() -> dict[str, object]:
    """Tracks a second of CPU time, ours and the floor's, and their ratio."""
    count = int(os.environ.get("LAMPPOST_INGEST", "20_000"))
    found: dict[str, object] = {"tracks": count}
    for kind in os.environ.get("LAMPPOST_STORES", "sqlite,postgresql").split(","):
        found[kind] = {f"{packed}_a_message": _measure(kind, count, packed) for packed in PACKED}
    return found


def _measure(kind: str, count: int, packed: int) -> dict[str, float]:
    messages = _messages(count, packed)
    with _servers(kind) as (broker, cluster, folder):
        ours_url = cluster.fresh() if cluster else "sqlite"
        _preload(broker.port, messages)
        ours = _child("ours", ours_url, folder / "ours", broker.port, count)
        rows = _rows(ours_url, folder / "ours")
        (folder / "rows.json").write_text(json.dumps(rows))
        floors = {}
        for how in _FLOORS:
            floor_url = cluster.fresh() if cluster else "sqlite"
            _preload(broker.port, messages)
            floors[how] = _child(how, floor_url, folder / how, broker.port, len(messages), folder / "rows.json")
    found = {"tracks_per_cpu_s": round(count / ours["cpu_s"]), "tracks_per_s": round(count / ours["wall_s"])}
    for how, floor in floors.items():
        found |= {f"{how}_per_cpu_s": round(count / floor["cpu_s"])}
        found |= {f"{how}_ratio": round(floor["cpu_s"] / ours["cpu_s"], 3)}
    return found


def _messages(count: int, packed: int) -> list[tuple[str, bytes]]:
    """Topic and payload; `packed` tracks of one camera in each."""
    waiting: dict[Any, list[dict[str, Any]]] = {}
    seqs: dict[str, int] = {}
    found = []
    for camera, record in City(2).records(_noon_ns()):
        records = waiting.setdefault(camera, [])
        records.append(record)
        if len(records) == packed:
            first = seqs.get(camera.gateway, 0) + 1
            seqs[camera.gateway] = first + packed - 1
            head = {"site": SITE, "gateway": camera.gateway, "outbox": "bench", "class": "track", "seq": first}
            head |= {"seqs": list(range(first, first + packed))} if packed > 1 else {}
            payload = json.dumps(head | {"records": waiting.pop(camera)}, separators=(",", ":")).encode()
            found.append((GatewayTopics(SITE, camera.gateway).camera(camera.name, "track"), payload))
            if len(found) == count // packed:
                return found
    raise AssertionError("a city never ends")


def _noon_ns() -> int:
    """Of yesterday: all of it is in one day."""
    return time.time_ns() // DAY_NS * DAY_NS - DAY_NS // 2


@contextmanager
def _servers(kind: str) -> Iterator[tuple[Mosquitto, Postgres | None, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="lamppost-bench-", dir="/var/tmp"))
    broker = Mosquitto(folder / "mosquitto", lines=["max_queued_messages 0", "max_inflight_messages 0"]).start()
    cluster = None
    try:
        if kind == "postgresql":
            tools = binaries()
            assert tools is not None, "PostgreSQL is not installed"
            cluster = Postgres(tools, fast=False).start()
        yield broker, cluster, folder
    finally:
        broker.kill()
        if cluster is not None:
            cluster.remove()
        shutil.rmtree(folder)


def _preload(port: int, messages: list[tuple[str, bytes]]) -> None:
    """Into the session of the worker, which is away."""
    worker = _client(WORKER)
    subscribed = threading.Event()
    worker.on_subscribe = lambda *_: subscribed.set()
    worker.on_connect = lambda client, *_: client.subscribe(ROOT, 1)
    _connect(worker, port)
    worker.loop_start()
    assert subscribed.wait(10)
    worker.disconnect()
    worker.loop_stop()
    sender = _client("bench-sender")
    sender.max_inflight_messages_set(500)
    _connect(sender, port)
    sender.loop_start()
    infos = [sender.publish(topic, payload, 1) for topic, payload in messages]
    for info in infos:
        info.wait_for_publish(60)
    sender.disconnect()
    sender.loop_stop()


def _client(name: str) -> paho.Client:
    return paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)


def _connect(client: paho.Client, port: int) -> None:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)


def _child(how: str, url: str, folder: Path, *rest: object) -> dict[str, float]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.ingest", how, url, str(folder), *map(str, rest)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _rows(url: str, folder: Path) -> dict[str, list[list[Any]]]:
    """What our worker made, as plain values, bytes in hexadecimal."""
    database = Database.open(url, folder)
    found: dict[str, list[list[Any]]] = {table.name: [] for table in _TABLES}
    for day in database.days.present():
        with database.days.read(day) as connection:
            assert connection is not None
            for table in _TABLES:
                query = sa.select(table).where(table.c.day == day)
                found[table.name] += [[_plain(value) for value in row] for row in connection.execute(query)]
    database.close()
    return found


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes | memoryview) else value


def _ours(url: str, folder: Path, port: int, count: int) -> None:
    """The worker: link, reception and writer, as in the centre."""
    database, clock, counts, stop, stored = Database.open(url, folder), SystemClock(), Counts(), StopToken(), [0]
    _announce(database)

    def publish(topic: str, payload: bytes) -> bool:
        stored[0] += len(json.loads(payload)["seqs"])
        if stored[0] >= count:
            stop.set()
        return link.publish(topic, payload)

    reception = Reception(clock, counts, None, to_live=lambda *_: None, to_media=lambda *_: True)
    watcher, hooks = Watcher(Searches(database, clock), clock), Hooks(database, clock, Sealer([bytes(32)]))
    writer = Writer(reception.queue, database, clock, counts, News(), publish, watcher, hooks)
    settings = LinkSettings(
        f"mqtt://127.0.0.1:{port}", WORKER, subscriptions=((ROOT, 1),), clean=False, manual_ack=True
    )
    link = MqttLink(
        settings, on_message=reception.on_message, on_up=lambda: None, on_down=lambda _: None, clock=clock
    )  # fmt: skip
    with _measured():
        threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in (writer, link)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    database.close()


def _deaf(_payload: bytes) -> None:
    """Nothing is made of a message."""


_FLOORS: dict[str, Callable[[bytes], Any]] = {"floor": _deaf, "reading_floor": json.loads}
"""What is done with a message: nothing at all, or the least that any subscriber does before it has a row."""


def _announce(database: Database) -> None:
    """A city's centre knows its cameras: they said who they are when they were put up."""
    city = City(2)
    city.name(database)
    each = [{"site": SITE, "gateway": one.gateway, "camera": one.name} for one in city.cameras]
    with database.write() as connection:
        database.upsert(connection, schema.camera, each)


def _floor(url: str, folder: Path, port: int, messages: int, rows_file: Path, read: Callable[[bytes], Any]) -> None:
    """paho, and executemany."""
    database = Database.open(url, folder)
    rows = {name: [tuple(map(_value, row)) for row in some] for name, some in json.loads(rows_file.read_text()).items()}
    day = rows["track"][0][1]
    with database.change() as change:  # the day's tables
        nothing = {"day": day, "colour": 0, "label": "", "place": 0, "hour": 0, "tracks": 0}
        change.put(day, day_metadata.tables["tally"], [nothing])
    target: Any = sqlite3.connect(next(folder.glob("days/*.db"))) if url == "sqlite" else psycopg.connect(url)
    mark, heard = "?" if url == "sqlite" else "%s", [0]
    client = _client(WORKER)

    def hear(client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        read(message.payload)
        heard[0] += 1
        if heard[0] == messages:
            client.disconnect()

    client.on_message = hear
    with _measured():
        _connect(client, port)
        client.loop_forever()
        for table in _TABLES:
            sql = f"INSERT INTO {table.name} VALUES ({', '.join([mark] * len(table.columns))})"
            for first in range(0, len(rows[table.name]), _AT_ONCE):
                target.cursor().executemany(sql, rows[table.name][first : first + _AT_ONCE])
                target.commit()
    target.close()
    database.close()


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


@contextmanager
def _measured() -> Iterator[None]:
    began, cpu = time.monotonic(), time.process_time()
    yield
    print(json.dumps({"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    how, url, where, port, count = sys.argv[1:6]
    if how == "ours":
        _ours(url, Path(where), int(port), int(count))
    else:
        _floor(url, Path(where), int(port), int(count), Path(sys.argv[6]), _FLOORS[how])
