"""Time that breaks: the camera's timestamps, and the gateway's clock. Nothing is lost, and every cut has its reason."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from agent.capture.rtsp import RtspOpener
from agent.core.clock import NS, SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from agent.record.clip import cut_clip
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.sim.rtsp.loop import load_loop
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, Recording, new_store, read_all, units_of_files, units_of_packets
from tests.record.onair import on_air
from tests.record.readback import Played, all_samples, as_samples, play
from tests.record.test_verify import faults

FPS = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 s at 10 fps, a keyframe a second, with start codes and sets in band as a camera sends it."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", seconds=30, size=(160, 96))


@pytest.fixture(scope="module")
def film(clip: Path) -> tuple[StreamInfo, list[Packet]]:
    return read_all(clip)


def recorded(tmp_path: Path, info: StreamInfo, packets: list[Packet]) -> tuple[SegmentStore, list[Segment]]:
    """Record one epoch and hold what always must: all of it is there, readable, within sane times."""
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets)
    stats, segments = recording.recorder.stats(), recording.segments
    assert (stats.packets_recorded, stats.packets_lost, stats.error) == (len(packets), 0, "")
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(packets)
    sane(store, segments)
    return store, segments


def sane(store: SegmentStore, segments: list[Segment]) -> None:
    assert len({segment.path for segment in segments}) == len(segments) == store.catalogue.totals().segments
    for segment in segments:
        assert len(all_samples(store, [segment])) == segment.packets
        assert 0 <= segment.end_ns - segment.start_ns < 75 * NS
        assert 0 <= segment.media_ns < 75 * NS
        assert faults(store.root) == []


def bent(info: StreamInfo, packets: list[Packet], seconds_at: dict[int, float]) -> list[Packet]:
    """From each of these packets on, timestamps are that many seconds off."""
    found, off = [], 0
    for number, packet in enumerate(packets):
        off = round(seconds_at[number] / info.video.time_base) if number in seconds_at else off
        found.append(replace(packet, pts=packet.pts + off, dts=packet.dts + off))
    return found


@pytest.mark.parametrize("seconds", [3600, 15, -3600, -15, -1.5, 2**32 / 90_000, -(2**32) / 90_000])
def test_timestamps_that_jump_cut_the_segment_there(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]], seconds: float
) -> None:
    info, packets = film
    odd = bent(info, packets, {155: seconds})
    store, segments = recorded(tmp_path, info, odd)
    first = [(segment.reason, segment.packets) for segment in segments[:2]]
    assert first == [("length", 100), ("jump", 55)]
    assert [segment.reason for segment in segments[2:]] == ["length", "end"]
    assert [segment.media_ns / NS for segment in segments] == pytest.approx([10, 5.5, 10.5, 4], abs=0.01)
    assert [(one.end_ns - one.start_ns) / NS for one in segments] == pytest.approx([10, 5.5, 10.5, 4], abs=0.01)
    assert all_samples(store, segments) == as_samples(info, odd)  # each file counts from its own base
    store.close()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clip_over_a_jump_of_the_cameras_time_has_no_hole(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]], seconds: float
) -> None:
    info, packets = film
    store, _ = recorded(tmp_path, info, bent(info, packets, {155: seconds}))
    made = cut_clip(store, "cam", START_NS + 12 * NS, START_NS + 19 * NS, tmp_path / "clip.mp4")
    with av.open(str(made.path)) as container:
        times = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.size]
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([0.1] * (len(times) - 1), abs=0.01)
    assert len(times) == 70
    store.close()


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_small_step_forwards_or_back_is_no_cut(tmp_path: Path, b_frames: int) -> None:
    info, packets = read_all(make_clip(tmp_path / "clip.mp4", seconds=8, b_frames=b_frames))
    store, segments = recorded(tmp_path, info, bent(info, packets, {25: 0.7, 45: -0.1, 60: 0}))
    assert [segment.reason for segment in segments] == ["end"]
    assert segments[0].media_ns == pytest.approx(8 * NS, abs=0.3 * NS)
    store.close()


def test_a_hole_in_the_stream_has_a_name_of_its_own(tmp_path: Path, film: tuple[StreamInfo, list[Packet]]) -> None:
    info, packets = film
    heard = [*packets[:50], *packets[200:]]
    store, segments = recorded(tmp_path, info, heard)
    assert [(one.reason, one.packets) for one in segments] == [("gap", 50), ("end", 100)]
    assert [(one.end_ns - one.start_ns) / NS for one in segments] == pytest.approx([5, 10], abs=0.01)
    assert segments[1].start_ns - segments[0].end_ns == pytest.approx(15 * NS, abs=10)
    store.close()


def test_timestamps_that_run_backwards_for_a_while_and_then_on(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]]
) -> None:
    info, packets = film
    tick = packets[1].dts - packets[0].dts
    back = {number: -2 * (number - 99) * tick for number in range(100, 150)}  # five seconds of time in reverse
    odd = [
        replace(packet, pts=packet.pts + back.get(number, 0), dts=packet.dts + back.get(number, 0))
        for number, packet in enumerate(packets)
    ]
    store, segments = recorded(tmp_path, info, odd)
    assert {segment.reason for segment in segments[:-1]} <= {"length", "jump"}
    longest = max(segment.media_ns for segment in segments)
    assert longest < 12 * NS
    assert segments[-1].end_ns - START_NS == pytest.approx(30 * NS, abs=0.2 * NS)
    store.close()


def test_timestamps_that_stand_still_lose_nothing(tmp_path: Path, film: tuple[StreamInfo, list[Packet]]) -> None:
    info, packets = film
    odd = [replace(one, pts=packets[40].pts, dts=packets[40].dts) if n in range(40, 50) else one
           for n, one in enumerate(packets)]  # fmt: skip
    store, segments = recorded(tmp_path, info, odd)
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert [segment.media_ns / NS for segment in segments] == pytest.approx([10, 10, 10], abs=0.01)
    store.close()


@pytest.mark.parametrize("duration_s", [3600, -3600, 10**9])
def test_a_duration_that_cannot_be_true_is_not_believed(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]], duration_s: int
) -> None:
    info, packets = film
    ticks = round(duration_s / info.video.time_base)
    store, segments = recorded(tmp_path, info, [replace(one, duration=ticks) for one in packets])
    assert [(one.end_ns - one.start_ns) / NS for one in segments] == pytest.approx([10, 10, 9.9], abs=0.01)
    store.close()


def test_a_picture_shown_years_after_its_decoding_is_shown_at_once(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]]
) -> None:
    info, packets = film
    years = round(10**8 / info.video.time_base)
    odd = [replace(one, pts=one.pts + years * (number % 7 == 3)) for number, one in enumerate(packets)]
    store, _ = recorded(tmp_path, info, odd)
    store.close()


@pytest.mark.parametrize("seconds", [3600, -3600, 30, -30, 5, -5, 1_780_000_000])
def test_wall_time_that_steps_inside_an_epoch_cuts_the_segment_as_clock(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]], seconds: int
) -> None:
    info, packets = film
    odd = [replace(one, wall_ns=one.wall_ns + seconds * NS * (n >= 155)) for n, one in enumerate(packets)]
    store, segments = recorded(tmp_path, info, odd)
    assert [(one.reason, one.packets) for one in segments[:2]] == [("length", 100), ("clock", 55)]
    assert [segment.reason for segment in segments[2:]] == ["length", "end"]
    assert sum(segment.media_ns for segment in segments) == pytest.approx(30 * NS, abs=10)
    for segment in segments:
        assert segment.end_ns - segment.start_ns == pytest.approx(segment.media_ns, abs=10)
    assert segments[2].start_ns - segments[1].end_ns == pytest.approx(seconds * NS, abs=10)
    store.close()


def test_wall_time_that_repeats_to_the_nanosecond_overwrites_nothing(
    tmp_path: Path, film: tuple[StreamInfo, list[Packet]]
) -> None:
    info, packets = film
    odd = [replace(one, wall_ns=packets[n % 50].wall_ns) for n, one in enumerate(packets)]
    store, segments = recorded(tmp_path, info, odd)
    assert [segment.reason for segment in segments] == ["clock"] * 5 + ["end"]
    assert [segment.start_ns - START_NS for segment in segments] == [n * 1000 for n in range(6)]
    store.close()


class Paced:
    """A container over which time passes: its packets come at their time, and the clock steps where the test says."""

    def __init__(self, path: Path, clock: FakeClock, steps: dict[int, float], stop: StopToken) -> None:
        self._container, self._clock, self._steps, self._stop = av.open(str(path)), clock, steps, stop
        self.streams, self.close = self._container.streams, self._container.close

    def demux(self, streams: list[av.VideoStream]) -> Iterator[av.Packet]:
        for number, packet in enumerate(self._container.demux(streams)):
            self._clock.advance(1 / FPS)
            if number in self._steps:
                self._clock.step_wall(self._steps[number])
            yield packet
        self._stop.wait()  # at its end the camera falls silent


def through_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Path, clock: FakeClock, steps: dict[int, float]
) -> tuple[SegmentStore, Played]:
    """The whole way from the demuxer to the disk; only the clock is not real."""
    stop = StopToken()
    container = Paced(clip, clock, steps, stop)
    monkeypatch.setattr("agent.capture.rtsp.av", SimpleNamespace(open=lambda *_, **__: container))
    store = new_store(tmp_path / "store", clock)
    opener = RtspOpener("cam", "main", "rtsp://cam/", None, None, clock)
    played = play(store, opener, clock, packets=300, stop=stop)
    sane(store, played.segments)
    assert units_of_files(store.root / one.path for one in played.segments) == units_of_packets(played.kept.packets)
    assert len(played.kept.packets) == sum(segment.packets for segment in played.segments) == 300
    assert played.states[-1].reconnects == 0
    assert sum(segment.media_ns for segment in played.segments) == pytest.approx(30 * NS, abs=0.01 * NS)
    return store, played


@pytest.mark.parametrize("seconds", [3600, -3600, 5, -5, 400 * 86_400])
def test_a_step_of_the_gateways_clock_begins_an_epoch_at_the_next_keyframe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Path, clock: FakeClock, seconds: int
) -> None:
    store, played = through_steps(tmp_path, monkeypatch, clip, clock, {155: seconds})
    segments = played.segments
    found = [(one.reason, one.packets) for one in segments]
    assert found == [("length", 100), ("clock", 60), ("length", 100), ("stop", 40)]
    assert all(segment.key for segment in segments)
    assert [info.after for info in played.kept.infos] == ["", "clock"]
    assert [one.epoch for one in segments] == [played.kept.infos[n].epoch for n in (0, 0, 1, 1)]
    walls = [(segment.start_ns - START_NS) / NS for segment in segments]
    assert walls == pytest.approx([0, 10, 16 + seconds, 26 + seconds], abs=0.3)
    for segment in segments:
        assert segment.end_ns - segment.start_ns == pytest.approx(segment.media_ns, rel=0.06)
    for epoch in {segment.epoch for segment in segments}:
        names = [Path(segment.path).name for segment in segments if segment.epoch == epoch]
        assert names == sorted(names)
    store.close()


@pytest.mark.parametrize("seconds", [1.9, -1.9, 0.3])
def test_a_small_step_of_the_gateways_clock_is_slewed_without_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Path, clock: FakeClock, seconds: float
) -> None:
    store, played = through_steps(tmp_path, monkeypatch, clip, clock, {55: seconds})
    assert {segment.reason for segment in played.segments} == {"length", "stop"}
    assert len(played.kept.infos) == 1
    walls = [packet.wall_ns for packet in played.kept.packets]
    assert all(later > earlier for earlier, later in pairwise(walls))
    off_s = (walls[-1] - walls[0]) / NS - 29.9
    assert off_s == pytest.approx(seconds, abs=0.05) or (off_s * seconds > 0 and 0.7 < abs(off_s) < abs(seconds))
    store.close()


def test_a_gateway_that_believed_in_1970_until_ntp_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Path
) -> None:
    clock = FakeClock(wall_ns=3 * NS)
    store, played = through_steps(tmp_path, monkeypatch, clip, clock, {122: START_NS / NS, 205: 0.4})
    segments = played.segments
    assert [segment.reason for segment in segments] == ["length", "clock", "length", "stop"]
    years = [datetime.fromtimestamp(segment.start_ns // NS, UTC).year for segment in segments]
    assert years == [1970, 1970, 2026, 2026]
    assert [segment.path.split("/")[1][:4] for segment in segments] == ["1970", "1970", "2026", "2026"]
    assert segments[2].start_ns / NS == pytest.approx(START_NS / NS + 3 + 13, abs=0.3)
    store.close()


def test_a_clock_that_steps_to_and_fro_costs_only_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Path, clock: FakeClock
) -> None:
    steps = {number: 3600 * (-1) ** (number // 25) for number in range(25, 300, 25)}
    store, played = through_steps(tmp_path, monkeypatch, clip, clock, steps)
    assert {segment.reason for segment in played.segments[:-1]} == {"clock"}
    assert len(played.segments) <= 13
    store.close()


def quick(film: Path) -> tuple[object, int]:
    """A loop at 100 frames a second, and the RTP ticks between two."""
    loop = load_loop(film)
    return type(loop)(loop.units, loop.sps, loop.pps, 100, loop.width, loop.height), 900


@pytest.mark.parametrize("seconds", [0, 3600, -3600])
def test_rtp_time_that_wraps_or_jumps_loses_nothing(tmp_path: Path, seconds: int) -> None:
    loop, step = quick(make_clip(tmp_path / "clip.mp4", seconds=10, size=(160, 96)))
    wraps_at, jumps_at = 120, 150
    store, clock = new_store(tmp_path / "store"), SystemClock()
    with on_air(
        loop,
        base_timestamp=2**32 - wraps_at * step,
        bend=lambda number, true: true + seconds * 90_000 * (number >= jumps_at),
    ) as url:
        opener = RtspOpener("cam", "main", url, None, None, clock)
        played = play(store, opener, clock, packets=300)
    segments = played.segments
    assert [segment.reason for segment in segments] == (["jump", "stop"] if seconds else ["stop"])
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(played.kept.packets)
    sane(store, segments)
    walls = [packet.wall_ns for packet in played.kept.packets]
    assert max(abs(b - a) for a, b in pairwise(walls)) < NS
    assert played.states[-1].reconnects == 0
    store.close()
