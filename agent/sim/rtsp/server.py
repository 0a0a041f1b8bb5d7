"""The RTSP server: one thread, one selector; sends frames at their time and drops who cannot follow."""

from __future__ import annotations

import logging
import secrets
import selectors
import socket
from collections.abc import Sequence

from agent.core.clock import NS, Clock
from agent.core.stop import StopToken
from agent.sim.rtsp.answers import SESSION_S, Answer, Desk, Find
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.channel import Channel, Datagrams
from agent.sim.rtsp.digest import Guard
from agent.sim.rtsp.request import BadRequest, Reader, Request

log = logging.getLogger(__name__)

CLIENTS = 64
UNSENT_BYTES = 4 << 20
"""A client that leaves this much unread is dropped: about 15 s of a main stream."""


class Connection:
    """One client: its socket, what is still to be sent, and its desk."""

    def __init__(self, sock: socket.socket, peer: str, find: Find, guard: Guard, server: RtspServer) -> None:
        self.socket, self.peer = sock, peer
        self.reader, self.unsent, self.lost = Reader(), bytearray(), ""
        host = str(sock.getsockname()[0])
        self.desk = Desk(find, guard, host, peer, self.send, lambda channel: server.watch(self, channel))
        self.heard_ns = 0

    def send(self, data: bytes) -> None:
        """Send now or as soon as the client reads."""
        if self.lost:
            return
        self.unsent += data
        if len(self.unsent) == len(data):
            self.flush()
        if len(self.unsent) > UNSENT_BYTES:
            self.lost = "does not read what it asked for"

    def flush(self) -> None:
        """Give the socket as much as it takes."""
        try:
            while self.unsent:
                del self.unsent[: self.socket.send(self.unsent)]
        except BlockingIOError:
            return
        except OSError as error:
            self.lost = str(error)


class RtspServer:
    """Worker. `bind` first; `run` serves until the stop and then closes every connection."""

    name = "sim-rtsp"

    def __init__(self, host: str, port: int, guard: Guard, find: Find, clock: Clock) -> None:
        self._address, self._guard, self._find, self._clock = (host, port), guard, find, clock
        self._listener: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._broadcasts: Sequence[Broadcast] = ()
        self._connections: set[Connection] = set()

    def bind(self) -> int:
        """Take the port; returns its number.

        Raises:
            OSError: it is taken, or not ours to take.
        """
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = socket.create_server(self._address, family=family, backlog=32)
        listener.setblocking(False)
        self._listener = listener
        return int(listener.getsockname()[1])

    def put_on_air(self, broadcasts: Sequence[Broadcast]) -> None:
        """What is sent; call before `run`."""
        self._broadcasts = tuple(broadcasts)

    def close(self) -> None:
        """Give the port back."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def run(self, stop: StopToken) -> None:
        """See `Worker`."""
        if self._listener is None:
            raise RuntimeError("bind() comes before run()")
        with selectors.DefaultSelector() as self._selector:
            self._selector.register(self._listener, selectors.EVENT_READ, None)
            try:
                while not stop.is_set():
                    self._turn(self._selector)
            finally:
                for connection in list(self._connections):
                    self._drop(connection, "")

    def watch(self, connection: Connection, channel: Channel) -> None:
        """Listen to what a client sends to its UDP ports."""
        if isinstance(channel, Datagrams) and self._selector is not None:
            for one in channel.sockets:
                self._selector.register(one, selectors.EVENT_READ, (connection, one))

    def _turn(self, selector: selectors.BaseSelector) -> None:
        for key, events in selector.select(self._wait_s()):
            if key.data is None:
                self._accept()
            elif isinstance(key.data, Connection):
                self._serve(key.data, events)
            else:
                self._hear(*key.data)
        self._send_due()
        self._drop_the_lost()

    def _wait_s(self) -> float:
        now_ns = self._clock.mono_ns()
        waits = [broadcast.wait_ns(now_ns) for broadcast in self._broadcasts]
        return min(0.1, max(0.0, min(waits, default=NS) / NS))

    def _accept(self) -> None:
        if self._listener is None or self._selector is None:
            return
        try:
            sock, address = self._listener.accept()
        except OSError:
            return  # it went away again, or we are out of descriptors for a moment
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, str(address[0]), self._find, self._guard, self)
        connection.heard_ns = self._clock.mono_ns()
        self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, connection)
        if len(self._connections) > CLIENTS:
            connection.send(Answer(503).bytes_for("0"))
            connection.lost = "too many clients"

    def _serve(self, connection: Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            connection.flush()
        if events & selectors.EVENT_READ:
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            connection.lost = str(error)
            return
        if not data:
            connection.lost = "gone"
            return
        connection.heard_ns = self._clock.mono_ns()
        try:
            for message in connection.reader.feed(data):
                if isinstance(message, Request):
                    self._answer(connection, message)
        except BadRequest as error:
            connection.send(Answer(error.status).bytes_for("0"))
            connection.lost = str(error)

    def _answer(self, connection: Connection, request: Request) -> None:
        now_s, mono_ns = self._clock.wall_ns() // NS, self._clock.mono_ns()
        answer = connection.desk.answer(request, now_s, mono_ns)
        connection.send(answer.bytes_for(request.headers.get("cseq", "0")))
        if connection.desk.over:
            connection.lost = "teardown"

    def _hear(self, connection: Connection, sock: socket.socket) -> None:
        try:
            sock.recv(2048)
        except OSError:
            return
        connection.heard_ns = self._clock.mono_ns()

    def _send_due(self) -> None:
        now_ns = self._clock.mono_ns()
        for broadcast in self._broadcasts:
            for number in broadcast.due(now_ns):
                sessions = [one.desk.session for one in self._connections if not one.lost]
                takers = [one for one in sessions if one is not None and one.playing and one.broadcast is broadcast]
                payloads = broadcast.loop.payloads(number) if takers else []
                for session in takers:
                    session.send(number, payloads, key=broadcast.loop.unit(number).key, mono_ns=now_ns)

    def _drop_the_lost(self) -> None:
        now_ns = self._clock.mono_ns()
        for connection in list(self._connections):
            if now_ns - connection.heard_ns > (SESSION_S + 10) * NS:
                connection.lost = connection.lost or "silent for too long"
            if connection.lost:
                self._drop(connection, connection.lost)
            elif self._selector is not None:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
                self._selector.modify(connection.socket, wanted, connection)

    def _drop(self, connection: Connection, reason: str) -> None:
        log.debug("client %s: %s", connection.peer, reason)
        self._connections.discard(connection)
        session = connection.desk.session
        if self._selector is not None:
            self._selector.unregister(connection.socket)
            if session is not None and isinstance(session.channel, Datagrams):
                for one in session.channel.sockets:
                    self._selector.unregister(one)
        connection.desk.close()
        connection.socket.close()


def new_guard(username: str | None, password: str | None) -> Guard:
    """A guard with a key of its own."""
    return Guard(username, password, secrets.token_bytes(16))
