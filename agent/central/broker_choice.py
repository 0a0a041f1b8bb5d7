"""Which broker, from the configuration: mosquitto when it is here, else amqtt, or one that stands elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from agent.central.amqtt_broker import Amqtt
from agent.central.broker import (
    BrokerProcess,
    Listener,
    Program,
    centre_account,
    check_accounts,
    find_mosquitto,
    free_port,
    gateway_account,
)
from agent.central.folder import DataFolder, secret
from agent.central.mosquitto import Mosquitto
from agent.config.central import Central, CentralConfig
from agent.core.errors import ConfigError


def choose_broker(config: CentralConfig, folder: DataFolder) -> tuple[BrokerProcess | None, str, str]:
    """The broker to run (None when it stands elsewhere), its address for gateways, and its address for us.

    Raises:
        ConfigError: it cannot be as configured.
    """
    central = config.central
    if not central.broker.startswith("embedded"):
        _check_external(central.broker)
        return None, central.broker, central.broker
    listener = _listener(central)
    inner = listener if listener.cert is None else Listener("127.0.0.1", free_port("127.0.0.1"))
    program = _program(config, folder, listener, inner)
    process = BrokerProcess(program, inner, folder.broker / "broker.pid")
    process.claim(listener)
    return process, listener.url, inner.url


def shared_broker(config: CentralConfig, folder: DataFolder) -> tuple[BrokerProcess | None, str, str]:
    """The same for one of several processes: of the broker's places none may be left to chance.

    Raises:
        ConfigError: it cannot be as configured.
    """
    central = config.central
    if not central.broker.startswith("embedded"):
        _check_external(central.broker)
        return None, central.broker, central.broker
    if central.mqtt_listen.endswith(":0"):
        raise ConfigError("mqtt_listen with port 0 is a place that no other process finds; name a port")
    listener = _listener(central)
    inner = listener if listener.cert is None else Listener("127.0.0.1", listener.port + 1)
    program = _program(config, folder, listener, inner)
    if program.kind == "amqtt":
        raise ConfigError(
            "several processes share subscriptions, which amqtt cannot: install mosquitto, or name a broker"
        )
    return BrokerProcess(program, inner, folder.broker / "broker.pid"), listener.url, inner.url


def _program(config: CentralConfig, folder: DataFolder, listener: Listener, inner: Listener) -> Program:
    accounts = [centre_account(secret(folder.broker / "centre.password"))]
    for gateway in config.gateway:
        password = secret(folder.gateway(gateway.site, gateway.id) / "password")
        accounts.append(gateway_account(gateway.site, gateway.id, password))
    check_accounts(accounts)
    wanted = config.central.broker
    mosquitto = None if wanted == "embedded-amqtt" else find_mosquitto()
    if mosquitto is not None:
        listeners = [listener] if listener is inner else [listener, inner]
        return Mosquitto(mosquitto, folder.broker, listeners, accounts)
    if wanted == "embedded-mosquitto":
        raise ConfigError("broker = 'embedded-mosquitto': mosquitto is not installed; install it or use 'embedded'")
    if listener.cert is not None:
        raise ConfigError("mqtt_listen beyond this machine needs mosquitto, which is not installed; install it")
    return Amqtt(folder.broker, listener, accounts)


def _listener(central: Central) -> Listener:
    host, _, text = central.mqtt_listen.rpartition(":")
    host = host.strip("[]")
    port = int(text) or free_port(host)
    plain = Listener(host, port)
    if plain.is_loopback:
        return plain
    if central.tls_cert is None or central.tls_key is None:
        raise ConfigError(
            f"mqtt_listen = {central.mqtt_listen!r} would speak plain MQTT off this machine; set tls_cert and tls_key"
        )
    return Listener(host, port, central.tls_cert.resolve(), central.tls_key.resolve())


def _check_external(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "mqtt" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigError(f"broker = {url!r} would speak plain MQTT off this machine; use mqtts://")
