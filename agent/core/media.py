"""Compressed video as it travels through the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class MediaKind(StrEnum):
    """What a track of a stream carries."""

    VIDEO = "video"
    AUDIO = "audio"


class TimeSource(StrEnum):
    """Where a packet's wall time came from, best first."""

    GRAB = "grab"  # RTP header extension 0xABAC: when the sensor saw it
    SENDER_REPORT = "sender_report"  # RTCP: the camera's clock
    ARRIVAL = "arrival"  # the gateway's clock when the packet came
    FILE = "file"  # timestamps of a file, laid on the time its playing began


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """One elementary stream. `codec` is FFmpeg's name (h264, hevc, av1, aac, pcm_s16le); sizes in px, 0 for audio.

    `rotation` is by how many degrees counter-clockwise (0, 90, 180, 270) its pictures are turned to stand upright;
    `width` and `height` are those before that, as they are coded.
    """

    kind: MediaKind
    codec: str
    time_base: Fraction
    extradata: bytes
    width: int = 0
    height: int = 0
    rotation: int = 0
    sample_rate: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One unbroken session of one stream of a camera: an epoch. Timestamps compare only inside one.

    `init` is an fMP4 initialisation segment (ftyp + moov) that holds `tracks` in their order: whoever muxes opens it
    with PyAV and takes its streams as templates, so the stream travels as plain bytes between threads and processes.
    `after` says why the epoch before ended where the session went on (`changed`, `clock`); empty: a new session.
    `left_out` says which audio is not among the tracks, and why.
    """

    camera: str
    stream: str  # "main" or "sub"
    epoch: str
    tracks: tuple[TrackInfo, ...]
    init: bytes
    opened_wall_ns: int
    after: str = ""
    left_out: str = ""

    @property
    def video(self) -> TrackInfo:
        """The first video track; a stream without one never gets this far."""
        return next(track for track in self.tracks if track.kind is MediaKind.VIDEO)

    @property
    def video_index(self) -> int:
        """Where `video` stands in `tracks`."""
        return next(number for number, track in enumerate(self.tracks) if track.kind is MediaKind.VIDEO)


@dataclass(frozen=True, slots=True)
class Packet:
    """One access unit. `pts`, `dts`, `duration` in the track's time base; `wall_ns` is when the camera saw it.

    `wall_ns` is the best absolute time we have (see `TimeSource`); `arrived_wall_ns` and `arrived_mono_ns` are the
    gateway's clocks when the packet was read. `offset_ns` is camera clock minus gateway clock, None when unknown.
    """

    track: int
    data: bytes
    pts: int
    dts: int
    duration: int
    key: bool
    wall_ns: int
    time_source: TimeSource
    arrived_wall_ns: int
    arrived_mono_ns: int
    offset_ns: int | None = None
