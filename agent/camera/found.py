"""What discovery found: one entry per camera, however many ways it answered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

AXIS_MACS = ("00408c", "accc8e", "b8a44f", "e82725")
"""First halves of Axis hardware addresses (IEEE OUI); an Axis serial number is the hardware address."""

_HEX = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that answered. `mac` is 12 lower-case hex digits, "" when unknown, like every other text."""

    address: str
    name: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""
    endpoint: str = ""  # the device's stable WS-Discovery address, urn:uuid:...
    xaddrs: tuple[str, ...] = ()
    how: tuple[str, ...] = ()


def mac_of(text: str) -> str:
    """`B8:A4:4F:00:11:22` -> `b8a44f001122`; "" when the text is no hardware address."""
    bare = re.sub(r"[:.\-\s]", "", text).lower()
    return bare if _HEX.fullmatch(bare) else ""


def is_axis(mac: str) -> bool:
    """Does the hardware address belong to Axis?"""
    return mac.startswith(AXIS_MACS)


def plain(text: str, most: int = 80) -> str:
    """Text from the network, fit for one line of a terminal: printable, single spaces, not too long."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:most]


def merge(found: Iterable[Found]) -> list[Found]:
    """One entry per camera: the same hardware address, serial, endpoint or address."""
    groups: list[list[Found]] = []
    for one in found:
        same = [group for group in groups if any(_same(one, other) for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([*(other for group in same for other in group), one])
    return sorted((_join(group) for group in groups), key=lambda one: (_order(one.address), one.mac, one.serial))


def _same(one: Found, other: Found) -> bool:
    """The best name that both have decides; the address alone only without one, for encoders share theirs."""
    for name in ("mac", "serial", "endpoint"):
        mine, theirs = getattr(one, name).lower(), getattr(other, name).lower()
        if mine and theirs:
            return bool(mine == theirs)
    return one.address == other.address


def _join(group: list[Found]) -> Found:
    return Found(
        address=min((one.address for one in group), key=_order),
        name=_first(one.name for one in group),
        model=_first(one.model for one in group),
        serial=_first(one.serial for one in group),
        mac=_first(one.mac for one in group),
        endpoint=_first(one.endpoint for one in group),
        xaddrs=tuple(dict.fromkeys(xaddr for one in group for xaddr in one.xaddrs)),
        how=tuple(sorted({how for one in group for how in one.how})),
    )


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _order(address: str) -> tuple[bool, bool, int, str]:
    """IPv4 before IPv6, routed before link-local: what a person would write into the configuration first."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return (True, True, 0, address)
    return (parsed.version == 6, parsed.is_link_local, int(parsed), address)


def format_found(found: Found) -> str:
    """One line for a person: address, model and name, serial, ways it was found, ONVIF address."""
    parts = [found.name, *([f"({found.model})"] if found.model not in found.name else [])]
    named = " ".join(part for part in parts if part) or "unknown camera"
    serial = found.serial or found.mac.upper() or "-"
    xaddr = found.xaddrs[0] if found.xaddrs else "-"
    return f"{found.address:<15}  {named:<40}  {serial:<14}  {'+'.join(found.how):<17}  {xaddr}"
