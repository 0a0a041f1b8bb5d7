"""What has just changed, for whoever listens: the event stream, and the waiting of tests and summaries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple


class Item(NamedTuple):
    """What changed: an event, camera, gateway, clip, hold, incident or the centre; `key` names it, to be looked up."""

    kind: str
    key: tuple[str, ...]


LAGGING = Item("lagging", ())
"""News were lost: whoever listens looks anew."""


class News:
    """Tells every listener; a listener's callback must be quick and never raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Callable[[Item], None]] = set()

    def listen(self, listener: Callable[[Item], None]) -> Callable[[], None]:
        """Call `listener` with every item from now on, until the returned function is called."""
        with self._lock:
            self._listeners.add(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return leave

    def tell(self, *items: Item) -> None:
        """Pass items on, from any thread."""
        with self._lock:
            listeners = list(self._listeners)
        for item in items:
            for listener in listeners:
                listener(item)
