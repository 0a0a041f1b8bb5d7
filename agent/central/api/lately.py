"""What happened a moment ago: so that what comes in many parts, or again and again, is written down once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from agent.core.clock import NS, Clock

LATELY_S = 300
_MOST = 10_000


class Lately:
    """Of one web worker; what it has forgotten, or another has seen, counts once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._at_ns: OrderedDict[Any, int] = OrderedDict()

    def has(self, what: Any) -> bool:
        """Did this happen within the last five minutes? What goes on for longer happens anew."""
        with self._lock:
            at_ns = self._at_ns.get(what)
        return at_ns is not None and self._clock.mono_ns() - at_ns < LATELY_S * NS

    def happened(self, what: Any) -> None:
        """It did just now."""
        with self._lock:
            self._at_ns[what] = self._clock.mono_ns()
            self._at_ns.move_to_end(what)
            if len(self._at_ns) > _MOST:
                self._at_ns.popitem(last=False)
