"""Closed segments described from their files alone, and open ones cut to their last whole fragment."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import av

from agent.core.clock import NS
from agent.core.signing import Signer
from agent.record.boxes import Layout, read_layout, sound_bytes
from agent.record.catalogue import ChainHead
from agent.record.segment import Head, Segment, Tail, make_segment, parse_head, parse_tail

log = logging.getLogger(__name__)


class Readable(Protocol):
    """What PyAV reads from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""


class Measured(NamedTuple):
    """What a demuxer finds in a segment."""

    packets: int
    media_ns: int


def describe(path: Path, relative: str, *, tier: int = 0) -> Segment | None:
    """The row of a closed segment, from the notes in its file; None when it is none of ours or not closed.

    It is wanted: whether something happened then, only the catalogue knew, or whoever was killed before saying it.
    """
    with path.open("rb") as file:
        layout = read_layout(file)
    head, tail = parse_head(layout.head), parse_tail(layout.tail)
    if head is None or tail is None or head.id != tail.id:
        return None
    return replace(make_segment(head, tail, tier=tier, path=relative, size=path.stat().st_size), wanted=True)


def cut_and_close(path: Path, reason: str, chain: ChainHead, signer: Signer) -> bool:
    """Cut an open segment to its last whole fragment and end it with a tail note that follows `chain`, synced.

    Safe to be killed in and to run again. False when there is no whole fragment in it: nothing can be shown.
    """
    with path.open("rb") as file:
        layout = read_layout(file)
        sound = sound_bytes(file)
    head = parse_head(layout.head)
    if head is None or not sound:
        return False
    closed = _ends_well(layout, path, sound)
    handle = os.open(path, os.O_RDWR)
    try:
        os.ftruncate(handle, layout.whole_bytes if closed else sound)
        if not closed:
            _append(handle, _tail(path, head, reason, chain).sealed(signer).box())
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def measure_file(file: Readable, place: str) -> Measured:
    """Count packets and the playing time of the video, as far as it can be read."""
    packets, begin, end = 0, None, Fraction(0)
    try:
        with av.open(file, "r", format="mp4") as container:
            video = container.streams.video[0]
            for packet in container.demux():
                if not packet.size or packet.dts is None or packet.time_base is None:
                    continue
                packets += 1
                if packet.stream_index == video.index:
                    at = packet.dts * packet.time_base
                    begin = at if begin is None else begin
                    end = max(end, at + (packet.duration or 0) * packet.time_base)
    except (av.FFmpegError, IndexError) as error:
        log.warning("%s: could be read only in part: %s", place, type(error).__name__)
    return Measured(packets, int((end - (begin or 0)) * NS))


def _ends_well(layout: Layout, path: Path, sound: int) -> bool:
    """Is nothing but the tail behind the last sound fragment, and does it speak of these bytes?"""
    tail = parse_tail(layout.tail)
    if tail is None or tail.size != sound:
        return False
    with path.open("rb") as file:
        return hashlib.sha256(file.read(tail.size)).hexdigest() == tail.sha256


def _tail(path: Path, head: Head, reason: str, chain: ChainHead) -> Tail:
    with path.open("rb") as file:
        found = measure_file(file, str(path))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256")
    return Tail(
        id=head.id,
        camera=head.camera,
        epoch=head.epoch,
        number=chain.number + 1,
        previous=chain.link,
        start_ns=head.start_ns,
        end_ns=head.start_ns + found.media_ns,
        media_ns=found.media_ns,
        packets=found.packets,
        size=path.stat().st_size,
        sha256=digest.hexdigest(),
        reason=reason,
        clocks=None,
    )


def _append(handle: int, data: bytes) -> None:
    os.lseek(handle, 0, os.SEEK_END)
    while data:
        data = data[os.write(handle, data) :]
