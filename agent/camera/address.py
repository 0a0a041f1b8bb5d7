"""Addresses that a device returns, brought back to the address we dialled.

A camera behind NAT, with two interfaces, or with bad intentions names hosts that are not the one we trust with a
password: "every address a camera returns is rewritten to the address we dialled" (DESIGN section 8).
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from agent.core.errors import CameraError

_STREAM_PORTS = {"rtsp": 554, "rtsps": 322}
MOST_URL = 2_048


def split_url(url: str, what: str) -> SplitResult:
    """Take a URL from outside apart.

    Raises:
        CameraError: not a URL with a host, too long, or with a port that is none.
    """
    shown = url[:120]
    if len(url) > MOST_URL or any(ord(mark) <= 0x20 or ord(mark) == 0x7F for mark in url):
        raise CameraError(f"{what} {shown!r} is not an address")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise CameraError(f"{what} {shown!r} is not an address: {error}") from error
    if not parts.scheme or not parts.hostname:
        raise CameraError(f"{what} {shown!r} is not an address with a host")
    return parts


def service_url(returned: str, dialled: SplitResult) -> str:
    """An HTTP address of a service as the device names it, on the scheme, host and port we dialled."""
    parts = split_url(returned, "the service address")
    if parts.scheme not in {"http", "https"}:
        raise CameraError(f"the service address {returned[:120]!r} is not HTTP")
    return parts._replace(scheme=dialled.scheme, netloc=_netloc(dialled.hostname or "", dialled.port)).geturl()


def stream_url(returned: str, dialled: SplitResult) -> str:
    """A stream's address as the device names it, on the host we dialled; the port is the device's own."""
    parts = split_url(returned, "the stream address")
    if parts.scheme not in _STREAM_PORTS:
        raise CameraError(f"the stream address {returned[:120]!r} is not RTSP")
    port = parts.port if parts.port != _STREAM_PORTS[parts.scheme] else None
    return parts._replace(netloc=_netloc(dialled.hostname or "", port)).geturl()


def _netloc(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
