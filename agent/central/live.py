"""Live pictures: one lease per camera and stream for all who watch it, kept alive while somebody does."""

from __future__ import annotations

import logging
import threading
from typing import Any, Literal, NamedTuple

from agent.central.commands import Commander, CommandFailed
from agent.central.live_viewer import Viewer
from agent.core.clock import NS, Clock
from agent.core.errors import WireError
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.wire.live import LivePiece
from agent.wire.messages import FrameBoxes, LiveArgs, LiveStopArgs, Reply, WatchArgs, decode
from agent.wire.topics import Address

log = logging.getLogger(__name__)

LEASE_S = 20
_RENEW_NS = 8 * NS
_RENEW_SILENT_NS = 2 * NS
_SILENT_NS = 2 * NS
"""Without pieces a gateway may have started anew and know of no lease: ask sooner."""
_STALLED_NS = 5 * NS
_TICK_S = 0.5
_GOP_ITEMS, _GOP_BYTES = 900, 16 << 20


class LiveKey(NamedTuple):
    """What is watched."""

    site: str
    gateway: str
    camera: str
    stream: Literal["main", "sub"]


class Channel:
    """One camera's stream on its way to its viewers."""

    def __init__(self, key: LiveKey, lease: str) -> None:
        self.key, self.lease = key, lease
        self.viewers: set[Viewer] = set()
        self.init: LivePiece | None = None
        self.gop: list[LivePiece] = []
        self.next_number = 0
        self.asked_ns = self.watched_ns = self.piece_ns = 0
        self.sent: tuple[str, bool] = (key.stream, False)

    def join(self, viewer: Viewer) -> None:
        """Give a newcomer what makes a picture at once: init and the last group of pictures."""
        self.viewers.add(viewer)
        viewer.state("starting")
        if self.sent != (self.key.stream, False):
            viewer.sent(*self.sent)
        if self.init is not None:
            viewer.init(self.init)
            for piece in self.gop:
                viewer.media(piece)
            if self.gop:
                viewer.state("playing")

    def put(self, piece: LivePiece, now_ns: int) -> None:
        """Pass a piece on; a hole in the numbers means that nothing can be decoded before the next keyframe."""
        self.piece_ns = now_ns
        if piece.init:
            self.init, self.gop, self.next_number = piece, [], 0
        elif piece.key:
            self.gop = [piece]
        elif self.gop and piece.number == self.next_number:
            self._grow(piece)
        else:
            self.gop = []
        broken = not piece.init and not piece.key and piece.number != self.next_number
        if not piece.init:
            self.next_number = piece.number + 1
        for viewer in self.viewers:
            _pass_on(viewer, piece, broken=broken)

    def _grow(self, piece: LivePiece) -> None:
        self.gop.append(piece)
        if len(self.gop) > _GOP_ITEMS or sum(len(held.data) for held in self.gop) > _GOP_BYTES:
            self.gop = []  # a newcomer then waits for the next keyframe

    @property
    def wants_boxes(self) -> bool:
        """Does anybody want to see boxes?"""
        return any(viewer.boxes for viewer in self.viewers)


def _pass_on(viewer: Viewer, piece: LivePiece, *, broken: bool) -> None:
    if piece.init:
        viewer.init(piece)
        return
    if broken:
        viewer.gap()
    viewer.media(piece)
    viewer.state("playing")


