"""A centre of several real processes, started as an operator starts them: the command, a file, a broker, PostgreSQL."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.central.helpers import GATEWAY, PASSWORD, SITE, wait_for

_GATEWAY = '\n[[gateway]]\nsite = "{}"\nid = "{}"\n'


class Process:
    """One of them, once it is up."""

    def __init__(self, config: Path, role: str, number: int, *more: str) -> None:
        self.ready = config.parent / f"ready-{role}-{number}.json"
        command = [sys.executable, "-m", "agent.cli", "--log-level", "warning", "central"]
        command += [*([role] if role else []), "--config", str(config), "--ready-file", str(self.ready), *more]
        self._asked = False
        self.log = config.parent / f"log-{role}-{number}"
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=log)

    def up(self) -> Process:
        wait_for(lambda: self.ready.exists() or self.child.poll() is not None, 40)
        assert self.ready.exists(), self.log.read_text()
        self.document: dict[str, Any] = json.loads(self.ready.read_text())
        self.url: str = self.document["url"]
        return self

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()
        self.ready.unlink(missing_ok=True)

    def end(self) -> int:
        self.ask_to_end()
        return self.child.wait(40)

    def ask_to_end(self) -> None:
        """Once: a second signal would end it at once."""
        if self.child.poll() is None and not self._asked:
            self._asked = True
            self.child.terminate()


class City:
    """`data` and `mqtt_url` are as a `RunningCentre` has them, for a `FakeGateway`."""

    def __init__(self, folder: Path, mqtt_url: str, database: str, gateways: tuple[str, ...] = (GATEWAY,)) -> None:
        self.data, self.mqtt_url = folder / "data", mqtt_url
        self.config = folder / "central.toml"
        self.config.write_text(
            f'[central]\nlisten = "127.0.0.1:0"\ndata = "{self.data}"\nbroker = "{mqtt_url}"\n'
            f'database = "{database}"\nkeep_days = 3650\nservice_token_file = "{folder}/token"\n'
            '[webhooks]\nallow = ["127.0.0.0/8"]\n' + "".join(_GATEWAY.format(SITE, one) for one in gateways)
        )
        self.processes: list[Process] = []

    def start(self, role: str, *more: str) -> Process:
        self.processes.append(Process(self.config, role, len(self.processes), *more))
        return self.processes[-1]

    def end(self) -> None:
        for process in self.processes:
            process.ask_to_end()
        for process in self.processes:
            process.end()

    def client(self, web: Process) -> httpx.Client:
        return httpx.Client(base_url=web.url, headers={"X-Lamppost": "1"}, timeout=15)

    @contextmanager
    def service(self, web: Process) -> Iterator[httpx.Client]:
        token = (self.config.parent / "token").read_text().strip()
        with httpx.Client(base_url=web.url, headers={"Authorization": f"Bearer {token}"}, timeout=15) as api:
            yield api


class Stream:
    """What one web worker tells as it comes."""

    def __init__(self, api: httpx.Client) -> None:
        self.heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._api, self._open = api, threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        assert self._open.wait(10)

    def _read(self) -> None:
        kind = ""
        try:
            with self._api.stream("GET", "/api/v1/stream", timeout=60) as lines:
                for line in lines.iter_lines():
                    kind = line[7:] if line.startswith("event: ") else kind
                    if kind == "hello":
                        self._open.set()
                    if line.startswith("data: "):
                        self.heard.put((kind, json.loads(line[6:])))
        except (httpx.HTTPError, RuntimeError):
            return

    def next(self, kind: str, seconds: float = 15, **wanted: Any) -> Any:
        """The next of its kind that has these values."""
        while True:
            found, data = self.heard.get(timeout=seconds)
            if found == kind and all(data.get(name) == value for name, value in wanted.items()):
                return data


def sign_in(api: httpx.Client) -> None:
    api.post("/api/v1/sign-in", json={"username": "ann", "password": PASSWORD}).raise_for_status()
