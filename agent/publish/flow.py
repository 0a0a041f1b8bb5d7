"""How much media may be on its way, and in how large pieces: by what the connection has borne so far.

A piece that is on its way when a connection breaks goes again, and whatever is in the pipe stands before the next alarm
and the next live picture. So both follow the measured rate: pieces take about a seventh of a second each, the window
holds about what the way itself holds (rate times the shortest time to a confirmation, as BBR does), and where
connections break after little has passed, pieces and window become a small part of that.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.wire.messages import CHUNK_BYTES

SIZES = tuple(CHUNK_BYTES >> shift for shift in range(7))
"""Each is a whole number of the next: what has come stays good when pieces become smaller. 96 KiB to 1.5 KiB."""
FIRST_BYTES = SIZES[3]
PIECE_S = 0.15
WINDOW_S = 0.3
WINDOW_BYTES = 16 * CHUNK_BYTES
PIECES_A_CONNECTION = 80
STEPS_AT_A_BREAK = 2
LOST_SHARE = 0.05
"""Where connections break, no more is on its way than this share of what passed in one, but for two pieces."""
_RATES, _LATENCIES = 16, 64
_GAIN = 1.25


class _OnTheWay(NamedTuple):
    size: int
    at_ns: int
    confirmed: int


class Flow:
    """Of one connection after the other; all calls on one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._way: deque[_OnTheWay] = deque()
        self._rates: deque[float] = deque(maxlen=_RATES)
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._confirmed = self._passed = 0
        self._most_bytes = FIRST_BYTES
        self.breaks = False
        """Do connections end after little has passed?"""
        self.on_the_way = 0
        """Bytes handed to the connection that the broker has not confirmed."""

    @property
    def rate(self) -> float:
        """Bytes a second that went through of late, at best; 0 while nothing is known."""
        return max(self._rates, default=0.0)

    @property
    def piece_bytes(self) -> int:
        """How large a piece should be now, one of `SIZES`."""
        wanted = min(self._most_bytes, int(self.rate * PIECE_S) if self._rates else FIRST_BYTES)
        return next((size for size in SIZES if size <= wanted), SIZES[-1])

    def has_room(self, size: int, *, yielding: bool = False) -> bool:
        """May a piece of `size` go now? While `yielding` to something more urgent on the same way, one at a time."""
        return not self._way or (not yielding and self.on_the_way + size <= self._window(size))

    def sent(self, size: int) -> None:
        """So many bytes were handed to the connection, as one message that the broker confirms."""
        self._way.append(_OnTheWay(size, self._clock.mono_ns(), self._confirmed))
        self.on_the_way += size

    def settle(self, unconfirmed: int) -> None:
        """So many messages have not been confirmed yet; they are confirmed in the order they were sent."""
        now_ns = self._clock.mono_ns()
        while len(self._way) > unconfirmed:
            one = self._way.popleft()
            self.on_the_way -= one.size
            self._confirmed += one.size
            took_s = max(1, now_ns - one.at_ns) / NS
            self._latencies.append(took_s)
            self._rates.append((self._confirmed - one.confirmed) / took_s)
        if self._confirmed > 2 * PIECES_A_CONNECTION * self._most_bytes:
            self._most_bytes = min(CHUNK_BYTES, 2 * self._most_bytes)
            self.breaks = False

    def broke(self) -> int:
        """The connection ended: what was on its way is lost; returns how many messages."""
        lost = len(self._way)
        if self._way:
            least = self._most_bytes >> STEPS_AT_A_BREAK
            self.breaks, self._passed = True, self._confirmed
            self._most_bytes = max(SIZES[-1], least, min(self._most_bytes, self._confirmed // PIECES_A_CONNECTION))
        self._way.clear()
        self.on_the_way = self._confirmed = 0
        return lost

    def _window(self, size: int) -> float:
        if not self._rates:
            return 2 * FIRST_BYTES
        way = self.rate * min(self._latencies)
        held = size + _GAIN * way
        if self.breaks:
            held = min(held, max(2 * size, LOST_SHARE * max(self._passed, self._confirmed)))
        return min(WINDOW_BYTES, held, self.rate * WINDOW_S)
