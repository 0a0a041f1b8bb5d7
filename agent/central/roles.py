"""Which process of the centre hears what of the gateways, and its connection to the broker.

`central` alone is one process and hears all. `central ingest` shares what gateways send with the others of its kind;
`central web` hears, each for itself, what answers it: replies and live pictures.
"""

from __future__ import annotations

from dataclasses import replace

from agent.central.between import CENTRE
from agent.central.broker import CENTRE_USER
from agent.central.folder import DataFolder, secret
from agent.config.base import read_secret
from agent.config.central import Central
from agent.wire.mqtt import LinkSettings, client_id
from agent.wire.topics import ROOT

_ALL = ("status", "health/#", "camera/#", "media/#", "live/#", "reply/#")
_SHARED = (
    *("health/history", "camera/+/event", "camera/+/track", "camera/+/recording"),
    *("media/+/manifest", "media/+/gone", "media/+/chunk/+", "reply/+"),
)
_RETAINED = ("status", "health", "camera/+/info", "camera/+/state")
_ANSWERS = ("live/+", "camera/+/frame", "reply/+")
GROUP = "lamppost"


def everything() -> tuple[str, ...]:
    """For a centre that is one process."""
    return tuple(f"{ROOT}/+/+/{leaf}" for leaf in _ALL)


def dealt_out(me: str) -> tuple[str, ...]:
    """For each of several that ingest: their share (MQTT 5, section 4.8.2), and what the others pass on."""
    shared = tuple(f"$share/{GROUP}/{ROOT}/+/+/{leaf}" for leaf in _SHARED)
    return (*shared, f"{CENTRE}/media/{me}/#", f"{CENTRE}/cancel/#")


def retained() -> tuple[str, ...]:
    """For the one of those that hears how things stand: a shared subscription is not told what brokers keep."""
    return tuple(f"{ROOT}/+/+/{leaf}" for leaf in _RETAINED)


def answers() -> tuple[str, ...]:
    """For each that serves people."""
    return (*(f"{ROOT}/+/+/{leaf}" for leaf in _ANSWERS), f"{CENTRE}/news/+")


def link_settings(
    central: Central, folder: DataFolder, url: str, name: str, subscriptions: tuple[str, ...]
) -> LinkSettings:
    """A connection of ours; `name` begins its client id."""
    embedded = central.broker.startswith("embedded")
    if embedded:
        username: str | None = CENTRE_USER
        password: str | None = secret(folder.broker / "centre.password")
    else:
        username = central.mqtt_username
        password = read_secret(central.mqtt_password_file)
    settings = LinkSettings(
        url=url,
        client_id="",
        username=username,
        password=password,
        ca_file=None if embedded else central.mqtt_ca_file,
        cert_file=None if embedded else central.mqtt_cert_file,
        key_file=None if embedded else central.mqtt_key_file,
        subscriptions=tuple((one, 1) for one in subscriptions),
        clean=True,  # gateways keep what is not acknowledged; a broker's queue would only bring it late and twice
        manual_ack=True,
    )
    return replace(settings, client_id=client_id(name, settings))
