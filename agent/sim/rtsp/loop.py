"""A loop in memory: its access units, parameter sets and what SDP says of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import av

from agent.core.errors import SourceNotVideo
from agent.sim.rtsp.rtp import payloads


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit: its NAL units without start codes, and whether decoding can begin here."""

    nals: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True)
class Loop:
    """A clip that repeats for ever at `fps`."""

    units: tuple[Unit, ...]
    sps: bytes
    pps: bytes
    fps: int
    width: int
    height: int

    def unit(self, number: int) -> Unit:
        """Access unit of the ever-running frame `number`."""
        return self.units[number % len(self.units)]

    def payloads(self, number: int) -> list[bytes]:
        """RTP payloads of frame `number`; parameter sets go before each keyframe, as cameras send them."""
        unit = self.unit(number)
        return payloads((self.sps, self.pps, *unit.nals) if unit.key else unit.nals)

    def next_key(self, number: int) -> int:
        """The first keyframe at or after `number`."""
        return next(at for at in range(number, number + len(self.units)) if self.unit(at).key)

    @property
    def fmtp(self) -> str:
        """The SDP format parameters (RFC 6184 section 8.1)."""
        sets = ",".join(base64.b64encode(nal).decode() for nal in (self.sps, self.pps))
        return f"packetization-mode=1; profile-level-id={self.sps[1:4].hex().upper()}; sprop-parameter-sets={sets}"


def load_loop(path: Path) -> Loop:
    """Read an H.264 MP4 whose first frame is a keyframe.

    Raises:
        SourceNotVideo: it is none.
    """
    try:
        with av.open(str(path)) as source:
            stream = source.streams.video[0]
            extradata = bytes(stream.codec_context.extradata or b"")
            units = tuple(
                Unit(_nals(bytes(packet)), bool(packet.is_keyframe)) for packet in source.demux(stream) if packet.size
            )
            rate, size = round(float(stream.average_rate or 0)), (stream.width, stream.height)
    except (av.FFmpegError, IndexError) as error:
        raise SourceNotVideo(f"{path} cannot be played: {error}; delete it and it is drawn again") from error
    if not units or not units[0].key or len(extradata) < 8 or rate < 1:
        raise SourceNotVideo(f"{path} cannot be played: it does not begin with an H.264 keyframe")
    sps, pps = _parameter_sets(extradata)
    return Loop(units, sps, pps, rate, *size)


def _nals(data: bytes) -> tuple[bytes, ...]:
    """NAL units of an MP4 sample with 4-byte lengths."""
    found, at = [], 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(found)


def _parameter_sets(extradata: bytes) -> tuple[bytes, bytes]:
    """The first SPS and PPS of an avcC box (ISO 14496-15 section 5.3.3.1)."""
    size = int.from_bytes(extradata[6:8], "big")
    sps = extradata[8 : 8 + size]
    rest = extradata[8 + size :]
    return sps, rest[3 : 3 + int.from_bytes(rest[1:3], "big")]
