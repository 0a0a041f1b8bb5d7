"""What waits to be written to the broker: bounded, QoS 1 before QoS 0, filled by any thread."""

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


def _size(item: Outgoing) -> int:
    return len(item.payload) + len(item.topic)


class OutgoingQueue:
    """Two queues: QoS 1 waits for the window, QoS 0 for the socket; live video never stands before an alarm."""

    def __init__(self) -> None:
        self._sure: BoundedQueue[Outgoing] = BoundedQueue(SURE_ITEMS, SURE_BYTES, _size)
        self._hasty: BoundedQueue[Outgoing] = BoundedQueue(HASTY_ITEMS, HASTY_BYTES, _size)

    def put(self, item: Outgoing) -> bool:
        """Add and return True, or count a refusal and return False."""
        return (self._sure if item.qos else self._hasty).put(item)

    def take(self, *, sure: bool) -> Outgoing | None:
        """The next item; of QoS 1 only when `sure`, which says that the window has room."""
        found = self._sure.drain(1) if sure else []
        found = found or self._hasty.drain(1)
        return found[0] if found else None

    def clear(self) -> None:
        """Forget everything: what was accepted dies with its connection."""
        self._sure.drain(SURE_ITEMS + 1)
        self._hasty.drain(HASTY_ITEMS + 1)

    @property
    def sure(self) -> int:
        """How many of QoS 1 wait."""
        return len(self._sure)


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
