"""One camera's compressed packets inside the child: queued by whole groups, decoded, thinned, offered on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fractions import Fraction

from agent.analyse.decode import Decoded, FrameDecoder
from agent.analyse.frames import Frame, Sampler
from agent.analyse.ladder import Ladder
from agent.analyse.marks import DECODING, Marks
from agent.analyse.turns import Turns
from agent.core.errors import SourceError
from agent.core.media import Packet
from agent.core.queues import GopQueue, LatestSlot
from agent.core.stop import StopToken

WAIT_S = 0.2
TRACK = 0
"""Only the video track comes over."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture on its way to the thinker."""

    frame: Frame
    arrived_mono_ns: int


@dataclass(slots=True, eq=False)
class Epoch:
    """One session of the camera's stream."""

    codec: str
    extradata: bytes
    time_base: Fraction
    packets: GopQueue = field(default_factory=lambda: GopQueue(TRACK))
    over: threading.Event = field(default_factory=threading.Event)


class Intake:
    """A Worker per camera. The reader of the socket calls `opened`, `packet`, `closed`; they never wait."""

    def __init__(self, camera: str, number: int, marks: Marks, turns: Turns[Look], ladder: Ladder) -> None:
        self.name = f"decode {camera}"
        self._camera, self._number = camera, number
        self._marks, self._turns, self._ladder = marks, turns, ladder
        self._coming: LatestSlot[Epoch] = LatestSlot()
        self._epoch: Epoch | None = None
        self._playing: Epoch | None = None
        self._gap = False
        self.decoded = self.offered = self.thinned = self.broken = 0
        self.error = ""

    def opened(self, epoch: Epoch) -> None:
        """A new session begins; the old one, if any, is over."""
        self.closed()
        self._epoch = epoch
        self._coming.put(epoch)

    def packet(self, packet: Packet) -> None:
        """One access unit of the session."""
        if self._epoch is not None:
            self._epoch.packets.put(packet)

    def closed(self) -> None:
        """The session is over; what is queued is still decoded."""
        if self._epoch is not None:
            self._epoch.over.set()
            self._epoch = None

    def run(self, stop: StopToken) -> None:
        """Decode session after session."""
        while not stop.is_set():
            self._playing = self._playing or self._coming.get(WAIT_S)  # after a fall the same session goes on
            if self._playing is None:
                continue
            try:
                self._play(self._playing, stop)
            except Exception as error:
                self.error = f"decoding fell: {type(error).__name__}: {error}"
                raise
            self._playing = None

    def _play(self, epoch: Epoch, stop: StopToken) -> None:
        try:
            decoder = FrameDecoder(epoch.codec, epoch.extradata, epoch.time_base)
        except SourceError as error:
            self.error = str(error)
            return
        self._gap = True
        self._decode_all(epoch, decoder, stop)
        self._turns.over(self._camera)

    def _decode_all(self, epoch: Epoch, decoder: FrameDecoder, stop: StopToken) -> None:
        sampler, fps = Sampler(self._ladder.fps, epoch.time_base), self._ladder.fps
        while not stop.is_set():
            packet = epoch.packets.get(WAIT_S)
            if packet is None:
                if epoch.over.is_set():
                    break
                continue
            if self._ladder.fps != fps:
                sampler, fps = Sampler(self._ladder.fps, epoch.time_base), self._ladder.fps
            self._decode(packet, decoder, sampler)
        with self._marks.at(self._number, DECODING):
            self._offer(list(decoder.flush()), sampler)

    def _decode(self, packet: Packet, decoder: FrameDecoder, sampler: Sampler) -> None:
        # what follows a packet that was left out cannot be decoded rightly: the next keyframe ends the gap
        self._gap = not packet.key and (self._gap or self._ladder.keyframes_only)
        if self._gap:
            self.thinned += 1
            return
        before = decoder.broken
        with self._marks.at(self._number, DECODING):
            self._offer(list(decoder.decode(packet)), sampler)
        self.broken += decoder.broken - before

    def _offer(self, pictures: list[Decoded], sampler: Sampler) -> None:
        for picture in pictures:
            self.decoded += 1
            if sampler.takes(picture.pts):
                self.offered += 1
                self.error = ""
                frame = Frame(self.decoded, picture.bgr(), picture.wall_ns, picture.offset_ns)
                self._turns.put(self._camera, Look(frame, picture.arrived_mono_ns))
            else:
                self.thinned += 1
