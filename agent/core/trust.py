"""May anything be deleted for its age by the wall clock? It may be wrong, and be set right in a moment."""

from __future__ import annotations

import logging

from agent.core.clock import NS, Clock

log = logging.getLogger(__name__)

_JUMP_NS = 3600 * NS
_TRUST_AGAIN_NS = 3600 * NS


class Trust:
    """May anything be deleted for its age? Not for an hour after the clock jumped, or began without a time server.

    No battery, or a wrong time server, must not make all that is kept look old. A person has an hour to set it right.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart_ns = clock.wall_ns() - clock.mono_ns()
        wait_ns = _TRUST_AGAIN_NS if clock.synced() is False else 0
        self._until_ns = clock.mono_ns() + wait_ns

    def given(self) -> bool:
        """Did wall and monotonic time go the same way for long enough?"""
        mono_ns = self._clock.mono_ns()
        apart_ns = self._clock.wall_ns() - mono_ns
        jump_ns, self._apart_ns = apart_ns - self._apart_ns, apart_ns
        if abs(jump_ns) > _JUMP_NS:
            self._until_ns = mono_ns + _TRUST_AGAIN_NS
            log.warning("the clock jumped by %+.0f s: nothing is deleted for its age in the next hour", jump_ns / NS)
        return mono_ns >= self._until_ns
