"""What every process of the centre stands on: its folder, its key, its database, and its place among the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.central.broker import BrokerProcess
from agent.central.counts import Counts
from agent.central.folder import DataFolder, secret, write_private
from agent.central.media_side import MediaSide
from agent.central.sealing import Sealer
from agent.central.store.database import Database
from agent.central.store.leases import Leases
from agent.central.store.processes import Myself
from agent.config.central import CentralConfig
from agent.core.clock import Clock
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.wire.mqtt import MqttLink


@dataclass(frozen=True)
class Base:
    """`known` are the gateways that may speak, None for all; `link_url` is where we reach the broker."""

    config: CentralConfig
    stop: StopToken
    clock: Clock
    folder: DataFolder
    signer: Signer
    sealer: Sealer
    database: Database
    media: MediaSide
    counts: Counts
    me: Myself
    broker: BrokerProcess | None
    link_url: str

    @property
    def known(self) -> set[tuple[str, str]] | None:
        """Site and id of each."""
        return {(gateway.site, gateway.id) for gateway in self.config.gateway} or None

    @property
    def leases(self) -> Leases:
        """What this process does alone."""
        return Leases(self.database, self.me.id)

    def broker_state(self, link: MqttLink) -> dict[str, Any]:
        """See the API's BrokerHealth, without what it was before."""
        kind = self.broker.kind if self.broker is not None else "external"
        error = "" if link.connected else (self.broker.error if self.broker is not None else "") or link.error
        return {"kind": kind, "up": link.connected, "error": error}


def equip_gateways(config: CentralConfig, folder: DataFolder, signer: Signer) -> None:
    """What each known gateway needs to join: its password, and the key that signs the centre's commands."""
    for gateway in config.gateway:
        place = folder.gateway(gateway.site, gateway.id)
        secret(place / "password")
        write_private(place / "command_key.pem", signer.public_pem())
