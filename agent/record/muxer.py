"""PyAV's fragmented MP4 muxer, for one segment: plain bytes in, boxes out, no transcoding."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Protocol

import av

from agent.core.media import Packet, StreamInfo
from agent.record.spans import believable

_OPTIONS = {
    # frag_duration alone: a fragment ends by time, never by keyframe. frag_discont keeps the offset between tracks.
    # skip_trailer: what follows the fragments is our own note.
    "movflags": "empty_moov+default_base_moof+frag_discont+skip_trailer",
    "frag_duration": "1000000",
    "max_interleave_delta": "100000",  # audio that is late or falls silent holds video back 0.1 s, not 10
}

_WRITE_BYTES = 128 << 10
"""A fragment goes out in pieces of this size; each is a call into Python, a hash and a write."""

_STRAY_S = 5
"""A picture shown so long after its decoding, or sound so far from the picture, has a wrong time."""


class Writable(Protocol):
    """The least that PyAV needs of a file."""

    def write(self, data: bytes) -> int:
        """Take all of `data`."""


class SegmentMuxer:
    """Timestamps become relative to `base` (ticks of the video track), and strictly increasing per track."""

    def __init__(self, info: StreamInfo, base: int, sink: Writable) -> None:
        self._video = info.video_index
        self._template = av.open(io.BytesIO(info.init))
        self._out = av.open(sink, "w", format="mp4", options=_OPTIONS, buffer_size=_WRITE_BYTES)
        self._streams = [self._out.add_stream_from_template(stream) for stream in self._template.streams]
        for stream, track in zip(self._streams, info.tracks, strict=True):
            stream.time_base = track.time_base
            if track.codec == "hevc":
                stream.codec_context.codec_tag = "hvc1"
        base_s = base * info.video.time_base
        self._lines = [_Line(track.time_base, -int(base_s / track.time_base)) for track in info.tracks]
        self._out.start_encoding()
        self.mended = 0

    def mux(self, packet: Packet) -> None:
        """Write one access unit; timestamps that repeat or run backwards are moved by the least that works."""
        line = self._lines[packet.track]
        if packet.track != self._video:
            line.stay_near(packet.dts, self._lines[self._video].now_s)
        pts, dts, moved = line.mended(packet.pts, packet.dts)
        self.mended += moved and packet.track == self._video  # audio of the moment before the segment is usual
        out = av.Packet(packet.data)
        out.stream = self._streams[packet.track]
        out.time_base = line.tick
        out.pts, out.dts, out.is_keyframe = pts, dts, packet.key
        out.duration = believable(packet.duration, line.stray)
        self._out.mux_one(out)

    def close(self) -> None:
        """Write the last fragment and let go; safe to call twice."""
        self._out.close()
        self._template.close()


class _Line:
    """The time line of one track in the file."""

    def __init__(self, tick: Fraction, shift: int) -> None:
        self.tick, self._shift = tick, shift
        self.stray = int(_STRAY_S / tick)
        self._last: int | None = None

    @property
    def now_s(self) -> Fraction:
        """Where the track has got to."""
        return (self._last or 0) * self.tick

    def stay_near(self, dts: int, now_s: Fraction) -> None:
        """Lay a track that keeps a time of its own beside the picture; its spacing stays."""
        now = int(now_s / self.tick)
        if abs(dts + self._shift - now) > self.stray:
            self._shift = now - dts

    def mended(self, pts: int, dts: int) -> tuple[int, int, bool]:
        """The two timestamps as the file takes them, and whether they had to be moved."""
        late = pts - dts
        least = 0 if self._last is None else self._last + 1
        moved = dts + self._shift < least or not 0 <= late <= self.stray
        self._last = max(dts + self._shift, least)
        shown = dts + self._shift + (late if late <= self.stray else 0)
        return max(shown, self._last), self._last, moved
