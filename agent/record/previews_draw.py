"""Draws a sheet of small pictures: `python -m agent.record.previews_draw`, a job as JSON on stdin, its outcome as JSON.

The sheet is a JPEG with pictures of one size, row by row. Its first segment, a comment, says which they are:
`LMPP` and JSON, `{"v": 1, "columns": 6, "width": 160, "height": 90, "at": [ms, ...]}`: pixels of one picture, and of
each the milliseconds since 1970. Areas that are hidden in every picture made at the gateway are hidden here, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from agent.record.proxy_encode import hide, spans_of
from agent.record.step_back import step_back
from agent.record.upright import quarters_of, turned

SIDE, COLUMNS = 160, 6
MOST_BYTES = 200_000
_QUALITIES = (4, 8, 14, 22, 31)
"""Quantisers of FFmpeg's JPEG, the finest first: what comes out too large is coded anew."""
_MOST_JOB_BYTES = 1 << 20
_BLACK = (0, 128, 128)  # of Y, U and V in JPEG's range
_FORMAT = "yuvj420p"


class Film(NamedTuple):
    """A file with a keyframe a second, and when each was taken, wall ns."""

    path: str
    moments: list[int]


class Job(NamedTuple):
    """`films` as documents; `masks` are polygons of points 0..1."""

    films: list[dict[str, Any]]
    target: str
    masks: list[list[tuple[float, float]]]


class Outcome(NamedTuple):
    """Of which moments the sheet has pictures; `error` is one line when there is none."""

    moments: list[int]
    error: str = ""


def draw(films: list[Film], target: str, masks: list[list[tuple[float, float]]]) -> Outcome:
    """Write the sheet to `target`."""
    shown: list[tuple[int, VideoFrame]] = []
    try:
        for film in films:
            shown += _small(film, masks, shown[0][1] if shown else None)
        if not shown:
            return Outcome([], "there is no picture in it")
        sheet = _sheet([frame for _, frame in shown])
        moments = [moment for moment, _ in shown]
        jpeg = _coded(sheet)
        with open(target, "wb") as file:  # noqa: PTH123 - a name as the job has it
            file.write(jpeg[:2] + _comment(shown[0][1], moments) + jpeg[2:])
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        return Outcome([], f"{type(error).__name__}: {error}"[:300])
    return Outcome(moments)


def size_of(width: int, height: int) -> tuple[int, int]:
    """Of one small picture: its longer side is `SIDE`, both are even."""
    factor = min(1.0, SIDE / max(1, width, height))
    return max(2, int(width * factor) // 2 * 2), max(2, int(height * factor) // 2 * 2)


def _small(
    film: Film, masks: list[list[tuple[float, float]]], like: VideoFrame | None
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures of a film, as large as `like`; those that cannot be decoded are left out."""
    with av.open(film.path) as source:
        video = source.streams.video[0]
        video.thread_count = 1
        for packet in source.demux(video):
            try:
                found = packet.decode()
            except av.FFmpegError:
                continue
            for frame in found:
                if not isinstance(frame, VideoFrame) or frame.pts is None or frame.time_base is None:
                    continue
                number = round(frame.pts * Fraction(frame.time_base))
                small = _upright(frame, (like.width, like.height) if like else None)
                _hide(small, masks)
                like = like or small
                if 0 <= number < len(film.moments):
                    yield film.moments[number], small


def _upright(frame: VideoFrame, size: tuple[int, int] | None) -> VideoFrame:
    """As large as `size`, which is one of those that stand already."""
    quarters = quarters_of(frame)
    lying = size_of(frame.width, frame.height) if size is None else size[::-1] if quarters % 2 else size
    return turned(frame.reformat(*lying, format=_FORMAT), quarters)


def _hide(frame: VideoFrame, masks: list[list[tuple[float, float]]]) -> None:
    for plane, value in zip(frame.planes, _BLACK, strict=True):
        spans = [span for mask in masks for span in spans_of(mask, plane.width, plane.height)]
        if spans:
            hide(plane, spans, value)


def _sheet(pictures: list[VideoFrame]) -> VideoFrame:
    width, height = pictures[0].width, pictures[0].height
    columns, rows = min(COLUMNS, len(pictures)), -(-len(pictures) // COLUMNS)
    sheet = VideoFrame(columns * width, rows * height, _FORMAT)
    for number, (plane, black) in enumerate(zip(sheet.planes, _BLACK, strict=True)):
        plane.update(_laid(plane, [one.planes[number] for one in pictures], black))
    sheet.pts = 0
    return sheet


def _laid(plane: VideoPlane, parts: list[VideoPlane], black: int) -> bytes:
    """One plane of the sheet."""
    stride, whole = plane.line_size, bytearray([black]) * (plane.line_size * plane.height)
    for number, part in enumerate(parts):
        samples = bytes(part)
        row, column = divmod(number, COLUMNS)
        for y in range(part.height):
            at = (row * part.height + y) * stride + column * part.width
            whole[at : at + part.width] = samples[y * part.line_size : y * part.line_size + part.width]
    return bytes(whole)


def _coded(sheet: VideoFrame) -> bytes:
    """As fine as fits."""
    jpeg = b""
    for quality in _QUALITIES:
        codec = av.CodecContext.create("mjpeg", "w")
        codec.width, codec.height, codec.pix_fmt = sheet.width, sheet.height, _FORMAT
        codec.time_base = Fraction(1)
        codec.options = {"qmin": str(quality), "qmax": str(quality)}
        jpeg = b"".join(bytes(packet) for packet in [*codec.encode(sheet), *codec.encode(None)])
        if len(jpeg) <= MOST_BYTES:
            break
    return jpeg


def _comment(picture: VideoFrame, moments: list[int]) -> bytes:
    """Marker, length with its own two bytes, text (ITU-T T.81, B.2.4.5)."""
    said = {"v": 1, "columns": min(COLUMNS, len(moments)), "width": picture.width, "height": picture.height}
    text = b"LMPP" + json.dumps(said | {"at": [one // 1_000_000 for one in moments]}, separators=(",", ":")).encode()
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text


def main() -> None:
    """Do one job."""
    step_back()
    job = Job(**json.loads(sys.stdin.buffer.read(_MOST_JOB_BYTES)))
    sys.stdout.write(json.dumps(draw([Film(**film) for film in job.films], job.target, job.masks)._asdict()))


if __name__ == "__main__":
    main()
