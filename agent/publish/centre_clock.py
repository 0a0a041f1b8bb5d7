"""What time it is at the centre, learnt from what it sends: a gateway's own clock may stand in 1970."""

from __future__ import annotations

from agent.core.clock import Clock, parse_rfc3339


class CentreClock:
    """The centre's wall clock carried on by our monotonic one; unknown until the first acknowledgement."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ns: int | None = None

    def now_ns(self) -> int | None:
        """Nanoseconds since 1970 by the centre's clock, None before anything was learnt."""
        return None if self._offset_ns is None else self._clock.mono_ns() + self._offset_ns

    def learn(self, now: str) -> None:
        """An acknowledgement says what time it is there (RFC 3339)."""
        self._offset_ns = parse_rfc3339(now) - self._clock.mono_ns()

    def at_least(self, moment: str) -> None:
        """A command that is truly the centre's was issued then: it cannot be earlier there now."""
        offset_ns = parse_rfc3339(moment) - self._clock.mono_ns()
        if self._offset_ns is None or self._offset_ns < offset_ns:
            self._offset_ns = offset_ns
