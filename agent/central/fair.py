"""A queue that one who says too much cannot take from all others.

While more than half of it is full, nobody may have more than an even part of that half waiting. What goes beyond is
not for waiting: it would only come again, and reading less would hold back everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from agent.core.queues import BoundedQueue

T = TypeVar("T")

ALWAYS, ALWAYS_BYTES = 500, 2 << 20
"""So much may wait of anybody: a gateway that comes back after an hour without a link is no flood."""


class FairQueue(BoundedQueue[T]):
    """A `BoundedQueue` that knows of whom its items are; `whose` tells it."""

    def __init__(self, max_items: int, max_bytes: int, size: Callable[[T], int], whose: Callable[[T], str]) -> None:
        super().__init__(max_items, max_bytes, size)
        self._half_items, self._half_bytes, self._whose = max_items // 2, max_bytes // 2, whose
        self._waiting: Counter[str] = Counter()
        self._bytes_of: Counter[str] = Counter()

    def crowded_by(self, name: str) -> bool:
        """Has this one, among several, so much waiting that the others would soon find no room?"""
        with self._ready:
            if len(self._items) <= self._half_items and self._bytes <= self._half_bytes:
                return False
            if self._waiting.keys() <= {name}:
                return False
            many = self._waiting[name] >= max(ALWAYS, self._half_items // len(self._waiting))
            return many or self._bytes_of[name] >= max(ALWAYS_BYTES, self._half_bytes // len(self._waiting))

    def put(self, item: T) -> bool:
        """See `BoundedQueue.put`."""
        with self._ready:
            taken = super().put(item)
            if taken:
                name = self._whose(item)
                self._waiting[name] += 1
                self._bytes_of[name] += self._size(item)
            return taken

    def _pop(self) -> T:
        item = super()._pop()
        name = self._whose(item)
        self._waiting[name] -= 1
        self._bytes_of[name] -= self._size(item)
        if not self._waiting[name]:
            del self._waiting[name], self._bytes_of[name]
        return item
