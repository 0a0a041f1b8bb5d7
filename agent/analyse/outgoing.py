"""What the child has to say, on its way to the parent: bounded; pictures go first, starts and ends of events never."""

from __future__ import annotations

import threading
from collections import deque

MOST_ITEMS = 1_000
MOST_BYTES = 8 << 20


class Outgoing:
    """First in, first out. What may be lost is lost, oldest first, when it is full; the rest waits for room."""

    def __init__(self, most_items: int = MOST_ITEMS, most_bytes: int = MOST_BYTES) -> None:
        self._most_items, self._most_bytes = most_items, most_bytes
        self._items: deque[tuple[bytes, bool]] = deque()
        self._changed = threading.Condition()
        self._bytes = 0
        self._closed = False
        self.dropped = 0

    def put(self, data: bytes, *, may_go: bool) -> None:
        """Queue `data`. Waits for room only when it must not be lost and nothing queued may be."""
        with self._changed:
            while self._full(len(data)) and not self._closed:
                if self._drop_one():
                    continue
                if may_go:
                    self.dropped += 1
                    return
                self._changed.wait()
            self._items.append((data, may_go))
            self._bytes += len(data)
            self._changed.notify_all()

    def get(self) -> bytes | None:
        """The oldest item; waits for one. None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items) or self._closed)
            if not self._items:
                return None
            data, _ = self._items.popleft()
            self._bytes -= len(data)
            self._changed.notify_all()
            return data

    def close(self) -> None:
        """No more will come; what is queued is still given out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self, more: int) -> bool:
        return bool(self._items) and (len(self._items) >= self._most_items or self._bytes + more > self._most_bytes)

    def _drop_one(self) -> bool:
        for index, (data, may_go) in enumerate(self._items):
            if may_go:
                del self._items[index]
                self._bytes -= len(data)
                self.dropped += 1
                return True
        return False
