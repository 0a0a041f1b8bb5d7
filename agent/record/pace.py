"""How long the disk takes to make things last: a card that wears out, or a disk that dies, gets slow first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from agent.core.clock import NS, Clock

SLOW_S = 2.0
"""A sync of a second's worth of video takes milliseconds on any disk that is well."""
_REMEMBERED_NS = 60 * NS


class Pace:
    """Times the syncs of all cameras; any thread may ask."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[int, int] = {}
        self._slow_ns, self._slow_at_ns = 0, 0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Around a sync."""
        began_ns = self._clock.mono_ns()
        with self._lock:
            self._running[threading.get_ident()] = began_ns
        try:
            yield
        finally:
            now_ns = self._clock.mono_ns()
            with self._lock:
                del self._running[threading.get_ident()]
                self._note(now_ns - began_ns, now_ns)

    @property
    def problem(self) -> str:
        """One line for health while syncs take long, and for a minute after; else empty."""
        now_ns = self._clock.mono_ns()
        with self._lock:
            waiting_ns = now_ns - min(self._running.values(), default=now_ns)
            recent_ns = self._slow_ns if now_ns - self._slow_at_ns < _REMEMBERED_NS else 0
        slowest_s = max(waiting_ns, recent_ns) / NS
        if slowest_s < SLOW_S:
            return ""
        return f"the disk is slow: a sync took {slowest_s:.1f} s; look at its health, or what else writes there"

    def _note(self, took_ns: int, now_ns: int) -> None:
        if took_ns >= SLOW_S * NS:
            self._slow_ns, self._slow_at_ns = took_ns, now_ns
