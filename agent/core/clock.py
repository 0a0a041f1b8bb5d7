"""Two clocks, two names: `wall_ns` (UTC, may step) and `mono_ns` (never goes back)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

NS = 1_000_000_000


class Clock(Protocol):
    """What time it is. Real in the product, simulated in tests."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, as the gateway believes."""

    def mono_ns(self) -> int:
        """Nanoseconds of a clock that never steps; only differences mean anything."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> int:
        """See `Clock.wall_ns`."""
        return time.time_ns()

    def mono_ns(self) -> int:
        """See `Clock.mono_ns`."""
        return time.monotonic_ns()


def rfc3339(wall_ns: int) -> str:
    """`1700000000123456789` -> `2023-11-14T22:13:20.123Z` (RFC 3339, UTC, milliseconds, rounded down)."""
    seconds, rest_ns = divmod(wall_ns, NS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """The inverse of `rfc3339`; any offset is accepted, none is an error.

    Raises:
        ValueError: not an RFC 3339 time, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without an offset: {text!r}; write it as 2026-01-31T12:00:00Z")
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * NS + moment.microsecond * 1000
