"""What time it is at the centre, learnt from what it sends: a gateway's own clock may stand in 1970."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.clock import NS, Clock, parse_rfc3339

_KEEP_EVERY_NS = 60 * NS


class CentreClock:
    """The centre's wall clock carried on by our monotonic one; unknown until the first acknowledgement.

    `floor_ns` is the latest time known to an earlier run, and `keep` is told now and then what a later one should know.
    """

    def __init__(self, clock: Clock, floor_ns: int = 0, keep: Callable[[int], None] = lambda _: None) -> None:
        self._clock, self._keep = clock, keep
        self._offset_ns: int | None = None
        self.floor_ns = self._kept_ns = floor_ns

    def now_ns(self) -> int | None:
        """Nanoseconds since 1970 by the centre's clock, None before anything was learnt."""
        return None if self._offset_ns is None else self._clock.mono_ns() + self._offset_ns

    def ahead_ms(self) -> float | None:
        """How far our own wall clock is ahead of the centre's; None before anything was learnt."""
        now_ns = self.now_ns()
        return None if now_ns is None else round((self._clock.wall_ns() - now_ns) / 1e6, 1)

    def learn(self, now: str) -> None:
        """An acknowledgement says what time it is there (RFC 3339)."""
        self._learn_ns(parse_rfc3339(now))

    def at_least(self, moment: str) -> None:
        """A command that is truly the centre's was issued then: it cannot be earlier there now."""
        moment_ns, now_ns = parse_rfc3339(moment), self.now_ns()
        if now_ns is None or now_ns < moment_ns:
            self._learn_ns(moment_ns)

    def _learn_ns(self, now_ns: int) -> None:
        self._offset_ns = now_ns - self._clock.mono_ns()
        if abs(now_ns - self._kept_ns) > _KEEP_EVERY_NS:
            self._kept_ns = now_ns
            self._keep(now_ns)
