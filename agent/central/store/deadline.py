"""How long an answer is of use. A statement that runs on beyond that is ended by the database: see `Days.read`."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.clock import Clock
from agent.core.errors import StorageError

Late = Callable[[], bool]
"""Has what is wanted no more use, for the time is up or nobody waits?"""

_MS = 1_000_000


class OutOfTime(StorageError):
    """What was asked for has no more use; nothing is wrong with the database."""


def never() -> bool:
    """A `Late` that is not."""
    return False


class Deadline:
    """A `Late`: the time is up after `limit_ms` from now on, or nobody waits any more (`gone`)."""

    def __init__(self, clock: Clock, limit_ms: int, gone: Late = never) -> None:
        self._clock, self._gone = clock, gone
        self._end_ns = clock.mono_ns() + limit_ms * _MS

    def __call__(self) -> bool:
        """See `Late`."""
        return self._clock.mono_ns() >= self._end_ns or self._gone()

    def left_ms(self) -> int:
        """How long a statement that begins now may run: 1 at least."""
        return max(1, (self._end_ns - self._clock.mono_ns()) // _MS)
