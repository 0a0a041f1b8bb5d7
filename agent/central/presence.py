"""This process among those that make up the centre: and which of them cares for which gateway."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from agent.central.store.processes import Myself, Peer, Register, Role
from agent.core.errors import ConfigError, StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_S = 3.0
SAME_FILES = ("command_key.pem", "secret.key")
"""Below the data folder, the same for all: what signs commands, and what seals secrets. A report tells which it has."""


def myself(role: Role) -> Myself:
    """This process, under a name that no other had or will have."""
    return Myself(secrets.token_hex(6), role, socket.gethostname()[:100], os.getpid())


class Presence:
    """A worker. `enter` first: others are then sure to know of us before we begin."""

    name = "presence"

    def __init__(
        self, processes: Register, me: Myself, report: Callable[[], dict[str, Any]],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`on_change` is called when one has come or gone, is well again or not any more."""
        self._processes, self.me, self._report, self._on_change = processes, me, report, on_change
        self._peers: tuple[Peer, ...] = ()
        self._ingest: tuple[str, ...] = ()

    def enter(self) -> None:
        """Say that we are there.

        Raises:
            ConfigError: the others are a centre that has no place for us.
        """
        others = self._processes.alive()
        whole = self.me.role == "whole"
        rival = next((one for one in others if (one.role == "whole") != whole), None)
        if rival is not None:
            what = "central" if rival.role == "whole" else f"central {rival.role}"
            raise ConfigError(
                f"`lamppost {what}` runs over this database on {rival.host} (pid {rival.pid}): "
                "run either one `lamppost central`, or `central ingest` and `central web`"
            )
        ours = self._report()
        for file in SAME_FILES:
            if any(one.report.get(file) not in {None, ours.get(file)} for one in others):
                raise ConfigError(
                    f"{file} is not the one that the centre's other processes have: copy theirs, "
                    "from [central] data, before this one starts"
                )
        self._tell()

    def run(self, stop: StopToken) -> None:
        """Say so every few seconds, until `stop`; then take leave."""
        while not stop.wait(_EVERY_S):
            try:
                self._tell()
            except StorageError as error:
                log.debug("this process cannot make itself known: %s", error)
        try:
            self._processes.leave(self.me)
        except StorageError as error:
            log.debug("this process cannot take leave: %s", error)

    def peers(self, *roles: Role) -> list[Peer]:
        """Who was there when we last looked, ourselves included."""
        return [peer for peer in self._peers if not roles or peer.role in roles]

    def owner(self, site: str, gateway: str) -> str:
        """Which ingest process takes the media of that gateway: when one comes or goes, only its share changes hands.

        (Highest random weight, Thaler and Ravishankar 1998.)
        """
        return max(self._ingest, key=lambda one: _weight(one, site, gateway), default=self.me.id)

    def owns(self, site: str, gateway: str) -> bool:
        """Is it us?"""
        return self.owner(site, gateway) == self.me.id

    def _tell(self) -> None:
        self._processes.say(self.me, self._report())
        before, self._peers = self._peers, tuple(self._processes.alive())
        self._ingest = tuple(sorted(peer.id for peer in self.peers("ingest")))
        if _standing(before) != _standing(self._peers):
            self._on_change()


def _standing(peers: tuple[Peer, ...]) -> set[tuple[str, str]]:
    return {(peer.id, peer.report.get("error", "")) for peer in peers}


def _weight(process: str, site: str, gateway: str) -> bytes:
    return blake2b(f"{process}/{site}/{gateway}".encode(), digest_size=8).digest()
