"""What waits for the disk is bounded, per camera and for all together; what does not fit leaves a hole that is told."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.memory import Budget
from agent.core.stop import StopToken
from agent.record.intake import Intake
from agent.record.recorder import Recorder
from agent.record.segment import Segment
from agent.record.verify import Level, Verification
from agent.record.writer import SegmentWriter
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store, read_all, wait_for


def test_a_full_queue_drops_whole_groups_and_says_where_the_hole_is(clip_h264: Path) -> None:
    info, packets = read_all(clip_h264)
    clock = FakeClock()
    intake = Intake(clock)
    intake.opened(info)
    for packet in packets[:15]:
        intake.packet(packet)
    clock.advance(21)  # nobody takes anything
    for packet in packets[15:25]:
        intake.packet(packet)
    assert intake.lost == 10
    taken = [intake.take(0) for _ in range(16)]
    assert isinstance(taken[0], StreamInfo)
    assert taken[-1] is packets[14]
    for packet in packets[25:40]:
        intake.packet(packet)
    assert intake.lost == 15  # 25..29 belong to a group whose keyframe is gone
    assert intake.take(0) is info  # announced again: a hole
    assert intake.take(0) is packets[30]
    assert intake.packets_in == 40


class Full:
    """Several cameras with one budget, and nobody who takes anything."""

    def __init__(self, film: Path, most_bytes: int, cameras: int = 3) -> None:
        info, packets = read_all(film)
        self.packets = packets * 100
        budget = Budget(most_bytes)
        self.intakes = [Intake(FakeClock(), budget) for _ in range(cameras)]
        for intake in self.intakes:
            intake.opened(info)

    def bytes(self) -> int:
        return sum(intake._queue.bytes for intake in self.intakes)


def test_all_cameras_together_keep_within_the_budget(clip_h264: Path) -> None:
    full = Full(clip_h264, 100_000)
    for number, packet in enumerate(full.packets):
        full.intakes[number % 3].packet(replace(packet, key=True))
    largest = max(len(packet.data) for packet in full.packets)
    assert 100_000 <= full.bytes() < 100_000 + 3 * largest
    assert all(intake.lost for intake in full.intakes)
    assert "memory" in full.intakes[0].error


def test_a_camera_that_overflows_leaves_the_others_their_part(clip_h264: Path) -> None:
    full = Full(clip_h264, 100_000)
    greedy, modest, _ = full.intakes
    for packet in full.packets:
        greedy.packet(packet)
    assert greedy.lost
    for packet in full.packets[:60]:
        modest.packet(packet)
    assert modest.lost == 0
    assert modest.error == ""


def test_it_goes_on_at_a_keyframe_when_half_is_written(clip_h264: Path) -> None:
    full = Full(clip_h264, 100_000, cameras=1)
    [intake] = full.intakes
    packets = iter(full.packets)
    while not intake.error:
        intake.packet(next(packets))
    waiting = intake._queue.bytes
    while intake._queue.bytes > waiting / 2:
        intake.packet(full.packets[0])  # a keyframe, and refused
        assert intake.error
        intake.take(0)
    intake.packet(full.packets[1])
    assert intake.error
    intake.packet(full.packets[0])
    assert intake.error == ""
    taken = list(iter(lambda: intake.take(0), None))
    assert [type(one) for one in taken].count(StreamInfo) == 1
    after = taken[[type(one) for one in taken].index(StreamInfo) + 1]
    assert isinstance(after, Packet)
    assert after.key


def test_a_camera_that_goes_takes_its_complaint_along(clip_h264: Path) -> None:
    full = Full(clip_h264, 100_000, cameras=1)
    [intake] = full.intakes
    for packet in full.packets:
        intake.packet(packet)
    assert intake.error
    intake.closed("lost")
    assert intake.error == ""


def test_how_long_nothing_was_taken_counts_only_while_something_waits(clip_h264: Path) -> None:
    info, packets = read_all(clip_h264)
    clock = FakeClock()
    intake = Intake(clock)
    clock.advance(100)
    assert intake.waiting_s() == 0
    intake.take(0)
    intake.opened(info)
    intake.packet(packets[0])
    clock.advance(70)
    for packet in packets[1:]:
        intake.packet(packet)  # lost by now, which is no sign of life
    assert intake.waiting_s() == 70


def test_what_did_not_fit_is_a_hole_between_two_good_segments(clip_h264: Path, tmp_path: Path) -> None:
    info, packets = read_all(clip_h264)
    store, segments = new_store(tmp_path / "store"), list[Segment]()
    budget = Budget(sum(len(packet.data) for packet in packets[:15]))
    recorder = Recorder(
        "cam", store, SystemClock(), sync_interval_s=2, on_segment=segments.append, look_s=0.001, budget=budget
    )
    recorder.opened(info)
    for packet in packets[:25]:
        recorder.packet(packet)  # the disk hangs: nobody takes them
    assert "memory" in recorder.stats().error
    stop = StopToken()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    thread.start()
    wait_for(lambda: recorder.stats().waiting_s == 0)
    for packet in packets[25:]:
        recorder.packet(packet)
    recorder.closed("end")
    wait_for(lambda: len(segments) == 2)
    stats = recorder.stats()
    stop.set()
    thread.join()
    assert [(one.reason, one.packets) for one in segments] == [("overflow", 15), ("end", 10)]
    assert (stats.packets_in, stats.packets_recorded, stats.packets_lost, stats.error) == (40, 25, 15, "")
    assert list(Verification(store, Level.HASHES).run("cam")) == []
    store.close()


def test_a_recorder_that_fell_goes_on_at_the_next_keyframe(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info, packets = read_all(clip_h264)
    store, segments, stop = new_store(tmp_path / "store"), list[Segment](), StopToken()
    recorder = Recorder("cam", store, SystemClock(), sync_interval_s=0, on_segment=segments.append, look_s=0.005)
    with monkeypatch.context() as patched:
        patched.setattr(SegmentWriter, "pause", _out_of_memory)
        recorder.opened(info)
        for packet in packets[:15]:
            recorder.packet(packet)
        with pytest.raises(MemoryError):
            recorder.run(stop)
    thread = threading.Thread(target=recorder.run, args=(stop,))  # as the supervisor does
    thread.start()
    wait_for(lambda: recorder._intake._announce)
    for packet in packets[15:]:
        recorder.packet(packet)
    recorder.closed("end")
    wait_for(lambda: len(segments) == 2)
    stop.set()
    thread.join()
    stats = recorder.stats()
    assert [(one.reason, one.packets) for one in segments] == [("fell", 15), ("end", 20)]
    assert (stats.packets_in, stats.packets_recorded, stats.packets_lost, stats.error) == (40, 35, 5, "")
    assert list(Verification(store, Level.HASHES).run("cam")) == []
    store.close()


def _out_of_memory(_: object) -> None:
    raise MemoryError
