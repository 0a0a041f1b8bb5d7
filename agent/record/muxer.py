"""PyAV's fragmented MP4 muxer, for one segment: plain bytes in, boxes out, no transcoding."""

from __future__ import annotations

import io
from typing import Protocol

import av

from agent.core.media import Packet, StreamInfo

_OPTIONS = {
    # frag_duration alone: a fragment ends by time, never by keyframe. frag_discont keeps the offset between tracks.
    # skip_trailer: what follows the fragments is our own note.
    "movflags": "empty_moov+default_base_moof+frag_discont+skip_trailer",
    "frag_duration": "1000000",
    "max_interleave_delta": "1000000",  # audio that falls silent may hold video back 1 s, not 10
}


class Writable(Protocol):
    """The least that PyAV needs of a file."""

    def write(self, data: bytes) -> int:
        """Take all of `data`."""


class SegmentMuxer:
    """Timestamps become relative to `base` (ticks of the video track), and strictly increasing per track."""

    def __init__(self, info: StreamInfo, base: int, sink: Writable) -> None:
        self._info, self._base = info, base
        self._template = av.open(io.BytesIO(info.init))
        self._out = av.open(sink, "w", format="mp4", options=_OPTIONS)
        self._streams = [self._out.add_stream_from_template(stream) for stream in self._template.streams]
        for stream, track in zip(self._streams, info.tracks, strict=True):
            stream.time_base = track.time_base
            if track.codec == "hevc":
                stream.codec_context.codec_tag = "hvc1"
        self._last_dts: list[int | None] = [None] * len(info.tracks)
        self._out.start_encoding()
        self.mended = 0

    def mux(self, packet: Packet) -> None:
        """Write one access unit; timestamps that repeat or run backwards are moved by the least that works."""
        track = self._info.tracks[packet.track]
        shift = -int(self._base * self._info.video.time_base / track.time_base)
        pts, dts = self._mended(packet, packet.pts + shift, packet.dts + shift)
        out = av.Packet(packet.data)
        out.stream = self._streams[packet.track]
        out.time_base = track.time_base
        out.pts, out.dts, out.duration, out.is_keyframe = pts, dts, max(0, packet.duration), packet.key
        self._out.mux_one(out)

    def close(self) -> None:
        """Write the last fragment and let go; safe to call twice."""
        self._out.close()
        self._template.close()

    def _mended(self, packet: Packet, pts: int, dts: int) -> tuple[int, int]:
        last = self._last_dts[packet.track]
        least = 0 if last is None else last + 1
        if dts < least or pts < dts:
            self.mended += packet.track == self._info.video_index  # audio of the moment before the segment is usual
            dts = max(dts, least)
            pts = max(pts, dts)
        self._last_dts[packet.track] = dts
        return pts, dts
