"""What of an opened container we keep: one video track, one of audio beside it, and the fMP4 init segment of both."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import av.container
import av.stream

from agent.capture.nal import ParameterSets, is_annex_b
from agent.capture.sound import G711, PCM, expander
from agent.core.errors import SourceNotVideo
from agent.core.media import MediaKind, TrackInfo
from agent.core.muxing import codec_name, copied_stream
from agent.core.nal import with_lengths
from agent.core.upright import rotation_of

log = logging.getLogger(__name__)

Streams = list[av.VideoStream | av.AudioStream]
Form = Callable[[bytes | memoryview], bytes]

_TEXT_CODECS = frozenset({"ansi", "bintext", "idf", "xbin"})
"""FFmpeg draws any text file as a picture; to us that is no video."""

_LAYOUTS = {1: "mono", 2: "stereo"}
"""Some sources tell how many channels there are, but not which."""

_TEMPORAL_DELIMITER = b"\x12\0"
"""OBU type 2 with a size, which is none (AV1 specification sections 5.3.2 and 5.6)."""

_MP4_OPTIONS = {"movflags": "empty_moov+default_base_moof"}


@dataclass(frozen=True, slots=True)
class Tracks:
    """The kept streams of a container in the order of `infos`.

    `forms` make of each one's packets what MP4 takes. `sets` are the video's parameter sets, None where packets carry
    no start codes. `left_out` says which audio is not kept, and why.
    """

    streams: Streams
    infos: tuple[TrackInfo, ...]
    init: bytes
    forms: tuple[Form, ...]
    usual_ticks: tuple[int, ...]
    sets: ParameterSets | None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The streams that are kept, video first, and what is said of the others."""

    streams: Streams
    left_out: str


def choose(container: av.container.InputContainer, place: str) -> Choice:
    """The first real video stream, then the first audio that MP4 can carry, if any.

    Raises:
        SourceNotVideo: there is no video in it.
    """
    videos = [stream for stream in container.streams.video if _is_video(stream)]
    if not videos:
        raise SourceNotVideo(f"{place}: there is no video in it; name a video stream or a video file")
    chosen: Streams = [videos[0]]
    left_out: list[str] = []
    for stream in container.streams.audio:
        why = "only one audio track is kept" if len(chosen) > 1 else _refusal(stream)
        if why:
            left_out.append(f"audio {stream.codec_context.name} is left out: {why}")
        else:
            chosen.append(stream)
    for reason in left_out:
        log.warning("%s: %s", place, reason)
    return Choice(chosen, "; ".join(left_out))


def _refusal(stream: av.AudioStream) -> str:
    """Why this audio cannot be recorded; empty when it can."""
    codec = codec_name(stream)
    if codec == "aac" and not stream.codec_context.extradata:
        return "its configuration is not announced"
    if not _init_segment([stream], [_time_base(stream)]):
        return "MP4 cannot carry it; set the camera to AAC or G.711"
    return ""


def describe(choice: Choice, first_key: bytes | memoryview, place: str) -> Tracks:
    """Make the init segment and the track list.

    The parameter sets of `first_key` count for more than those that were announced: they are what is sent.

    Raises:
        SourceNotVideo: parameter sets are nowhere.
    """
    video = choice.streams[0]
    codec, announced = codec_name(video), bytes(video.codec_context.extradata or b"")
    if not is_annex_b(codec, announced):
        return _described(choice, video, None)
    sets = ParameterSets(codec, announced)
    if not sets.learn(first_key) and announced:
        return _described(choice, video, sets)
    return _probed(choice, sets, first_key, place)


def described_anew(tracks: Tracks, key: bytes | memoryview, place: str) -> Tracks:
    """The same streams with the parameter sets that are in force now; they begin with the keyframe `key`.

    Raises:
        SourceNotVideo: these sets are none.
    """
    if tracks.sets is None:
        return tracks
    return _probed(Choice(tracks.streams, tracks.left_out), tracks.sets, key, place)


