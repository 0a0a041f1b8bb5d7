"""From the gateway's `[mqtt]` table to the settings of the connection: reads the password."""

from __future__ import annotations

from pathlib import Path

from agent.config.base import read_secret
from agent.config.gateway import Mqtt
from agent.core.errors import ConfigError
from agent.core.signing import Verifier
from agent.wire.mqtt import LinkSettings


def link_settings(mqtt: Mqtt) -> LinkSettings:
    """Address and credentials; the uplink adds the rest.

    Raises:
        ConfigError: the password file cannot be read or is empty.
    """
    return LinkSettings(
        url=mqtt.url,
        fallbacks=mqtt.fallback_urls,
        client_id=mqtt.client_id or "",
        username=mqtt.username,
        password=read_secret(mqtt.password_file),
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=mqtt.key_file,
    )


def command_verifier(path: Path | None) -> Verifier | None:
    """The centre's command key in `path`; None without one.

    Raises:
        ConfigError: the file cannot be read or holds no key.
    """
    if path is None:
        return None
    try:
        return Verifier.from_pem(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"command_key_file {path} cannot be read: {error.strerror}") from error
