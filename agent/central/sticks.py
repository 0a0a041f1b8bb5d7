"""What an outbox that came on a stick needs at the centre: the gateway's way to the broker, and trust in its key."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from agent.central.configured import configured_database
from agent.central.folder import DataFolder
from agent.central.store.schema import gateway_key
from agent.config.base import read_secret
from agent.config.central import CentralConfig
from agent.core.errors import ConfigError
from agent.core.signing import Signer, id_of_raw
from agent.wire.mqtt import LinkSettings


def gateway_link(config: CentralConfig, site: str, gateway: str, password_file: Path | None) -> LinkSettings:
    """How that gateway reaches the centre's broker; `password_file` where the centre did not make the password.

    Raises:
        ConfigError: the centre does not know the gateway, or not its password.
    """
    central = config.central
    made = DataFolder(central.data).gateway(site, gateway) / "password"
    if password_file is None and not made.is_file():
        raise ConfigError(f"no password of gateway {gateway} at {site} is known here: name it with --password-file")
    tls = central.tls_cert is not None and not central.mqtt_listen.startswith(("127.", "localhost", "[::1]"))
    url = f"{'mqtts' if tls else 'mqtt'}://{central.mqtt_listen}"
    return LinkSettings(
        url=url if central.broker.startswith("embedded") else central.broker,
        client_id="",
        username=gateway,
        password=read_secret(password_file or made),
        ca_file=central.tls_cert if central.broker.startswith("embedded") and tls else central.mqtt_ca_file,
    )


def check_key(config: CentralConfig, site: str, gateway: str, key: str, trusted: str | None) -> None:
    """Is `key` (raw, hex) one with which that gateway signed before, or the one that a person says it is?

    Raises:
        ConfigError: neither.
    """
    name = id_of_raw(bytes.fromhex(key))
    if trusted == name:
        return
    known = _known(config, site, gateway)
    if key in known:
        return
    what = "is another than those it signed with so far" if known else "is not known here yet"
    raise ConfigError(
        f"the stick is signed with key {name}, which {what} for gateway {gateway} at {site}: compare it with what the "
        f"export said there, then add --trust {name}"
    )


def receipt_signer(config: CentralConfig) -> Signer:
    """The key that gateways know as the centre's command key."""
    return Signer.load(DataFolder(config.central.data).command_key)


def _known(config: CentralConfig, site: str, gateway: str) -> set[str]:
    database = configured_database(config.central)
    table = gateway_key
    try:
        with database.read() as connection:
            query = sa.select(table.c.key).where(table.c.site == site, table.c.gateway == gateway)
            return set(connection.scalars(query))
    finally:
        database.close()
