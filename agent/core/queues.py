"""Every queue of the product: each has a bound, a rule for when it is full, a counter and an owner.

| class | bound | when full |
|---|---|---|
| `BoundedQueue` | items and bytes | `put` returns False; the owner decides |
| `GopQueue` | groups of pictures | what is queued behind a newer keyframe goes, and is counted |
| `LatestSlot` | one item | the newest wins, and the loser is counted |
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from agent.core.media import Packet

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """First in, first out, up to `max_items` and `max_bytes`. One item always fits, however large."""

    def __init__(self, max_items: int, max_bytes: int | None = None, size: Callable[[T], int] = lambda _: 0) -> None:
        self._max_items, self._max_bytes, self._size = max_items, max_bytes, size
        self._items: deque[T] = deque()
        self._ready = threading.Condition()
        self._bytes = 0
        self.refused = 0

    def put(self, item: T) -> bool:
        """Add `item` and return True, or count a refusal and return False. Never waits."""
        with self._ready:
            if not self._fits(item):
                self.refused += 1
                return False
            self._items.append(item)
            self._bytes += self._size(item)
            self._ready.notify()
            return True

    def get(self, timeout_s: float | None = None) -> T | None:
        """The oldest item, or None when none came within `timeout_s`."""
        with self._ready:
            if not self._ready.wait_for(lambda: bool(self._items), timeout_s):
                return None
            return self._pop()

    def peek(self) -> T | None:
        """The oldest item, left where it is; None when there is none."""
        with self._ready:
            return self._items[0] if self._items else None

    def drain(self, most: int, most_bytes: int | None = None) -> list[T]:
        """Up to `most` of the oldest items, at once, possibly none; after `most_bytes` no more."""
        with self._ready:
            floor = 0 if most_bytes is None else self._bytes - most_bytes
            found: list[T] = []
            while self._items and len(found) < most and (self._bytes > floor or most_bytes is None):
                found.append(self._pop())
            return found

    def __len__(self) -> int:
        return len(self._items)

    @property
    def bytes(self) -> int:
        """Bytes queued now, as `size` counts them."""
        return self._bytes

    def _fits(self, item: T) -> bool:
        if not self._items:
            return True
        room = self._max_bytes is None or self._bytes + self._size(item) <= self._max_bytes
        return room and len(self._items) < self._max_items

    def _pop(self) -> T:
        item = self._items.popleft()
        self._bytes -= self._size(item)
        return item


class GopQueue:
    """Packets of one stream for a reader that may be slow: whole groups of pictures, so the reader can always decode.

    Holds up to `max_gops` groups; a keyframe that would begin one more drops the oldest group not yet begun to be
    read. When the reader stands in the middle of a group, its rest goes too: decoding resumes at the next keyframe.
    One group always fits, up to `max_bytes`; beyond that packets are dropped up to the next keyframe.
    """

    def __init__(
        self,
        video_track: int,
        max_gops: int = 2,
        max_bytes: int = 32 << 20,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`has_room` says whether a budget that others share allows one more packet."""
        self._video, self._max_gops, self._max_bytes, self._has_room = video_track, max_gops, max_bytes, has_room
        self._packets: deque[Packet] = deque()
        self._ready = threading.Condition()
        self._bytes = 0
        self._gated = False
        self.dropped = 0

    def put(self, packet: Packet) -> None:
        """Add a packet; what no longer fits goes by the rule above. Never waits."""
        with self._ready:
            begins = packet.key and packet.track == self._video
            if begins:
                self._gated = False
                while self._keys() >= self._max_gops:
                    self._drop_first_group()
            full = not self._gated and (self._bytes + len(packet.data) > self._max_bytes or not self._has_room())
            if self._gated or (full and not begins):
                self._gated = True
                self.dropped += 1
                return
            if full:
                self._drop_all()
            self._packets.append(packet)
            self._bytes += len(packet.data)
            self._ready.notify()

    def get(self, timeout_s: float | None = None) -> Packet | None:
        """The oldest packet, or None when none came within `timeout_s`."""
        with self._ready:
            if not self._ready.wait_for(lambda: bool(self._packets), timeout_s):
                return None
            return self._pop()

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def bytes(self) -> int:
        """Bytes queued now."""
        return self._bytes

    def _keys(self) -> int:
        return sum(1 for packet in self._packets if packet.key and packet.track == self._video)

    def _drop_first_group(self) -> None:
        self._drop_one()
        while self._packets and not (self._packets[0].key and self._packets[0].track == self._video):
            self._drop_one()

    def _drop_all(self) -> None:
        while self._packets:
            self._drop_one()

    def _drop_one(self) -> None:
        self._pop()
        self.dropped += 1

    def _pop(self) -> Packet:
        packet = self._packets.popleft()
        self._bytes -= len(packet.data)
        return packet


class LatestSlot(Generic[T]):
    """Room for one: a newer item replaces the one nobody took yet."""

    def __init__(self) -> None:
        self._item: T | None = None
        lock = threading.Lock()
        self._ready, self._taken = threading.Condition(lock), threading.Condition(lock)
        self.replaced = 0

    def put(self, item: T) -> None:
        """Offer `item`; an older one still waiting is dropped and counted."""
        with self._ready:
            if self._item is not None:
                self.replaced += 1
            self._item = item
            self._ready.notify()

    def get(self, timeout_s: float | None = None) -> T | None:
        """Take the item, or None when none came within `timeout_s`."""
        with self._ready:
            self._ready.wait_for(lambda: self._item is not None, timeout_s)
            item, self._item = self._item, None
            self._taken.notify_all()
            return item

    def wait_taken(self, timeout_s: float) -> bool:
        """Wait until nothing waits to be taken, at most `timeout_s`; says whether that is so."""
        with self._ready:
            return self._taken.wait_for(lambda: self._item is None, timeout_s)
