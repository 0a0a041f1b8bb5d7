"""Mosquitto's files: configuration, users, access control (mosquitto.conf(5), version 2)."""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from agent.central.broker import Account, Listener
from agent.central.folder import write_private

_ITERATIONS = 101  # mosquitto's own; the passwords are 192 random bits, which need no stretching


class Mosquitto:
    """Writes the files into `folder` before each start."""

    kind: Literal["mosquitto"] = "mosquitto"

    def __init__(
        self, executable: str, folder: Path, listeners: Sequence[Listener], accounts: Sequence[Account]
    ) -> None:
        self._executable, self._folder = executable, folder
        self._listeners, self._accounts = listeners, accounts

    def command(self) -> list[str]:
        """See `Program.command`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_private(self._folder / "users", "".join(_user_line(account) for account in self._accounts))
        write_private(self._folder / "acl", "\n".join(_acl(account) for account in self._accounts))
        config = self._folder / "mosquitto.conf"
        write_private(config, self._config())
        return [self._executable, "-c", str(config)]

    def _config(self) -> str:
        lines = [
            "per_listener_settings false",
            "allow_anonymous false",
            f"password_file {self._folder / 'users'}",
            f"acl_file {self._folder / 'acl'}",
            "persistence true",
            f"persistence_location {self._folder}/",
            "autosave_interval 30",
            "persistent_client_expiration 7d",
            # its default of 1000 messages is a silent loss; here bytes are the bound
            "max_queued_messages 0",
            "max_queued_bytes 67108864",
            "max_packet_size 2097152",
            "set_tcp_nodelay true",
            "connection_messages false",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes user mosquitto, who may not read these files
        for listener in self._listeners:
            lines += _listener(listener)
        return "\n".join(lines) + "\n"


def _listener(listener: Listener) -> list[str]:
    # client ids are not bound to users: each gateway has two connections, and ids that nobody can guess
    lines = [f"listener {listener.port} {listener.host}"]
    if listener.cert is not None:
        lines += [f"certfile {listener.cert}", f"keyfile {listener.key}", "tls_version tlsv1.2"]
    return lines


def _user_line(account: Account) -> str:
    """`name:$7$iterations$salt$hash`: PBKDF2 with SHA-512, as mosquitto_passwd writes it."""
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, _ITERATIONS)
    return f"{account.name}:$7${_ITERATIONS}${b64encode(salt).decode()}${b64encode(hashed).decode()}\n"


def _acl(account: Account) -> str:
    lines = [f"user {account.name}"]
    lines += [f"topic write {topic}" for topic in account.writes]
    lines += [f"topic read {topic}" for topic in account.reads]
    return "\n".join(lines) + "\n"
