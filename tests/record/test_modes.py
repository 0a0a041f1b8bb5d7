"""What the recorder makes of the hours of the day, and that every packet is counted once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.config.gateway import RecordMode
from agent.core.clock import NS, SystemClock
from agent.core.errors import StorageError
from agent.core.media import Packet
from agent.record.recorder import Recorder
from agent.record.recovery import describe
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.wanted import Wanted
from tests.record.helpers import (
    START_NS,
    Recording,
    again,
    new_store,
    read_all,
    units_of_files,
    units_of_packets,
)

CONTINUOUS, EVENTS, OFF = RecordMode.CONTINUOUS, RecordMode.EVENTS, RecordMode.OFF
Mode = Callable[[int], RecordMode]


class InModes(Recording):
    """A recorder whose mode depends on the time of the footage."""

    def __init__(self, store: SegmentStore, mode: Mode) -> None:
        super().__init__(store)
        self.recorder = Recorder(
            "cam", store, SystemClock(), sync_interval_s=0, on_segment=self.segments.append, mode=mode
        )
        self._thread = type(self._thread)(target=self.recorder.run, args=(self._stop,))


def hours(*modes: tuple[float, RecordMode]) -> Mode:
    """Each mode from its second on."""
    return lambda wall_ns: [mode for begin_s, mode in modes if wall_ns >= START_NS + begin_s * NS][-1]


@pytest.fixture
def store(tmp_path: Path):
    made = new_store(tmp_path / "store")
    yield made
    made.close()


def recorded(
    store: SegmentStore, clip: Path, mode: Mode, times: int = 1
) -> tuple[list[Segment], list[Packet], Recorder]:
    """Record a clip of 4 s at 10 pictures a second, a keyframe each second."""
    info, packets = read_all(clip)
    stream = again(packets, times, 4 * NS, packets[-1].dts + packets[-1].duration)
    with InModes(store, mode) as recording:
        recording.feed(info, stream)
    stats = recording.recorder.stats()
    assert stats.packets_in == stats.packets_recorded + stats.packets_lost + stats.packets_not_wanted
    return recording.segments, stream, recording.recorder


def test_off_ends_the_segment_at_the_next_keyframe_and_on_begins_one_at_the_next(
    store: SegmentStore, clip_h264: Path
) -> None:
    mode = hours((0, CONTINUOUS), (1.35, OFF), (4.75, CONTINUOUS))
    segments, packets, recorder = recorded(store, clip_h264, mode, times=2)
    assert [(one.reason, one.packets, one.wanted) for one in segments] == [("schedule", 20, True), ("end", 30, True)]
    assert [(one.start_ns - START_NS) // NS for one in segments] == [0, 5]
    assert segments[0].end_ns == START_NS + 2 * NS
    stats = recorder.stats()
    assert (stats.packets_recorded, stats.packets_not_wanted, stats.packets_lost) == (50, 30, 0)
    found = units_of_files(store.root / one.path for one in segments)
    assert found == units_of_packets(packets[:20] + packets[50:])


def test_between_modes_that_record_nothing_is_lost(store: SegmentStore, clip_h264: Path) -> None:
    mode = hours((0, CONTINUOUS), (0.5, EVENTS), (2.5, CONTINUOUS))
    segments, packets, _ = recorded(store, clip_h264, mode)
    assert [(one.reason, one.packets, one.wanted) for one in segments] == [
        ("schedule", 10, True),
        ("schedule", 20, False),
        ("end", 10, True),
    ]
    assert [one.end_ns for one in segments[:-1]] == [one.start_ns for one in segments[1:]]
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(packets)


def test_a_camera_that_is_off_from_the_start_writes_nothing(store: SegmentStore, clip_h264: Path) -> None:
    segments, _, recorder = recorded(store, clip_h264, lambda _: OFF)
    assert (segments, recorder.stats().packets_not_wanted) == ([], 40)
    assert list(store.root.glob("cam/**/*.mp4*")) == []


def test_footage_of_an_event_under_way_is_wanted_as_it_is_written(store: SegmentStore, clip_h264: Path) -> None:
    wanted = Wanted(store.catalogue)
    wanted.want("e", "cam", START_NS + 15 * NS, None)
    segments, _, _ = recorded(store, clip_h264, lambda _: EVENTS, times=10)
    assert len(segments) == 4
    assert [one.wanted for one in store.catalogue.oldest(9)] == [True] * 4  # an event has begun, who knows how late
    store.catalogue.close()


def test_footage_between_events_is_not(store: SegmentStore, clip_h264: Path) -> None:
    Wanted(store.catalogue).want("e", "cam", START_NS + 15 * NS, START_NS + 18 * NS)
    recorded(store, clip_h264, lambda _: EVENTS, times=10)
    assert [one.wanted for one in store.catalogue.oldest(9)] == [False, True, False, False]


def test_the_file_says_that_it_was_not_wanted_and_a_rebuild_keeps_it_all_the_same(
    store: SegmentStore, clip_h264: Path
) -> None:
    [segment], _, _ = recorded(store, clip_h264, lambda _: EVENTS)
    assert not segment.wanted
    found = describe(store.root / segment.path, segment.path)
    assert found is not None
    assert found.wanted


def test_what_a_failure_left_is_saved_though_it_is_off_by_now(
    store: SegmentStore, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.record.recording._RETRY_NS", 0)
    monkeypatch.setattr("agent.record.writer.SegmentWriter.close", _fail)
    segments, _, recorder = recorded(store, clip_h264, hours((0, CONTINUOUS), (1.5, OFF)))
    assert [one.reason for one in segments] == ["recovered"]
    assert recorder.stats().error == ""
    assert recorder.stats().packets_not_wanted == 19  # one, with which it failed, is counted as lost


def _fail(*_: object) -> None:
    raise StorageError("the disk does not take it")
