"""What of an opened container we keep: one video track, AAC beside it, and the fMP4 init segment of both."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from fractions import Fraction

import av
import av.container
import av.stream

from agent.capture.nal import is_annex_b
from agent.core.errors import SourceNotVideo
from agent.core.media import MediaKind, TrackInfo

log = logging.getLogger(__name__)

Streams = list[av.VideoStream | av.AudioStream]

_TEXT_CODECS = frozenset({"ansi", "bintext", "idf", "xbin"})
"""FFmpeg draws any text file as a picture; to us that is no video."""

_MP4_OPTIONS = {"movflags": "empty_moov+default_base_moof"}


@dataclass(frozen=True, slots=True)
class Tracks:
    """The kept streams of a container in the order of `infos`; `annex_b` names those whose packets need lengths."""

    streams: Streams
    infos: tuple[TrackInfo, ...]
    init: bytes
    annex_b: frozenset[int]
    usual_ticks: tuple[int, ...]


def choose(container: av.container.InputContainer, place: str) -> Streams:
    """The first real video stream, then the first AAC stream with its configuration, if any.

    Raises:
        SourceNotVideo: there is no video in it.
    """
    videos = [stream for stream in container.streams.video if _is_video(stream)]
    if not videos:
        raise SourceNotVideo(f"{place}: there is no video in it; name a video stream or a video file")
    chosen: Streams = [videos[0]]
    for stream in container.streams.audio:
        if len(chosen) == 1 and stream.codec_context.name == "aac" and stream.codec_context.extradata:
            chosen.append(stream)
        else:
            log.info("%s: audio %s is left out: only one AAC track is kept", place, stream.codec_context.name)
    return chosen


def describe(streams: Streams, first_key: bytes, place: str) -> Tracks:
    """Make the init segment and the track list; `first_key` gives the parameter sets that `extradata` lacks.

    Raises:
        SourceNotVideo: parameter sets are nowhere.
    """
    codec = streams[0].codec_context.name
    needs_sets = codec in {"h264", "hevc"} and not streams[0].codec_context.extradata
    if not needs_sets:
        return _described(streams, streams)
    try:
        with av.open(io.BytesIO(first_key), format=codec) as probe:
            return _described(streams, [probe.streams.video[0], *streams[1:]])
    except (av.FFmpegError, IndexError, ValueError):
        raise SourceNotVideo(
            f"{place}: {codec} without parameter sets, neither announced nor before the first keyframe; "
            "restart the camera's stream or choose another one"
        ) from None


def _described(streams: Streams, templates: Streams) -> Tracks:
    init = _init_segment(templates, [_time_base(stream) for stream in streams])
    extradata = _extradata_of(init) if init else [bytes(one.codec_context.extradata or b"") for one in templates]
    infos = tuple(
        _info(stream, template, extra) for stream, template, extra in zip(streams, templates, extradata, strict=True)
    )
    annex_b = frozenset(
        index
        for index, template in enumerate(templates)
        if is_annex_b(template.codec_context.name, bytes(template.codec_context.extradata or b""))
    )
    return Tracks(streams, infos, init, annex_b, tuple(_usual_ticks(stream) for stream in streams))


def _init_segment(templates: Streams, time_bases: list[Fraction]) -> bytes:
    """The boxes ftyp and moov, or nothing for what MP4 does not carry."""
    sink = _Collected()
    try:
        with av.open(sink, "w", format="mp4", options=_MP4_OPTIONS) as out:
            for template, time_base in zip(templates, time_bases, strict=True):
                stream = out.add_stream_from_template(template)
                stream.time_base = time_base
                if template.codec_context.name == "hevc":
                    stream.codec_context.codec_tag = "hvc1"  # Safari plays no hev1
            out.start_encoding()
            init = bytes(sink.data)
    except (av.FFmpegError, ValueError):
        return b""
    return init


class _Collected:
    """The least that PyAV takes for a file."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def _extradata_of(init: bytes) -> list[bytes]:
    """As MP4 has it (avcC, hvcC): length prefixes belong to it, whatever the source used."""
    with av.open(io.BytesIO(init)) as container:
        return [bytes(stream.codec_context.extradata or b"") for stream in container.streams]


def _info(stream: av.VideoStream | av.AudioStream, template: av.stream.Stream, extradata: bytes) -> TrackInfo:
    codec = stream.codec_context.name
    if isinstance(stream, av.AudioStream):
        channels = stream.codec_context.layout.nb_channels
        rate = stream.codec_context.sample_rate
        return TrackInfo(
            MediaKind.AUDIO, codec, _time_base(stream), extradata, sample_rate=rate or 0, channels=channels
        )
    size = template.codec_context if isinstance(template, av.VideoStream) else stream.codec_context
    return TrackInfo(
        MediaKind.VIDEO, codec, _time_base(stream), extradata, width=size.width or 0, height=size.height or 0
    )


def _is_video(stream: av.VideoStream) -> bool:
    cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return not cover and stream.codec_context is not None and stream.codec_context.name not in _TEXT_CODECS


def _time_base(stream: av.stream.Stream) -> Fraction:
    return stream.time_base or Fraction(1, 90_000)


def _usual_ticks(stream: av.VideoStream | av.AudioStream) -> int:
    """How long a packet lasts where nobody says: one frame of the declared rate, 25 fps without one."""
    if isinstance(stream, av.AudioStream):
        return max(1, int(Fraction(1024, stream.codec_context.sample_rate or 48_000) / _time_base(stream)))
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return max(1, int(1 / Fraction(rate) / _time_base(stream)))
