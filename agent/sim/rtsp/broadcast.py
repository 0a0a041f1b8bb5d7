"""One loop on air: every client gets the same frame at the same wall time."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.core.clock import NS
from agent.sim.rtsp.loop import Loop
from agent.sim.rtsp.rtp import CLOCK_HZ


@dataclass
class Broadcast:
    """A stream of a camera. Frame n is seen at `first_wall_ns` + n / fps, whoever watches."""

    path: str
    loop: Loop
    first_wall_ns: int
    first_mono_ns: int
    base_timestamp: int
    next_number: int = field(default=0)

    def due(self, mono_ns: int) -> range:
        """The frames whose time has come and that were not sent yet."""
        last = (mono_ns - self.first_mono_ns) * self.loop.fps // NS
        numbers = range(self.next_number, last + 1)
        self.next_number = max(self.next_number, last + 1)
        return numbers

    def wait_ns(self, mono_ns: int) -> int:
        """How long until the next frame's time."""
        return self.first_mono_ns + -(-self.next_number * NS // self.loop.fps) - mono_ns

    def wall_ns(self, number: int) -> int:
        """When the camera saw frame `number`."""
        return self.first_wall_ns + number * NS // self.loop.fps

    def timestamp(self, number: int) -> int:
        """RTP time of frame `number`; runs on over the loop's seam."""
        return (self.base_timestamp + number * CLOCK_HZ // self.loop.fps) & 0xFFFFFFFF
