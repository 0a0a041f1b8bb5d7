"""What comes in lies on disk, unit for unit, in segments of the right length."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from agent.capture.rtsp import RtspOpener
from agent.capture.worker import CaptureWorker
from agent.core.backoff import Backoff
from agent.core.clock import NS, SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from agent.record.boxes import walk
from tests.fixtures.clips import make_clip
from tests.fixtures.gst import GstServer, transcoded
from tests.record.helpers import (
    START_NS,
    Recording,
    again,
    new_store,
    read_all,
    record,
    units,
    units_of_files,
    units_of_packets,
    wait_for,
)

AXIS = ["test_h264.mp4", "test_h265.mp4", "signed_test_h264.mp4", "signed_test_h265.mp4", "signed_vendor_axis.h264"]


@pytest.mark.parametrize("name", AXIS)
def test_a_real_axis_stream_lies_on_disk_unit_for_unit(data: Path, tmp_path: Path, name: str) -> None:
    store = new_store(tmp_path / "store")
    segments, packets, _ = record(store, data / "axis" / name)
    found = units_of_files(store.root / segment.path for segment in segments)
    assert found == units_of_packets(packets)
    store.close()


def test_b_frames_and_audio_keep_their_times(data: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, data / "video" / "mohamed_parking.mp4")
    [segment] = segments
    with av.open(str(store.root / segment.path)) as container:
        found = [packet for packet in container.demux() if packet.size]
    for track in (0, 1):
        tick = info.tracks[track].time_base
        wanted = [packet.pts * tick for packet in packets if packet.track == track]
        got = [one.pts * one.time_base + segment.base * segment.tick for one in found if one.stream_index == track]
        assert len(got) == len(wanted)
        off = [abs(float(a - b)) for a, b in zip(got, wanted, strict=True)]
        assert max(off[2:]) < 0.001  # the first audio of all may lie before the first picture
    assert segment.codecs == "avc1.4d401e,mp4a.40.2"
    store.close()


def test_segments_end_at_the_first_keyframe_after_ten_seconds(data: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    segments, packets, _ = record(store, data / "video" / "easycampus.mp4")
    assert {segment.reason for segment in segments[:-1]} == {"length"}
    assert segments[-1].reason == "end"
    assert all(10 * NS <= segment.end_ns - segment.start_ns < 13 * NS for segment in segments[:-1])
    assert all(segment.key for segment in segments)
    ends = [segment.end_ns for segment in segments[:-1]]
    assert ends == [segment.start_ns for segment in segments[1:]]  # no hole, not a nanosecond
    assert sum(segment.packets for segment in segments) == len(packets)
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(packets)
    store.close()


def test_a_segment_names_itself_and_its_hash_is_that_of_all_before_its_tail(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    [segment], _, info = record(store, clip_h264)
    path = store.root / segment.path
    assert segment.path == f"cam/2026-05-28/20/20260528T202640.000000Z_cam_{info.epoch}.mp4"
    assert path.stat().st_size == segment.bytes
    with path.open("rb") as file:
        boxes = list(walk(file))
    assert hashlib.sha256(path.read_bytes()[: boxes[-1].at]).hexdigest() == segment.sha256
    kinds = [box.kind for box in boxes]
    assert kinds[:3] == [b"ftyp", b"moov", b"uuid"]  # init first, then what it is
    assert kinds[3:] == [b"moof", b"mdat", b"uuid"] * 4 + [b"uuid"]  # a fragment a second, its check sum, the tail
    assert list(path.parent.glob("*.open")) == []
    store.close()


def test_a_stream_without_keyframes_is_cut_at_a_minute_and_goes_on(tmp_path: Path) -> None:
    info, packets = read_all(make_clip(tmp_path / "one.mp4", seconds=2, gop=100))
    assert [packet.key for packet in packets].count(True) == 1
    ticks = packets[-1].dts + packets[-1].duration
    stream = again(packets, 70, 2 * NS, ticks)
    stream = [replace(packet, key=number == 0) for number, packet in enumerate(stream)]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, stream)
    assert [segment.reason for segment in recording.segments] == ["no_keyframe_60s", "no_keyframe_60s", "end"]
    assert [segment.key for segment in recording.segments] == [True, False, False]
    assert sum(segment.packets for segment in recording.segments) == len(stream)
    store.close()


def test_timestamps_that_repeat_or_step_back_lose_nothing(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    tick = packets[1].dts - packets[0].dts
    odd = [
        replace(packet, dts=packet.dts - (tick if number % 5 == 0 else 0), pts=packet.pts - tick * (number % 5 == 0))
        for number, packet in enumerate(packets)
    ]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, odd)
    assert recording.recorder.stats().packets_recorded == 40
    assert units_of_files([store.root / recording.segments[0].path]) == units_of_packets(packets)
    store.close()


def test_a_jump_in_time_ends_the_segment_and_the_next_goes_on_from_there(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    hour = round(3600 / info.video.time_base)
    jumped = [
        replace(packet, dts=packet.dts - hour, pts=packet.pts - hour) if number >= 25 else packet
        for number, packet in enumerate(packets)
    ]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, jumped)
    assert [(one.reason, one.packets) for one in recording.segments] == [("jump", 25), ("end", 15)]
    store.close()


def test_a_new_session_is_a_new_segment_of_a_new_epoch(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        for minute, reason in ((0, "lost"), (1, "stop")):
            info, packets = read_all(clip_h264, START_NS + minute * 60 * NS)
            recording.feed(info, packets, reason)
    assert [segment.reason for segment in recording.segments] == ["lost", "stop"]
    assert len({segment.epoch for segment in recording.segments}) == 2
    assert recording.recorder.stats().packets_recorded == recording.recorder.stats().packets_in == 80
    store.close()


def test_the_stop_closes_the_open_segment(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets, reason=None)
        assert recording.recorder.stats().recording
    assert [(segment.reason, segment.packets) for segment in recording.segments] == [("stop", 40)]
    assert not recording.recorder.stats().recording
    store.close()


def test_a_codec_that_mp4_recordings_do_not_take_is_refused_with_the_reason(data: Path, tmp_path: Path) -> None:
    info, packets = read_all(data / "video" / "intel_person-bicycle-car-detection.gif")
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets)
        stats = recording.recorder.stats()
    assert stats.error == "cam: cannot record gif; set the camera to H.264, H.265 or AV1"
    assert (stats.packets_recorded, stats.packets_lost) == (0, 41)
    assert recording.segments == []
    store.close()


def test_a_listener_that_fails_does_not_end_the_recording(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.recorder._recording._on_segment = _fail
        recording.feed(info, packets)
        recording.feed(replace(info, epoch="second"), packets)
    assert store.catalogue.totals().segments == 2
    store.close()


def _fail(_: object) -> None:
    raise RuntimeError("the listener fell")


def test_an_epoch_announced_twice_closes_the_segment_as_overflow(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets[:20], reason=None)
        recording.feed(info, packets[30:])
    assert [(one.reason, one.packets) for one in recording.segments] == [("overflow", 20), ("end", 10)]
    store.close()


def test_a_camera_over_rtsp_is_recorded_through_its_servers_death(
    gst_server: Callable[..., GstServer], data: Path, tmp_path: Path
) -> None:
    # two slices a picture: this server cuts keyframes in two, and the halves must become one sample again
    film = transcoded(data / "video" / "bgs_video02.avi", tmp_path / "film.mp4", slices=2)
    server = gst_server({"/film": film}, "root", "p@ss/word")
    store, kept, stop = new_store(tmp_path / "store"), Kept(), StopToken()
    opener = RtspOpener(
        "cam", "main", server.url("/film"), "root", "p@ss/word", SystemClock(), open_timeout_s=3, read_timeout_s=2
    )
    with Recording(store) as recording:
        sinks = [kept, recording.recorder]
        worker = CaptureWorker("capture-cam", opener, sinks, SystemClock(), lambda _: None, Backoff(0.1, 0.2))
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        wait_for(lambda: len(kept.packets) > 60)
        server.kill()
        wait_for(lambda: not worker.state.online)
        server.start()
        before = len(kept.packets)
        wait_for(lambda: len(kept.packets) > before + 40)
        stop.set()
        thread.join()
    stats = recording.recorder.stats()
    assert (stats.packets_lost, stats.error) == (0, "")
    assert stats.packets_recorded == stats.packets_in == len(kept.packets)
    assert [segment.reason for segment in recording.segments] == ["lost", "stop"]
    found = units_of_files(store.root / segment.path for segment in recording.segments)
    assert found == units_of_packets(kept.packets)
    with av.open(str(film)) as container:
        original = {unit for packet in container.demux(video=0) for unit in units(bytes(packet))}
    slices = [unit for unit in found if unit[0] & 0x1F in {1, 5}]
    assert len(slices) > 150
    assert all(unit in original for unit in slices)
    with av.open(str(store.root / recording.segments[0].path)) as container:
        assert all(not frame.is_corrupt for frame in container.decode(video=0))
    store.close()


class Kept:
    hurried = True

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def opened(self, _: StreamInfo) -> None:
        return

    def packet(self, packet: Packet) -> None:
        self.packets.append(packet)

    def closed(self, _: str) -> None:
        return
