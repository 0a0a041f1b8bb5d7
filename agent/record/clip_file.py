"""A plain MP4, index first, written packet by packet without transcoding."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self

import av
import av.container

from agent.core.clock import NS
from agent.core.muxing import copied_stream
from agent.record.cutting import Unit
from agent.record.footage import Footage


class Written(NamedTuple):
    """When the first picture is of, and when the last one ends."""

    start_ns: int
    end_ns: int


class NothingToShow(ValueError):
    """Of what should be written nothing begins with a keyframe."""


class VideoEntry(NamedTuple):
    """How the video track is described, where that is not as in the footage."""

    tag: str
    extradata: bytes


def write_clip(path: Path, footage: Footage, found: Iterable[Unit], entry: VideoEntry | None = None) -> Written:
    """Write units that begin with a picture; `footage` shows what tracks there are.

    Raises:
        NothingToShow: there is no unit.
        OSError, av.FFmpegError: it cannot be read or written.
    """
    first: Unit | None = None
    end_ns = 0
    with footage.opened() as template, ClipFile(path, template, entry) as target:
        for unit in found:
            first = first or unit
            if unit.video:
                end_ns = max(end_ns, unit.wall_ns + int(unit.duration * NS))
            target.write(unit)
    if first is None:
        raise NothingToShow("no keyframe in it")
    return Written(first.wall_ns, end_ns)


class ClipFile:
    """The first unit is at 0, and time never runs backwards."""

    def __init__(self, path: Path, template: av.container.InputContainer, entry: VideoEntry | None = None) -> None:
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._streams = [copied_stream(self._out, stream) for stream in template.streams]
        for stream, source in zip(self._streams, template.streams, strict=True):
            stream.time_base = source.time_base
            if source.codec_context.name == "hevc":
                stream.codec_context.codec_tag = "hvc1"
            if source.type == "video" and entry is not None:
                stream.codec_context.codec_tag, stream.codec_context.extradata = entry
        self._time_bases = [stream.time_base or Fraction(1, 90_000) for stream in template.streams]
        self._zero: Fraction | None = None
        self._last: list[int | None] = [None] * len(self._streams)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def write(self, unit: Unit) -> None:
        """Append."""
        self._zero = unit.pts if self._zero is None else self._zero
        time_base = self._time_bases[unit.stream]
        dts = round((unit.dts - self._zero) / time_base)
        last = self._last[unit.stream]
        dts = dts if last is None else max(dts, last + 1)
        self._last[unit.stream] = dts
        out = av.Packet(unit.data)
        out.stream, out.time_base = self._streams[unit.stream], time_base
        out.dts, out.pts = dts, max(dts, round((unit.pts - self._zero) / time_base))
        out.duration, out.is_keyframe = round(unit.duration / time_base), unit.key
        self._out.mux(out)
