"""Timestamps for packets that come without: every packet leaves with a pts, a dts and a duration.

FFmpeg gives none to the first packets of an RTSP session, no dts while it learns the depth of B-frames, and none at
all for bare elementary streams.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from agent.capture.timeline import Arrival
from agent.core.clock import NS

_HOLD = 32
"""So many packets may come before the first dts of their track is known; after that there is none to wait for."""

_BEHIND, _BEHIND_NS = 100, 2 * NS
"""So many packets, and so long, may wait behind sound, which may fall silent before it tells a time."""

_ENOUGH = 2
"""So many known times tell how far packets really lie apart."""

_MOST_LIE = 50
"""A rate that is declared so many times too high is believed to be a lie; more is a break in the timestamps."""


@dataclass(slots=True)
class Raw:
    """A packet as the demuxer gave it, in the time base of its track; a hole for what it did not know."""

    track: int
    data: bytes | memoryview
    pts: int | None
    dts: int | None
    duration: int
    key: bool
    arrival: Arrival


class Stamp(NamedTuple):
    """Ticks of the packet's track; nothing is missing."""

    pts: int
    dts: int
    duration: int


@dataclass(slots=True)
class _Place:
    """A packet in line for its stamp."""

    packet: Raw
    stamp: Stamp | None = None


class Stamper:
    """Fills the holes; `usual` is the duration of a packet of each track, in ticks, for those that tell none.

    The order of packets stays, over all tracks: sound does not overtake a keyframe that waits for its stamp.
    """

    def __init__(self, usual: tuple[int, ...]) -> None:
        self._usual = usual
        self._line: deque[_Place] = deque()
        self._held: list[list[_Place]] = [[] for _ in usual]
        self._next_dts: list[int | None] = [None] * len(usual)

    def stamped(self, packets: Iterable[Raw]) -> Iterator[tuple[Raw, Stamp]]:
        """Each packet with its stamp; those held back until the first dts of their track come out with it."""
        for packet in packets:
            packet.duration = packet.duration or self._usual[packet.track]
            if not self._line and (next_dts := self._next_dts[packet.track]) is not None:
                yield packet, self._stamp(packet, next_dts)
                continue
            self._take(packet)
            self._wait_no_longer(packet)
            yield from self._ready()
        for track in range(len(self._held)):
            self._release(track)
        yield from self._ready()

    def _ready(self) -> Iterator[tuple[Raw, Stamp]]:
        while self._line and (stamp := self._line[0].stamp) is not None:
            yield self._line.popleft().packet, stamp

    def _take(self, packet: Raw) -> None:
        place = _Place(packet)
        self._line.append(place)
        next_dts = self._next_dts[packet.track]
        if next_dts is not None:
            place.stamp = self._stamp(packet, next_dts)
            return
        held = self._held[packet.track]
        held.append(place)
        known = sum(one.packet.dts is not None for one in held)
        if held[0].packet.dts is not None or known >= _ENOUGH or len(held) >= _HOLD:
            self._release(packet.track)

    def _wait_no_longer(self, newest: Raw) -> None:
        """FFmpeg gives AAC that begins late no dts at first; of sound on demand that may be all that comes."""
        first = self._line[0]
        if first.stamp is not None or first.packet.track == 0:
            return
        waited_ns = newest.arrival.mono_ns - first.packet.arrival.mono_ns
        if waited_ns >= _BEHIND_NS or len(self._line) >= _BEHIND:
            self._release(first.packet.track)

    def _release(self, track: int) -> None:
        held, self._held[track] = self._held[track], []
        if not held:
            return
        packets = [place.packet for place in held]
        step = _step(packets)
        next_dts = _first_dts(packets, step)
        _guess_first_pts(packets, step)
        for place in held:
            place.stamp = self._stamp(place.packet, next_dts)
            next_dts += step

    def _stamp(self, packet: Raw, next_dts: int) -> Stamp:
        dts = next_dts if packet.dts is None else packet.dts
        self._next_dts[packet.track] = dts + packet.duration
        return Stamp(dts if packet.pts is None else packet.pts, dts, packet.duration)


def _step(held: list[Raw]) -> int:
    """From one packet to the next: as the first two that tell do, since declared rates lie; else as declared."""
    known = [(number, packet.dts) for number, packet in enumerate(held) if packet.dts is not None]
    if len(known) < _ENOUGH:
        return held[0].duration
    (first, begin), (second, end) = known[0], known[1]
    step = (end - begin) // (second - first)
    return step if 0 < step <= _MOST_LIE * held[0].duration else held[0].duration


def _first_dts(held: list[Raw], step: int) -> int:
    """Counted back from the first that is known; zero where nobody will ever tell."""
    known = ((number, packet.dts) for number, packet in enumerate(held) if packet.dts is not None)
    return next((dts - number * step for number, dts in known), 0)


def _guess_first_pts(held: list[Raw], step: int) -> None:
    known = [packet.pts for packet in held if packet.pts is not None]
    if held[0].pts is None and known:
        held[0].pts = min(known) - step
