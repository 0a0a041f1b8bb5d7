"""How a long loop learns that it should end."""

from __future__ import annotations

import threading


class StopToken:
    """Set once, seen by everyone who waits. Children end with their parent."""

    def __init__(self, parent: StopToken | None = None) -> None:
        self._event = threading.Event()
        self._children: list[StopToken] = []
        if parent is not None:
            parent.adopt(self)

    def set(self) -> None:
        """Ask everyone who holds this token, or a child of it, to end."""
        self._event.set()
        for child in self._children:
            child.set()

    def adopt(self, child: StopToken) -> None:
        """Let `child` end when this token does."""
        self._children.append(child)
        if self.is_set():
            child.set()

    def is_set(self) -> bool:
        """Has the end been asked for?"""
        return self._event.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Sleep until the end is asked for or `timeout_s` passed; true when it was asked for."""
        return self._event.wait(timeout_s)
