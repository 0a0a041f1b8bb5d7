"""The broker for a machine without mosquitto: amqtt in its own process, `python -m agent.central.amqtt_broker FILE`.

It forgets retained messages and sessions when it ends, and drops what is not acknowledged within seconds: good enough
for one machine, since the gateway's outbox keeps what the centre has not acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

from agent.central.broker import Account, Listener
from agent.central.folder import write_private

_MAX_CONNECTIONS = 1000
_SHUTDOWN_S = 0.5
_MQTT_3_1_1 = 4


class Amqtt:
    """Writes the file that the child reads, and names the child."""

    kind: Literal["amqtt"] = "amqtt"

    def __init__(self, folder: Path, listener: Listener, accounts: Sequence[Account]) -> None:
        self._folder, self._listener, self._accounts = folder, listener, accounts

    def command(self) -> list[str]:
        """See `Program.command`."""
        document = {
            "bind": f"{self._listener.host}:{self._listener.port}",
            "users": {account.name: account.password for account in self._accounts},
            "writes": {account.name: account.writes for account in self._accounts},
            "reads": {account.name: account.reads for account in self._accounts},
        }
        path = self._folder / "amqtt.json"
        write_private(path, json.dumps(document))
        return [sys.executable, "-m", "agent.central.amqtt_broker", str(path)]


def covers(allowed: str, asked: str) -> bool:
    """Does the topic filter `allowed` cover the topic or filter `asked` wholly? (MQTT 5 section 4.7)."""
    have, want = allowed.split("/"), asked.split("/")
    for at, level in enumerate(have):
        if level == "#":
            return True
        if at >= len(want) or want[at] == "#" or (level != "+" and level != want[at]):
            return False
    return len(have) == len(want)


def may(rules: dict[str, Sequence[str]], name: str | None, topic: str | None) -> bool:
    """Do the rules of user `name` cover `topic`?"""
    return bool(name and topic) and any(covers(rule, str(topic)) for rule in rules.get(str(name), ()))


def broker_config(document: dict[str, Any]) -> dict[str, Any]:
    """What amqtt is told."""
    here = __name__ if __name__ != "__main__" else "agent.central.amqtt_broker"
    plugins = here.rpartition(".")[0] + ".amqtt_plugins"
    return {
        "listeners": {
            "default": {"type": "tcp", "bind": document["bind"], "max_connections": _MAX_CONNECTIONS},
        },
        "timeout_disconnect_delay": 2,
        "plugins": {
            f"{plugins}.Users": {"users": document["users"]},
            f"{plugins}.Rules": {"writes": document["writes"], "reads": document["reads"]},
        },
    }


async def serve(document: dict[str, Any]) -> None:
    """Run the broker until SIGTERM."""
    from amqtt.broker import Broker  # noqa: PLC0415 - the centre itself never loads it

    _hang_up_on_other_versions()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    broker = Broker(broker_config(document))
    await broker.start()
    await stop.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), _SHUTDOWN_S)


def _hang_up_on_other_versions() -> None:
    """Amqtt reads an MQTT 5 CONNECT as one of 3.1.1 and waits for bytes that never come; who asks then waits too."""
    from amqtt.errors import MQTTError  # noqa: PLC0415
    from amqtt.mqtt.connect import ConnectVariableHeader  # noqa: PLC0415

    read = ConnectVariableHeader.from_stream

    async def read_checked(reader: Any, fixed: Any) -> Any:
        header = await read(reader, fixed)
        if header.proto_level != _MQTT_3_1_1:
            raise MQTTError(f"protocol level {header.proto_level} is not spoken here")
        return header

    ConnectVariableHeader.from_stream = read_checked


def main() -> NoReturn:
    """Entry of the child."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
    os._exit(0)  # it keeps nothing, and its tasks may cling to connections that are still open


if __name__ == "__main__":
    main()
