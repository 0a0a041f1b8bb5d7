"""People of a running centre, made over its API as an admin makes them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.central.helpers import PASSWORD, RunningCentre, wait_for


class OwnProcess(RunningCentre):
    """A centre as a command, for tests that share one: its threads and files are not theirs."""

    def start(self) -> OwnProcess:
        file = self.data.parent / "central.toml"
        gateways = "".join(f'[[gateway]]\nsite = "{one.site}"\nid = "{one.id}"\n' for one in self.config.gateway)
        ports = 'listen = "127.0.0.1:0"\nmqtt_listen = "127.0.0.1:0"\nkeep_days = 3650\n'
        kept = {"data": str(self.data), "database": self.config.central.database}
        kept["service_token_file"] = str(self.config.central.service_token_file)
        rests = "".join(f"{name} = {json.dumps(value)}\n" for name, value in kept.items())
        file.write_text(f"[central]\n{rests}{ports}{gateways}")
        command = [sys.executable, "-m", "agent.cli", "central", "--config", str(file), "--ready-file", str(self.ready)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: self.ready.exists() or self._process.poll() is not None, 60)
        document = json.loads(self.ready.read_text())
        self.url, self.mqtt_url, self.sign_in_url = document["url"], document["mqtt_url"], document["sign_in_url"]
        return self

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


@contextmanager
def own_process(
    folder: Path, gateways: tuple[tuple[str, str], ...], database: str = "sqlite"
) -> Iterator[RunningCentre]:
    """A centre for the length of a block."""
    centre = OwnProcess(folder / "data", gateways=gateways, database=database)
    try:
        yield centre.start()
    finally:
        centre.end()


def make(admin: httpx.Client, name: str, role: str = "viewer", places: list[str] | None = None) -> str:
    """An account; returns the token of its link."""
    answer = admin.post("/api/v1/people", json={"name": name, "role": role, "places": places})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"].partition("token=")[2])


@contextmanager
def somebody(centre: RunningCentre, name: str, role: str = "viewer", places: list[str] | None = None) -> Iterator[Any]:
    """A client of somebody new, signed in."""
    with centre.admin() as admin:
        token = make(admin, name, role, places)
    with centre.client() as api:
        api.post("/api/v1/join", json={"token": token, "password": PASSWORD}).raise_for_status()
        yield api


@contextmanager
def program(centre: RunningCentre, owner: httpx.Client, **wanted: Any) -> Iterator[httpx.Client]:
    """A client with a fresh token of somebody's."""
    answer = owner.post("/api/v1/tokens", json={"name": "robot", "scopes": ["read"]} | wanted)
    assert answer.status_code == 201, answer.text
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    with httpx.Client(base_url=centre.url, headers=bearer, timeout=15) as api:
        yield api
