"""Several ingest workers at one database, and kills of workers and databases: nothing acknowledged is missing."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import sqlalchemy as sa
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.central.batch import Batch
from agent.central.counts import Counts
from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.day_schema import tally, track
from agent.core.clock import SystemClock
from agent.wire import messages as wire
from agent.wire.topics import Address, GatewayTopics
from tests.central.city import City
from tests.central.helpers import CAMERA, SITE, fresh_id, wait_for
from tests.central.helpers import track as a_track
from tests.fixtures.mosquitto import Mosquitto
from tests.fixtures.postgres import Postgres

GATEWAYS = [f"gw-{number}" for number in range(4)]
TOGETHER = 25
"""Tracks in an envelope: a thousand a second of all gateways together."""


def _payload(gateway: str, seq: int, *keys: str) -> bytes:
    """Tracks, with a number each, from `seq` on."""
    colours, path = {"upper": [["green", 0.9]]}, [(0, 0.1, 0.1, 0.2, 0.2)]
    records = [a_track(key, final=True, colours=colours, path=path).model_dump(mode="json") for key in keys]
    head = {"site": SITE, "gateway": gateway, "outbox": "o", "class": "track", "seq": seq}
    numbers = list(range(seq, seq + len(keys)))
    return wire.encode(wire.Envelope.model_validate(head | {"seqs": numbers, "records": records}))


def _stored(database: Database) -> tuple[set[str], int, int, int]:
    """Ids of tracks; how many the counts know; how many messages the ledgers do, and how many those miss."""
    keys, counted = set[str](), 0
    for day in database.days.present():
        with database.days.read(day) as connection:
            assert connection is not None
            keys |= set(connection.scalars(sa.select(track.c.id).where(track.c.day == day)))
            where = (tally.c.day == day, tally.c.place == 0, tally.c.colour == 0)
            counted += int(connection.scalar(sa.select(sa.func.sum(tally.c.tracks)).where(*where)) or 0)
    with database.read() as connection:
        ledger = schema.outbox_seq.c
        stored, lost = connection.execute(sa.select(sa.func.sum(ledger.stored), sa.func.sum(ledger.lost))).one()
    return keys, counted, int(stored or 0), int(lost or 0)


def test_two_workers_at_the_same_gateways_store_each_message_once(tmp_path: Path, postgres: Postgres) -> None:
    address, each = postgres.fresh(), 60
    messages = [
        (gateway, _payload(gateway, seq, fresh_id())) for seq in range(1, each + 1) for gateway in GATEWAYS
    ]  # fmt: skip
    databases = [Database.open(address, tmp_path) for _ in range(2)]

    def work(number: int) -> None:
        mine, database = messages[number::2], databases[number]
        for first in range(0, len(mine), 7):
            with database.change() as change:
                batch = Batch(database, change, SystemClock(), Counts())
                for gateway, payload in reversed(mine[first : first + 7]):
                    batch.take(Address(SITE, gateway, ("camera", CAMERA, "track")), payload)
                batch.write()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = each * len(GATEWAYS)
    keys, counted, stored, lost = _stored(databases[0])
    assert (len(keys), counted, stored, lost) == (count, count, count, 0)
    for database in databases:
        database.close()


class Outbox:
    """What gateways hold, by the first number of each envelope, until it is acknowledged; they send it again."""

    def __init__(self, port: int) -> None:
        self.waiting: dict[tuple[str, int], tuple[str, bytes]] = {}
        self.ids: dict[tuple[str, int], list[str]] = {}
        self._lock = threading.Lock()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, "outboxes", protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("lamppost/v1/+/+/ack/+", 1)
        self.client.on_message = self._heard
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _heard(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with self._lock:
            for seq in json.loads(message.payload)["seqs"]:
                self.waiting.pop((message.topic.split("/")[3], seq), None)

    def add(self, seq: int) -> None:
        """Some more tracks of each gateway."""
        for gateway in GATEWAYS:
            self.ids[gateway, seq] = keys = [fresh_id() for _ in range(TOGETHER)]
            topic, payload = GatewayTopics(SITE, gateway).camera(CAMERA, "track"), _payload(gateway, seq, *keys)
            with self._lock:
                self.waiting[gateway, seq] = topic, payload
            self.client.publish(topic, payload, 1)

    def send(self) -> None:
        """The oldest that wait, as many as a broker holds for a worker that is away."""
        with self._lock:
            waiting = list(self.waiting.values())[:200]
        for topic, payload in waiting:
            self.client.publish(topic, payload, 1)

    def close(self) -> None:
        """Leave the broker."""
        self.client.disconnect()
        self.client.loop_stop()
        self.client._reset_sockets()


@contextmanager
def _centre(folder: Path, broker: Mosquitto, address: str, workers: int) -> Iterator[list[Callable[[], None]]]:
    """The very processes that an operator runs; each is killed, and begins again, when it is called."""
    city, role = City(folder, broker.url, address, tuple(GATEWAYS)), "" if address == "sqlite" else "ingest"
    running = [city.start(role).up() for _ in range(workers)]

    def again(number: int) -> None:
        running[number].kill()
        running[number] = city.start(role)  # and is perhaps killed before it is up

    try:
        yield [partial(again, number) for number in range(workers)]
    finally:
        for process in running:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 1), ("postgresql", 1), ("postgresql", 2)])
def test_what_was_acknowledged_is_there_whoever_was_killed(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], request: pytest.FixtureRequest, kind: str, workers: int
) -> None:
    broker, dice = mosquitto(), random.Random(workers)
    cluster: Postgres | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    address, outbox, seq = cluster.fresh() if cluster else "sqlite", Outbox(broker.port), 1
    acknowledged = list[str]()
    with _centre(tmp_path, broker, address, workers) as processes:
        for _ in range(8):
            until = time.monotonic() + dice.uniform(2, 10)
            while time.monotonic() < until:
                outbox.add(seq)
                seq += TOGETHER
                time.sleep(0.1)
            outbox.send()
            if cluster is not None and dice.random() < 0.3:
                cluster.stop()
                cluster.start()
            else:
                dice.choice(processes)()
            acknowledged = [key for place, keys in outbox.ids.items() if place not in outbox.waiting for key in keys]
        assert acknowledged, "nothing was ever acknowledged"

        def all_taken() -> bool:
            outbox.send()
            time.sleep(2)
            return not outbox.waiting

        wait_for(all_taken, 240)
    outbox.close()
    database = Database.open(address, tmp_path / "data")
    keys, counted, stored, lost = _stored(database)
    database.close()
    count = len(outbox.ids) * TOGETHER
    assert keys.issuperset(acknowledged)
    assert (len(keys), counted, stored, lost) == (count, count, count, 0)
