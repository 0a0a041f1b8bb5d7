"""A queue that one who says too much cannot take from all others.

While more than half of it is full, nobody may have more than an even part of that half waiting. What goes beyond is
not for waiting: it would only come again, and reading less would hold back everybody. Each sort of what somebody says
is counted by itself. What tells how things stand is renewed where it waits, and takes no more room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

from agent.core.queues import BoundedQueue

T = TypeVar("T")


def _unlike(_: object) -> None:
    return None


ALWAYS, ALWAYS_BYTES = 500, 2 << 20
"""So much may wait of anybody: a gateway that comes back after an hour without a link is no flood."""


class FairQueue(BoundedQueue[T]):
    """A `BoundedQueue` that knows of whom its items are, and of which sort; `whose` tells both.

    `alike` names what an item replaces when it is newer; None: nothing.
    """

    def __init__(
        self, max_items: int, max_bytes: int, size: Callable[[T], int], whose: Callable[[T], tuple[str, str]],
        alike: Callable[[T], Hashable | None] = _unlike,
    ) -> None:  # fmt: skip
        super().__init__(max_items, max_bytes, size)
        self._half_items, self._half_bytes = max_items // 2, max_bytes // 2
        self._whose, self._alike = whose, alike
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._bytes_of: Counter[tuple[str, str]] = Counter()
        self._last: dict[Hashable, T] = {}
        self._instead: dict[int, T] = {}

    def crowded_by(self, item: T) -> bool:
        """Has whose this is, among several, so much of its sort waiting that the others would soon find no room?"""
        with self._ready:
            if len(self._items) <= self._half_items and self._bytes <= self._half_bytes:
                return False
            whose = self._whose(item)
            if all(name == whose[0] for name, _ in self._waiting):
                return False
            many = self._waiting[whose] >= max(ALWAYS, self._half_items // len(self._waiting))
            return many or self._bytes_of[whose] >= max(ALWAYS_BYTES, self._half_bytes // len(self._waiting))

    def put(self, item: T) -> bool:
        """See `BoundedQueue.put`."""
        with self._ready:
            taken = super().put(item)
            if taken:
                self._count(item, 1)
                if (key := self._alike(item)) is not None:
                    self._last[key] = item
            return taken

    def renew(self, item: T) -> bool:
        """Put it in the place of the last one like it that waits; False: none does."""
        with self._ready:
            last = self._last.get(self._alike(item))
            if last is None:
                return False
            more = self._size(item) - self._size(self._instead.get(id(last), last))
            self._instead[id(last)] = item
            self._bytes += more
            self._bytes_of[self._whose(item)] += more
            return True

    def _pop(self) -> T:
        old = super()._pop()
        item = self._instead.pop(id(old), old)
        self._bytes += self._size(old) - self._size(item)
        self._count(item, -1)
        key = self._alike(item)
        if key is not None and self._last.get(key) is old:
            del self._last[key]
        return item

    def _count(self, item: T, sign: int) -> None:
        whose = self._whose(item)
        self._waiting[whose] += sign
        self._bytes_of[whose] += sign * self._size(item)
        if not self._waiting[whose]:
            del self._waiting[whose], self._bytes_of[whose]
