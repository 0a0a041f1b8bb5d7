"""Dies before the k-th step that changes the disk: each call that writes, names or syncs, and each SQL change."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

_CALLS = (
    "write", "pwrite", "fsync", "fdatasync", "ftruncate", "posix_fallocate",
    "rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir",
)  # fmt: skip
_CHANGES = ("INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "COMMIT")


class Steps:
    """Counts the steps of this process, and kills it before step `last`; 0 lets it live. Calls `farewell` before."""

    def __init__(self, last: int, farewell: Callable[[str], None]) -> None:
        self.count, self._last, self._farewell = 0, last, farewell
        self._lock = threading.Lock()

    def arm(self) -> None:
        """From here on everything in the process is counted."""
        for name in _CALLS:
            setattr(os, name, self._before(name, getattr(os, name)))
        os.open = self._before_opening(os.open)
        io.open = self._before_writing(io.open)  # what `Path.open` calls
        sqlite3.connect = self._traced(sqlite3.connect)  # type: ignore[assignment]

    def step(self, name: str) -> None:
        """One step is about to be taken."""
        with self._lock:
            self.count += 1
            if self.count == self._last:
                self._farewell(name)
                os.kill(os.getpid(), signal.SIGKILL)

    def _before(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.step(name)
            return real(*args, **named)

        return call

    def _before_opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(path: Any, flags: int, *args: Any, **named: Any) -> int:
            if flags & os.O_CREAT:
                self.step("open")
            return real(path, flags, *args, **named)

        return call

    def _before_writing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
            if set(mode) & set("wax+"):
                self.step("open for writing")
            return real(file, mode, *args, **named)

        return call

    def _traced(self, real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connect(*args: Any, **named: Any) -> sqlite3.Connection:
            connection = real(*args, **named)
            connection.set_trace_callback(self._statement)
            return connection

        return connect

    def _statement(self, text: str) -> None:
        verb = text.split(None, 1)[0].upper()
        if verb in _CHANGES:
            self.step(verb)
