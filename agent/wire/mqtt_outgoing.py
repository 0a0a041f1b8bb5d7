"""What waits to be written to the broker: bounded, the urgent first, QoS 1 before QoS 0, filled by any thread."""

from __future__ import annotations

from contextlib import suppress
from socket import socket, socketpair
from typing import NamedTuple

from agent.core.queues import BoundedQueue

SURE_ITEMS, SURE_BYTES = 1024, 8 << 20
HASTY_ITEMS, HASTY_BYTES = 512, 4 << 20


class Outgoing(NamedTuple):
    """One PUBLISH."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    urgent: bool = False
    at_ns: int = 0


def _size(item: Outgoing) -> int:
    return len(item.payload) + len(item.topic)


class OutgoingQueue:
    """Three queues: urgent QoS 1 waits for a free place only, other QoS 1 for room as well, QoS 0 for the socket.

    With `hasty_first` QoS 0 goes before QoS 1 that is not urgent: live pictures before pieces of clips.
    """

    def __init__(self, *, hasty_first: bool = False) -> None:
        self._hasty_first = hasty_first
        self._urgent: BoundedQueue[Outgoing] = BoundedQueue(SURE_ITEMS, SURE_BYTES, _size)
        self._sure: BoundedQueue[Outgoing] = BoundedQueue(SURE_ITEMS, SURE_BYTES, _size)
        self._hasty: BoundedQueue[Outgoing] = BoundedQueue(HASTY_ITEMS, HASTY_BYTES, _size)

    def put(self, item: Outgoing) -> bool:
        """Add and return True, or count a refusal and return False."""
        return (self._hasty if not item.qos else self._urgent if item.urgent else self._sure).put(item)

    def take(self, *, place: bool, room: bool) -> Outgoing | None:
        """The next item: of QoS 1 only with a `place` among the unconfirmed; what is not urgent needs `room`, too."""
        found = self._urgent.drain(1) if place else []
        found = found or (self._hasty.drain(1) if self._hasty_first else [])
        found = found or (self._sure.drain(1) if place and room else []) or self._hasty.drain(1)
        return found[0] if found else None

    def clear(self) -> None:
        """Forget everything: what was accepted dies with its connection."""
        self._urgent.drain(SURE_ITEMS + 1)
        self._sure.drain(SURE_ITEMS + 1)
        self._hasty.drain(HASTY_ITEMS + 1)

    def hasty_waits_ns(self, now_ns: int) -> int:
        """How long the oldest of QoS 0 has waited for the socket."""
        oldest = self._hasty.peek()
        return now_ns - oldest.at_ns if oldest is not None else 0

    @property
    def sure(self) -> int:
        """How many of QoS 1 wait."""
        return len(self._sure) + len(self._urgent)

    @property
    def sure_bytes(self) -> int:
        """And their bytes."""
        return self._sure.bytes + self._urgent.bytes


class Bell:
    """Wakes a thread that waits on a socket. Lives while the worker runs."""

    def __init__(self) -> None:
        self._hear, self._ring = socketpair()
        self._hear.setblocking(False)
        self._ring.setblocking(False)

    @property
    def socket(self) -> socket:
        """Readable once somebody rang."""
        return self._hear

    def ring(self) -> None:
        """Wake the waiting thread; from any thread, never blocks."""
        with suppress(OSError):  # full: it will wake anyway; closed: nobody waits any more
            self._ring.send(b"!")

    def hush(self) -> None:
        """Forget the rings so far."""
        with suppress(BlockingIOError):
            while self._hear.recv(4096):
                pass

    def close(self) -> None:
        """Let go of both ends."""
        self._hear.close()
        self._ring.close()
