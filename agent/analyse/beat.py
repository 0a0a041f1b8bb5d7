"""A sign of life while something takes long: the gateway ends a child that says nothing for a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

EVERY_S = 10.0
AT_MOST_S = 900.0
"""Who takes longer hangs. TensorRT builds an engine for minutes."""


class Beat:
    """While the block runs, calls `say` every few seconds from a thread of its own."""

    def __init__(self, say: Callable[[], None], every_s: float = EVERY_S, at_most_s: float = AT_MOST_S) -> None:
        self._say, self._every_s, self._times = say, every_s, round(at_most_s / every_s)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        for _ in range(self._times):
            if self._over.wait(self._every_s):
                return
            self._say()
