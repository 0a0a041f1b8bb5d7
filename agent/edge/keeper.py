"""Hands what was decided to the outbox, in a thread of its own.

Neither the recorder nor the child's pump waits for the outbox's disk. While that disk refuses, messages wait here:
1,000 of them and 8 MiB of pictures; what does not fit is counted and reported. So is what no disk can keep, because it
cannot be encoded or breaks its contract: it would only hold up all that comes after it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from agent.core.errors import LamppostError, StorageError
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.publish.outbox import Outbox
from agent.wire.messages import DurableClass, Message

log = logging.getLogger(__name__)

MAX_MESSAGES = 1000
MAX_PICTURE_BYTES = 8 << 20
LOOK_S = 0.1
AGAIN_S = 1.0

Action = Callable[[], object]


class Keeper:
    """A Worker between those who decide and the outbox."""

    name = "keeper"

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._messages: BoundedQueue[Action] = BoundedQueue(MAX_MESSAGES)
        self._pictures: BoundedQueue[tuple[dict[str, Any], bytes]] = BoundedQueue(
            MAX_MESSAGES, MAX_PICTURE_BYTES, lambda picture: len(picture[1])
        )
        self._error = ""
        self._never = 0

    @property
    def problem(self) -> str:
        """One line for health: what the disk says, and how much was lost since the start; else empty."""
        lost = self._messages.refused + self._pictures.refused + self._never
        told = f"{lost} messages and pictures lost" if lost else ""
        if self._error:
            return f"{self._error} ({told})" if told else self._error
        return f"the outbox: {told}" if told else ""

    def keep(self, kind: DurableClass, camera: str, record: Message) -> None:
        """Take a message; returns at once."""
        self._messages.put(partial(self._outbox.put, kind, camera, record))

    def then(self, action: Action) -> None:
        """Do this when everything that was given so far is kept; again until the disk takes it."""
        self._messages.put(action)

    def keep_picture(self, header: dict[str, Any], jpeg: bytes) -> None:
        """Take a picture of the child's; `header` as in framing.py."""
        self._pictures.put((header, jpeg))

    def run(self, stop: StopToken) -> None:
        """See `Worker.run`."""
        while not stop.is_set():
            self._next(stop)

    def flush(self) -> None:
        """After all who give have ended: write what is left, trying each once."""
        nobody_waits = StopToken()
        nobody_waits.set()
        while len(self._messages) or len(self._pictures):
            self._next(nobody_waits)

    def _next(self, stop: StopToken) -> None:
        if (action := self._messages.get(LOOK_S if not stop.is_set() else 0)) is not None:
            self._do(action, stop)
        for header, jpeg in self._pictures.drain(8):
            self._do(partial(self._put_picture, header, jpeg), stop)

    def _do(self, action: Action, stop: StopToken) -> None:
        while True:
            try:
                action()
            except StorageError as error:
                self._note(str(error))
            except (LamppostError, LookupError, TypeError, ValueError) as error:
                self._give_up(error)
                return
            else:
                self._note("")
                return
            if stop.wait(AGAIN_S):
                log.error("could not be kept for the centre: %s", self._error)
                return

    def _give_up(self, error: Exception) -> None:
        """It would fail the same way each time."""
        self._never += 1
        log.error(
            "it can never be kept for the centre and is left out: %s: %s", type(error).__name__, error,
            exc_info=not isinstance(error, LamppostError),
        )  # fmt: skip

    def _put_picture(self, header: dict[str, Any], jpeg: bytes) -> None:
        self._outbox.put_media(
            id=header["id"],
            camera=header["camera"],
            kind=header["kind"],
            type=header["type"],
            source=jpeg,
            start=header["start"],
            end=header["end"],
            event=header.get("event"),
            track=header.get("track"),
            urgent=bool(header.get("urgent")),
        )

    def _note(self, error: str) -> None:
        if error and error != self._error:
            log.error("the outbox: %s", error)
        self._error = error
