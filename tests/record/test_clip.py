"""Clips by wall time: the right pictures, at the right times, in a file that plays."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from agent.core.clock import NS
from agent.core.errors import NotRecorded, StorageError, StorageMissing
from agent.record.clip import cut_clip
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER
from tests.fixtures.clips import make_clip
from tests.record.helpers import START_NS, Recording, new_store, read_all, record

WIDTH, SECONDS, FPS = 640, 25, 10


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 s in which the place of the square tells the number of the frame."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_clip(path, seconds=SECONDS, fps=FPS, gop=10, size=(WIDTH, 90))


def numbers(path: Path) -> list[int]:
    """Which frames of the film these are, by their pictures."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            bright = np.flatnonzero(frame.to_ndarray(format="gray")[45 + 10] > 150)
            found.append(round((bright[0] + bright[-1] - 39) / 2 * SECONDS * FPS / (WIDTH - 40)))
    return found


def times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return sorted(one.pts * one.time_base for one in container.demux(video=0) if one.size)


def test_a_clip_over_two_segments_has_the_frames_of_its_span_and_no_other(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film)
    assert store.catalogue.totals().segments == 3
    clip = cut_clip(store, "cam", START_NS + 8_350_000_000, START_NS + 12_250_000_000, tmp_path / "clip.mp4")
    assert numbers(clip.path) == list(range(80, 123))
    assert clip.start_ns == START_NS + 8 * NS
    assert clip.end_ns == START_NS + 12_300_000_000
    assert times(clip.path) == [Fraction(n, 10) for n in range(43)]
    assert clip.codecs.startswith("avc1.64")
    assert clip.bytes == clip.path.stat().st_size
    assert clip.note == ""
    assert [path.name for path in tmp_path.glob("clip*")] == ["clip.mp4"]
    store.close()


def test_the_index_comes_first_so_that_a_browser_can_begin_at_once(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film)
    clip = cut_clip(store, "cam", START_NS, START_NS + 5 * NS, tmp_path / "clip.mp4")
    content = clip.path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    store.close()


