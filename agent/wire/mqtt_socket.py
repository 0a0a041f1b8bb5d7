"""Reading much at once: paho asks its socket for the head of a packet byte by byte, and each answer was a system call.

Beside a thread that computes each such call also gives away the interpreter and waits to get it back, which cost the
centre more than reading the message.
"""

from __future__ import annotations

from typing import Any

from paho.mqtt import client as paho

_AT_ONCE = 64 << 10


class ReadAhead:
    """A socket, or one with TLS, that keeps what came and was not asked for yet; `pending` says how much that is."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._kept, self._at = b"", 0

    def recv(self, size: int) -> bytes:
        """What is kept, else what has come; nothing at the end of the connection.

        Raises:
            OSError: what the socket says when nothing has come, or it is broken.
        """
        if self._at == len(self._kept):
            self._kept, self._at = self._inner.recv(max(size, _AT_ONCE)), 0
        piece: bytes = self._kept[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def pending(self) -> int:
        """Bytes that `recv` has without asking the kernel."""
        inner = self._inner.pending() if hasattr(self._inner, "pending") else 0
        return len(self._kept) - self._at + int(inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class ReadingAhead(paho.Client):
    """paho with such a socket. Should a later paho make its socket elsewhere, it is only slower."""

    def _create_socket(self) -> Any:
        return ReadAhead(super()._create_socket())
