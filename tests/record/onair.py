"""The virtual camera's RTSP server with loops made for a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.digest import Guard
from agent.sim.rtsp.loop import Loop
from agent.sim.rtsp.server import RtspServer


class Scripted(Broadcast):
    """A broadcast whose RTP times are bent by `bend`, a function of the frame's number and its true time."""

    bend: Callable[[int, int], int] = staticmethod(lambda _, true: true)

    def timestamp(self, number: int) -> int:
        return self.bend(number, super().timestamp(number)) & 0xFFFFFFFF


@contextmanager
def on_air(
    loop: Loop, *, base_timestamp: int = 12345, bend: Callable[[int, int], int] = lambda _, true: true
) -> Iterator[str]:
    """Its address."""
    clock, stop = SystemClock(), StopToken()
    broadcast = Scripted("/film", loop, clock.wall_ns(), clock.mono_ns(), base_timestamp)
    broadcast.bend = bend
    server = RtspServer("127.0.0.1", 0, Guard(None, None, b"k" * 16), lambda _: broadcast, clock)
    port = server.bind()
    server.put_on_air([broadcast])
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{port}/film"
    finally:
        stop.set()
        thread.join()
        server.close()
