"""Addresses of cameras and brokers: what nobody can dial is refused where it is written, not when it is dialled."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

_ASKED_WITH = re.compile(r"([?&](?:ssl)?password=)[^&]*")
_OF_THE_USER = re.compile(r"(://[^:/@]*:).*@")


def camera_url(value: str) -> str:
    """An `rtsp://`, `rtsps://` or `file:` address without a password, as it came.

    Raises:
        ValueError: it is none.
    """
    parts = _dialled(value)
    if parts.scheme not in {"rtsp", "rtsps", "file"}:
        raise ValueError("not a camera address; it begins with rtsp://, rtsps:// or file:/")
    if parts.scheme != "file" and not parts.hostname:
        raise ValueError("the address names no host; write rtsp://host/path")
    if parts.password is not None:
        raise ValueError("the address carries a password; put it into a file and name that as password_file")
    return value


def broker_url(value: str) -> str:
    """An `mqtt://` or `mqtts://` address without user and password, as it came.

    Raises:
        ValueError: it is none.
    """
    parts = _dialled(value)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ValueError("not a broker address; write mqtts://host:8883 or mqtt://host:1883")
    if "@" in parts.netloc:
        raise ValueError(
            "the address carries a user or a password; there are keys for both, the password's names a file "
            "(username and password_file of [mqtt], mqtt_username and mqtt_password_file of [central])"
        )
    return value


def without_password(url: str) -> str:
    """The address of a database for people to see: `***` for a password of the user, or among what follows a `?`."""
    if "://" not in url:
        return url.partition(":")[0]
    return _OF_THE_USER.sub(r"\1***@", _ASKED_WITH.sub(r"\1***", url))


def _dialled(value: str) -> SplitResult:
    """Its parts.

    Raises:
        ValueError: no such host or port can be.
    """
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from None
    host = parts.hostname or ""
    try:
        host.encode("idna")  # as the resolver does
    except UnicodeError:
        raise ValueError(f"{host[:80]!r} is no host: a part between its dots is empty or too long") from None
    if not host.isprintable() or " " in host:
        raise ValueError(f"{host[:80]!r} is no host: a name has no blanks")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port of the address is none; ports are 1 to 65535")
    return parts


CameraUrl = Annotated[str, AfterValidator(camera_url)]
BrokerUrl = Annotated[str, AfterValidator(broker_url)]
