"""From many decoders to the one thinker: the newest picture of each camera, cameras in turn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Generic, TypeVar

from agent.core.queues import LatestSlot

T = TypeVar("T")


class Turns(Generic[T]):
    """A latest slot per camera; `take` goes round, so that no camera waits for a busier one."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._slots: dict[str, LatestSlot[T]] = {name: LatestSlot() for name in names}
        self._over: set[str] = set()
        self._something = threading.Event()
        self._next = 0

    def put(self, name: str, item: T) -> None:
        """Offer the newest picture of a camera; one that still waits is dropped and counted."""
        self._slots[name].put(item)
        self._something.set()

    def over(self, name: str) -> None:
        """The camera's stream has ended; said after its last picture."""
        self._over.add(name)
        self._something.set()

    def replaced(self, name: str) -> int:
        """How many pictures of a camera nobody looked at."""
        return self._slots[name].replaced

    def take(self, timeout_s: float) -> tuple[str, T | None] | None:
        """The next camera's newest picture, or its name alone when its stream has ended; None when nothing came."""
        if not self._something.wait(timeout_s):
            return None
        self._something.clear()
        for step in range(len(self._names)):
            name = self._names[(self._next + step) % len(self._names)]
            item = self._slots[name].get(0)
            if item is not None or name in self._over:
                self._next += step + 1
                self._something.set()  # there may be more: the next call looks
                if item is None:
                    self._over.discard(name)
                return name, item
        return None
