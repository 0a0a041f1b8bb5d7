"""How many bytes may be on their way to the broker, so that what is urgent never waits long behind them.

A link takes what it is given and queues it: in the socket, in the modem. With a fixed window an alarm over LTE waits
for seconds behind a backlog. Here the window follows the delay of the broker's confirmations, as LEDBAT does (RFC
6817): it grows while they come promptly, and shrinks when more than `target_s` of queue stands before us. Now and then
it is held small for a moment, to learn anew how long a confirmation takes without a queue.
"""

from __future__ import annotations

from agent.core.clock import NS

LEAST_BYTES = 8 << 10
START_BYTES = 16 << 10
MOST_BYTES = 2 << 20
TARGET_S = 0.5
PROBE_EVERY_S, PROBE_S = 30.0, 0.5
_GENTLE = 0.25
"""Share of what was confirmed by which the window grows once a queue has been seen."""


class Pace:
    """The window of one connection."""

    def __init__(self, target_s: float = TARGET_S) -> None:
        self._target_ns = target_s * NS
        self._base_ns: float | None = None
        self._fresh_ns: float | None = None
        self._window = float(START_BYTES)
        self._queue_seen = False
        self._probe_ns = self._calm_ns = 0

    def window(self, now_ns: int) -> int:
        """Bytes that may be unconfirmed now."""
        return LEAST_BYTES if self._probing(now_ns) else int(self._window)

    def confirmed(self, size: int, took_ns: int, now_ns: int, *, full: bool) -> None:
        """`size` bytes were confirmed `took_ns` after they left; `full`: the window held the next ones back."""
        if size <= LEAST_BYTES:  # of a large message most is its own way through a narrow link
            self._learn(took_ns, now_ns)
        queue_ns = took_ns - (self._base_ns or 0)
        if queue_ns > self._target_ns:
            self._queue_seen = True
            if now_ns >= self._calm_ns:  # what is on its way already knows nothing of the smaller window
                self._calm_ns = now_ns + took_ns
                self._window = max(LEAST_BYTES, self._window * max(0.5, self._target_ns / queue_ns))
        elif full:
            room = 1 - max(0.0, queue_ns) / self._target_ns
            more = min(size, self._window) * room
            self._window = min(MOST_BYTES, self._window + more * (_GENTLE if self._queue_seen else 1))

    def _probing(self, now_ns: int) -> bool:
        return self._probe_ns <= now_ns < self._probe_ns + PROBE_S * NS

    def answered(self, took_ns: int, now_ns: int) -> None:
        """The broker answered something small so fast, with nothing else on the way."""
        self._learn(took_ns, now_ns)

    def _learn(self, took_ns: int, now_ns: int) -> None:
        if self._base_ns is None:
            self._base_ns, self._probe_ns = took_ns, now_ns + int(PROBE_EVERY_S * NS)
        if now_ns >= self._probe_ns:
            self._fresh_ns = took_ns if self._fresh_ns is None else min(self._fresh_ns, took_ns)
        if now_ns >= self._probe_ns + PROBE_S * NS:
            self._base_ns, self._fresh_ns = self._fresh_ns or self._base_ns, None
            self._probe_ns = now_ns + int(PROBE_EVERY_S * NS)
        self._base_ns = min(self._base_ns or took_ns, took_ns)
