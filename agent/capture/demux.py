"""Packets out of an opened container: read, in the form MP4 wants, from the first keyframe on."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import av
import av.container
import av.stream

from agent.capture.stamps import Raw, Stamp
from agent.capture.timeline import Arrival, Placed
from agent.capture.tracks import Streams, Tracks
from agent.core.clock import Clock
from agent.core.media import Packet

Demuxed: TypeAlias = "av.Packet[av.stream.Stream]"

_PRFT = struct.Struct("<qi")
"""AVProducerReferenceTime: microseconds UTC, flags (libavcodec/defs.h)."""


def read(container: av.container.InputContainer, streams: Streams, clock: Clock) -> Iterator[tuple[Raw, bool]]:
    """Packets of `streams` as they come, each with whether the demuxer calls it damaged."""
    order = {stream.index: track for track, stream in enumerate(streams)}
    for packet in container.demux(streams):
        if packet.size:  # PyAV ends with an empty packet per stream
            yield _raw(packet, order[packet.stream_index], clock), packet.is_corrupt


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


def _raw(packet: Demuxed, track: int, clock: Clock) -> Raw:
    arrival = Arrival(clock.wall_ns(), clock.mono_ns(), _camera_ns(packet))
    return Raw(track, bytes(packet), packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe, arrival)


def _camera_ns(packet: Demuxed) -> int | None:
    for side in packet.iter_sidedata():
        data = bytes(side) if side.data_type == "prft" else b""
        if len(data) >= _PRFT.size:
            return int(_PRFT.unpack_from(data)[0]) * 1000
    return None
