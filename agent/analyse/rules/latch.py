"""The hysteresis of whatever goes on: it must have held for a while, and have been over for a while."""

from __future__ import annotations

from typing import Literal

from agent.core.clock import NS

FORGIVEN_NS = 4 * NS // 10
"""A condition that fails for so long before it counted goes on; what it held before that is kept."""
LONGEST_NS = 9 * NS
"""Between two answers further apart nobody knows more than that; a standing track may be missed for 8 s."""


class Latch:
    """One condition over time. Time in which nobody looked counts neither for nor against it.

    Between two pictures in which it holds it held, too, when those between could not tell.

    `since_ns` is when it began to hold, or did before it ceased; `off_at_ns` when it ceased, 0 while it holds. `idle`:
    it does not hold, and did not just before.
    """

    __slots__ = ("_after_ns", "_clear_ns", "_held_ns", "_last_ns", "_off_ns", "idle", "off_at_ns", "on", "since_ns")

    def __init__(self, after_s: float, clear_s: float) -> None:
        self._after_ns, self._clear_ns = round(after_s * NS), round(clear_s * NS)
        self._held_ns = self._off_ns = self._last_ns = 0
        self.on, self.idle = False, True
        self.since_ns = self.off_at_ns = 0

    def begin_again(self) -> None:
        """What held so far was something else: nothing holds, and nothing did before."""
        self.on, self.idle = False, True

    def step(self, holds: bool | None, wall_ns: int, *, blind: bool = False) -> Literal["start", "end"] | None:
        """What follows from whether it holds now; None: nobody knows."""
        if self.idle and not holds:
            return None
        if holds is None and not blind:
            return None
        elapsed_ns = 0 if blind or not self._last_ns else max(0, min(LONGEST_NS, wall_ns - self._last_ns))
        self._last_ns = wall_ns
        if holds is None:
            return None
        return self._hold(wall_ns, elapsed_ns) if holds else self._fail(wall_ns, elapsed_ns)

    def _hold(self, wall_ns: int, elapsed_ns: int) -> Literal["start"] | None:
        if self.idle:
            self.idle, self.since_ns, self._held_ns = False, wall_ns, 0
        elif not self.off_at_ns:
            self._held_ns += elapsed_ns
        self.off_at_ns = self._off_ns = 0
        if self.on or self._held_ns < self._after_ns:
            return None
        self.on = True
        return "start"

    def _fail(self, wall_ns: int, elapsed_ns: int) -> Literal["end"] | None:
        if not self.off_at_ns:
            self.off_at_ns, self._off_ns = wall_ns, 0
        else:
            self._off_ns += elapsed_ns
        if self._off_ns < (self._clear_ns if self.on else FORGIVEN_NS):
            return None
        was_on, self.on, self.idle = self.on, False, True
        return "end" if was_on else None
