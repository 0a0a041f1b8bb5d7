"""Timestamps for packets that come without: every packet leaves with a pts, a dts and a duration.

FFmpeg gives none to the first packets of an RTSP session, no dts while it learns the depth of B-frames, and none at
all for bare elementary streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from agent.capture.timeline import Arrival

_HOLD = 32
"""So many packets may come before the first dts of their track is known; after that there is none to wait for."""


@dataclass(slots=True)
class Raw:
    """A packet as the demuxer gave it, in the time base of its track; a hole for what it did not know."""

    track: int
    data: bytes
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


class Stamper:
    """Fills the holes; `usual` is the duration of a packet of each track, in ticks, for those that tell none."""

    def __init__(self, usual: tuple[int, ...]) -> None:
        self._usual = usual
        self._held: list[list[Raw]] = [[] for _ in usual]
        self._next_dts: list[int | None] = [None] * len(usual)

    def stamped(self, packets: Iterable[Raw]) -> Iterator[tuple[Raw, Stamp]]:
        """Each packet with its stamp; those held back until the first dts of their track come out with it."""
        for packet in packets:
            packet.duration = packet.duration or self._usual[packet.track]
            yield from self._take(packet)
        for track in range(len(self._held)):
            yield from self._release(track)

    def _take(self, packet: Raw) -> Iterator[tuple[Raw, Stamp]]:
        next_dts = self._next_dts[packet.track]
        if next_dts is not None:
            yield self._stamp(packet, next_dts)
            return
        held = self._held[packet.track]
        held.append(packet)
        if packet.dts is not None or len(held) >= _HOLD:
            yield from self._release(packet.track)

    def _release(self, track: int) -> Iterator[tuple[Raw, Stamp]]:
        held, self._held[track] = self._held[track], []
        if not held:
            return
        next_dts = _first_dts(held)
        _guess_first_pts(held)
        for packet in held:
            stamped = self._stamp(packet, next_dts)
            next_dts = stamped[1].dts + packet.duration
            yield stamped

    def _stamp(self, packet: Raw, next_dts: int) -> tuple[Raw, Stamp]:
        dts = next_dts if packet.dts is None else packet.dts
        self._next_dts[packet.track] = dts + packet.duration
        return packet, Stamp(dts if packet.pts is None else packet.pts, dts, packet.duration)


def _first_dts(held: list[Raw]) -> int:
    """Counted back from the last one's; zero where nobody will ever tell."""
    newest = held[-1].dts
    return 0 if newest is None else newest - sum(packet.duration for packet in held[:-1])


def _guess_first_pts(held: list[Raw]) -> None:
    known = [packet.pts for packet in held if packet.pts is not None]
    if held[0].pts is None and known:
        held[0].pts = min(known) - held[0].duration
