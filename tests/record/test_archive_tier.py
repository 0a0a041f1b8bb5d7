"""The second tier: footage moves there whole, and a kill anywhere leaves it in exactly one place."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageMissing
from agent.core.stop import StopToken
from agent.record import archive as archive_module
from agent.record import footage as footage_module
from agent.record.archive import PART_SUFFIX, Mover
from agent.record.catalogue import Catalogue
from agent.record.clip import cut_clip
from agent.record.limits import TierLimits
from agent.record.retention import Retention
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.tiers import MARKER, Tier
from agent.record.verify import Level, Verification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, Killed, Recording, after, hold, read_all

DAY_S = 86_400


def open_store(root: Path, clock: FakeClock) -> SegmentStore:
    store = SegmentStore(root / "store", clock, archive=root / "archive")
    store.prepare()
    return store


@pytest.fixture
def made(tmp_path: Path, clock: FakeClock, clip_h264: Path):
    """Five segments, the newest of which never moves."""
    store = open_store(tmp_path, clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording:
        for number in range(5):
            later = [replace(packet, wall_ns=packet.wall_ns + number * 5 * NS) for packet in packets]
            recording.feed(replace(info, epoch=f"e{number}"), later)
    clock.advance(8 * DAY_S)
    yield store, recording.segments
    store.close()


def mover(store: SegmentStore, clock: FakeClock, **limits: TierLimits) -> Mover:
    plain = TierLimits(30, None, 0)
    first, second = limits.get("first", plain), limits.get("second", plain)
    return Mover(store, clock, after_days=7, first=first, second=second, bytes_per_s=1 << 40)


def tiers(store: SegmentStore) -> list[int]:
    return [one.tier for one in store.catalogue.oldest(99)]


def files(store: SegmentStore) -> list[set[str]]:
    return [{str(path.relative_to(tier.root)) for path in tier.root.rglob("*.mp4*")} for tier in store.tiers]


def assert_in_one_place(store: SegmentStore) -> None:
    rows = store.catalogue.oldest(99)
    assert files(store) == [{one.path for one in rows if one.tier == number} for number in (0, 1)]
    assert [str(problem) for problem in Verification(store, Level.HASHES).run("cam")] == []


def sweep(store: SegmentStore, clock: FakeClock) -> Sweep:
    work = Sweep(store, clock)
    for _ in range(2):
        for _ in work.steps(StopToken()):
            clock.advance(1)
        clock.advance(61)
    return work


def test_what_is_old_moves_held_or_not_and_the_newest_stays(made, clock: FakeClock) -> None:
    store, segments = made
    store.holds.add(hold(("cam",), 0, 7), store.signer)
    assert mover(store, clock).round(StopToken()) == 4
    assert tiers(store) == [1, 1, 1, 1, 0]
    assert store.catalogue.totals(tier=1) == (4, sum(one.bytes for one in segments[:4]))
    assert_in_one_place(store)
    assert mover(store, clock).round(StopToken()) == 0


def test_what_is_not_old_enough_stays(made, clock: FakeClock) -> None:
    store, _ = made
    clock.step_wall(-2 * DAY_S)
    assert mover(store, clock).round(StopToken()) == 0
    assert tiers(store) == [0] * 5


STEPS = [
    (archive_module, "make_folders"), (archive_module, "read_layout"), (os, "fsync"),
    (Path, "rename"), (archive_module, "sync_folder"), (Catalogue, "move"), (Path, "unlink"), (SegmentStore, "leave"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), STEPS)
def test_a_kill_between_any_two_steps_is_mended(
    made, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    store, segments = made
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, after(getattr(owner, name)))
        with pytest.raises(Killed):
            mover(store, clock).round(StopToken())
    store.close()
    again = open_store(tmp_path, clock)
    assert [one.id for one in again.catalogue.oldest(99)] == [one.id for one in segments]
    work = sweep(again, clock)
    assert work.problem == ""
    mover(again, clock).round(StopToken())
    sweep(again, clock)
    assert tiers(again) == [1, 1, 1, 1, 0]
    assert_in_one_place(again)
    again.close()


def test_a_part_that_was_left_is_removed_and_never_listed(made, clock: FakeClock) -> None:
    store, _ = made
    mover(store, clock).round(StopToken())
    left = store.path_of(store.catalogue.oldest(1)[0]).with_name("x.mp4" + PART_SUFFIX)
    left.write_bytes(b"half")
    sweep(store, clock)
    assert not left.exists()
    assert_in_one_place(store)


def test_what_is_not_as_recorded_stays_and_is_told_and_the_rest_moves(made, clock: FakeClock) -> None:
    store, segments = made
    path = store.path_of(segments[1])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    work = mover(store, clock)
    work.round(StopToken())
    assert tiers(store) == [1, 0, 1, 1, 0]
    assert "1 segments stay" in work.problem
    assert "bytes are not those that were recorded" in work.problem
    assert not list(store.tiers[1].root.rglob("*" + PART_SUFFIX))
    store.delete([segments[1]], "age")
    work.round(StopToken())
    assert work.problem == ""


class Rounds(StopToken):
    """Ends a worker after one round."""

    def wait(self, timeout_s: float | None = None) -> bool:
        if timeout_s == archive_module._IDLE_S:
            self.set()
        return self.is_set()


def test_without_the_archive_disk_recording_starts_footage_waits_and_it_heals(
    tmp_path: Path, clock: FakeClock, clip_h264: Path, made
) -> None:
    store, _ = made
    mover(store, clock).round(StopToken())
    store.close()
    (tmp_path / "archive").rename(tmp_path / "unplugged")
    (tmp_path / "archive").mkdir()
    again = open_store(tmp_path, clock)
    info, packets = read_all(clip_h264, START_NS + 60 * NS)
    with Recording(again, clock) as recording:
        recording.feed(replace(info, epoch="later"), packets)
    assert recording.recorder.stats().packets_lost == 0
    work = mover(again, clock)
    work.run(Rounds())
    assert "is the disk mounted?" in work.problem
    assert not work.can_move()
    limits = TierLimits(1, None, 0)
    Retention(again, clock, [limits, limits], {}).sweep()
    assert sweep(again, clock).problem == ""
    assert list((tmp_path / "archive").iterdir()) == []  # nothing is written where our disk is not
    assert again.catalogue.totals(tier=1).segments == 4  # nor is anything stated as gone
    look = Verification(again, Level.HASHES)
    assert [fault.what for fault in look.run("cam")] == [
        f"no {MARKER} there, so 4 segments were not looked at; is the disk mounted?"
    ]
    assert look.segments == again.catalogue.totals(tier=0).segments
    with pytest.raises(StorageMissing, match="is the disk mounted"):
        cut_clip(again, "cam", START_NS, START_NS + 5 * NS, tmp_path / "clip.mp4")
    (tmp_path / "archive").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "archive")
    work.run(Rounds())
    assert work.problem == ""
    assert work.can_move()
    again.close()


def test_an_archive_that_appears_later_is_made_ours_then(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "archive").write_text("not a folder yet")
    store = open_store(tmp_path, clock)
    work = mover(store, clock)
    work.run(Rounds())
    assert "archive" in work.problem
    (tmp_path / "archive").unlink()
    work.run(Rounds())
    assert work.problem == ""
    assert (tmp_path / "archive" / MARKER).is_file()
    store.close()


def test_a_stranger_s_disk_is_left_alone(tmp_path: Path, clock: FakeClock, made) -> None:
    store, _ = made
    other = SegmentStore(tmp_path / "second", clock, archive=tmp_path / "its-archive")
    other.prepare()
    other.close()
    (tmp_path / "archive" / MARKER).write_bytes((tmp_path / "its-archive" / MARKER).read_bytes())
    work = mover(store, clock)
    work.run(Rounds())
    assert "belongs to another store" in work.problem
    assert tiers(store) == [0] * 5


def test_for_room_footage_moves_before_it_is_deleted(made, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    store, segments = made
    clock.step_wall(-7 * DAY_S)  # nothing is old enough
    size = sum(one.bytes for one in segments)
    floor = size

    def free_bytes(tier: Tier) -> int:
        return int(1.9 * size) - sum(path.stat().st_size for path in tier.root.rglob("*.mp4"))

    monkeypatch.setattr(Tier, "free_bytes", free_bytes)
    first, second = TierLimits(30, None, floor), TierLimits(30, None, 0)
    work = mover(store, clock, first=first, second=second)
    keep = Retention(store, clock, [first, second], {}, work.can_move)
    work.round(StopToken())
    assert keep.sweep() == []
    assert 1 <= sum(tiers(store)) < 4  # as many as the floor takes
    assert store.catalogue.totals().segments == 5


def test_each_tier_keeps_its_own_age_size_and_floor(made, clock: FakeClock) -> None:
    store, segments = made
    mover(store, clock).round(StopToken())
    limit = sum(one.bytes for one in segments[2:4])
    Retention(store, clock, [TierLimits(30, None, 0), TierLimits(90, limit + 100, 0)], {}).sweep()
    assert [one.id for one in store.catalogue.oldest(9)] in ([one.id for one in segments[n:]] for n in (2, 3))
    clock.advance(50 * DAY_S)
    keep = Retention(store, clock, [TierLimits(30, None, 0), TierLimits(90, None, 0)], {})
    assert keep.sweep() == []  # what waits to be moved lives as long as what was
    clock.advance(60 * DAY_S)
    assert keep.sweep() != []
    assert store.catalogue.totals().segments == 0
    assert files(store) == [set(), set()]


def test_a_clip_is_cut_from_what_moves_meanwhile(
    made, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, segments = made
    real = footage_module._closed_footage

    def found(one_store: SegmentStore, one: Segment) -> footage_module.Footage:
        part = real(one_store, one)
        mover(store, clock).round(StopToken())
        return part

    monkeypatch.setattr(footage_module, "_closed_footage", found)
    clip = cut_clip(store, "cam", segments[0].start_ns, segments[1].end_ns, tmp_path / "clip.mp4")
    assert clip.bytes > 0
    assert tiers(store)[:2] == [1, 1]
