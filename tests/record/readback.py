"""What lies in recorded files, as players see it, and playing a source through the capture's own worker."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import av
import pytest

from agent.capture.worker import CaptureState, CaptureWorker
from agent.core.backoff import Backoff
from agent.core.clock import Clock
from agent.core.media import Packet, StreamInfo
from agent.core.ports import SourceOpener
from agent.core.stop import StopToken
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from tests.record.helpers import Recording, wait_for


class Sample(NamedTuple):
    """One packet of a file, its times in seconds of the epoch."""

    track: int
    pts: Fraction
    dts: Fraction
    key: bool
    data: bytes


def samples_of(store: SegmentStore, segment: Segment) -> list[Sample]:
    shift = segment.base * segment.tick
    with av.open(str(store.root / segment.path)) as container:
        return [
            Sample(
                packet.stream_index,
                packet.pts * packet.time_base + shift,
                packet.dts * packet.time_base + shift,
                packet.is_keyframe,
                bytes(packet),
            )
            for packet in container.demux()
            if packet.size
        ]


def all_samples(store: SegmentStore, segments: Iterable[Segment], track: int = 0) -> list[Sample]:
    return [sample for segment in segments for sample in samples_of(store, segment) if sample.track == track]


def as_samples(info: StreamInfo, packets: Iterable[Packet], track: int = 0) -> list[Sample]:
    tick = info.tracks[track].time_base
    return [
        Sample(one.track, one.pts * tick, one.dts * tick, one.key, one.data) for one in packets if one.track == track
    ]


def ffmpeg(*arguments: str) -> bytes:
    """Run Debian's ffmpeg, which is not the one that PyAV carries; gives what it writes to stdout."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg: apt install ffmpeg")
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def pictures_of(store: SegmentStore, segment: Segment) -> list[av.VideoFrame]:
    with av.open(str(store.root / segment.path)) as container:
        return list(container.decode(video=0))


def sound_of(store: SegmentStore, segments: Iterable[Segment]) -> bytes:
    return b"".join(sample.data for sample in all_samples(store, segments, 1))


class Kept:
    """A sink that keeps what it gets: packets, and how each epoch began and ended."""

    hurried = True

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.infos: list[StreamInfo] = []
        self.reasons: list[str] = []

    def opened(self, info: StreamInfo) -> None:
        self.infos.append(info)

    def packet(self, packet: Packet) -> None:
        self.packets.append(packet)

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


class Played(NamedTuple):
    recording: Recording
    kept: Kept
    states: list[CaptureState]

    @property
    def segments(self) -> list[Segment]:
        return self.recording.segments


def play(
    store: SegmentStore,
    opener: SourceOpener,
    clock: Clock,
    *,
    packets: int,
    stop: StopToken | None = None,
    within_s: float = 30,
) -> Played:
    """Capture and record with threads of their own until `packets` came, or the source ended."""
    kept, states, stop = Kept(), [], stop or StopToken()
    with Recording(store) as recording:  # by real time: a reader is not stuck because simulated time flies
        sinks = [kept, recording.recorder]
        worker = CaptureWorker("capture-cam", opener, sinks, clock, states.append, Backoff(0.1, 0.2))
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            wait_for(lambda: len(kept.packets) >= packets or "end" in kept.reasons, within_s)
        finally:
            stop.set()
            thread.join()
    stats = recording.recorder.stats()
    assert stats.packets_in == stats.packets_recorded == len(kept.packets), stats
    assert (stats.packets_lost, stats.error) == (0, "")
    return Played(recording, kept, states)
