"""A disk that fills, refuses or goes away ends no worker; recording comes back by itself."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.record.store import RESERVE, RESERVE_BYTES
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.record.helpers import Recording, new_store, read_all, record, units_of_files, units_of_packets


@contextmanager
def no_file_may_grow_beyond(size: int) -> Iterator[None]:
    """The kernel refuses every write beyond, as a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_costs_only_what_it_did_not_take(tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(make_clip(tmp_path / "film.mp4", seconds=8, size=(640, 360)))
    size = sum(len(packet.data) for packet in packets)
    with Recording(store, clock) as recording:
        with no_file_may_grow_beyond(size * 6 // 10):
            recording.feed(info, packets, reason=None)
        stats = recording.recorder.stats()
        assert not stats.recording
        assert "File too large; look at the disk" in stats.error
        clock.advance(3)
        later = [replace(packet, wall_ns=packet.wall_ns + 60 * NS) for packet in packets]
        recording.feed(replace(info, epoch="second"), later)
        assert recording.recorder.stats().error == ""
    saved, fresh = recording.segments
    assert saved.reason == "recovered"
    assert units_of_files([store.root / saved.path]) == units_of_packets(packets[: saved.packets])
    assert saved.packets > 20
    assert fresh.packets == 80
    stats = recording.recorder.stats()
    assert stats.packets_recorded == saved.packets + 80
    assert stats.packets_recorded + stats.packets_lost == stats.packets_in == 160
    store.close()


def test_a_disk_that_goes_away_is_named_and_comes_back(clip_h264: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording:
        store.close()
        (tmp_path / "store").rename(tmp_path / "unplugged")
        (tmp_path / "store").mkdir()  # the bare mount point
        recording.feed(info, packets)
        assert "is the disk mounted?" in recording.recorder.stats().error
        assert list((tmp_path / "store").iterdir()) == []  # nothing is written where our disk is not
        (tmp_path / "store").rmdir()
        (tmp_path / "unplugged").rename(tmp_path / "store")
        clock.advance(3)
        recording.feed(replace(info, epoch="second"), packets)
    assert [segment.packets for segment in recording.segments] == [40]
    assert recording.recorder.stats().packets_lost == 40
    store.close()


def test_a_catalogue_that_fails_loses_no_footage(clip_h264: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    add, store.catalogue.add = store.catalogue.add, _refuse  # type: ignore[method-assign]
    with Recording(store, clock) as recording:
        recording.feed(info, packets)
        assert "look at the disk" in recording.recorder.stats().error
        store.catalogue.add = add  # type: ignore[method-assign]
        clock.advance(3)
        later = [replace(packet, wall_ns=packet.wall_ns + 60 * NS) for packet in packets]
        recording.feed(replace(info, epoch="second"), later)
    assert [segment.packets for segment in recording.segments] == [40, 40]
    assert recording.recorder.stats().packets_lost == 0
    assert store.catalogue.totals().segments == 2
    store.close()


def _refuse(_: object) -> bool:
    raise OSError(28, "No space left on device")


def test_on_a_full_disk_the_reserve_lets_deletions_happen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path / "store")
    film = make_clip(tmp_path / "film.mp4")
    segments, _, _ = record(store, film)
    reserve = store.root / RESERVE
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES  # really taken, not a hole
    free = [RESERVE_BYTES - 1]
    monkeypatch.setattr(store, "free_bytes", lambda: free[0])
    reserve_at_the_row = []
    bury = store.graveyard.bury
    monkeypatch.setattr(
        store.graveyard, "bury", lambda *given: (reserve_at_the_row.append(reserve.exists()), bury(*given))
    )
    store.delete(segments, "room")
    assert reserve_at_the_row == [False]
    assert store.catalogue.totals() == (0, 0)
    store.keep_reserve()
    assert not reserve.exists()  # still no room for it
    free[0] = 8 * RESERVE_BYTES
    store.keep_reserve()
    assert reserve.exists()
    store.close()


def test_no_segment_begins_on_a_disk_that_is_nearly_full(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording, monkeypatch.context() as patched:
        patched.setattr(store, "free_bytes", lambda: RESERVE_BYTES)
        recording.feed(info, packets)
        assert "the disk is full; free some of it" in recording.recorder.stats().error
    assert recording.segments == []
    assert recording.recorder.stats().packets_lost == 40
    store.close()
