"""Which camera's data is in native code right now, written where the parent can read it after a crash.

Two bytes per camera in a small shared file: one while its packet is decoded, one while its picture is looked at.
"""

from __future__ import annotations

import contextlib
import mmap
import threading
from collections.abc import Iterator

DECODING, LOOKING = 0, 1
BYTES_PER_CAMERA = 2


class Marks:
    """The child's side. `careful`, after a fall, lets one camera in at a time: the next fall has one suspect."""

    def __init__(self, fd: int, cameras: int, *, careful: bool = False) -> None:
        self._map = mmap.mmap(fd, max(1, cameras * BYTES_PER_CAMERA))
        self._turn: contextlib.AbstractContextManager[object] = (
            threading.Lock() if careful else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def at(self, camera: int, doing: int) -> Iterator[None]:
        """While inside, camera number `camera` is the suspect."""
        place = camera * BYTES_PER_CAMERA + doing
        with self._turn:
            self._map[place] = 1
            try:
                yield
            finally:
                self._map[place] = 0
