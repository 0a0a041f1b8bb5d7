"""Catalogue and retention: what is found, and what goes first."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError, StorageMissing
from agent.core.stop import StopToken
from agent.record.catalogue import Catalogue
from agent.record.retention import Retention
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, segment

DAY_NS = 86_400 * NS


def filled(root: Path, clock: FakeClock, count: int, cameras: tuple[str, ...] = ("cam",)) -> SegmentStore:
    store = new_store(root, clock)
    for number in range(count):
        for camera in cameras:
            one = segment(number, camera)
            path = store.root / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(one.bytes))
            store.catalogue.add(one)
    return store


def test_a_row_comes_back_as_it_went_in_and_only_once(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    one = replace(segment(1), offset_ns=-5_000_000, key=False)
    assert catalogue.add(one)
    assert not catalogue.add(one)
    assert catalogue.oldest(5) == [one]
    assert catalogue.totals() == (1, 1000)
    catalogue.close()


def test_a_span_finds_what_overlaps_it_and_nothing_else(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    for number in range(100):
        catalogue.add(segment(number))
        catalogue.add(segment(number, "other"))
    found = catalogue.find("cam", START_NS + 195 * NS, START_NS + 215 * NS)
    assert [one.id for one in found] == ["cam-19", "cam-20", "cam-21"]
    exact = catalogue.find("cam", START_NS + 200 * NS, START_NS + 210 * NS)
    assert [one.id for one in exact] == ["cam-20"]
    assert catalogue.find("cam", START_NS - NS, START_NS) == []
    assert catalogue.totals("other") == (100, 100_000)
    catalogue.close()


def test_a_span_is_looked_up_through_the_index(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    catalogue.totals()
    query = (
        "EXPLAIN QUERY PLAN SELECT * FROM segment WHERE garbage = 0 AND camera = 'c' AND start_ns > 1 AND start_ns < 9"
    )
    with catalogue.transaction() as db:
        plan = str(db.execute(query + " ORDER BY start_ns").fetchall())
    assert "USING INDEX segment_by_time (camera=? AND start_ns>? AND start_ns<?)" in plan
    assert "TEMP B-TREE" not in plan
    catalogue.close()


def test_a_broken_catalogue_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"this is no database, whatever it says" * 100)
    with pytest.raises(StorageError, match=r"c\.sqlite: file is not a database; look at the disk"):
        Catalogue(tmp_path / "c.sqlite").totals()


def test_what_is_too_old_goes_and_no_more(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10)
    clock.step_wall((START_NS + DAY_NS + 55 * NS - clock.wall_ns()) / NS)
    gone = Retention(store, clock, keep_days=1, max_bytes=None, min_free=0).sweep()
    assert [one.id for one in gone] == [f"cam-{number}" for number in range(5)]
    assert len(list(store.root.rglob("*.mp4"))) == 5
    assert store.catalogue.totals() == (5, 5000)
    store.close()


def test_over_the_bytes_the_oldest_of_all_cameras_go_first(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10, ("cam", "other"))
    gone = Retention(store, clock, keep_days=365, max_bytes=14_500, min_free=0).sweep()
    assert sorted(one.id for one in gone) == sorted(f"{c}-{n}" for c in ("cam", "other") for n in range(3))
    assert store.catalogue.totals().bytes == 14_000
    store.close()


def test_below_the_floor_a_tenth_more_is_freed_and_then_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 60)
    used = lambda: sum(path.stat().st_size for path in store.root.rglob("*.mp4"))  # noqa: E731 - the simulated disk
    monkeypatch.setattr(store, "free_bytes", lambda: 69_000 - used())
    retention = Retention(store, clock, keep_days=365, max_bytes=None, min_free=10_000)
    assert len(retention.sweep()) == 2  # 9,000 free: up to 11,000
    assert retention.sweep() == []
    store.close()


def test_a_floor_that_cannot_be_reached_is_said_and_ends_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 1)
    monkeypatch.setattr(store, "free_bytes", lambda: 10)
    retention = Retention(store, clock, keep_days=365, max_bytes=None, min_free=10_000)
    stop = OneRound()
    retention.run(stop)
    assert retention.error == ""
    stop.rounds = 1
    retention.run(stop)
    assert "nothing left to delete; something else fills the disk" in retention.error
    store.close()


def test_without_the_marker_nothing_is_deleted(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 5)
    (store.root / MARKER).unlink()
    retention = Retention(store, clock, keep_days=365, max_bytes=0, min_free=0)
    with pytest.raises(StorageMissing):
        retention.sweep()
    assert len(list(store.root.rglob("*.mp4"))) == 5
    store.close()


class OneRound(StopToken):
    """Stops after one round."""

    rounds = 1

    def is_set(self) -> bool:
        self.rounds -= 1
        return self.rounds < 0

    def wait(self, _: float | None = None) -> bool:
        return True


def test_a_clock_that_jumps_deletes_nothing_for_its_age_until_it_has_stood_for_an_hour(tmp_path: Path) -> None:
    clock = FakeClock(START_NS)
    store = filled(tmp_path / "store", clock, 6)
    keep = Retention(store, clock, keep_days=1, max_bytes=None, min_free=0)
    clock.step_wall(3650 * 86_400)
    assert keep.sweep() == []
    clock.advance(3500)
    assert keep.sweep() == []
    clock.advance(200)
    assert len(keep.sweep()) == 6
    store.close()


def test_the_newest_segments_are_found_newest_first(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    for number in range(4):
        catalogue.add(segment(number))
    assert [one.id for one in catalogue.newest(2)] == ["cam-3", "cam-2"]
    catalogue.close()
