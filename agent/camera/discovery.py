"""Looking for cameras on the networks of this machine, every way at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from ipaddress import ip_address

import ifaddr

from agent.camera import wsdiscovery
from agent.camera.found import Found, format_found, merge
from agent.camera.mdns import MdnsSearch
from agent.core.clock import Clock
from agent.core.errors import CameraError, ConfigError

__all__ = ["Found", "discover", "format_found", "network_addresses"]

log = logging.getLogger(__name__)


def discover(
    timeout_s: float, clock: Clock, interfaces: Sequence[str] | None = None, *, probe_port: int = wsdiscovery.PORT
) -> list[Found]:
    """Cameras that answer within about `timeout_s`: Axis over mDNS, ONVIF over WS-Discovery; one entry each.

    `interfaces` are IPv4 addresses of this machine, all of them when None. It blocks for the whole time. A way that
    cannot be used is logged and the other one still counts.

    Raises:
        CameraError: this machine has no network to search.
        ConfigError: one of `interfaces` is not an address of this machine.
    """
    chosen = _ours(interfaces) if interfaces is not None else network_addresses()
    if not chosen:
        raise CameraError(
            "no network to search: this machine has no IPv4 address but loopback; connect it and try again"
        )
    try:
        with MdnsSearch(chosen) as mdns:
            answers = wsdiscovery.search(timeout_s, clock, chosen, port=probe_port)
            return merge([*mdns.found(clock), *answers])
    except CameraError as error:
        log.warning("%s; searching over WS-Discovery alone", error)
        return merge(wsdiscovery.search(timeout_s, clock, chosen, port=probe_port))


def network_addresses() -> list[str]:
    """The IPv4 addresses of this machine, loopback left out."""
    return [address for address in _all_addresses() if not ip_address(address).is_loopback]


def _all_addresses() -> list[str]:
    return sorted({found.ip for adapter in ifaddr.get_adapters() for found in adapter.ips if isinstance(found.ip, str)})


def _ours(interfaces: Sequence[str]) -> list[str]:
    have = _all_addresses()
    for address in interfaces:
        if address not in have:
            raise ConfigError(f"{address!r} is not an IPv4 address of this machine; it has {', '.join(have)}")
    return list(interfaces)
