"""A POST to an address that somebody else chose: only to where it may go, and without being led elsewhere.

The name is resolved once, every address it has is looked at, and the connection goes to one that was looked at: what
resolves to something else a moment later changes nothing. Redirects are not followed (OWASP, SSRF Prevention).
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from agent.core.errors import LamppostError

_PATIENCE_S = 10.0
_MOST_ANSWER = 64 << 10
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class Unsent(LamppostError):
    """It could not be sent, or may not be."""


def check_url(text: str) -> SplitResult:
    """Of a receiver.

    Raises:
        ValueError: it is none, and says why.
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"the port is none: {error}") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise ValueError("write it as https://host/path")
    if parts.username or parts.password or parts.fragment or any(one <= " " or one == "\x7f" for one in text):
        raise ValueError("without user name, password, fragment or blanks")
    return parts


class Gate:
    """Where requests may go: to public addresses with TLS, and to whatever `allowed` names, also without."""

    def __init__(self, allowed: Sequence[str] = (), resolve: Resolve | None = None) -> None:
        self._allowed = [ip_network(one) for one in allowed]
        self._resolve = resolve or _resolve

    def address(self, parts: SplitResult) -> str:
        """One of the receiver's addresses.

        Raises:
            Unsent: the name has none, or one that requests may not go to.
        """
        host = parts.hostname or ""
        found = [ip_address(one) for one in self._resolve(host, port_of(parts))]
        if not found:
            raise Unsent(f"{host} has no address")
        for one in found:
            inside = any(one.version == network.version and one in network for network in self._allowed)
            if not inside and not is_public(one):
                raise Unsent(f"{host} is {one}, which is not public; [webhooks] allow can name it")
            if not inside and parts.scheme != "https":
                raise Unsent(f"{host} is beyond [webhooks] allow: only https goes there")
        return str(found[0])


def is_public(address: Address) -> bool:
    """Is it of the internet, whatever IPv4 address may be hidden in it?"""
    if isinstance(address, IPv6Address):
        hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            hidden.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(one) for one in hidden if one is not None):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast


def port_of(parts: SplitResult) -> int:
    """Where it listens."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def post(
    url: str, body: bytes, headers: Mapping[str, str], gate: Gate, opened: Callable[[socket.socket], Any] = id
) -> int:
    """Send it; returns the status of the answer. `opened` is given the socket, so that it can be cut off.

    Raises:
        Unsent: it cannot be, or may not be.
    """
    try:
        parts = check_url(url)
        connection = _connection(parts, gate.address(parts))
        try:
            connection.connect()
            opened(connection.sock)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, {**headers, "Host": parts.netloc, "Connection": "close"})
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER)
            return answer.status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unsent(f"{type(error).__name__}: {error}"[:300]) from error


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    """To that very address; a certificate must be the host's all the same."""
    host, port = parts.hostname or "", port_of(parts)
    if parts.scheme == "http":
        return http.client.HTTPConnection(address, port, timeout=_PATIENCE_S)
    return _Pinned(host, port, address)


class _Pinned(http.client.HTTPSConnection):
    """TLS with a host at an address that was looked at."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        self._address = address
        super().__init__(host, port, timeout=_PATIENCE_S, context=self._tls)

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), _PATIENCE_S)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unsent(f"{host} cannot be resolved: {error.strerror}") from error
    return [str(one[4][0]) for one in found]
