"""Is the other side still there? Who takes a byte now and then is; who is silent is not, however it looks."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from typing import Any

from agent.core.clock import NS, Clock

UNHEARD_TIMEOUT_S = 30.0
"""Bytes that the other machine has not confirmed for so long end the connection: its socket is half open."""
UNSENT_BYTES = 16 << 10
"""What the kernel takes from us in advance, at most: it stands before every alarm and every ping."""


def prepare_socket(sock: Any) -> None:
    """Small messages go at once, little is queued in the kernel, and a half-open connection is noticed (tcp(7))."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Nagle's algorithm, RFC 896
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNHEARD_TIMEOUT_S * 1000))  # RFC 5482


class Progress:
    """Watches one connection while messages wait for their confirmation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made_ns = clock.mono_ns()
        self._unsent = self._pending = 0

    def made(self) -> None:
        """The broker confirmed something."""
        self._made_ns = self._clock.mono_ns()

    def silent_s(self, sock: Any, pending: int) -> float:
        """For how long nothing moved although `pending` messages wait; 0 when none does."""
        unsent = _unsent(sock)
        if not pending or unsent != self._unsent or not self._pending:
            self.made()
        self._unsent, self._pending = unsent, pending
        return (self._clock.mono_ns() - self._made_ns) / NS


def _unsent(sock: Any) -> int:
    """Bytes in the kernel that the other machine has not confirmed (tcp(7), SIOCOUTQ)."""
    if sock is None:
        return 0
    try:
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
    except OSError:
        return 0
