"""Between capture and the recorder's thread: a lossless queue with a bound, and what happens when it is full."""

from __future__ import annotations

from dataclasses import dataclass

from agent.core.clock import NS, Clock
from agent.core.media import Packet, StreamInfo
from agent.core.queues import BoundedQueue

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

    Full means 64 MiB, or that the reader has taken nothing for 20 s while packets wait. Then whole groups of pictures
    are left out, counted in `lost`, up to a keyframe that finds room; the epoch is announced again before it, so the
    reader sees where the hole is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: BoundedQueue[Item] = BoundedQueue(_MOST_ITEMS, size=_size)
        self._info: StreamInfo | None = None
        self._video = 0
        self._announce = False
        self._taken_mono_ns = clock.mono_ns()
        self._ended = False
        self.packets_in, self.lost = 0, 0

    def opened(self, info: StreamInfo) -> None:
        """See `core.ports.PacketSink.opened`."""
        self._info, self._video, self._announce = info, info.video_index, True

    def packet(self, packet: Packet) -> None:
        """See `core.ports.PacketSink.packet`."""
        if self._ended or self._info is None:
            return
        self.packets_in += 1
        begins = packet.key and packet.track == self._video
        if not self._has_room() or (self._announce and not begins):
            self._announce = True
            self.lost += 1
            return
        if self._announce:
            self._announce = not self._queue.put(self._info)
        self._queue.put(packet)

    def closed(self, reason: str) -> None:
        """See `core.ports.PacketSink.closed`."""
        self._info = None
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
        """The reader is (again) there."""
        self._ended, self._taken_mono_ns = False, self._clock.mono_ns()

    def _has_room(self) -> bool:
        if not len(self._queue):
            return True
        stuck = self._clock.mono_ns() - self._taken_mono_ns > MOST_WAIT_NS
        return not stuck and self._queue.bytes < MOST_BYTES and len(self._queue) < _MOST_ITEMS - _SPARE_ITEMS


def _size(item: Item) -> int:
    return len(item.data) if isinstance(item, Packet) else 0
