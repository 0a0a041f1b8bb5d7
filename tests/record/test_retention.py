"""Retention: what goes first, what never goes, and which clock says how old footage is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageMissing
from agent.core.stop import StopToken
from agent.record.limits import CameraLimits, TierLimits
from agent.record.retention import Retention
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER, Tier
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, hold, new_store, segment

DAY_S = 86_400
DAY_NS = DAY_S * NS


def put(store: SegmentStore, one: Segment) -> Segment:
    """As if it had been recorded."""
    path = store.path_of(one)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(one.bytes))
    store.catalogue.add(one)
    return one


def filled(root: Path, clock: FakeClock, count: int, cameras: tuple[str, ...] = ("cam",)) -> SegmentStore:
    store = new_store(root, clock)
    for number in range(count):
        for camera in cameras:
            put(store, segment(number, camera))
    return store


def retention(
    store: SegmentStore,
    clock: FakeClock,
    *,
    keep_days: float = 365,
    max_bytes: int | None = None,
    min_free: int = 0,
    cameras: Mapping[str, CameraLimits] | None = None,
) -> Retention:
    return Retention(store, clock, [TierLimits(keep_days, max_bytes, min_free)], cameras or {})


def a_disk_of(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """What is left of a disk that holds only the segments; the foreign bytes in `used` may be changed."""

    def free_bytes(tier: Tier) -> int:
        return size - sum(path.stat().st_size for path in tier.root.rglob("*.mp4"))

    monkeypatch.setattr(Tier, "free_bytes", free_bytes)


def left(store: SegmentStore) -> list[str]:
    return [one.id for one in store.catalogue.oldest(1000)]


def test_what_is_too_old_goes_and_no_more(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10)
    clock.advance(DAY_S + 55)
    gone = retention(store, clock, keep_days=1).sweep()
    assert [one.id for one in gone] == [f"cam-{number}" for number in range(5)]
    assert len(list(store.root.rglob("*.mp4"))) == 5
    assert store.catalogue.totals() == (5, 5000)
    store.close()


def test_for_age_the_disk_is_written_once_a_minute(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 20)
    keep = retention(store, clock, keep_days=1)
    clock.advance(DAY_S + 15)
    sizes = []
    for _ in range(13):
        sizes.append(len(keep.sweep()))
        clock.advance(10)
    assert sizes == [1, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 6]
    store.close()


def test_a_camera_has_an_age_and_a_size_of_its_own(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10, ("cam", "other", "third"))
    limits = {"other": CameraLimits(keep_days=1), "third": CameraLimits(max_bytes=4000)}
    clock.advance(DAY_S + 55)
    retention(store, clock, cameras=limits).sweep()
    counts = {camera: store.catalogue.totals(camera).segments for camera in ("cam", "other", "third")}
    assert counts == {"cam": 10, "other": 5, "third": 3}  # a hundredth below its size, in whole segments
    assert store.catalogue.oldest(1, "third")[0].id == "third-7"
    store.close()


def test_over_the_bytes_the_oldest_of_all_cameras_go_first(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10, ("cam", "other"))
    gone = retention(store, clock, max_bytes=14_500).sweep()
    assert sorted(one.id for one in gone) == sorted(f"{c}-{n}" for c in ("cam", "other") for n in range(3))
    assert store.catalogue.totals().bytes == 14_000
    store.close()


def test_many_pages_of_many_cameras_go_in_the_order_they_were_written(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 250, ("cam", "other"))
    clock.advance(3000)
    gone = retention(store, clock, max_bytes=100_000).sweep()
    assert {one.number for one in gone} == set(range(1, 202))
    assert store.catalogue.totals().bytes in {99_000, 98_000}
    store.close()


def test_below_the_floor_a_tenth_more_is_freed_and_then_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 60)
    a_disk_of(monkeypatch, 69_000)
    keep = retention(store, clock, min_free=10_000)
    assert len(keep.sweep()) == 2  # 9,000 free: up to 11,000
    assert keep.sweep() == []
    store.close()


class OneRound(StopToken):
    """Stops after one round."""

    rounds = 1

    def is_set(self) -> bool:
        self.rounds -= 1
        return self.rounds < 0

    def wait(self, _: float | None = None) -> bool:
        return True


def test_a_floor_that_cannot_be_reached_is_said_and_ends_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 1)
    monkeypatch.setattr(Tier, "free_bytes", lambda _: 10)
    keep = retention(store, clock, min_free=10_000)
    keep.run(OneRound())
    assert "nothing is left to delete; something else fills it" in keep.error
    monkeypatch.setattr(Tier, "free_bytes", lambda _: 20_000)
    keep.run(OneRound())
    assert keep.error == ""
    store.close()


def test_only_holds_left_is_said_and_cameras_stop_in_the_order_of_their_priority(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 50)
    store.holds.add(hold(("cam",), 0, 490), store.signer)
    levels = {"a": CameraLimits(priority="low"), "c": CameraLimits(priority="high")}
    keep = retention(store, clock, min_free=10_000, cameras=levels)
    stopped = {}
    for free in (11_000, 9_000, 5_000, 4_500, 3_000, 1_000):
        monkeypatch.setattr(Tier, "free_bytes", lambda _, free=free: free)
        keep.run(OneRound())
        stopped[free] = [camera for camera in "abc" if keep.allows(camera)]
    assert stopped == {11_000: [], 9_000: ["a"], 5_000: ["a"], 4_500: ["a", "b"], 3_000: ["a", "b"], 1_000: ["a", "b"]}
    assert "1000 bytes free, 10000 wanted, and only holds are left (49000 bytes)" in keep.error
    assert "b: stopped to leave room (priority normal)" in keep.allows("b")
    assert store.catalogue.totals().bytes == 49_000  # what was free to go went, no hold did
    monkeypatch.setattr(Tier, "free_bytes", lambda _: 20_000)
    keep.run(OneRound())
    assert (keep.error, [keep.allows(camera) for camera in "abc"]) == ("", ["", "", ""])
    store.close()


def test_without_room_those_who_go_on_keep_what_they_just_recorded(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "store", clock, 50)
    store.holds.add(hold(("cam",), 0, 460), store.signer)
    a_disk_of(monkeypatch, 55_000)  # 46,000 held, 5,000 free, 4,000 could go: never 10,000 free
    keep = retention(store, clock, min_free=10_000)
    assert keep.sweep() == []
    for number in range(50, 56):
        put(store, segment(number))
        keep.sweep()
    assert left(store) == [f"cam-{number}" for number in [*range(46), *range(50, 56)]]  # a ring above 2,500 free
    store.close()


def test_holds_count_as_bytes_but_leave_a_tenth_to_the_rest(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 50)
    store.holds.add(hold(("cam",), 0, 300), store.signer)
    keep = retention(store, clock, max_bytes=40_000)
    keep.sweep()
    assert left(store) == [f"cam-{number}" for number in [*range(30), *range(41, 50)]]  # 39,000 together
    store.holds.add(hold(("cam",), 300, 480), store.signer)
    keep = retention(store, clock, max_bytes=20_000)
    keep.sweep()
    assert left(store)[-2:] == ["cam-48", "cam-49"]  # 2,000 that no hold covers
    store.close()


def test_without_the_marker_nothing_is_deleted(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 5)
    (store.root / MARKER).unlink()
    keep = retention(store, clock, max_bytes=0)
    with pytest.raises(StorageMissing):
        keep.sweep()
    with pytest.raises(StorageMissing):
        store.delete(store.catalogue.oldest(9), "age")
    assert len(list(store.root.rglob("*.mp4"))) == 5
    store.close()


def test_a_clock_that_jumps_deletes_nothing_for_its_age_until_it_has_stood_for_an_hour(tmp_path: Path) -> None:
    clock = FakeClock(START_NS)
    store = new_store(tmp_path / "store", clock)
    for number in range(6):
        put(store, replace(segment(number), boot="a" * 32))
    keep = retention(store, clock, keep_days=1)
    clock.step_wall(3650 * DAY_S)
    assert keep.sweep() == []
    clock.advance(3500)
    assert keep.sweep() == []
    clock.advance(200)
    assert len(keep.sweep()) == 6
    store.close()


def test_a_clock_that_no_server_sets_is_trusted_after_an_hour(tmp_path: Path) -> None:
    clock = FakeClock(START_NS + 100 * DAY_NS)
    clock.is_synced = False
    store = new_store(tmp_path / "store", clock)
    put(store, replace(segment(0), boot="a" * 32))
    keep = retention(store, clock, keep_days=1)
    assert keep.sweep() == []
    clock.advance(3700)
    assert len(keep.sweep()) == 1
    store.close()


def test_what_this_boot_recorded_is_as_old_as_the_clock_that_never_steps_says(tmp_path: Path) -> None:
    """ "1970 until NTP came": the rows say 1970, and are a minute old."""
    clock = FakeClock(0)
    store = new_store(tmp_path / "store", clock)
    for number in range(3):
        put(store, segment(number, start_ns=0))
    clock.advance(40)
    keep = retention(store, clock, keep_days=1)
    clock.step_wall(START_NS / NS)
    clock.advance(7200)
    assert keep.sweep() == []
    clock.advance(DAY_S - 7200)
    assert [one.id for one in keep.sweep()] == ["cam-0", "cam-1", "cam-2"]
    store.close()


@pytest.mark.parametrize("wrong_ns", [0, START_NS + 3650 * DAY_NS])
def test_footage_with_a_time_that_cannot_be_goes_with_what_was_written_after_it(tmp_path: Path, wrong_ns: int) -> None:
    """Of an earlier boot, for ever "1970", or years ahead: neither at once, nor never."""
    clock = FakeClock(START_NS)
    store = new_store(tmp_path / "store", clock)
    for number in range(250):
        put(store, replace(segment(number, start_ns=wrong_ns), boot="a" * 32))
    put(store, replace(segment(250), boot="c" * 32))
    keep = retention(store, clock, keep_days=1)
    clock.advance(DAY_S)
    assert keep.sweep() == []
    clock.advance(3000)
    assert len(keep.sweep()) == 251
    store.close()


def test_under_pressure_footage_of_1970_is_no_older_than_what_surrounds_it(tmp_path: Path) -> None:
    clock = FakeClock(START_NS)
    store = new_store(tmp_path / "store", clock)
    for number in range(4):
        put(store, replace(segment(number, "good"), boot="a" * 32))
        put(store, replace(segment(number, "bad", start_ns=0 if number < 3 else START_NS), boot="a" * 32))
    clock.advance(100)
    gone = retention(store, clock, max_bytes=6000).sweep()
    assert [one.camera for one in gone] == ["good"] * len(gone)
    store.close()


def test_what_a_hold_took_a_moment_ago_is_not_deleted(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 3)
    chosen = store.catalogue.oldest(9)
    store.holds.add(hold(("cam",), 0, 10), store.signer)
    assert [one.id for one in store.delete(chosen, "age")] == ["cam-1", "cam-2"]
    assert left(store) == ["cam-0"]
    store.close()


def test_holds_that_are_over_are_released_and_what_they_covered_goes(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 5)
    held = store.holds.add(hold(("cam",), 0, 100, until_ns=START_NS + 2 * DAY_NS), store.signer)
    keep = retention(store, clock, keep_days=1)
    clock.advance(2 * DAY_S - 60)
    assert keep.sweep() == []
    clock.advance(61)
    assert len(keep.sweep()) == 5
    found = store.holds.get(held.id)
    assert found is not None
    assert found.release is not None
    assert (found.release.owner, found.release.reason) == ("gateway", "its time is over")
    store.close()


def test_footage_that_waits_to_be_sent_goes_last_where_room_is_short_but_goes(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 10)
    waiting = {"cam-0", "cam-1"}
    limits = [TierLimits(365, 7500, 0)]
    keep = Retention(store, clock, limits, {}, waits=lambda one: one.id in waiting)
    assert [one.id for one in keep.sweep()] == ["cam-2", "cam-3", "cam-4"]
    tight = Retention(store, clock, [TierLimits(365, 1500, 0)], {}, waits=lambda one: one.id in waiting)
    gone = [one.id for one in tight.sweep()]
    assert gone == ["cam-5", "cam-6", "cam-7", "cam-8", "cam-9", "cam-0"]
    store.close()


def test_what_goes_within_the_hour_by_its_age_is_known_before(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path / "store", clock, 1)
    keep = retention(store, clock, keep_days=2, cameras={"short": CameraLimits(keep_days=1)})
    assert keep.doomed_before_ns("cam") == clock.wall_ns() - 2 * DAY_NS + 3600 * NS
    assert keep.doomed_before_ns("short") == clock.wall_ns() - DAY_NS + 3600 * NS
    store.close()
