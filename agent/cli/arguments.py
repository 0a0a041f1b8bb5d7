"""How arguments are read: times, ports, numbers with a bound."""

from __future__ import annotations

import argparse

from agent.core.clock import parse_rfc3339

LAST_NS = 1 << 62
"""What comes after it has no place in a catalogue."""

Steps = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


LEAST, MOST = 0.001, 1_000_000.0
"""Of seconds, days and rates. Beyond them is no wish but a slip, and clocks and sockets cannot count so far."""
MOST_COUNT = 1024


def port(text: str) -> int:
    """A TCP port, 0 for a free one."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are 0 to 65535")
    return port


def address(text: str) -> tuple[str, int]:
    """`host:port` to listen at; an IPv6 address stands in brackets, which are not part of what is returned."""
    host, _, number = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in bare and bare == host) or not (number.isascii() and number.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} is no host:port, like 127.0.0.1:8554 or [::1]:8554")
    return bare, port(number)


def count(text: str) -> int:
    """At least one, and no more than a machine could have."""
    value = int(text)
    if not 1 <= value <= MOST_COUNT:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {MOST_COUNT}")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not LEAST <= value <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not from {LEAST:g} to {MOST:.0f}")
    return value


def not_negative(text: str) -> float:
    """0 or more."""
    return 0.0 if float(text) == 0 else positive(text)


def time(text: str) -> int:
    """A time of RFC 3339, as nanoseconds since 1970."""
    try:
        value = parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from error
    if not 0 <= value < LAST_NS:
        raise argparse.ArgumentTypeError(f"{text!r} is no time that we know; years go from 1970 to 2115")
    return value
