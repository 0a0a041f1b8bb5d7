"""Two clocks, two names: `wall_ns` (UTC, may step) and `mono_ns` (never goes back)."""

from __future__ import annotations

import ctypes
import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

NS = 1_000_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMEX_BYTES = 512
"""More than any `struct timex`; all zero asks without changing anything."""
_TIME_ERROR = 5


class Clock(Protocol):
    """What time it is. Real in the product, simulated in tests."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, as the gateway believes."""

    def mono_ns(self) -> int:
        """Nanoseconds of a clock that never steps; only differences mean anything, and only inside one `boot`."""

    def synced(self) -> bool | None:
        """Does a time server discipline the wall clock? None when nobody can tell."""

    @property
    def boot(self) -> str:
        """Names this run of the machine."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> int:
        """See `Clock.wall_ns`."""
        return time.time_ns()

    def mono_ns(self) -> int:
        """See `Clock.mono_ns`."""
        return time.monotonic_ns()

    def synced(self) -> bool | None:
        """See `Clock.synced`; asks the kernel (adjtimex(2)), which every time service of Linux tells."""
        if _LIBC is None:
            return None
        state = _LIBC.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        return None if state < 0 else state != _TIME_ERROR

    @property
    def boot(self) -> str:
        """See `Clock.boot`."""
        return _BOOT


def rfc3339(wall_ns: int) -> str:
    """`1700000000123456789` -> `2023-11-14T22:13:20.123Z` (RFC 3339, UTC, milliseconds, rounded down)."""
    seconds, rest_ns = divmod(wall_ns, NS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"


@lru_cache(maxsize=1 << 14)  # a batch of records is asked for its times again and again on its way into the store
def parse_rfc3339(text: str) -> int:
    """The inverse of `rfc3339`; any offset is accepted, none is an error.

    Raises:
        ValueError: not an RFC 3339 time, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without an offset: {text!r}; write it as 2026-01-31T12:00:00Z")
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS + since.microseconds * 1000


def _libc() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
    except OSError:
        return None
    return library if hasattr(library, "adjtimex") else None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")
    except OSError:
        return secrets.token_hex(16)  # at least this process can tell itself from others


_LIBC = _libc()
_BOOT = _boot()
