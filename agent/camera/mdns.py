"""Axis cameras over mDNS / DNS-SD with zeroconf (RFC 6762, 6763)."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from zeroconf import (
    BadTypeInNameException,
    IPVersion,
    NonUniqueNameException,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
)

from agent.camera.found import Found, is_axis, mac_of, plain
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError

AXIS_TYPES = ("_axis-video._tcp.local.", "_vapix-http._tcp.local.", "_vapix-https._tcp.local.")
TYPES = (*AXIS_TYPES, "_rtsp._tcp.local.")
MOST_NAMES = 1_000

_Failures = (OSError, BadTypeInNameException, NonUniqueNameException)


class _Names(ServiceListener):
    """Remembers which services exist; asking for their details waits until the search is over."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], None] = {}

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - zeroconf's own signature
        if len(self.seen) < MOST_NAMES:
            self.seen[type_, name] = None

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """What went away during the search was there a moment ago: keep it, the person decides."""

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)


class MdnsSearch:
    """Listens in the background of a `with` block; `found` then asks for the details of what was heard."""

    def __init__(self, interfaces: Sequence[str]) -> None:
        self._interfaces = list(interfaces)
        self._names = _Names()

    def __enter__(self) -> Self:
        """Open the sockets and begin to browse.

        Raises:
            CameraError: mDNS cannot be used on these interfaces.
        """
        try:
            self._zeroconf = Zeroconf(interfaces=self._interfaces, ip_version=IPVersion.V4Only)
        except _Failures as error:
            raise CameraError(f"mDNS cannot be used on {', '.join(self._interfaces)}: {error}") from error
        self._browser = ServiceBrowser(self._zeroconf, list(TYPES), self._names)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.cancel()
        self._zeroconf.close()

    def found(self, clock: Clock, timeout_s: float = 1.0) -> list[Found]:
        """The Axis cameras heard so far; details that did not come along are asked for, `timeout_s` in all."""
        end_ns = clock.mono_ns() + int(timeout_s * NS)
        found = []
        for kind, name in list(self._names.seen):
            info = self._details(kind, name, max(0, (end_ns - clock.mono_ns()) // 1_000_000))
            if info is not None and (one := from_service(info)) is not None:
                found.append(one)
        return found

    def _details(self, kind: str, name: str, left_ms: int) -> ServiceInfo | None:
        try:
            info = ServiceInfo(kind, name)
        except BadTypeInNameException:
            return None
        if info.load_from_cache(self._zeroconf) or (left_ms and info.request(self._zeroconf, left_ms)):
            return info
        return None


def from_service(info: ServiceInfo) -> Found | None:
    """A camera from its service record; None when the record is not an Axis camera's (RTSP is spoken by many)."""
    addresses = info.parsed_addresses(IPVersion.V4Only)
    if not addresses:
        return None
    instance = plain(info.name.removesuffix("." + info.type))
    mac = mac_of(_text(info.properties.get(b"macaddress")))
    if not (info.type in AXIS_TYPES or is_axis(mac) or instance.lower().startswith("axis")):
        return None
    # Axis calls the service "AXIS P3245-LVE - B8A44F001122": model, or the name that people gave, and serial number.
    name, _, tail = instance.rpartition(" - ")
    in_name = mac_of(tail)
    mac = mac or in_name
    name = name if in_name else instance
    return Found(address=addresses[0], name=name, serial=mac.upper(), mac=mac, how=("mdns",))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")[:64]
