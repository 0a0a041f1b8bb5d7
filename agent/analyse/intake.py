"""One camera's compressed packets inside the child: queued by whole groups, decoded, thinned, offered on."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from agent.analyse.decode import Decoded, FrameDecoder
from agent.analyse.frames import Frame, Sampler
from agent.analyse.gaps import Spacing
from agent.analyse.ladder import Ladder
from agent.analyse.marks import DECODING, Marks
from agent.analyse.rest import Rest
from agent.analyse.turns import Turns
from agent.core.clock import NS
from agent.core.errors import SourceError
from agent.core.media import Packet
from agent.core.queues import GopQueue, LatestSlot
from agent.core.stop import StopToken

WAIT_S = 0.2
PATIENCE_S = 1.0
"""A picture that was kept waits so long for its turn,"""
CATCH_UP_S = 5.0
"""until this long after the camera was woken: then it is the load that makes it late."""
TRACK = 0
"""Only the video track comes over."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture on its way to the thinker.

    `glance`: the camera rests, and this is a keyframe to be glanced at only. `late`: it was kept while the camera
    rested, so that its age says nothing about the load.
    """

    frame: Frame
    arrived_mono_ns: int
    pts: int = 0
    glance: bool = False
    late: bool = False


@dataclass(slots=True, eq=False)
class Epoch:
    """One session of the camera's stream."""

    codec: str
    extradata: bytes
    time_base: Fraction
    rotation: int = 0
    packets: GopQueue = field(default_factory=lambda: GopQueue(TRACK))
    over: threading.Event = field(default_factory=threading.Event)


def decoder_of(epoch: Epoch) -> FrameDecoder:
    """A new one, to begin at a keyframe.

    Raises:
        SourceNotVideo: no decoder for it.
    """
    return FrameDecoder(epoch.codec, epoch.extradata, epoch.time_base, epoch.rotation)


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
        self._catch_up_until = 0.0
        self.decoded = self.offered = self.thinned = self.broken = 0
        self.packets = self.decode_ns = self.decodes = 0
        self.error = ""
        self.idle = False
        """Set by the thinker: nobody is there as far as it knows."""
        self.empty_pts: int | None = None
        """Set by the thinker: the last keyframe that was glanced at and showed nobody."""

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
            self.play(epoch, self._coming_in(epoch, stop))
        except SourceError as error:
            self.error = str(error)

    def _coming_in(self, epoch: Epoch, stop: StopToken) -> Iterator[Packet]:
        while not stop.is_set():
            packet = epoch.packets.get(WAIT_S)
            if packet is not None:
                yield packet
            elif epoch.over.is_set():
                return

    def play(self, epoch: Epoch, packets: Iterable[Packet]) -> None:
        """Decode one session from its first packet to its last.

        Raises:
            SourceNotVideo: no decoder for it.
        """
        session = _Session(epoch, self._ladder.fps)
        self._gap, self.idle, self.empty_pts = True, False, None
        for packet in packets:
            self.packets += 1
            self._take(session, packet)
        for packet in session.rest.wake():  # who comes at the very end
            self._decode(packet, session)
        self._offer(self._timed(session.decoder.flush, packets=0), session)
        self._turns.over(self._camera)

    def _take(self, session: _Session, packet: Packet) -> None:
        """Decode the packet and what was kept before it, or let it rest."""
        session.follow(self._ladder.fps)
        session.pace(packet)
        if self.empty_pts is not None:
            self.thinned += session.rest.empty_until(self.empty_pts)
            self.empty_pts = None
        was_resting = session.rest.resting
        due = session.rest.take(packet, idle=self.idle)
        if due is None:
            self._glance(session, packet)
            return
        if was_resting:
            self.idle, self._gap, self._catch_up_until = False, True, time.monotonic() + CATCH_UP_S
            session.begin_again()
        for one in due:
            self._decode(one, session)
        if self._catch_up_until and not len(session.epoch.packets):
            self._catch_up_until = 0.0

    def _glance(self, session: _Session, packet: Packet) -> None:
        """The camera rests: show the thinker the keyframes, of those that come thick no more than of pictures."""
        if not packet.key or not session.sampler.takes(packet.pts):
            return
        alone = decoder_of(session.epoch)
        pictures = self._timed(lambda: itertools.chain(alone.decode(packet), alone.flush()))
        for picture in pictures[:1]:
            self.decoded += 1
            self._put(picture, session, glance=True)

    def _decode(self, packet: Packet, session: _Session) -> None:
        # what follows a packet that was left out cannot be decoded rightly: the next keyframe ends the gap
        in_gap, self._gap = self._gap, not packet.key and (self._gap or self._ladder.keyframes_only)
        if self._gap:
            self.thinned += 1
            if not in_gap:
                self._break_off(session)
            return
        before = session.decoder.broken
        self._offer(self._timed(lambda: session.decoder.decode(packet)), session)
        self.broken += session.decoder.broken - before

    def _break_off(self, session: _Session) -> None:
        """Nothing is decoded up to the next keyframe: what the decoder holds back to put in order would wait for it."""
        self._offer(self._timed(session.decoder.flush, packets=0), session)
        session.begin_again()

    def _timed(self, decode: Callable[[], Iterable[Decoded]], *, packets: int = 1) -> list[Decoded]:
        """Have one packet decoded, with an eye on what it costs."""
        began_ns = time.thread_time_ns()
        with self._marks.at(self._number, DECODING):
            done = list(decode())
        self.decode_ns += time.thread_time_ns() - began_ns
        self.decodes += packets
        return done

    def _offer(self, pictures: list[Decoded], session: _Session) -> None:
        for picture in pictures:
            self.decoded += 1
            if session.sampler.takes(picture.pts):
                self._put(picture, session)
            else:
                self.thinned += 1

    def _put(self, picture: Decoded, session: _Session, *, glance: bool = False) -> None:
        self.offered += 1
        self.error = ""
        late = time.monotonic() < self._catch_up_until
        frame = Frame(self.decoded, picture, picture.wall_ns, picture.offset_ns, step_ns=session.step_ns)
        look = Look(frame, picture.arrived_mono_ns, picture.pts, glance=glance, late=late)
        self._turns.put(self._camera, look, PATIENCE_S if late else 0.0)


class _Session:
    """What belongs to one epoch while it is decoded.

    Raises:
        SourceNotVideo: no decoder for it.
    """

    def __init__(self, epoch: Epoch, fps: Fraction) -> None:
        self.epoch, self._fps = epoch, fps
        self.decoder = decoder_of(epoch)
        self.sampler, self.rest = Sampler(fps, epoch.time_base), Rest(epoch.time_base)
        self._spacing, self._dropped = Spacing(), 0

    def follow(self, fps: Fraction) -> None:
        """Sample at this rate from now on."""
        if fps != self._fps:
            self.sampler, self._fps = Sampler(fps, self.epoch.time_base), fps

    def pace(self, packet: Packet) -> None:
        """Learn from every packet, whatever becomes of it, how far apart the stream's pictures are."""
        dropped = self.epoch.packets.dropped
        if dropped != self._dropped:
            self._dropped = dropped
            self._spacing.lose()
        self._spacing.note(packet.dts)

    @property
    def step_ns(self) -> int:
        """How far apart pictures are meant to be now: as they are sampled, or as they come where that is less often."""
        sampled_s = 1 / self._fps if self._fps else Fraction(0)
        return round(max(sampled_s, self._spacing.usual * self.epoch.time_base) * NS)

    def begin_again(self) -> None:
        """The decoder goes on at a keyframe that is not the next."""
        self.decoder = decoder_of(self.epoch)