def _probed(choice: Choice, sets: ParameterSets, key: bytes | memoryview, place: str) -> Tracks:
    codec = codec_name(choice.streams[0])
    try:
        with av.open(io.BytesIO(sets.stream() + key), format=codec) as probe:
            return _described(choice, probe.streams.video[0], sets)
    except (av.FFmpegError, IndexError, ValueError):
        raise SourceNotVideo(
            f"{place}: {codec} without parameter sets, neither announced nor before the first keyframe; "
            "restart the camera's stream or choose another one"
        ) from None


def _described(choice: Choice, video: av.stream.Stream, sets: ParameterSets | None) -> Tracks:
    """`video` is a template for the first stream: its own, or one that knows more."""
    streams = choice.streams
    templates = [video, *streams[1:]]
    init = _init_segment(templates, [_time_base(stream) for stream in streams])
    extradata = _extradata_of(init) if init else [bytes(one.codec_context.extradata or b"") for one in templates]
    infos = tuple(
        _info(stream, template, extra, rotation_of(init))
        for stream, template, extra in zip(streams, templates, extradata, strict=True)
    )
    forms = (_picture_form(infos[0].codec, sets), *(_sound_form(stream) for stream in streams[1:]))
    return Tracks(streams, infos, init, forms, tuple(_usual_ticks(one) for one in streams), sets, choice.left_out)


def _picture_form(codec: str, sets: ParameterSets | None) -> Form:
    if codec == "av1":
        return _without_delimiter
    return bytes if sets is None else with_lengths


def _without_delimiter(unit: bytes | memoryview) -> bytes:
    """AV1 in ISOBMFF section 2.4: a sample holds no temporal delimiter; in other streams every unit begins with one."""
    data = bytes(unit)
    return data.removeprefix(_TEMPORAL_DELIMITER)


def _sound_form(audio: av.stream.Stream) -> Form:
    codec = audio.codec_context.name
    return expander(codec) if codec in G711 else bytes


def _init_segment(templates: list[av.stream.Stream], time_bases: list[Fraction]) -> bytes:
    """The boxes ftyp and moov, or nothing for what MP4 does not carry."""
    sink = _Collected()
    try:
        with av.open(sink, "w", format="mp4", options=_MP4_OPTIONS) as out:
            for template, time_base in zip(templates, time_bases, strict=True):
                stream = _added(out, template)
                stream.time_base = time_base
            out.start_encoding()
            init = bytes(sink.data)
    except (av.FFmpegError, ValueError):
        return b""
    return init


def _added(out: av.container.OutputContainer, template: av.stream.Stream) -> av.stream.Stream:
    if isinstance(template, av.AudioStream) and template.codec_context.name in G711:
        sound = template.codec_context
        layout = _LAYOUTS.get(sound.layout.nb_channels, sound.layout.name)
        return out.add_stream(PCM, rate=sound.sample_rate, layout=layout)
    stream = copied_stream(out, template)
    if template.codec_context.name == "hevc":
        stream.codec_context.codec_tag = "hvc1"  # Safari plays no hev1
    return stream


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


def _info(
    stream: av.VideoStream | av.AudioStream, template: av.stream.Stream, extradata: bytes, rotation: int
) -> TrackInfo:
    codec = codec_name(stream)
    if isinstance(stream, av.AudioStream):
        channels = stream.codec_context.layout.nb_channels
        rate = stream.codec_context.sample_rate
        codec = PCM if codec in G711 else codec
        return TrackInfo(
            MediaKind.AUDIO, codec, _time_base(stream), extradata, sample_rate=rate or 0, channels=channels
        )
    size = template.codec_context if isinstance(template, av.VideoStream) else stream.codec_context
    width, height = size.width or 0, size.height or 0
    return TrackInfo(
        MediaKind.VIDEO, codec, _time_base(stream), extradata, width=width, height=height, rotation=rotation
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
