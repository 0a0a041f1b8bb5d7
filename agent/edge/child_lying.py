"""Which events of things left and taken go on, and which of them somebody says belong there."""

from __future__ import annotations

from collections import deque

from agent.core.errors import LamppostError
from agent.wire import framing
from agent.wire.messages import STILL_KINDS, Event


class Lying:
    """Hears the child's events; what is to be said to the child waits here for the pump. Safe for two threads."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self._said: deque[bytes] = deque()

    def hear(self, event: Event) -> None:
        """An event has begun, goes on or has ended."""
        if event.phase == "end":
            self._open.pop(event.id, None)
        elif event.kind in STILL_KINDS:
            self._open[event.id] = event.camera

    def forget(self) -> None:
        """The child is gone, and what it knew with it."""
        self._open.clear()
        self._said.clear()

    def belongs(self, camera: str, event: str, by: str) -> None:
        """Have the child told.

        Raises:
            LamppostError: no such event goes on.
        """
        if self._open.get(event) != camera:
            raise LamppostError("that event is over, or tells of nothing that lies there")
        self._said.append(framing.encode({"type": "belongs", "camera": camera, "event": event, "by": by}))

    def to_send(self) -> list[bytes]:
        """The frames that wait."""
        return [self._said.popleft() for _ in range(len(self._said))]
