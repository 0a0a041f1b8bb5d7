"""The one thread's loop over the child's socket: whatever is ready is read, whatever fits is written, nothing waits."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from typing import Protocol

from agent.core.clock import NS, Clock
from agent.core.errors import WireError
from agent.core.stop import StopToken
from agent.wire import framing

PIECE_BYTES = 256 * 1024
AHEAD_BYTES = 1 << 20
"""At most so much, and one frame of each camera, stands ready to be sent."""
WAIT_S = 0.2
FAREWELL_S = 4.0


class Talk(Protocol):
    """What is said to the child and what is done with what it says."""

    def hello(self) -> bytes:
        """The first frame."""

    def more(self) -> list[bytes]:
        """The next frames, none when there is nothing to say."""

    def take(self, frame: framing.Frame) -> None:
        """A frame from the child."""

    def silent(self) -> bool:
        """Has the child said nothing for too long?"""


class Bell:
    """Lets other threads wake the pump out of its wait. Ringing never waits, and does nothing while nobody listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._rung = False

    def __enter__(self) -> socket.socket:
        """Listen: the socket to wait for."""
        with self._lock:
            self._pair, self._rung = socket.socketpair(), False
            return self._pair[0]

    def __exit__(self, *_: object) -> None:
        with self._lock:
            for end in self._pair or ():
                end.close()
            self._pair = None

    def ring(self) -> None:
        """Wake the pump; a system call only when it has not been rung yet."""
        with self._lock:
            if self._pair is not None and not self._rung:
                self._rung = True
                self._pair[1].send(b"!")

    def hush(self) -> None:
        """The pump is awake and about to look."""
        with self._lock:
            if self._pair is not None and self._rung:
                self._pair[0].recv(1)
                self._rung = False


class Pump:
    """One life of the child, as seen from its socket."""

    def __init__(self, talk: Talk, sock: socket.socket, bell: Bell, clock: Clock) -> None:
        self._talk, self._sock, self._bell, self._clock = talk, sock, bell, clock
        self._decoder = framing.Decoder()
        self._out: deque[bytes] = deque()
        self._out_bytes = self._sent = 0
        self._over = False

    def run(self, stop: StopToken) -> str:
        """Until the child closes its end, or `stop`; returns what was wrong, empty when it just ended."""
        self._queue(self._talk.hello())
        with self._bell as ear, selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(ear, selectors.EVENT_READ)
            try:
                while not self._over and not stop.is_set():
                    self._turn(selector)
                    if self._talk.silent():
                        return "it hangs"
                if stop.is_set():
                    self._farewell(selector)
            except WireError as error:
                return str(error)
        return ""

    def _turn(self, selector: selectors.BaseSelector) -> None:
        self._fill()
        self._wait(selector)

    def _wait(self, selector: selectors.BaseSelector) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
        selector.modify(self._sock, wanted)
        for key, events in selector.select(WAIT_S):
            if key.fileobj is not self._sock:
                self._bell.hush()
                continue
            if events & selectors.EVENT_WRITE:
                self._write()
            if events & selectors.EVENT_READ:
                self._read()

    def _farewell(self, selector: selectors.BaseSelector) -> None:
        """Say bye and listen to the last words: the ends of all tracks and events."""
        half_sent = [self._out[0]] if self._sent else []
        self._out = deque([*half_sent, framing.encode({"type": "bye"})])
        deadline_ns = self._clock.mono_ns() + int(FAREWELL_S * NS)
        while not self._over and self._clock.mono_ns() < deadline_ns:
            self._wait(selector)

    def _fill(self) -> None:
        while self._out_bytes < AHEAD_BYTES and (frames := self._talk.more()):
            for frame in frames:
                self._queue(frame)

    def _queue(self, frame: bytes) -> None:
        self._out.append(frame)
        self._out_bytes += len(frame)

    def _write(self) -> None:
        try:
            while self._out:
                self._sent += self._sock.send(memoryview(self._out[0])[self._sent :][:PIECE_BYTES])
                if self._sent == len(self._out[0]):
                    self._out_bytes -= self._sent
                    self._out.popleft()
                    self._sent = 0
        except BlockingIOError:
            return
        except OSError:  # it is gone; what it said before is still to be read
            self._out.clear()
            self._sent = 0

    def _read(self) -> None:
        try:
            data = self._sock.recv(PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._over = not data
        for frame in self._decoder.feed(data):
            self._talk.take(frame)
