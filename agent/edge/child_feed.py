"""One camera's packets on their way to the analysing child: taken at once, kept by whole groups of pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent.core.media import Packet, StreamInfo
from agent.core.memory import Budget
from agent.core.queues import GopQueue
from agent.wire import framing


class Feed:
    """A PacketSink on the capture's side; `next_frame` on the pump's side. Neither ever waits for the other.

    `wake` tells the pump that there is something. Two groups of pictures are kept at most; what a stopped or slow
    child does not take is dropped to the next keyframe and counted.
    """

    def __init__(self, camera: str, wake: Callable[[], None], budget: Budget | None = None) -> None:
        self._camera, self._wake = camera, wake
        self._has_room = budget.share(self._held) if budget else lambda: True
        self._lock = threading.Lock()
        self._info: StreamInfo | None = None
        self._queue: GopQueue | None = None
        self._announce = self._needs_key = False
        self._closing = ""
        self._muted = False
        self._dropped = 0

    @property
    def hurried(self) -> bool:
        """What is seen late is told late."""
        return True

    def opened(self, info: StreamInfo) -> None:
        """See `PacketSink.opened`."""
        with self._lock:
            self._retire()
            self._info, self._queue = info, GopQueue(info.video_index, has_room=self._has_room)
            self._announce, self._closing = True, ""
        self._wake()

    def packet(self, packet: Packet) -> None:
        """See `PacketSink.packet`; sound stays here."""
        with self._lock:
            info, queue = self._info, self._queue
            if info is None or queue is None or packet.track != info.video_index:
                return
            if self._muted:
                self._dropped += 1
                return
            queue.put(packet)
        self._wake()

    def closed(self, reason: str) -> None:
        """See `PacketSink.closed`."""
        with self._lock:
            self._closing = reason
        self._wake()

    @property
    def dropped(self) -> int:
        """Packets that never reached the child."""
        with self._lock:
            return self._dropped + (self._queue.dropped if self._queue is not None else 0)

    def mute(self) -> None:
        """This camera is in quarantine: give out nothing any more."""
        with self._lock:
            self._muted = True
            self._retire()
            self._announce, self._closing = False, ""

    def begin_again(self) -> None:
        """A new child knows nothing: tell it of the session, and start at a keyframe."""
        with self._lock:
            self._announce = self._info is not None

    def next_frame(self) -> bytes | None:
        """What to send next, None when there is nothing."""
        with self._lock:
            if self._muted or self._info is None:
                return None
            if self._announce:
                self._announce, self._needs_key = False, True
                return _opened(self._info)
            packet = self._next_packet()
            if packet is not None:
                return _packet(self._camera, packet)
            return self._farewell() if self._closing else None

    def _next_packet(self) -> Packet | None:
        while self._queue is not None and (packet := self._queue.get(0)) is not None:
            if packet.key or not self._needs_key:
                self._needs_key = False
                return packet
            self._dropped += 1
        return None

    def _farewell(self) -> bytes:
        reason, self._closing = self._closing, ""
        self._retire()
        self._info = None
        return framing.encode({"type": "closed", "camera": self._camera, "reason": reason})

    def _held(self) -> int:
        queue = self._queue
        return 0 if queue is None else queue.bytes

    def _retire(self) -> None:
        if self._queue is not None:
            self._dropped += self._queue.dropped + len(self._queue)
            self._queue = None


def _opened(info: StreamInfo) -> bytes:
    video = info.video
    header = {
        "type": "opened", "camera": info.camera, "stream": info.stream, "epoch": info.epoch, "codec": video.codec,
        "width": video.width, "height": video.height, "rotation": video.rotation,
        "num": video.time_base.numerator, "den": video.time_base.denominator, "opened_wall_ns": info.opened_wall_ns,
    }  # fmt: skip
    return framing.encode(header, video.extradata)


def _packet(camera: str, packet: Packet) -> bytes:
    header = {
        "type": "packet", "camera": camera, "pts": packet.pts, "dts": packet.dts, "duration": packet.duration,
        "key": packet.key, "wall_ns": packet.wall_ns, "offset_ns": packet.offset_ns,
        "arrived_mono_ns": packet.arrived_mono_ns,
    }  # fmt: skip
    return framing.encode(header, packet.data)