class LiveHub:
    """All channels. A worker only to renew leases and to notice silence."""

    name = "live"

    def __init__(self, commander: Commander, clock: Clock) -> None:
        self._commander, self._clock = commander, clock
        self._lock = threading.RLock()
        self._channels: dict[LiveKey, Channel] = {}

    def join(self, key: LiveKey, viewer: Viewer) -> None:
        """Begin to watch; asks the gateway when nobody else watches. Errors come through the viewer."""
        with self._lock:
            channel = self._channels.get(key)
            if channel is None:
                channel = self._channels[key] = Channel(key, new_id(self._clock.wall_ns()))
            channel.join(viewer)
        self._renew(channel)

    def leave(self, key: LiveKey, viewer: Viewer) -> None:
        """Stop watching; the last one out ends the lease."""
        with self._lock:
            channel = self._channels.get(key)
            if channel is None:
                return
            channel.viewers.discard(viewer)
            if channel.viewers:
                return
            del self._channels[key]
        self._end_lease(channel)

    def on_message(self, address: Address, payload: bytes) -> None:
        """A live piece or the boxes of now, from the link's thread.

        Raises:
            WireError: not what its topic says.
        """
        match address.path:
            case ("live", lease):
                self._piece(address, lease, LivePiece.decode(payload))
            case ("camera", camera, "frame"):
                self._boxes(address, camera, decode(FrameBoxes, payload))

    def run(self, stop: StopToken) -> None:
        """Renew what is watched and say when it stalls, until `stop`; then end all leases."""
        while not stop.wait(_TICK_S):
            with self._lock:
                channels = list(self._channels.values())
            for channel in channels:
                self._notice_silence(channel)
                self._renew(channel)
        with self._lock:
            channels = list(self._channels.values())
        for channel in channels:
            self._end_lease(channel)

    def watched(self) -> list[LiveKey]:
        """What somebody watches now."""
        with self._lock:
            return list(self._channels)

    def _piece(self, address: Address, lease: str, piece: LivePiece) -> None:
        with self._lock:
            channel = self._by_lease(address, lease)
            if channel is None:
                return
            if not piece.init and (channel.init is None or piece.number < channel.next_number):
                self._start_over(channel)
                return
            channel.put(piece, self._clock.mono_ns())

    def _by_lease(self, address: Address, lease: str) -> Channel | None:
        for key, channel in self._channels.items():
            if channel.lease == lease and (key.site, key.gateway) == (address.site, address.gateway):
                return channel
        return None

    def _start_over(self, channel: Channel) -> None:
        """The init piece was lost (QoS 0), or that of a newer stream was: only a new lease brings another."""
        if self._clock.mono_ns() - channel.asked_ns > NS:
            channel.lease = new_id(self._clock.wall_ns())
            channel.init, channel.gop, channel.asked_ns = None, [], 0

    def _boxes(self, address: Address, camera: str, frame: FrameBoxes) -> None:
        if frame.camera != camera:
            raise WireError("the boxes name another camera than their topic")
        boxes = [box.model_dump(mode="json") for box in frame.boxes]
        with self._lock:
            for key, channel in self._channels.items():
                if key[:3] == (address.site, address.gateway, camera):
                    for viewer in channel.viewers:
                        viewer.show_boxes(frame.time, boxes)

    def _notice_silence(self, channel: Channel) -> None:
        now_ns = self._clock.mono_ns()
        with self._lock:
            if channel.piece_ns and now_ns - channel.piece_ns > _STALLED_NS:
                for viewer in channel.viewers:
                    viewer.state("stalled")

    def _renew(self, channel: Channel) -> None:
        """Ask for the lease, and for boxes where wanted, when it is time."""
        now_ns, key = self._clock.mono_ns(), channel.key
        with self._lock:
            every_ns = _RENEW_NS if now_ns - channel.piece_ns < _SILENT_NS else _RENEW_SILENT_NS
            lease_due = not channel.asked_ns or now_ns - channel.asked_ns > every_ns
            boxes_due = channel.wants_boxes and (not channel.watched_ns or now_ns - channel.watched_ns > _RENEW_NS)
            channel.asked_ns = now_ns if lease_due else channel.asked_ns
            channel.watched_ns = now_ns if boxes_due else channel.watched_ns
        try:
            if lease_due:
                args = LiveArgs(camera=key.camera, stream=key.stream, lease=channel.lease, seconds=LEASE_S)
                self._commander.send(key.site, key.gateway, "live", args, lambda reply: self._answered(channel, reply))
            if boxes_due:
                watch = WatchArgs(camera=key.camera, seconds=LEASE_S)
                self._commander.send(key.site, key.gateway, "watch", watch)
        except CommandFailed as error:
            self._failed(channel, error)

    def _answered(self, channel: Channel, reply: Reply | None) -> None:
        if reply is not None and reply.ok:
            self._told(channel, reply.result)
        elif reply is None:
            text = f"gateway {channel.key.gateway} does not answer"
            self._failed(channel, CommandFailed("gateway_silent", text))
        else:
            self._failed(channel, CommandFailed("gateway_error", reply.error or "the gateway refused"))

    def _told(self, channel: Channel, result: dict[str, Any]) -> None:
        """What the gateway really sends: the link may bear less than was wanted."""
        sent = str(result.get("stream", channel.key.stream))[:8], result.get("keys") is True
        with self._lock:
            changed, channel.sent = sent != channel.sent, sent
            for viewer in channel.viewers:
                if changed:
                    viewer.sent(*sent)

    def _failed(self, channel: Channel, error: CommandFailed) -> None:
        """Those who never saw a picture are told; those who did wait: it may come back."""
        with self._lock:
            if channel.piece_ns and error.code != "gateway_error":
                for viewer in channel.viewers:
                    viewer.state("stalled")
                return
            for viewer in channel.viewers:
                viewer.end(error.code, str(error))

    def _end_lease(self, channel: Channel) -> None:
        try:
            key = channel.key
            self._commander.send(key.site, key.gateway, "live_stop", LiveStopArgs(lease=channel.lease))
        except CommandFailed as error:
            log.debug("the lease will run out by itself: %s", error)
