"""Slows down whoever tries passwords."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

from agent.core.clock import NS, Clock

_WINDOW_NS = 300 * NS
_MOST_KEYS = 10_000


class Limiter:
    """At most `most` attempts of a key in five minutes; an attempt that succeeds is given back."""

    def __init__(self, clock: Clock, most: int = 8) -> None:
        self._clock, self._most = clock, most
        self._lock = threading.Lock()
        self._attempts: OrderedDict[str, list[int]] = OrderedDict()

    def attempt(self, key: str) -> int:
        """Count an attempt and return 0, or return how many seconds to wait."""
        now_ns = self._clock.mono_ns()
        with self._lock:
            recent = [at for at in self._attempts.pop(key, []) if now_ns - at < _WINDOW_NS]
            self._attempts[key] = recent
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.popitem(last=False)
            if len(recent) >= self._most:
                return math.ceil((recent[0] + _WINDOW_NS - now_ns) / NS)
            recent.append(now_ns)
            return 0

    def give_back(self, key: str) -> None:
        """It was the right password."""
        with self._lock:
            self._attempts.pop(key, None)
