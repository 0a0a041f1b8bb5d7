"""Every access unit that goes in comes out of the files: H.264, H.265, B-frames, signed video."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from agent.capture.rtsp import RtspOpener
from agent.core.clock import NS, SystemClock
from agent.core.nal import split
from agent.record.audit_decode import decode
from agent.record.boxes import read_layout
from agent.sim.rtsp.loop import load_loop
from tests.fixtures.clips import make_clip
from tests.record.helpers import Recording, again, new_store, read_all, record, units, units_of_files, units_of_packets
from tests.record.onair import on_air
from tests.record.readback import all_samples, as_samples, pictures_of, play, samples_of

SIGNED = ["signed_test_h264.mp4", "signed_test_h265.mp4", "signed_vendor_axis.h264", "test_h264.mp4", "test_h265.mp4"]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("b_frames", [0, 3])
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_each_access_unit_comes_back_with_its_bytes_and_its_times(
    tmp_path: Path, codec: str, b_frames: int, suffix: str
) -> None:
    clip = make_clip(tmp_path / f"clip.{suffix}", codec=codec, seconds=25, b_frames=b_frames, size=(160, 96))
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, clip)
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert any(packet.pts != packet.dts for packet in packets) == bool(b_frames)
    assert all_samples(store, segments) == as_samples(info, packets)
    assert sum(segment.packets for segment in segments) == len(packets) == 250
    for segment in segments:
        assert segment.key
        assert segment.epoch == info.epoch
        assert segment.media_ns == pytest.approx(segment.end_ns - segment.start_ns, abs=2)
        assert re.fullmatch(r"cam/[\d-]{10}/\d\d/\d{8}T\d{6}\.\d{6}Z_cam_[0-9a-f]{32}\.mp4", segment.path)
        if codec == "libx264":  # x265 opens its groups: a picture may lean on the segment before
            assert len(pictures_of(store, segment)) == segment.packets
    assert sum(segment.media_ns for segment in segments) == pytest.approx(25 * NS, abs=200_000_000)
    store.close()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ivf"])
def test_av1_comes_back_with_its_bytes_its_times_and_its_pictures(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / f"clip.{suffix}", codec="libsvtav1", seconds=25, size=(160, 96))
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, clip)
    assert info.video.codec == "av1"
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert all_samples(store, segments) == as_samples(info, packets)
    assert all(segment.key and segment.codecs.startswith("av01.0.") for segment in segments)
    assert not any(packet.data.startswith(b"\x12\0") for packet in packets)  # MP4 wants no temporal delimiters
    assert [len(pictures_of(store, segment)) for segment in segments] == [100, 100, 50]
    assert decode(store.root / segments[0].path).pictures == 100
    store.close()


@pytest.mark.parametrize("b_frames", [0, 3])
def test_the_init_segment_comes_first_and_a_fragment_every_second(tmp_path: Path, b_frames: int) -> None:
    store = new_store(tmp_path / "store")
    segments, _, _ = record(store, make_clip(tmp_path / "clip.mp4", seconds=25, gop=50, b_frames=b_frames))
    for segment in segments:
        with (store.root / segment.path).open("rb") as file:
            layout = read_layout(file)
            file.seek(4)
            assert file.read(4) == b"ftyp"
        seconds = segment.media_ns / NS
        assert seconds - 1 <= layout.fragments <= seconds + 1.5
    store.close()


@pytest.mark.parametrize("name", SIGNED)
def test_the_units_of_axis_video_are_those_of_the_source_file(data: Path, tmp_path: Path, name: str) -> None:
    store = new_store(tmp_path / "store")
    segments, _, info = record(store, data / "axis" / name)
    found = units_of_files(store.root / segment.path for segment in segments)
    assert found == source_units(data / "axis" / name)
    assert any(is_signature(info.video.codec, unit) for unit in found) == name.startswith("signed")
    store.close()


@pytest.mark.parametrize("name", SIGNED)
def test_signed_video_stays_whole_across_segments(data: Path, tmp_path: Path, name: str) -> None:
    info, packets = read_all(data / "axis" / name)
    last = packets[-1]
    ticks = max(packet.dts for packet in packets) + last.duration - packets[0].dts
    tick = info.video.time_base
    stream = again(packets, 8, int(ticks * tick * NS), ticks)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, stream)
    segments = recording.segments
    assert len(segments) >= 2
    assert units_of_files(store.root / one.path for one in segments) == source_units(data / "axis" / name) * 8
    stats = recording.recorder.stats()
    assert (stats.packets_in, stats.packets_lost) == (stats.packets_recorded, 0)
    assert len({segment.path for segment in segments}) == len(segments)
    assert all(earlier.end_ns == later.start_ns for earlier, later in pairwise(segments))
    store.close()


def test_signed_video_comes_through_rtsp_unit_for_unit(data: Path, tmp_path: Path) -> None:
    loop = load_loop(data / "axis" / "signed_test_h264.mp4")
    fast = type(loop)(loop.units, loop.sps, loop.pps, 100, loop.width, loop.height)
    store = new_store(tmp_path / "store")
    with on_air(fast) as url:
        opener = RtspOpener("cam", "main", url, None, None, SystemClock())
        played = play(store, opener, SystemClock(), packets=2 * len(loop.units))
    found = units_of_files(store.root / segment.path for segment in played.segments)
    assert found == units_of_packets(played.kept.packets)
    sent = [unit for one in loop.units for unit in one.nals]
    body = [unit for unit in found if unit[0] & 0x1F not in {7, 8, 9}]  # the server repeats the parameter sets
    assert any(is_signature("h264", unit) for unit in body)
    begin = sent.index(body[0])
    assert body == (sent * 4)[begin : begin + len(body)]
    store.close()


def test_a_declared_rate_that_lies_bends_nothing(tmp_path: Path) -> None:
    clip = seven_fps_that_says_25(tmp_path / "lies.mkv")
    info, packets = read_all(clip)
    assert float(packets[5].duration * info.video.time_base) == pytest.approx(0.04, abs=0.002)  # it does lie
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, clip)
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert all_samples(store, segments) == as_samples(info, packets)
    assert [segment.media_ns / NS for segment in segments[:-1]] == pytest.approx([10, 10], abs=0.01)
    assert [(one.end_ns - one.start_ns) / NS for one in segments[:-1]] == pytest.approx([10, 10], abs=0.01)
    with av.open(str(store.root / segments[0].path)) as container:
        times = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / 7] * 69, abs=0.002)
    store.close()


def seven_fps_that_says_25(path: Path) -> Path:
    """The bitstream's own timing says 25 frames a second; the container's timestamps are those of 7."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"g": "7", "bf": "0", "x264-params": "force-cfr=1"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(7 * 25):
            frame = av.VideoFrame(160, 96, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number % 200]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in stream.encode(frame):
                out.mux(slowed(packet))
        for packet in stream.encode(None):
            out.mux(slowed(packet))
    return path


def slowed(packet: av.Packet) -> av.Packet:
    packet.pts, packet.dts, packet.duration = (
        round(value * packet.time_base * 25 * 1000 / 7) for value in (packet.pts, packet.dts, packet.duration)
    )
    packet.time_base = Fraction(1, 1000)
    return packet


def source_units(path: Path) -> list[bytes]:
    """Without our own capture in between."""
    if path.suffix == ".h264":
        return split(path.read_bytes())
    with av.open(str(path)) as container:
        return [unit for packet in container.demux(video=0) if packet.size for unit in units(bytes(packet))]


def is_signature(codec: str, unit: bytes) -> bool:
    """An SEI with signed video's UUID (the framework that ONVIF took over from Axis)."""
    kind = unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F
    return kind in ({6} if codec == "h264" else {39, 40}) and bytes.fromhex("5369676e65642056") in unit[:40]


def test_samples_of_a_file_begin_at_the_base_of_its_row(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    [segment], packets, info = record(store, clip_h264)
    assert samples_of(store, segment)[0].dts == packets[0].dts * info.video.time_base == segment.base * segment.tick
    store.close()
