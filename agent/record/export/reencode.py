"""Decodes a stretch of pictures and encodes some of them again, alike in size, format and time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, cast

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.core.nal import with_lengths
from agent.record.cutting import Unit
from agent.record.export.parameter_sets import without_sets

_ENCODERS = {"h264": "libx264", "hevc": "libx265"}
_TICK = Fraction(1, 90_000)
_FRAME_RATE = Fraction(25)
_QUALITY = "14"
"""Constant rate factor: no difference can be seen, at some times the bytes of the source."""


class Reencoder:
    """Feed it units in decode order; what comes out has the times of the pictures that were asked for.

    `set_id` numbers the parameter sets (H.264). One is good for one unbroken stretch.
    """

    def __init__(self, source: VideoCodecContext, encoded_dts: dict[Fraction, Fraction], set_id: int) -> None:
        self._codec = source.codec.canonical_name
        self._decoder = _video(self._codec, "r")
        self._decoder.extradata = source.extradata
        self._encoder = _encoder(source, self._codec, set_id)
        self._dts = encoded_dts
        self._wanted: dict[int, Unit] = {}
        self._encoding: dict[int, Unit] = {}
        self.frames = 0

    @property
    def parameter_sets(self) -> bytes:
        """The encoder's, with start codes (H.264 only)."""
        return bytes(self._encoder.extradata or b"")

    def feed(self, unit: Unit, *, show: bool) -> Iterator[Unit]:
        """Decode one more; with `show` its picture is encoded."""
        packet = av.Packet(unit.data)
        packet.time_base = Fraction(1, NS)
        packet.pts, packet.dts = _ns(unit.pts), _ns(unit.dts)
        if show:
            self._wanted[packet.pts] = unit
        yield from self._taken(packet)

    def finish(self) -> Iterator[Unit]:
        """What is still on its way.

        Raises:
            StorageError: a picture that was asked for could not be decoded.
        """
        yield from self._taken(None)
        yield from self._encoded(None)
        if self._wanted:
            raise StorageError(
                f"{len(self._wanted)} pictures cannot be decoded for an exact cut; leave --exact out or begin elsewhere"
            )

    def _taken(self, packet: av.Packet | None) -> Iterator[Unit]:  # type: ignore[type-arg]
        try:
            frames = self._decoder.decode(packet)
        except av.error.InvalidDataError:
            return  # its picture will be missing, and `finish` says so
        for frame in frames:
            unit = self._wanted.pop(frame.pts, None) if frame.pts is not None else None
            if unit is not None:
                yield from self._encode(frame, unit)

    def _encode(self, frame: VideoFrame, unit: Unit) -> Iterator[Unit]:
        frame.pts, frame.time_base, frame.pict_type = round(unit.pts / _TICK), _TICK, PictureType.NONE
        self._encoding[frame.pts] = unit
        self.frames += 1
        yield from self._encoded(frame)

    def _encoded(self, frame: VideoFrame | None) -> Iterator[Unit]:
        for packet in self._encoder.encode(frame):
            unit = self._encoding.pop(packet.pts or 0)
            data = without_sets(with_lengths(bytes(packet)), self._codec)
            yield unit._replace(data=data, key=packet.is_keyframe, dts=self._dts[unit.pts])


def _encoder(source: VideoCodecContext, codec: str, set_id: int) -> VideoCodecContext:
    found = _video(_ENCODERS[codec], "w")
    found.width, found.height, found.pix_fmt = source.width, source.height, source.pix_fmt
    found.time_base, found.framerate = _TICK, _FRAME_RATE
    found.color_range, found.colorspace = source.color_range, source.colorspace
    found.color_primaries, found.color_trc = source.color_primaries, source.color_trc
    found.options = {"preset": "fast", "crf": _QUALITY, **_options(codec, set_id)}
    if codec == "h264":
        found.flags |= Flags.global_header
    found.open()
    return found


def _video(name: str, mode: Literal["r", "w"]) -> VideoCodecContext:
    return cast(VideoCodecContext, av.CodecContext.create(name, mode))


def _options(codec: str, set_id: int) -> dict[str, str]:
    """No B-frames, and one sequence from the first picture to the last."""
    if codec == "h264":
        return {"x264-params": f"bframes=0:keyint=infinite:scenecut=0:rc-lookahead=10:sps-id={set_id}"}
    # with its pool of threads an encoding was seen never to end, once in thousands
    alone, sequence = "pools=none:frame-threads=1", "bframes=0:keyint=-1:scenecut=0:rc-lookahead=10:repeat-headers=1"
    return {"x265-params": f"{alone}:{sequence}:log-level=none"}


def _ns(seconds: Fraction) -> int:
    return round(seconds * NS)
