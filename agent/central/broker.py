"""A broker as a child of ours, mosquitto or amqtt, on a port of its own and kept running; who may do what there."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from agent.core.clock import Clock, SystemClock
from agent.core.errors import ConfigError, LinkError
from agent.core.leash import leashed
from agent.core.stop import StopToken
from agent.wire.topics import ROOT

log = logging.getLogger(__name__)

CENTRE_USER = "lamppost-centre"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_START_S = 10.0
_END_S = 5.0
_LINGER_S = 0.3
"""At the end the broker goes last, so that the centre's own connection can say goodbye."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may connect, and what they may write and read (topic filters)."""

    name: str
    password: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]


def centre_account(password: str) -> Account:
    """Reads what gateways say, writes what gateways obey; and has a part of its own, where its processes talk."""
    said = tuple(f"{ROOT}/+/+/{leaf}" for leaf in _SAID)
    told = tuple(f"{ROOT}/+/+/{leaf}" for leaf in _TOLD)
    return Account(CENTRE_USER, password, (*told, _AMONG_US), (*said, _AMONG_US))


def gateway_account(site: str, gateway: str, password: str) -> Account:
    """Only below its own site and id, and only in its direction."""
    root = f"{ROOT}/{site}/{gateway}"
    return Account(
        gateway, password, tuple(f"{root}/{leaf}" for leaf in _SAID), tuple(f"{root}/{leaf}" for leaf in _TOLD)
    )


_SAID = ("status", "health/#", "camera/#", "media/#", "live/#", "reply/#")
_TOLD = ("command/#", "ack/#")
_AMONG_US = "lamppost/centre/#"


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the broker listens; with `cert` and `key` it speaks TLS there."""

    host: str
    port: int
    cert: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Is it reachable from this machine only?"""
        return self.host in LOOPBACK

    @property
    def url(self) -> str:
        """How to reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.cert else 'mqtt'}://{host}:{self.port}"


class Program(Protocol):
    """A broker that can be started: writes its files, names its command."""

    @property
    def kind(self) -> Literal["mosquitto", "amqtt"]:
        """Which one."""

    def command(self) -> list[str]:
        """Write what it reads, and return how it is started."""


def find_mosquitto() -> str | None:
    """The mosquitto broker of this machine; Debian keeps it where users' PATH does not look."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def free_port(host: str) -> int:
    """A port nobody listens on now."""
    with socket.create_server((host, 0), family=_family(host)) as server:
        port: int = server.getsockname()[1]
        return port


class BrokerProcess:
    """Keeps the broker running: a worker whose run ends when the child does, so that the supervisor starts the next."""

    name = "broker"

    def __init__(self, program: Program, listener: Listener, pid_file: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._program, self._listener, self._pid_file = program, listener, pid_file
        self._log = pid_file.with_suffix(".log")
        self._child: subprocess.Popen[bytes] | None = None
        self._came_up = threading.Event()
        self.up = False
        self.error = ""
        self.restarts = 0
        self._was_up = False
        self.started_ns: int | None = None
        self.last_end = ""
        """Why it was started again the last time: it is back so fast that `up` alone would tell nobody."""

    @property
    def kind(self) -> Literal["mosquitto", "amqtt"]:
        """Which program."""
        return self._program.kind

    def claim(self, listener: Listener, patience_s: float = _END_S) -> None:
        """Make sure that the port is ours to take: one left by a killed centre gets a moment to go.

        Raises:
            ConfigError: another program listens there.
        """
        _end_stale(self._pid_file)
        reason = ""
        for _ in range(max(1, int(patience_s / 0.1))):
            try:
                socket.create_server((listener.host, listener.port), family=_family(listener.host)).close()
            except OSError as error:
                reason = error.strerror or str(error)
                time.sleep(0.1)
            else:
                return
        place = f"{listener.host}:{listener.port}"
        raise ConfigError(f"{place}: the broker cannot listen there: {reason}; set [central] mqtt_listen")

    def wait_until_up(self, timeout_s: float) -> bool:
        """Sleep until it answers for the first time, `timeout_s` at most."""
        return self._came_up.wait(timeout_s)

    @property
    def pid(self) -> int | None:
        """Of the child, while there is one."""
        child = self._child
        return child.pid if child is not None else None

    def run(self, stop: StopToken) -> None:
        """Start the child and stay with it.

        Raises:
            LinkError: it did not start, or it ended by itself.
        """
        _end_stale(self._pid_file)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        if self._was_up:  # before it can be reached: whoever finds it back finds this, too
            self.restarts, self._was_up = self.restarts + 1, False
        child = self._start()
        self._child = child
        try:
            self._wait_until_up(child, stop)
            while not stop.wait(0.2):
                if child.poll() is not None:
                    self.last_end = self._note(f"the broker ended ({_how(child.returncode)})")
                    raise LinkError(self.last_end)
        finally:
            self.up = False
            if stop.is_set():
                time.sleep(_LINGER_S)
            _end(child)
            self._child = None
            self._pid_file.unlink(missing_ok=True)

    def _start(self) -> subprocess.Popen[bytes]:
        command = self._program.command()
        with self._log.open("wb") as log_file:
            child = subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file)
        self._pid_file.write_text(f"{child.pid} {_started_at(child.pid)}\n")
        return child

    def _wait_until_up(self, child: subprocess.Popen[bytes], stop: StopToken) -> None:
        for _ in range(int(_START_S / 0.05)):
            if child.poll() is not None:
                place = f"{self._program.kind} on {self._listener.url}"
                raise LinkError(self._note(f"the broker {place} does not start: {_last_line(self._log)}"))
            if _answers(self._listener):
                self.up, self.error = True, ""
                self._was_up = True
                self.started_ns = self._clock.wall_ns()
                self._came_up.set()
                log.info("broker %s listens on %s", self._program.kind, self._listener.url)
                return
            if stop.wait(0.05):
                return
        raise LinkError(self._note(f"the broker ({self._program.kind}) does not answer on {self._listener.url}"))

    def _note(self, error: str) -> str:
        self.error = error
        return error


def check_accounts(accounts: list[Account]) -> None:
    """User names must differ, since the broker tells gateways apart by them.

    Raises:
        ConfigError: two are the same.
    """
    seen: set[str] = set()
    for account in accounts:
        if account.name in seen:
            raise ConfigError(f"two gateways have the id {account.name!r}: the broker's user names must differ")
        seen.add(account.name)


def _answers(listener: Listener) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listener.host, listener.host)
    try:
        with socket.create_connection((host, listener.port), timeout=0.5):
            return True
    except OSError:
        return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace")[-4000:].splitlines()
    return lines[-1] if lines else "it gave no reason"


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_stale(pid_file: Path) -> None:
    """A broker of a centre that was killed may outlive it for a moment; the start time tells it from a stranger."""
    try:
        pid, started = pid_file.read_text().split()
        if _started_at(int(pid)) == started != "":
            os.kill(int(pid), 15)
            log.warning("ended a broker that an earlier centre left behind (%s)", pid)
    except (OSError, ValueError):
        return


def _started_at(pid: int) -> str:
    """The kernel's start time of a process (proc(5), field 22), empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
