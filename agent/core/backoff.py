"""Waiting longer after each failure, never in step with the neighbours."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Exponential back-off with full jitter.

    The wait before attempt n is drawn from 0.5..1 times `first_s * factor**n`, never above `most_s`: after a power
    cut on a street, forty cameras must not knock at the same moment. Source: Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015 ("equal jitter").
    """

    def __init__(
        self, first_s: float = 1.0, most_s: float = 60.0, factor: float = 2.0, draw: Callable[[], float] = random.random
    ) -> None:
        self._first_s, self._most_s, self._factor, self._draw = first_s, most_s, factor, draw
        self._failures = 0

    def copy(self) -> Backoff:
        """Another of the same kind, that has not failed yet."""
        return Backoff(self._first_s, self._most_s, self._factor, self._draw)

    @property
    def failures(self) -> int:
        """Failures since the last `reset`."""
        return self._failures

    def next_s(self) -> float:
        """Count a failure and return how long to wait before the next attempt."""
        ceiling = min(self._most_s, self._first_s * self._factor ** min(self._failures, 32))
        self._failures += 1
        return ceiling * (0.5 + 0.5 * self._draw())

    def reset(self) -> None:
        """It worked: start again from the shortest wait."""
        self._failures = 0
