"""What came in and what was refused, by reason, since the centre started."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Protocol

from agent.core.errors import WireError


class Refused(WireError):
    """A message, or a record in one, is not taken; `reason` is the word it is counted under."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Tally(Protocol):
    """What came in, in this process or in those that ingest."""

    @property
    def messages(self) -> int:
        """How many came."""

    def reasons(self) -> dict[str, int]:
        """How many were refused, by reason."""


class Counts:
    """Counters that several threads write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._rejected: Counter[str] = Counter()

    def received(self) -> None:
        """A message came from the broker."""
        with self._lock:
            self._received += 1

    def rejected(self, reason: str) -> None:
        """A message, or a record in one, was refused; `reason` is one of a few fixed words."""
        with self._lock:
            self._rejected[reason] += 1

    @property
    def messages(self) -> int:
        """How many came."""
        return self._received

    def reasons(self) -> dict[str, int]:
        """How many were refused, by reason."""
        with self._lock:
            return dict(self._rejected)
