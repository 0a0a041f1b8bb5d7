"""How arguments are read: times, ports, numbers with a bound."""

from __future__ import annotations

import argparse

from agent.core.clock import parse_rfc3339

LAST_NS = 1 << 62
"""What comes after it has no place in a catalogue."""

Steps = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def port(text: str) -> int:
    """A TCP port, 0 for a free one."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are 0 to 65535")
    return port


def address(text: str) -> tuple[str, int]:
    """`host:port` to listen at."""
    host, _, number = text.rpartition(":")
    if not host or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no host:port, like 127.0.0.1:8554")
    return host, port(number)


def count(text: str) -> int:
    """At least one."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not more than 0, or has no end")
    return value


def not_negative(text: str) -> float:
    """0 or more."""
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return value


def time(text: str) -> int:
    """A time of RFC 3339, as nanoseconds since 1970."""
    try:
        value = parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from error
    if not 0 <= value < LAST_NS:
        raise argparse.ArgumentTypeError(f"{text!r} is no time that we know; years go from 1970 to 2115")
    return value
