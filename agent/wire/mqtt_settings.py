"""What an MQTT connection needs to know, and the paho client made from it."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.core.errors import LinkError
from agent.wire.mqtt_pace import TARGET_S
from agent.wire.mqtt_progress import prepare_socket
from agent.wire.mqtt_socket import ReadingAhead

RECEIVE_MAXIMUM = 64
"""Messages of QoS 1 that an MQTT 5 broker may have unacknowledged on the way to us."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One end of a connection. `url` is mqtt://host[:1883] or mqtts://host[:8883]; subscriptions are (filter, QoS).

    `will` (topic, payload) is retained at QoS 1; it also goes out at an orderly end. With `clean` False the broker
    keeps the session (subscriptions and what came meanwhile) for `session_expiry_s` after a loss. `protocol` is what
    is tried first: 5, or 4 (MQTT 3.1.1) where the broker is known to speak no other. `fallbacks` are other brokers of
    the same centre, tried in this order while `url` does not answer. `queue_s` is how much of a queue we may build
    on the link: QoS 1 waits, QoS 0 is refused. With `hasty_first` QoS 0 goes before QoS 1 that is not urgent.
    """

    url: str
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    will: tuple[str, bytes] | None = None
    subscriptions: tuple[tuple[str, int], ...] = ()
    clean: bool = True
    manual_ack: bool = False
    session_expiry_s: int = 86_400
    keepalive_s: int = 20
    protocol: int = 5
    fallbacks: tuple[str, ...] = ()
    queue_s: float = TARGET_S
    hasty_first: bool = False

    @property
    def tls(self) -> bool:
        """Is the connection encrypted?"""
        return urlsplit(self.url).scheme == "mqtts"

    @property
    def host(self) -> str:
        """The broker's name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port; 1883, or 8883 with TLS, when the address names none."""
        return urlsplit(self.url).port or (8883 if self.tls else 1883)

    def at(self, url: str) -> LinkSettings:
        """The same at another broker."""
        return replace(self, url=url)

    @property
    def place(self) -> str:
        """Where the broker is, for messages."""
        return f"{self.host}:{self.port}"


def client_id(name: str, settings: LinkSettings) -> str:
    """`name` with a tail made from the secret of the connection, always the same: nobody else can guess it.

    Who takes the client id of another throws that one off the broker (MQTT 5 section 3.1.4). Brokers that bind ids to
    user names allow one connection a user, and we need two. The key derivation is slow on purpose: brokers log ids.
    """
    secret = settings.password.encode() if settings.password else b""
    try:
        secret += settings.key_file.read_bytes() if settings.key_file else b""
    except OSError:
        return name  # the connection itself says what is wrong with the file
    if not secret:
        return name
    return f"{name}-{hashlib.pbkdf2_hmac('sha256', secret, name.encode(), 50_000, 6).hex()}"


def make_client(settings: LinkSettings, protocol: int) -> paho.Client:
    """A paho client for one connection; the caller adds its callbacks and calls `open_client`.

    Raises:
        LinkError: a certificate or key file cannot be used.
    """
    client = ReadingAhead(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=settings.clean if protocol == 4 else None,
        protocol=MQTTProtocolVersion(protocol),
        reconnect_on_failure=False,
        manual_ack=settings.manual_ack,
    )
    client.suppress_exceptions = True
    client.on_socket_open = lambda _client, _data, sock: prepare_socket(sock)
    client.max_inflight_messages_set(0)  # the session keeps its own window: paho's would queue without a bound
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)
    if settings.tls:
        client.tls_set_context(_tls_context(settings))
    if settings.will is not None:
        client.will_set(settings.will[0], settings.will[1], qos=1, retain=True)
    return client


def open_client(client: paho.Client, settings: LinkSettings, timeout_s: float) -> None:
    """Connect and send CONNECT; the answer comes later.

    Raises:
        LinkError: nobody answers there, nobody can be there, or TLS fails.
    """
    client.connect_timeout = timeout_s
    try:
        if client.protocol == MQTTProtocolVersion.MQTTv5:
            client.connect(
                settings.host,
                settings.port,
                settings.keepalive_s,
                clean_start=settings.clean,
                properties=_connect_properties(settings),
            )
        else:
            client.connect(settings.host, settings.port, settings.keepalive_s)
    except ssl.SSLError as error:
        hint = "check ca_file, cert_file and key_file"
        raise LinkError(f"TLS with the broker at {settings.place} fails: {_tls_reason(error)}: {hint}") from error
    except OSError as error:
        raise LinkError(f"the broker at {settings.place} cannot be reached: {error.strerror or error}") from error
    except ValueError as error:  # a port that is none, a host that is no name (UnicodeError)
        raise LinkError(f"the broker's address {settings.url!r} cannot be used: {error}") from error


def _connect_properties(settings: LinkSettings) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    if not settings.clean:
        properties.SessionExpiryInterval = settings.session_expiry_s
    return properties


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (settings.ca_file, settings.cert_file, settings.key_file) if file)
        raise LinkError(f"the certificates for the broker cannot be read ({files}): {_tls_reason(error)}") from error
    return context


def _tls_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or error.strerror or str(error)
