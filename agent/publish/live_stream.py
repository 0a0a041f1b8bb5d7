"""One stream of a camera on its way to viewers: remembers the last group of pictures, muxes while a lease lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from agent.core.errors import SourceNotVideo
from agent.core.media import Packet, StreamInfo
from agent.core.memory import Budget
from agent.core.queues import GopQueue
from agent.publish.live_fit import Fit
from agent.publish.live_muxer import LiveMuxer, Piece
from agent.wire.live import LivePiece
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

GOP_BYTES = 4 << 20
"""Of the last group of pictures, kept so that a viewer need not wait for the next keyframe."""
GOP_ITEMS = 400
QUEUED_GOPS = 2

Say = Callable[[str, bytes], bool]


@dataclass(slots=True)
class Lease:
    """Somebody at the centre watches `wanted`. `number` counts pieces since its init; `gated` waits for a keyframe.

    `keys`: only keyframes are sent, because the link bears no more.
    """

    id: str
    wanted: str
    fit: Fit
    expires_ns: int = 0
    keys: bool = False
    begun: bool = False
    gated: bool = False
    number: int = 0


class Feed(NamedTuple):
    """One epoch and the queue between the capture thread and ours."""

    info: StreamInfo
    queue: GopQueue


class LiveStream:
    """The `PacketSink` of one camera's stream. `leases` and `pump` belong to the relay's thread."""

    def __init__(self, say: Say, topics: GatewayTopics, wake: Callable[[], None], budget: Budget | None = None) -> None:
        """`budget` is for the packets that are kept for viewers, of all streams together."""
        self._has_room = budget.share(self._held) if budget else lambda: True
        self._say, self._topics, self._wake = say, topics, wake
        self._lock = threading.Lock()
        self._feed: Feed | None = None
        self._gop: list[Packet] = []
        self._gop_bytes = 0
        self._watched = False
        self._muxer: tuple[Feed, LiveMuxer] | None = None
        self._pieces: list[Piece] = []
        self.leases: dict[str, Lease] = {}

    # -- what the capture thread calls --------------------------------------------------------------------------

    @property
    def hurried(self) -> bool:
        """While somebody watches."""
        return self._watched

    def opened(self, info: StreamInfo) -> None:
        """See `PacketSink`."""
        with self._lock:
            self._feed = self._new_feed(info)
            self._gop, self._gop_bytes = [], 0

    def packet(self, packet: Packet) -> None:
        """See `PacketSink`: a list entry, and a queue entry while somebody watches."""
        with self._lock:
            if self._feed is None or packet.track != self._feed.info.video_index:
                return
            self._remember(packet)
            if not self._watched:
                return
            self._feed.queue.put(packet)
        self._wake()

    def closed(self, reason: str) -> None:
        """See `PacketSink`."""
        del reason
        with self._lock:
            self._feed, self._gop, self._gop_bytes = None, [], 0

    def _remember(self, packet: Packet) -> None:
        if packet.key:
            self._gop, self._gop_bytes = [], 0
        elif not self._gop or self._gop_bytes > GOP_BYTES or len(self._gop) >= GOP_ITEMS or not self._has_room():
            self._gop, self._gop_bytes = [], 0  # without its beginning the rest is of no use
            return
        self._gop.append(packet)
        self._gop_bytes += len(packet.data)

    @property
    def is_open(self) -> bool:
        """Does the camera send it?"""
        return self._feed is not None

    # -- what the relay's thread calls --------------------------------------------------------------------------

    def pump(self) -> None:
        """Send what came since the last call to every lease."""
        self._watch(bool(self.leases))
        if not self.leases:
            self._close_muxer()
            return
        muxer = self._current_muxer()
        if muxer is None:
            return
        for lease in self.leases.values():
            self._welcome(lease, muxer)
        feed = self._muxer[0] if self._muxer is not None else None
        while feed is not None and (packet := feed.queue.get(timeout_s=0)) is not None:
            self._send_all(muxer, packet)

    def close(self) -> None:
        """Let go of the muxer."""
        self._watch(watched=False)
        self._close_muxer()

    def _watch(self, watched: bool) -> None:
        with self._lock:
            if watched and not self._watched and self._feed is not None:
                self._preload()
            self._watched = watched

    def _new_feed(self, info: StreamInfo) -> Feed:
        return Feed(info, GopQueue(info.video_index, QUEUED_GOPS, has_room=self._has_room))

    def _held(self) -> int:
        feed = self._feed
        return self._gop_bytes + (0 if feed is None else feed.queue.bytes)

    def _preload(self) -> None:
        if self._feed is not None:
            self._feed = self._new_feed(self._feed.info)
            for packet in self._gop:
                self._feed.queue.put(packet)

    def _current_muxer(self) -> LiveMuxer | None:
        with self._lock:
            feed = self._feed
        if self._muxer is not None and self._muxer[0] is feed:
            return self._muxer[1]
        self._close_muxer()
        if feed is None:
            return None
        try:
            self._muxer = feed, LiveMuxer(feed.info)
        except SourceNotVideo as error:
            log.warning("%s", error)
            self.leases.clear()
            return None
        return self._muxer[1]

    def _close_muxer(self) -> None:
        self._pieces = []
        if self._muxer is not None:
            self._muxer[1].close()
            self._muxer = None
        for lease in self.leases.values():
            lease.begun = False

    def _welcome(self, lease: Lease, muxer: LiveMuxer) -> None:
        """Init and the group of pictures so far, to a lease that is new to this muxer."""
        if lease.begun:
            return
        init = LivePiece(init=True, key=False, number=0, wall_ns=0, mime=muxer.mime, data=muxer.init)
        if not self._say(self._topics.live(lease.id), init.encode()):
            return
        lease.begun, lease.gated, lease.number = True, True, 0
        for piece in self._pieces:
            self._send(lease, piece)

    def _send_all(self, muxer: LiveMuxer, packet: Packet) -> None:
        try:
            pieces = muxer.mux(packet)
        except SourceNotVideo as error:
            log.debug("%s", error)  # one broken frame of a camera is no news; the next may be whole
            return
        for piece in pieces:
            self._keep(piece)
            for lease in self.leases.values():
                self._send(lease, piece)

    def _keep(self, piece: Piece) -> None:
        if piece.key or len(self._pieces) >= GOP_ITEMS:
            self._pieces.clear()
        if piece.key or self._pieces:
            self._pieces.append(piece)

    def _send(self, lease: Lease, piece: Piece) -> None:
        """A piece that finds no room is dropped, and all up to the next keyframe with it."""
        if not lease.begun or ((lease.gated or lease.keys) and not piece.key):
            return
        number, lease.number = lease.number, lease.number + 1
        head = LivePiece(
            init=False, key=piece.key, number=number, wall_ns=piece.wall_ns, mime="", data=piece.data
        ).encode()
        lease.gated = not self._say(self._topics.live(lease.id), head)
        if lease.gated:
            lease.fit.refused()
