"""A file that cannot be deleted is told and tried again, and keeps no other from going."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record.limits import TierLimits
from agent.record.retention import Retention
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.tombstone_file import FILE, TombstoneFile, read_file
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store, segment


class BadDisk:
    """Refuses to unlink what `refuses` names; counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses: Callable[[Path], bool] = lambda _: False
        self.code, self.asked = errno.EUCLEAN, 0
        real = Path.unlink

        def unlink(path: Path, missing_ok: bool = False) -> None:
            if self.refuses(path):
                self.asked += 1
                raise OSError(self.code, os.strerror(self.code), str(path))
            real(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", unlink)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> BadDisk:
    return BadDisk(monkeypatch)


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[SegmentStore]:
    """Eight segments of a thousand bytes of each of two cameras."""
    made = new_store(tmp_path / "store", clock)
    for number in range(8):
        for camera in ("cam", "other"):
            put(made, segment(number, camera))
    yield made
    made.close()


def put(store: SegmentStore, one: Segment) -> None:
    path = store.path_of(one)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(one.bytes))
    store.catalogue.add(one)


class OneRound(StopToken):
    """Ends a worker after its first round."""

    def wait(self, _: float | None = None) -> bool:
        self.set()
        return True


def look(store: SegmentStore, clock: FakeClock, *limits: int) -> str:
    """A round of retention that keeps so many bytes on each tier."""
    worker = Retention(store, clock, [TierLimits(365, most, 0) for most in limits], {})
    worker.run(OneRound())
    return worker.error


def garbage(store: SegmentStore) -> list[str]:
    return [one.id for one in store.catalogue.garbage()]


def test_one_file_that_stays_keeps_no_other_from_going(store: SegmentStore, clock: FakeClock, disk: BadDisk) -> None:
    bad = store.path_of(segment(0))
    disk.refuses = lambda path: path == bad
    error = look(store, clock, 12_500)
    assert error == f"1 files cannot be deleted, {bad}: Structure needs cleaning; look at the disk"
    assert len(list(store.root.rglob("*.mp4"))) == 13
    assert garbage(store) == ["cam-0"]
    assert look(store, clock, 8_500) == error
    assert len(list(store.root.rglob("*.mp4"))) == 8  # with the one that stays: its bytes count
    disk.refuses = lambda _: False
    assert look(store, clock, 8_500) == ""
    assert not bad.exists()
    assert garbage(store) == []


def test_a_gateway_starts_beside_a_file_that_stays(
    store: SegmentStore, tmp_path: Path, clock: FakeClock, disk: BadDisk
) -> None:
    bad = store.path_of(segment(0))
    disk.refuses = lambda path: path == bad
    store.delete([segment(0), segment(1)], "age")
    store.close()
    again = new_store(tmp_path / "store", clock)
    assert garbage(again) == ["cam-0"]
    assert str(bad) in look(again, clock, 99_000)
    again.close()


def test_what_stays_is_tried_once_a_round_and_stated_once(store: SegmentStore, clock: FakeClock, disk: BadDisk) -> None:
    disk.refuses = lambda path: path.name == "000000.mp4"
    store.delete([segment(0), segment(0, "other")], "age")
    asked, size = disk.asked, (store.root / "cam" / FILE).stat().st_size
    assert asked == 2
    for number in range(1, 4):
        store.delete([segment(number, "other")], "age")
    assert disk.asked == asked
    store.finish_deletions()
    assert disk.asked == asked + 2
    assert (store.root / "cam" / FILE).stat().st_size == size


def test_files_that_were_removed_in_a_folder_that_cannot_be_synced_go_later(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        if "other" in folder.parts:
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("agent.record.clearing.sync_folder", refuse)
        store.delete([segment(0), segment(0, "other")], "age")
    assert garbage(store) == ["other-0"]
    store.finish_deletions()
    assert garbage(store) == []
    assert store.clearing.problem == ""


def test_a_camera_whose_tombstone_cannot_be_written_keeps_its_files_and_no_others(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = TombstoneFile.say

    def say(file: TombstoneFile, *given: object) -> None:
        if file._camera == "cam":
            raise OSError(errno.EUCLEAN, os.strerror(errno.EUCLEAN), str(file._path))
        real(file, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(TombstoneFile, "say", say)
        store.delete([segment(0), segment(0, "other")], "age")
    assert garbage(store) == ["cam-0"]
    assert store.path_of(segment(0)).exists()
    assert FILE in store.clearing.problem
    store.finish_deletions()
    assert not store.path_of(segment(0)).exists()
    assert read_file(store.root / "cam" / FILE, "cam") == store.graveyard.of("cam")


def test_a_disk_that_takes_no_deletion_at_all_is_told_as_a_whole(
    store: SegmentStore, tmp_path: Path, clock: FakeClock, disk: BadDisk
) -> None:
    disk.refuses, disk.code = lambda path: path.suffix == ".mp4", errno.EROFS
    assert look(store, clock, 12_500) == f"{store.root}: Read-only file system; look at the disk"
    left = store.catalogue.totals().segments
    assert look(store, clock, 12_500) == f"{store.root}: Read-only file system; look at the disk"
    assert store.catalogue.totals().segments == left
    store.close()
    again = SegmentStore(tmp_path / "store", clock)
    with pytest.raises(StorageError, match="Read-only file system; look at the disk"):
        again.prepare()
    again.close()


def test_an_archive_that_is_read_only_keeps_the_first_disk_from_nothing(
    tmp_path: Path, clock: FakeClock, disk: BadDisk
) -> None:
    archive = tmp_path / "archive"
    store = SegmentStore(tmp_path / "store", clock, archive=archive)
    store.prepare()
    for number in range(8):
        put(store, segment(number))
        if number < 4:
            there = archive / segment(number).path
            there.parent.mkdir(parents=True, exist_ok=True)
            store.path_of(segment(number)).rename(there)
            store.catalogue.move(segment(number), 1)
    disk.refuses, disk.code = lambda path: archive in path.parents, errno.EROFS
    error = f"2 files cannot be deleted, {archive}: Read-only file system; look at the disk"
    assert look(store, clock, 3000, 3000) == error
    assert look(store, clock, 1500, 1000) == error
    assert len(garbage(store)) == 2  # no more are given up for nothing
    assert store.catalogue.totals(tier=0).segments == 1
    disk.refuses = lambda _: False
    assert look(store, clock, 1500, 3000) == ""
    assert store.catalogue.totals(tier=1).segments == 2
    store.close()
