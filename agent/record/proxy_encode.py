"""Makes a clip small: `python -m agent.record.proxy_encode`, a job as JSON on stdin, its outcome as JSON on stdout.

A process of its own, at the lowest priority: decoding and coding cost seconds, and recording comes first. Areas that
are hidden in every picture made at the gateway are hidden here, too.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.stream import VideoStream

from agent.record.step_back import step_back
from agent.record.upright import quarters_of, turned

MOST_WIDTH, MOST_FPS, GOP_S = 640, 8, 2
ENCODERS = ("libx264", "libopenh264", "h264_v4l2m2m", "h264_omx")
"""The first that this machine's FFmpeg has and can open."""
_TICKS = Fraction(1, 90_000)
_MOST_JOB_BYTES = 1 << 20
_BLACK = (16, 128, 128)  # of Y, U and V (ITU-R BT.601)

Spans = list[tuple[int, int, int]]


class Job(NamedTuple):
    """`rate` in bytes a second; `masks` are polygons of points 0..1."""

    source: str
    target: str
    rate: int
    masks: list[list[tuple[float, float]]]


class Outcome(NamedTuple):
    """What was written; `error` is one line when nothing was."""

    frames: int = 0
    codecs: str = ""
    error: str = ""


def encode(job: Job) -> Outcome:
    """Write `job.target`, an MP4 with its index first, H.264, without sound."""
    try:
        with (
            av.open(job.source) as source,
            av.open(job.target, "w", format="mp4", options={"movflags": "faststart"}) as out,
        ):
            pictures = source.streams.video[0]
            frames = _thinned(source, pictures)
            first = next(frames, None)
            if first is None:
                return Outcome(error="there is no picture in it")
            lying, quarters = size_of(pictures.codec_context), quarters_of(first)
            size = lying[::-1] if quarters % 2 else lying
            stream = _stream(out, size, job.rate)
            planes = (size, (size[0] // 2, size[1] // 2), (size[0] // 2, size[1] // 2))
            hidden = [[span for mask in job.masks for span in spans_of(mask, *plane)] for plane in planes]
            hidden = hidden if job.masks else []
            count = 0
            for frame in itertools.chain([first], frames):
                _mux(out, stream, _masked(frame, turned(frame.reformat(*lying, format="yuv420p"), quarters), hidden))
                count += 1
            _mux(out, stream, None)
            codecs = codecs_of(bytes(stream.codec_context.extradata or b""))
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        return Outcome(error=f"{type(error).__name__}: {error}"[:300])
    return Outcome(count, codecs)


def size_of(codec: VideoCodecContext) -> tuple[int, int]:
    """Width and height of the small one: even, as H.264 wants it."""
    factor = min(1.0, MOST_WIDTH / max(1, codec.width))
    return max(2, int(codec.width * factor) // 2 * 2), max(2, int(codec.height * factor) // 2 * 2)


def codecs_of(extradata: bytes) -> str:
    """RFC 6381, from the sequence parameter set behind its start code."""
    at = extradata.find(b"\0\0\1\x67")
    return f"avc1.{extradata[at + 4 : at + 7].hex().upper()}" if at >= 0 else "avc1"


def _stream(out: av.container.OutputContainer, size: tuple[int, int], rate: int) -> VideoStream:
    name = next((name for name in ENCODERS if name in av.codecs_available), None)
    if name is None:
        raise ValueError("this FFmpeg has no H.264 encoder")
    vbv = {"maxrate": str(8 * rate), "bufsize": str(16 * rate)}
    options = {"preset": "veryfast", **vbv} if name == "libx264" else vbv
    stream = out.add_stream(name, rate=MOST_FPS, options=options)
    if not isinstance(stream, VideoStream):
        raise ValueError(f"{name} is no encoder for video")  # noqa: TRY004 - told like all else
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.bit_rate = 8 * rate
    stream.codec_context.gop_size = MOST_FPS * GOP_S
    stream.codec_context.time_base = _TICKS
    stream.codec_context.thread_count = 1
    return stream


def _thinned(source: av.container.InputContainer, pictures: VideoStream) -> Iterator[VideoFrame]:
    """At most `MOST_FPS` a second, by their own time; the broken ones are left out."""
    due = Fraction(-1)
    for packet in source.demux(pictures):
        try:
            found = packet.decode()
        except av.FFmpegError:
            continue
        for frame in found:
            if not isinstance(frame, VideoFrame) or frame.pts is None or frame.time_base is None:
                continue
            at = frame.pts * frame.time_base
            if at >= due:
                due = max(due + Fraction(1, MOST_FPS), at) if due >= 0 else at + Fraction(1, MOST_FPS)
                yield frame


def _masked(frame: VideoFrame, small: VideoFrame, hidden: Sequence[Spans]) -> VideoFrame:
    """`small` is of `frame`, at its time."""
    if hidden:
        for plane, spans, value in zip(small.planes, hidden, _BLACK, strict=True):
            hide(plane, spans, value)
    small.pts = round((frame.pts or 0) * (frame.time_base or Fraction(1)) / _TICKS)
    small.time_base = _TICKS
    return small


def hide(plane: VideoPlane, spans: Spans, value: int) -> None:
    """Give the samples of these spans that value."""
    samples, stride = bytearray(plane), plane.line_size
    for y, first, last in spans:
        samples[y * stride + first : y * stride + last] = bytes([value]) * (last - first)
    plane.update(bytes(samples))


def spans_of(polygon: Sequence[tuple[float, float]], width: int, height: int) -> Spans:
    """The rows of a plane that a polygon (points 0..1) covers: `(y, first, last)`, `last` no more; rather too much."""
    corners = [(x * width, y * height) for x, y in polygon]
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    found = []
    for y in range(height):
        cuts = sorted(
            x1 + (y + 0.5 - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in sides
            if min(y1, y2) <= y + 0.5 < max(y1, y2)
        )
        for left, right in zip(cuts[::2], cuts[1::2], strict=False):
            found.append((y, max(0, math.floor(left)), min(width, math.ceil(right))))
    return found


def _mux(out: av.container.OutputContainer, stream: VideoStream, frame: VideoFrame | None) -> None:
    for packet in stream.encode(frame):
        out.mux(packet)


def main() -> None:
    """Do one job."""
    step_back()
    job: dict[str, Any] = json.loads(sys.stdin.buffer.read(_MOST_JOB_BYTES))
    sys.stdout.write(json.dumps(encode(Job(**job))._asdict()))


if __name__ == "__main__":
    main()
