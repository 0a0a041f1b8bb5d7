"""One deadline for a whole HTTP request: what a device drips byte by byte is cut off when its time is over.

A timeout of requests starts anew with every byte, and http.client reads headers and the lengths of chunks line by line
without giving anybody a chance to look at a clock. So a timer shuts the connection down under whoever reads from it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Of one adapter, for one request at a time. `over`: the last request was cut off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doors: dict[HTTPConnection, socket] = {}
        self.over = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Whatever our connections do herein ends by then, as if the device had hung up."""
        self.over = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # a late cut must not meet the next request
            self.sweep()

    def pools(self) -> dict[str, type[HTTPConnectionPool]]:
        """Pools for urllib3's manager whose connections are ours, by scheme."""
        return {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": self._watched(HTTPConnection)}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": self._watched(HTTPSConnection)}),
        }

    def sweep(self, *, everything: bool = False) -> None:
        """Close what is done with, or cut off: our handle would keep it open for the device."""
        with self._lock:
            for connection in [one for one in self._doors if everything or self.over or one.sock is None]:
                connection.close()
                self._doors.pop(connection).close()

    def _watched(self, kind: type[HTTPConnection]) -> type[HTTPConnection]:
        watch = self._watch

        class Watched(kind):  # type: ignore[misc, valid-type]  # one of two, chosen as it runs
            def _new_conn(self) -> Any:
                """urllib3's own place for it: connected, and TLS not begun yet."""
                sock = super()._new_conn()
                watch(self, sock)
                return sock

        return Watched

    def _watch(self, connection: HTTPConnection, sock: socket) -> None:
        """Keep a handle of our own: TLS takes the first one over, and a connection drops it before the last body."""
        with self._lock:
            if (old := self._doors.pop(connection, None)) is not None:
                old.close()
            self._doors[connection] = sock.dup()
            if self.over:
                _shut(self._doors[connection])

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            for door in self._doors.values():
                _shut(door)


def _shut(door: socket) -> None:
    with suppress(OSError):  # the device was faster
        door.shutdown(SHUT_RDWR)
