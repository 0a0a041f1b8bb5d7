"""Whether a count still moves: the honest sign that something works is what it did just now."""

from __future__ import annotations

import threading

from agent.core.clock import NS, Clock


class Movement:
    """Remembers when each named count last changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, tuple[int, int]] = {}

    def still_s(self, name: str, count: int) -> float:
        """Look at `count` and say for how long it has stood still; 0 when it moved since the last look.

        A count that is looked at for the first time has stood still since then.
        """
        now_ns = self._clock.mono_ns()
        with self._lock:
            before = self._last.get(name)
            if before is None or before[0] != count:
                self._last[name] = (count, now_ns)
                return 0.0
            return (now_ns - before[1]) / NS
