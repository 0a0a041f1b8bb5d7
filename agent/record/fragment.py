"""Fragments of MP4 (ISO 14496-12 section 8.8): samples of about a second become one `moof` and one `mdat`.

Own code instead of a muxer's, because a fragment is what may be lost: it must end when the recorder says so, and not
when the next packet comes. What stands in front of the fragments, `ftyp` and `moov`, comes with the stream.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from agent.core.media import Packet, StreamInfo
from agent.record.boxes import children
from agent.record.lines import Line
from agent.record.spans import believable

LONGEST_S = 1
_MOST_BYTES = 8 << 20
_MOST_TICKS = (1 << 32) - 1

_SAMPLE = struct.Struct(">IIII")
"""Duration, size, flags, composition offset."""
_ALL_GIVEN = 0x000F01
"""Each sample states all four, and `trun` where the data begin."""
_BASE_IS_MOOF = 0x020000
_SYNC, _NOT_SYNC = 0x0200_0000, 0x0101_0000
"""sample_depends_on 2 (on none), or 1 and sample_is_non_sync_sample (section 8.8.3.1)."""


class Fragment(NamedTuple):
    """What goes to the disk: the boxes in front of the samples, and these as they came."""

    front: bytes
    samples: list[bytes]


class _Sample(NamedTuple):
    """Ticks of the track's own scale."""

    data: bytes
    dts: int
    late: int
    duration: int
    key: bool


@dataclass(slots=True)
class _Track:
    """One track of the file: its number, ticks per second there over ticks per second here, and what waits."""

    id: int
    scale: Fraction
    line: Line
    samples: list[_Sample] = field(default_factory=list)

    def ticks(self, ours: int) -> int:
        return ours if self.scale == 1 else ours * self.scale.numerator // self.scale.denominator


class FragmentMaker:
    """Collects samples of one segment. Timestamps become relative to `base` (ticks of the video track)."""

    def __init__(self, info: StreamInfo, base: int) -> None:
        self._video = info.video_index
        base_s = base * info.video.time_base
        self._tracks = [
            _Track(number, Fraction(scale) * track.time_base, Line(track.time_base, -int(base_s / track.time_base)))
            for (number, scale), track in zip(_numbers_and_scales(info.init), info.tracks, strict=True)
        ]
        self._longest = int(LONGEST_S / info.video.time_base)
        self._number, self._first_dts = 0, 0
        self.bytes, self.mended = 0, 0

    def __bool__(self) -> bool:
        """Does anything wait?"""
        return any(track.samples for track in self._tracks)

    def full(self, packet: Packet) -> bool:
        """Must what waits go out before this packet?"""
        if self.bytes >= _MOST_BYTES:
            return True
        waits = packet.track == self._video and bool(self._tracks[self._video].samples)
        return waits and packet.dts - self._first_dts >= self._longest

    def add(self, packet: Packet) -> None:
        """Take one access unit; timestamps that repeat or run backwards are moved by the least that works."""
        track, video = self._tracks[packet.track], self._tracks[self._video]
        if track is not video:
            track.line.stay_near(packet.dts, video.line.now_s)
        elif not track.samples:
            self._first_dts = packet.dts
        pts, dts, moved = track.line.mended(packet.pts, packet.dts)
        self.mended += moved and track is video  # audio of the moment before the segment is usual
        shown, decoded = track.ticks(pts), track.ticks(dts)
        duration = track.ticks(believable(packet.duration, track.line.stray))
        track.samples.append(_Sample(packet.data, decoded, shown - decoded, duration, packet.key or track is not video))
        self.bytes += len(packet.data)

    def cut(self) -> Fragment:
        """What waited, as one fragment."""
        self._number += 1
        tracks = [track for track in self._tracks if track.samples]
        samples = [sample.data for track in tracks for sample in track.samples]
        front = self._moof(tracks) + (self.bytes + 8).to_bytes(4, "big") + b"mdat"
        for track in tracks:
            track.samples.clear()
        self.bytes = 0
        return Fragment(front, samples)

    def _moof(self, tracks: list[_Track]) -> bytes:
        """The offsets in it count from its own first byte, so that it is built twice: once for its size."""
        head = _box(b"mfhd", struct.pack(">II", 0, self._number))
        size = len(_box(b"moof", head + b"".join(_traf(track, 0) for track in tracks)))
        at, trafs = size + 8, []
        for track in tracks:
            trafs.append(_traf(track, at))
            at += sum(len(sample.data) for sample in track.samples)
        return _box(b"moof", head + b"".join(trafs))


def _traf(track: _Track, data_at: int) -> bytes:
    header = _box(b"tfhd", struct.pack(">II", _BASE_IS_MOOF, track.id))
    time = _box(b"tfdt", struct.pack(">IQ", 1 << 24, track.samples[0].dts))
    rows = b"".join(_rows(track.samples))
    run = _box(b"trun", struct.pack(">IIi", _ALL_GIVEN, len(track.samples), data_at) + rows)
    return _box(b"traf", header + time + run)


def _rows(samples: list[_Sample]) -> list[bytes]:
    """A sample lasts until the next one; the last of a fragment as declared, since rates are often a lie, alone."""
    lasts = [min(after.dts - one.dts, _MOST_TICKS) for one, after in pairwise(samples)]
    lasts.append(lasts[-1] if lasts else samples[-1].duration)
    return [
        _SAMPLE.pack(duration, len(one.data), _SYNC if one.key else _NOT_SYNC, one.late)
        for one, duration in zip(samples, lasts, strict=True)
    ]


def _box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _numbers_and_scales(init: bytes) -> list[tuple[int, int]]:
    """Each track's number (`tkhd`) and ticks per second (`mdhd`), in the order of the init segment."""
    moov = dict(children(init))[b"moov"]
    found = []
    for kind, trak in children(moov):
        if kind == b"trak":
            boxes = dict(children(trak))
            header, media = boxes[b"tkhd"], dict(children(boxes[b"mdia"]))[b"mdhd"]
            found.append((_after_times(header), _after_times(media)))
    return found


def _after_times(body: bytes) -> int:
    """The number behind the two times that begin a full box: 4 bytes each in version 0, 8 in version 1."""
    at = 20 if body[0] else 12
    return int.from_bytes(body[at : at + 4], "big")
