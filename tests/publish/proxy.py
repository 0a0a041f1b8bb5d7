"""A bad link for tests: a TCP proxy before a broker with rate, delay, a bounded buffer, breaks and half-open sockets.

All connections of a direction share one line, first in first out, as behind a modem: what one sends delays the other.
Everything may be changed while it runs, from any thread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

PACKET = 1400
BUFFER_BYTES = 32 << 10
_TURN_S = 0.01


class Line:
    """One direction of the link; `rate` in bytes a second (None: as fast as it goes), `delay_s` one way."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self.delay_s = 0.0
        self.buffer_bytes = BUFFER_BYTES
        self.carried = 0
        self._waiting = 0
        self._entry = asyncio.Lock()
        self._queue: asyncio.Queue[tuple[bytes, asyncio.Queue[tuple[float, bytes]]]] = asyncio.Queue()

    async def put(self, data: bytes, arrivals: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Wait for room in the line's buffer, one packet of a connection after the other; then it is on its way."""
        async with self._entry:
            await self._room_for(data)
        self._queue.put_nowait((data, arrivals))

    async def _room_for(self, data: bytes) -> None:
        while self._waiting and self._waiting + len(data) > self.buffer_bytes:  # noqa: ASYNC110 - other threads change the bound
            await asyncio.sleep(_TURN_S)
        self._waiting += len(data)

    async def run(self) -> None:
        """Carry one packet after the other."""
        loop = asyncio.get_running_loop()
        free_at = 0.0
        while True:
            data, arrivals = await self._queue.get()
            if self.rate is not None:
                free_at = max(free_at, loop.time()) + len(data) / self.rate
                await asyncio.sleep(free_at - loop.time())
            self._waiting -= len(data)
            self.carried += len(data)
            arrivals.put_nowait((loop.time() + self.delay_s, data))


class Proxy:
    """Stands between a gateway and a broker: `with Proxy(broker.port) as link: ... link.url`.

    `up` carries what the client sends, `down` what it is sent. `rate(bytes_per_s)` and `delay(seconds)` set both.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.up, self.down = Line(), Line()
        self.broken = self.connections = 0
        self._target = host, port
        self._frozen = False
        self._links: dict[asyncio.Task[None], tuple[socket.socket, ...]] = {}
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.setblocking(False)
        self.port = int(self._door.getsockname()[1])
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._door.close()

    def rate(self, bytes_per_s: float | None) -> None:
        """Of each direction."""
        self.up.rate = self.down.rate = bytes_per_s

    def delay(self, seconds: float) -> None:
        """One way; twice that is the round trip."""
        self.up.delay_s = self.down.delay_s = seconds

    def cut(self) -> None:
        """Reset every connection; new ones are welcome."""
        self._do(self._cut)

    def freeze(self) -> None:
        """Half-open: sockets stay, new ones are accepted, and nothing passes until `thaw`."""
        self._frozen = True

    def thaw(self) -> None:
        """Let through what came meanwhile, and all that comes."""
        self._frozen = False

    def break_every(self, seconds: float) -> None:
        """Reset every connection again and again, `seconds` apart, until the end."""

        async def breaking() -> None:
            while True:
                await asyncio.sleep(seconds)
                await self._cut()

        async def begin() -> None:
            self._tasks.append(self._loop.create_task(breaking()))

        self._do(begin)

    def _do(self, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(what(), self._loop).result(10)

    async def _start(self) -> None:
        self._tasks = [self._loop.create_task(work()) for work in (self._accept, self.up.run, self.down.run)]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._cut()

    async def _cut(self) -> None:
        links = list(self._links)
        for task, sockets in self._links.items():
            for one in (one for one in sockets if one.fileno() >= 0):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            task.cancel()
        self.broken += len(links)
        await asyncio.gather(*links, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._door)
            client.setblocking(False)
            broker = socket.socket()
            broker.setblocking(False)
            self.connections += 1
            task = self._loop.create_task(self._serve(client, broker))
            self._links[task] = (client, broker)
            task.add_done_callback(lambda done: self._links.pop(done, None))

    async def _serve(self, client: socket.socket, broker: socket.socket) -> None:
        work: list[asyncio.Task[None]] = []
        try:
            await self._loop.sock_connect(broker, self._target)
            for one in (client, broker):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
            for source, sink, line in ((client, broker, self.up), (broker, client, self.down)):
                arrivals: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
                work.append(self._loop.create_task(self._read(source, line, arrivals)))
                work.append(self._loop.create_task(self._write(sink, arrivals)))
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # the broker is away: the client is hung up on
        finally:
            for task in work:
                task.cancel()
            client.close()
            broker.close()
            await asyncio.gather(*work, return_exceptions=True)

    async def _read(self, source: socket.socket, line: Line, arrivals: asyncio.Queue[tuple[float, bytes]]) -> None:
        with suppress(OSError):
            while data := await self._loop.sock_recv(source, PACKET if line.rate else 65536):
                await self._flowing()
                await line.put(data, arrivals)
            while not arrivals.empty():  # noqa: ASYNC110
                await asyncio.sleep(_TURN_S)  # what was sent before the goodbye still arrives

    async def _write(self, sink: socket.socket, arrivals: asyncio.Queue[tuple[float, bytes]]) -> None:
        with suppress(OSError):
            while True:
                due, data = await arrivals.get()
                if (wait_s := due - self._loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                await self._flowing()
                await self._loop.sock_sendall(sink, data)

    async def _flowing(self) -> None:
        while self._frozen:  # noqa: ASYNC110 - other threads thaw it
            await asyncio.sleep(_TURN_S)
