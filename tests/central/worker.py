"""`python -m tests.central.worker MQTT_URL DATABASE FOLDER SHARE`: one ingest worker, until it is killed."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from agent.central.counts import Counts
from agent.central.ingest import Reception, Writer
from agent.central.news import News
from agent.central.store.database import Database
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.wire.mqtt import LinkSettings, MqttLink


def main(url: str, address: str, folder: Path, share: str) -> None:
    """Link, reception and writer as in the centre; SHARE names a shared subscription (MQTT 5), or is empty."""
    clock, counts, stop = SystemClock(), Counts(), StopToken()
    wanted = f"{f'$share/{share}/' if share else ''}lamppost/v1/+/+/camera/#"
    reception = Reception(clock, counts, None, to_live=lambda *_: None, to_media=lambda *_: True)

    def publish(topic: str, payload: bytes) -> bool:
        return link.publish(topic, payload)

    link = MqttLink(
        LinkSettings(url, "", subscriptions=((wanted, 1),), manual_ack=True),
        on_message=reception.on_message, on_up=lambda: None, on_down=lambda _: None, clock=clock,
    )  # fmt: skip
    writer = Writer(reception.queue, Database.open(address, folder), clock, counts, News(), publish)
    threading.Thread(target=writer.run, args=(stop,)).start()
    link.run(stop)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
