"""Packets out of an opened container: read, in the form MP4 wants, from the first keyframe on."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

import av
import av.container
import av.stream

from agent.capture.stamps import Raw, Stamp
from agent.capture.timeline import Arrival, Placed, ticks_ns
from agent.capture.tracks import Streams, Tracks
from agent.core.clock import Clock
from agent.core.media import Packet
from agent.core.stop import StopToken

Demuxed: TypeAlias = "av.Packet[av.stream.Stream]"

_PRFT = struct.Struct("<qi")
"""AVProducerReferenceTime: microseconds UTC, flags (libavcodec/defs.h)."""


class Read(NamedTuple):
    """A packet, when it was read, and how long that took."""

    packet: Demuxed
    wall_ns: int
    mono_ns: int
    waited_ns: int

    def media_ns(self) -> int | None:
        """Its place in the stream's time."""
        pts, time_base = self.packet.pts, self.packet.time_base
        return None if pts is None or time_base is None else ticks_ns(pts, time_base)


def read(
    container: av.container.InputContainer, streams: Streams, clock: Clock, stop: StopToken | None = None
) -> Iterator[Read]:
    """Packets of `streams` as they come, until `stop`."""
    asked_ns = clock.mono_ns()
    for packet in container.demux(streams):
        if stop is not None and stop.is_set():
            return
        if packet.size:  # PyAV ends with an empty packet per stream
            mono_ns = clock.mono_ns()
            yield Read(packet, clock.wall_ns(), mono_ns, mono_ns - asked_ns)
            asked_ns = clock.mono_ns()


def raws(reads: Iterable[Read], streams: Streams) -> Iterator[tuple[Raw, bool]]:
    """What was read, taken out of the demuxer's objects, each with whether the demuxer calls it damaged."""
    order = {stream.index: track for track, stream in enumerate(streams)}
    for packet, wall_ns, mono_ns, _ in reads:
        arrival = Arrival(wall_ns, mono_ns, _camera_ns(packet))
        track, data, length = order[packet.stream_index], memoryview(packet), packet.duration or 0
        yield Raw(track, data, packet.pts, packet.dts, length, packet.is_keyframe, arrival), packet.is_corrupt


def from_keyframe(packets: Iterable[Raw]) -> Iterator[Raw]:
    """Leave out what comes before the first keyframe of the video (track 0)."""
    open_gate = False
    for packet in packets:
        open_gate = open_gate or (packet.key and packet.track == 0)
        if open_gate:
            yield packet


def finish(raw: Raw, stamp: Stamp, placed: Placed, tracks: Tracks) -> Packet:
    """The packet as it travels through the gateway."""
    return Packet(
        track=raw.track,
        data=tracks.forms[raw.track](raw.data),
        pts=stamp.pts,
        dts=stamp.dts,
        duration=stamp.duration,
        key=raw.key,
        wall_ns=placed.wall_ns,
        time_source=placed.source,
        arrived_wall_ns=raw.arrival.wall_ns,
        arrived_mono_ns=raw.arrival.mono_ns,
        offset_ns=placed.offset_ns,
    )


def _camera_ns(packet: Demuxed) -> int | None:
    for side in packet.iter_sidedata():
        data = bytes(side) if side.data_type == "prft" else b""
        if len(data) >= _PRFT.size:
            return int(_PRFT.unpack_from(data)[0]) * 1000
    return None
