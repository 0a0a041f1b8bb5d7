"""From many decoders to the one thinker: the newest picture of each camera, the camera that waited longest first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from agent.core.queues import LatestSlot

T = TypeVar("T")

MOST_ENDED = 4
"""Last pictures and ends of a camera that wait to be taken: while it is so many, sessions that end are passed over."""


class Turns(Generic[T]):
    """A latest slot per camera; `take` goes by age, so that no camera waits for a busier one.

    The age counts from when the camera was last served, not from its newest picture: being replaced is no reason to
    wait longer. Where somebody moves, it counts `weight` times. `now_ns` is any clock that only goes forward.

    Nothing of a camera's next session is taken before the end of the last one. `put` and `over` of a camera are called
    by one thread.
    """

    def __init__(self, names: Sequence[str], now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._slots: dict[str, LatestSlot[T]] = {name: LatestSlot() for name in names}
        self._served_ns = dict.fromkeys(names, now_ns())
        self._weights = dict.fromkeys(names, 1.0)
        self._ended: dict[str, deque[T | None]] = {name: deque() for name in names}
        self._passed_over = dict.fromkeys(names, 0)
        self._ending = threading.Lock()
        self._something = threading.Event()

    def put(self, name: str, item: T, patience_s: float = 0.0) -> None:
        """Offer the newest picture of a camera; one that still waits after `patience_s` is dropped and counted."""
        slot = self._slots[name]
        if patience_s > 0:
            slot.wait_taken(patience_s)
        slot.put(item)
        self._something.set()

    def over(self, name: str) -> None:
        """The camera's stream has ended; said after its last picture, which goes first if it still waits."""
        with self._ending:
            last, ended = self._slots[name].get(0), self._ended[name]
            if last is not None and len(ended) < MOST_ENDED:
                ended += (last, None)
            elif not ended:
                ended.append(None)
            elif last is not None:  # as nothing of this session was taken, there is no end to tell either
                self._passed_over[name] += 1
        self._something.set()

    def weigh(self, name: str, weight: float) -> None:
        """From now on the camera's waiting counts so much."""
        self._weights[name] = weight

    def replaced(self, name: str) -> int:
        """How many pictures of a camera nobody looked at."""
        return self._slots[name].replaced + self._passed_over[name]

    def take(self, timeout_s: float) -> tuple[str, T | None] | None:
        """The next camera's newest picture, or its name alone when its stream has ended; None when nothing came."""
        if not self._something.wait(timeout_s):
            return None
        self._something.clear()
        now_ns = self._now_ns()
        for name in sorted(self._slots, key=lambda name: (self._served_ns[name] - now_ns) * self._weights[name]):
            turn = self._next(name)
            if turn is not None:
                self._served_ns[name] = now_ns
                self._something.set()  # there may be more: the next call looks
                return turn
        return None

    def _next(self, name: str) -> tuple[str, T | None] | None:
        with self._ending:  # between the two looks the session could end and the next one fill the slot
            ended = self._ended[name]
            if ended:
                return name, ended.popleft()
            item = self._slots[name].get(0)
            return None if item is None else (name, item)
