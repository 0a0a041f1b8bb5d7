"""How arguments are read: times, ports, numbers with a bound."""

from __future__ import annotations

import argparse

from agent.core.clock import parse_rfc3339

Steps = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def port(text: str) -> int:
    """A TCP port, 0 for a free one."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are 0 to 65535")
    return port


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
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
        return parse_rfc3339(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from error
