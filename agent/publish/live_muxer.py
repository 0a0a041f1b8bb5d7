"""Packets -> fMP4 for a browser's MSE: an init segment, then one moof+mdat per frame. Video only."""

from __future__ import annotations

from collections import deque
from io import BytesIO
from typing import Any, NamedTuple

import av
from av.error import FFmpegError

from agent.core.errors import SourceNotVideo
from agent.core.media import Packet, StreamInfo
from agent.core.muxing import copied_stream

_MOVFLAGS = "empty_moov+default_base_moof+frag_every_frame"


class Piece(NamedTuple):
    """One frame as moof+mdat."""

    key: bool
    wall_ns: int
    data: bytes


class LiveMuxer:
    """One epoch of one stream; timestamps begin at 0 with the first keyframe. Used by one thread.

    FFmpeg gives a frame out when the next one comes in (only then it knows the duration): one frame of delay.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._track, self._time_base = info.video_index, info.video.time_base
        self._out = _Boxes()
        self._waiting: deque[tuple[bool, int]] = deque()
        self._base: int | None = None
        self._last_dts = -1
        try:
            with av.open(BytesIO(info.init)) as template:
                self._container = av.open(self._out, "w", format="mp4", options={"movflags": _MOVFLAGS})
                self._stream = copied_stream(self._container, template.streams[info.video_index])
            self._container.start_encoding()
        except FFmpegError as error:
            raise SourceNotVideo(f"{info.camera}/{info.stream} cannot be shown live: {error.strerror}") from error
        self.init = b"".join(self._out.take(b"moov"))
        self.mime = mime_of(self.init)

    def mux(self, packet: Packet) -> list[Piece]:
        """The frames that are whole now; packets before the first keyframe and those without a time give none."""
        if packet.track != self._track or (self._base is None and not packet.key):
            return []
        if self._base is None:
            self._base = packet.dts
        if packet.dts - self._base <= self._last_dts:  # a unit without a picture (a closing SEI): of no use live
            return []
        self._last_dts = packet.dts - self._base
        try:
            self._container.mux_one(self._wrap(packet))
        except FFmpegError as error:
            raise SourceNotVideo(f"a frame cannot be shown live: {error.strerror}") from error
        self._waiting.append((packet.key, packet.wall_ns))
        return [Piece(*self._waiting.popleft(), data) for data in self._out.take(b"mdat") if self._waiting]

    def close(self) -> None:
        """Let go of FFmpeg's memory; what it still held is not wanted any more."""
        self._container.close()

    def _wrap(self, packet: Packet) -> av.Packet[Any]:
        wrapped: av.Packet[Any] = av.Packet(packet.data)
        base = self._base or 0
        wrapped.stream = self._stream
        wrapped.time_base = self._time_base
        wrapped.pts, wrapped.dts, wrapped.duration = packet.pts - base, packet.dts - base, packet.duration
        wrapped.is_keyframe = packet.key
        return wrapped


class _Boxes:
    """What FFmpeg writes to; gives runs of boxes that end with a given one."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        """FFmpeg's only call: without `seek` it never goes back."""
        self._buffer += data
        return len(data)

    def take(self, last: bytes) -> list[bytes]:
        """Runs of whole boxes, each up to and with a box named `last` (ISO/IEC 14496-12 section 4.2)."""
        found, begin, at = [], 0, 0
        while at + 8 <= len(self._buffer):
            size = int.from_bytes(self._buffer[at : at + 4], "big")
            if size < 8 or at + size > len(self._buffer):
                break
            kind = bytes(self._buffer[at + 4 : at + 8])
            at += size
            if kind == last:
                found.append(bytes(self._buffer[begin:at]))
                begin = at
        del self._buffer[:begin]
        return found


def mime_of(init: bytes) -> str:
    """The type for MSE's `addSourceBuffer`, read from the sample entry's own configuration box (RFC 6381)."""
    if (at := init.find(b"avcC")) > 0:
        codec = f"avc1.{init[at + 5 : at + 8].hex().upper()}"
    elif (at := init.find(b"hvcC")) > 0:
        codec = _hevc(b"hvc1" if b"hvc1" in init else b"hev1", init[at + 4 : at + 17])
    elif (at := init.find(b"av1C")) > 0:
        codec = _av1(init[at + 4 : at + 8])
    else:
        return "video/mp4"
    return f'video/mp4; codecs="{codec}"'


def _hevc(entry: bytes, record: bytes) -> str:
    """ISO/IEC 14496-15 annex E.3: profile, compatibility flags bit-reversed, tier and level, constraints."""
    space, tier, profile = record[1] >> 6, record[1] >> 5 & 1, record[1] & 31
    flags = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\0")
    parts = [
        entry.decode(), f"{['', 'A', 'B', 'C'][space]}{profile}", f"{flags:X}", f"{'LH'[tier]}{record[12]}",
        *(f"{byte:X}" for byte in constraints),
    ]  # fmt: skip
    return ".".join(parts)


def _av1(record: bytes) -> str:
    """AV1 in ISO base media, section 5: profile, level and tier, bit depth."""
    profile, level, tier = record[1] >> 5, record[1] & 31, record[2] >> 7
    depth = (12 if record[2] >> 5 & 1 else 10) if record[2] >> 6 & 1 else 8
    return f"av01.{profile}.{level:02d}{'MH'[tier]}.{depth:02d}"
