"""Decoding keyframes alone while nobody is there, without losing how somebody came.

A camera whose pipeline is idle rests: of its packets only the keyframes are decoded and glanced at, the others are
kept, two groups of pictures of them. When a glance finds something, or packets grow (an encoder spends bits on what
moves), everything kept is decoded after all, in order, from the last keyframe that was certainly empty: the pipeline
sees what it would have seen, a little later. A stream whose groups are long is never rested: a glance each four
seconds is the least, and is what tells the gateway that the camera is watched.
"""

from __future__ import annotations

import math
from collections import deque
from fractions import Fraction

from agent.core.media import Packet

LONGEST_GROUP_S = 4
MOST_BYTES = 16 << 20
LEARN = 0.02
LEARN_LARGE = LEARN / 10
"""Of large packets: who comes wakes with the first; what lasts, as noise in the dark, is usual after some hundred."""
LEAST_PACKETS = 30
JUMP = 0.6
"""In powers of two: half as large again as usual, at least,"""
DEVIATIONS = 4.0
"""and so many usual deviations; """
IN_A_ROW = 3
"""so many packets in a row, or one that is"""
LEAP = 2.0
"""four times as large."""


class Sizes:
    """How large the packets between keyframes usually are, and whether they just grew."""

    def __init__(self) -> None:
        self._mean = self._deviation = 0.0
        self._count = self._large = 0

    def grew(self, size: int) -> bool:
        """Take in one packet's size; True when something moves by the look of it."""
        bits = math.log2(max(1, size))
        over = bits - self._mean
        usual = max(JUMP, DEVIATIONS * self._deviation)
        large = self._count >= LEAST_PACKETS and over > usual
        self._large = self._large + 1 if large else 0
        if large:
            self._mean += LEARN_LARGE * over
        else:
            weight = max(LEARN, 1 / (self._count + 1))
            self._mean += weight * over
            self._deviation += weight * (abs(over) - self._deviation)
            self._count += 1
        return self._large >= IN_A_ROW or (large and over > max(LEAP, usual))


class Rest:
    """One per session of a stream. Fed every packet in order, by one thread; says which are to be decoded."""

    def __init__(self, time_base: Fraction) -> None:
        self._longest = LONGEST_GROUP_S / time_base if time_base else 0
        self._sizes = Sizes()
        self._kept: deque[Packet] = deque()
        self._bytes = 0
        self._group: int | None = None
        self._key_pts: int | None = None
        self.resting = False

    def take(self, packet: Packet, *, idle: bool) -> list[Packet] | None:
        """Take the next packet: what is to be decoded now because of it, in full; None: it may rest.

        Of what rests keyframes are to be glanced at. `idle`: nobody is there as far as is known.
        """
        grew = idle and not packet.key and self._sizes.grew(len(packet.data))
        if packet.key:
            self._begin_group(packet)
        if not self.resting:
            if not (idle and packet.key and self._short()):
                return [packet]
            self.resting = True
        self._keep(packet)
        if not idle or grew or self._overdue(packet) or self._bytes > MOST_BYTES:
            return self.wake()
        return None

    def wake(self) -> list[Packet]:
        """Rest no longer: everything that was kept, to be decoded in order."""
        kept, self._kept, self._bytes, self.resting = list(self._kept), deque(), 0, False
        return kept

    def empty_until(self, pts: int) -> int:
        """The keyframe with that timestamp showed nobody: what was before it goes; says how many packets."""
        gone = 0
        if any(packet.key and packet.pts == pts for packet in self._kept):
            while self._kept[0].pts != pts:
                self._bytes -= len(self._kept.popleft().data)
                gone += 1
        return gone

    def _begin_group(self, packet: Packet) -> None:
        self._group = None if self._key_pts is None else packet.pts - self._key_pts
        self._key_pts = packet.pts

    def _keep(self, packet: Packet) -> None:
        self._kept.append(packet)
        self._bytes += len(packet.data)

    def _short(self) -> bool:
        return self._group is not None and 0 < self._group <= self._longest

    def _overdue(self, packet: Packet) -> bool:
        return self._key_pts is None or packet.pts - self._key_pts > self._longest or packet.pts < self._key_pts
