"""Between capture and the recorder's thread: a lossless queue with a bound, and what happens when it is full."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from agent.core.clock import NS, Clock
from agent.core.media import Packet, StreamInfo
from agent.core.memory import Budget
from agent.core.queues import BoundedQueue

log = logging.getLogger(__name__)

MOST_BYTES = 64 << 20
MOST_WAIT_NS = 20 * NS
_MOST_ITEMS = 8192
_SPARE_ITEMS = 64
"""Room that packets leave for openings and closings."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The epoch is over."""

    reason: str


Item = StreamInfo | Packet | Closed


class Intake:
    """What the recorder does as a `PacketSink`: a queue; never waits.

    Full means 64 MiB, or that the reader has taken nothing for 20 s while packets wait, or that the queues of all
    cameras together have used up their `budget`. Then whole groups of pictures are left out, counted in `lost`, up to a
    keyframe that finds half of what waited gone; the epoch is announced again before it, so the reader sees where the
    hole is.
    """

    def __init__(self, clock: Clock, budget: Budget | None = None) -> None:
        self._clock = clock
        self._queue: BoundedQueue[Item] = BoundedQueue(_MOST_ITEMS, size=_size)
        self._shared = budget.share(lambda: self._queue.bytes) if budget else lambda: True
        self._info: StreamInfo | None = None
        self._video = 0
        self._announce = False
        self._resume_bytes = 0
        self._taken_mono_ns = clock.mono_ns()
        self._begun = self._ended = False
        self.packets_in, self.lost = 0, 0
        self.error = ""
        """Why pictures are left out now; empty when none are."""

    def opened(self, info: StreamInfo) -> None:
        """See `core.ports.PacketSink.opened`."""
        self._info, self._video, self._announce, self.error = info, info.video_index, True, ""

    def packet(self, packet: Packet) -> None:
        """See `core.ports.PacketSink.packet`."""
        if self._ended or self._info is None:
            return
        self.packets_in += 1
        begins = packet.key and packet.track == self._video
        if (full := self._full()) or (self._announce and not begins):
            self._leave_out(full)
            return
        if self._announce:
            self._announce, self.error = not self._queue.put(self._info), ""
        self._queue.put(packet)

    def closed(self, reason: str) -> None:
        """See `core.ports.PacketSink.closed`."""
        self._info, self.error = None, ""
        self._queue.put(Closed(reason))  # when even the spare room is full, the next opening closes the epoch

    def take(self, timeout_s: float) -> Item | None:
        """The next item for the recorder's thread."""
        item = self._queue.get(timeout_s)
        self._taken_mono_ns = self._clock.mono_ns()
        return item

    def __len__(self) -> int:
        return len(self._queue)

    def end(self) -> None:
        """Nobody reads any more: what still comes is not counted."""
        self._ended = True

    def begin(self) -> None:
        """The reader is there. One that fell knows nothing of the epoch any more: it is announced to it again."""
        self._announce |= self._begun
        self._begun, self._ended, self._taken_mono_ns = True, False, self._clock.mono_ns()

    def waiting_s(self) -> float:
        """For how long the reader has taken nothing while something waits for it."""
        return (self._clock.mono_ns() - self._taken_mono_ns) / NS if len(self._queue) else 0.0

    def _full(self) -> str:
        """Why nothing more can be taken now, empty when it can."""
        queue = self._queue
        if not len(queue):
            return ""
        if self._clock.mono_ns() - self._taken_mono_ns > MOST_WAIT_NS:
            return f"the disk has taken nothing for {MOST_WAIT_NS // NS} s"
        if queue.bytes >= MOST_BYTES or len(queue) >= _MOST_ITEMS - _SPARE_ITEMS:
            return "the disk is too slow for this camera"
        if not self._shared():
            return "the disk is too slow: what waits for it has used up the memory set aside"
        return self.error if self.error and queue.bytes > self._resume_bytes else ""

    def _leave_out(self, full: str) -> None:
        self._announce = True
        self.lost += 1
        if full and not self.error:
            self._resume_bytes = self._queue.bytes // 2
            self.error = f"{full}; pictures are left out"
            log.error("%s: %s", self._info.camera if self._info else "", self.error)


def _size(item: Item) -> int:
    return len(item.data) if isinstance(item, Packet) else 0