@pytest.mark.parametrize("name", ["signed_test_h265.mp4", "signed_test_h264.mp4"])
def test_a_clip_of_a_real_axis_stream_decodes_whole(data: Path, tmp_path: Path, name: str) -> None:
    store = new_store(tmp_path / "store")
    record(store, data / "axis" / name)
    clip = cut_clip(store, "cam", START_NS + 3 * NS, START_NS + 9 * NS, tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 150
    assert clip.codecs == {"signed_test_h265.mp4": "hvc1.1.2.H123.80", "signed_test_h264.mp4": "avc1.640029"}[name]
    store.close()


def test_b_frames_and_audio_stay_together(data: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, data / "video" / "mohamed_parking.mp4")
    clip = cut_clip(store, "cam", START_NS, START_NS + 4 * NS, tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        video = sum(1 for _ in container.decode(video=0))
    with av.open(str(clip.path)) as container:
        audio = [frame.pts * frame.time_base for frame in container.decode(audio=0)]
    assert video == 112
    assert float(audio[-1]) == pytest.approx(3.7, abs=0.1)
    assert clip.codecs == "avc1.4d401e,mp4a.40.2"
    store.close()


def test_sound_is_there_from_the_first_picture_to_the_end(data: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, data / "video" / "mohamed_parking.mp4")
    clip = cut_clip(store, "cam", START_NS + int(2.1 * NS), START_NS + int(2.9 * NS), tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        audio = [frame.pts * frame.time_base for frame in container.decode(audio=0)]
    assert clip.start_ns == START_NS + 2 * NS
    assert 0 <= float(audio[0]) < 0.05
    assert 0.85 < float(audio[-1]) < 0.9
    assert float(times(clip.path)[0]) < 0.05
    store.close()


def test_a_clip_reaches_into_the_segment_that_is_being_written(film: Path, tmp_path: Path) -> None:
    info, packets = read_all(film)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets[:175], reason=None)  # 17.5 s: one segment closed, one open
        clip = cut_clip(store, "cam", START_NS + 9 * NS, START_NS + 17 * NS, tmp_path / "clip.mp4")
        found = numbers(clip.path)
    assert found == list(range(90, found[-1] + 1))
    assert 160 <= found[-1] + 1 <= 170  # all but the fragment in the making
    assert clip.end_ns == START_NS + (found[-1] + 1) * NS // 10
    store.close()


def test_a_hole_between_two_sessions_stays_a_hole_in_time(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    info, packets = read_all(film)
    late = [replace(packet, wall_ns=packet.wall_ns + 30 * NS) for packet in packets[:40]]
    with Recording(store) as recording:
        recording.feed(info, packets[:40], "lost")
        recording.feed(replace(info, epoch="second"), late)
    clip = cut_clip(store, "cam", START_NS, START_NS + 60 * NS, tmp_path / "clip.mp4")
    assert numbers(clip.path) == list(range(40)) * 2
    assert times(clip.path)[40] == 30
    assert clip.end_ns - clip.start_ns == 34 * NS
    store.close()


def test_where_the_stream_changes_the_clip_ends_and_says_so(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    other_info, other = read_all(make_clip(tmp_path / "other.mp4", size=(320, 240)), START_NS + 5 * NS)
    info, packets = read_all(film)
    with Recording(store) as recording:
        recording.feed(info, packets[:40], "changed")
        recording.feed(other_info, other)
    clip = cut_clip(store, "cam", START_NS, START_NS + 60 * NS, tmp_path / "clip.mp4")
    assert numbers(clip.path) == list(range(40))
    assert clip.note == "ends at 2026-05-28T20:26:45.000Z, where the camera's stream parameters change"
    store.close()


def test_a_clip_from_a_segment_without_keyframe_begins_at_the_one_before(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    segments, packets, _ = record(store, make_clip(tmp_path / "one.mp4", seconds=80, gop=1000, fps=5))
    assert [packet.key for packet in packets].count(True) == 1
    assert [segment.key for segment in segments] == [True, False]
    clip = cut_clip(store, "cam", START_NS + 65 * NS, START_NS + 70 * NS, tmp_path / "clip.mp4")
    assert clip.start_ns == START_NS
    assert len(times(clip.path)) == 350
    store.close()


def test_nothing_recorded_is_a_clear_error(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film)
    for camera, start_ns in (("cam", START_NS + 100 * NS), ("other", START_NS)):
        with pytest.raises(NotRecorded, match=f"{camera}: nothing is recorded between 2026-.*; choose another time"):
            cut_clip(store, camera, start_ns, start_ns + NS, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()
    store.close()


def test_nothing_is_found_for_good_only_on_a_disk_that_is_there_and_listed(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film)
    store.is_partial = True
    with pytest.raises(StorageError, match="the catalogue is being made anew, try again later") as caught:
        cut_clip(store, "cam", START_NS + 100 * NS, START_NS + 101 * NS, tmp_path / "clip.mp4")
    assert not isinstance(caught.value, NotRecorded)
    (store.root / MARKER).unlink()
    with pytest.raises(StorageMissing):
        cut_clip(store, "cam", START_NS + 100 * NS, START_NS + 101 * NS, tmp_path / "clip.mp4")
    store.close()


def test_footage_that_vanished_is_a_clear_error_and_leaves_nothing_behind(film: Path, tmp_path: Path) -> None:
    store: SegmentStore = new_store(tmp_path / "store")
    segments, _, _ = record(store, film)
    (store.root / segments[0].path).unlink()
    with pytest.raises(StorageError, match="the clip could not be cut"):
        cut_clip(store, "cam", START_NS, START_NS + NS, tmp_path / "clip.mp4")
    assert list(tmp_path.glob("clip*")) == []
    store.close()
