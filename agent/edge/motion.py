"""How much moved before each camera in the last hour, as the analysis told: a byte a second, and no more memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.core.clock import NS
from agent.core.errors import WireError
from agent.wire.messages import MOST_LEVEL, MOST_MOTION_S, UNSEEN

KEPT_S = 3600
"""Footage that only waits whether something happens is told of within minutes."""


Levels = Mapping[str, Sequence[tuple[int, int]]]
"""By camera: seconds since 1970, and the level of each."""


class _Hour:
    """The levels of one camera by the second, in a ring."""

    def __init__(self) -> None:
        self._levels = bytearray([UNSEEN]) * KEPT_S
        self.newest: int | None = None

    def put(self, second: int, level: int) -> None:
        """The higher one stands, where a second is told of twice."""
        newest = self.newest
        if newest is None or abs(second - newest) >= KEPT_S:  # the first one, or the clock was set
            self._levels[:] = bytes([UNSEEN]) * KEPT_S
            self.newest = second
        elif second > newest:
            for between in range(newest + 1, second + 1):
                self._levels[between % KEPT_S] = UNSEEN
            self.newest = second
        known = self._levels[second % KEPT_S]
        self._levels[second % KEPT_S] = level if known == UNSEEN else max(known, level)

    def between(self, first: int, last: int) -> bytes:
        """Of these seconds, both included."""
        newest = self.newest
        if newest is None:
            return b""
        return bytes(
            self._levels[second % KEPT_S] if newest - KEPT_S < second <= newest else UNSEEN
            for second in range(first, last + 1)
        )


class MotionLedger:
    """Safe for several threads: the child's pump puts in, those who tell of footage take out."""

    def __init__(self, cameras: Iterable[str]) -> None:
        self._hours = {camera: _Hour() for camera in cameras}
        self._lock = threading.Lock()

    def hear(self, told: Levels) -> None:
        """Take in what the analysis said; cameras that nobody knows are passed over."""
        with self._lock:
            for camera, levels in told.items():
                if (hour := self._hours.get(camera)) is None:
                    continue
                for second, level in levels:
                    hour.put(second, level)

    def of(self, camera: str, start_ns: int, end_ns: int) -> bytes:
        """A level for each second that the span touches, `MOST_MOTION_S` of them at most; empty: nothing is known."""
        hour, first = self._hours.get(camera), start_ns // NS
        if hour is None:
            return b""
        with self._lock:
            return hour.between(first, min(max(start_ns, end_ns - 1) // NS, first + MOST_MOTION_S - 1))

    def behind_s(self, camera: str, wall_ns: int) -> int | None:
        """How many seconds before that of a time the newest lies that is known, not above 0; None where none is."""
        hour = self._hours.get(camera)
        newest = None if hour is None else hour.newest
        return None if newest is None else max(0, wall_ns // NS - newest)


def read_levels(told: dict[str, Any]) -> Levels:
    """What a frame `motion` of the child says: see framing.py.

    Raises:
        WireError: a second or a level that is none.
    """
    return {str(camera): [_checked(*pair) for pair in pairs] for camera, pairs in told.items()}


def _checked(second: Any, level: Any) -> tuple[int, int]:
    if not (isinstance(second, int) and isinstance(level, int) and 0 <= level <= MOST_LEVEL and abs(second) < 1 << 40):
        raise WireError("motion that is no second and level")
    return second, level
