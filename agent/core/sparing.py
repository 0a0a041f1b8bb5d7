"""A warning that may come a thousand times a second is said now and then, with how many were left out."""

from __future__ import annotations

import logging

from agent.core.clock import NS, Clock

EVERY_S = 10.0


class SparingLog:
    """Says the first warning, then at most one every `every_s`. Not for several threads at once."""

    def __init__(self, log: logging.Logger, clock: Clock, every_s: float = EVERY_S) -> None:
        self._log, self._clock, self._every_ns = log, clock, int(every_s * NS)
        self._next_ns: int | None = None
        self._left_out = 0

    def warning(self, text: str, *values: object) -> None:
        """As `logging.Logger.warning`."""
        now_ns = self._clock.mono_ns()
        if self._next_ns is not None and now_ns < self._next_ns:
            self._left_out += 1
            return
        more = f" ({self._left_out} more like it meanwhile)" if self._left_out else ""
        self._next_ns, self._left_out = now_ns + self._every_ns, 0
        self._log.warning(text + more.replace("%", "%%"), *values)
