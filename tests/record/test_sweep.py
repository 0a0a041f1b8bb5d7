"""Sweeps: files without rows, rows without files, and what is nobody's business."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.stop import StopToken
from agent.record import sweep as sweep_module
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.tiers import MARKER
from agent.record.verify import Level, Verification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import Recording, hold, new_store, read_all


@pytest.fixture
def made(tmp_path: Path, clock: FakeClock, clip_h264: Path):
    """Six segments of one camera in six folders, an hour each."""
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording:
        for number in range(6):
            later = [replace(packet, wall_ns=packet.wall_ns + number * 3600 * NS) for packet in packets]
            recording.feed(replace(info, epoch=f"e{number}"), later)
    yield store, recording.segments
    store.close()


def look(work: Sweep, clock: FakeClock, times: int = 1) -> int:
    steps = 0
    for _ in range(times):
        for _ in work.steps(StopToken()):
            steps += 1
        clock.advance(61)
    return steps


def faults(store: SegmentStore) -> list[str]:
    return [str(problem) for problem in Verification(store, Level.HASHES).run("cam")]


def test_where_all_is_well_nothing_is_done_in_small_steps(made, clock: FakeClock) -> None:
    store, _ = made
    before = sorted(store.root.rglob("*.mp4"))
    work = Sweep(store, clock)
    assert look(work, clock) == 7  # a folder each, and one page of rows
    assert work.problem == ""
    assert sorted(store.root.rglob("*.mp4")) == before


def test_after_a_lost_catalogue_older_footage_is_listed_and_told(made, tmp_path: Path, clock: FakeClock) -> None:
    store, segments = made
    store.close()
    store.catalogue.path.unlink()
    again = new_store(tmp_path / "store", clock)
    assert (again.is_partial, again.catalogue.totals().segments) == (True, 1)
    heard: list[Segment] = []
    look(Sweep(again, clock, heard.append), clock)
    assert not again.is_partial
    assert again.catalogue.oldest(9) == segments
    assert heard == segments[:5]
    assert faults(again) == []
    again.close()


def test_a_file_whose_row_was_lost_is_listed(made, clock: FakeClock) -> None:
    store, segments = made
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (segments[2].id,))
    heard: list[Segment] = []
    look(Sweep(store, clock, heard.append), clock)
    assert heard == [segments[2]]
    assert faults(store) == []


def test_a_row_whose_file_is_gone_is_stated_as_missing_after_two_looks(made, clock: FakeClock) -> None:
    store, segments = made
    store.holds.add(hold(("cam",), 0, 5), store.signer)
    for one in (segments[0], segments[3]):
        store.path_of(one).unlink()
    work = Sweep(store, clock)
    look(work, clock)
    assert (store.catalogue.totals().segments, work.problem) == (6, "")
    look(work, clock)
    assert store.catalogue.totals().segments == 4
    assert [one.reasons for one in store.graveyard.of("cam")] == [{"missing": 1}, {"missing": 1}]
    assert work.problem == "2 files of recordings are gone that nobody deleted here"
    assert faults(store) == []
    look(work, clock, 2)
    assert "2 files" in work.problem  # until the next start


def test_a_file_that_is_back_at_the_second_look_is_forgiven(made, clock: FakeClock) -> None:
    store, segments = made
    path = store.path_of(segments[1])
    path.rename(path.with_name("aside"))
    work = Sweep(store, clock)
    look(work, clock)
    path.with_name("aside").rename(path)
    look(work, clock, 3)
    assert store.catalogue.totals().segments == 6
    assert work.problem == ""


def test_without_the_marker_no_row_is_missing(made, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    store, segments = made
    work = Sweep(store, clock)
    store.path_of(segments[0]).unlink()
    look(work, clock)
    marker = store.root / MARKER
    marker.rename(store.root / "aside")
    work.run(EndAfter(1))
    assert "is the disk mounted?" in work.problem
    assert store.catalogue.totals().segments == 6
    (store.root / "aside").rename(marker)
    work.run(EndAfter(30))
    assert "is the disk mounted?" not in work.problem


class EndAfter(StopToken):
    """Ends a worker after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._left = waits

    def wait(self, _: float | None = None) -> bool:
        self._left -= 1
        if self._left <= 0:
            self.set()
        return self.is_set()


def foreign(folder: Path, one: Path) -> Path:
    path = folder / "holiday.mp4"
    path.write_bytes(b"not ours")
    return path


def copied(folder: Path, one: Path) -> Path:
    path = folder / "20260101T000000.000000Z_cam_x.mp4"
    path.write_bytes(b"\0\0\0\x08free" + one.read_bytes()[:5000])
    return path


def nested(folder: Path, one: Path) -> Path:
    path = folder / "my folder"
    path.mkdir()
    return path


@pytest.mark.parametrize("make", [foreign, copied, nested])
def test_what_is_not_ours_is_told_once_and_never_touched(
    made, clock: FakeClock, make: Callable[[Path, Path], Path], caplog: pytest.LogCaptureFixture
) -> None:
    store, segments = made
    one = store.path_of(segments[0])
    stray = make(one.parent, one)
    work = Sweep(store, clock)
    look(work, clock, 3)
    assert stray.exists()
    assert str(stray) in work.problem
    assert len([line for line in caplog.messages if str(stray) in line]) == 1
    stray.rmdir() if stray.is_dir() else stray.unlink()
    look(work, clock)
    assert work.problem == ""


def test_a_deleted_segment_that_is_put_back_is_told_and_not_listed(made, clock: FakeClock) -> None:
    store, segments = made
    path = store.path_of(segments[0])
    content = path.read_bytes()
    store.delete([segments[0]], "age")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    work = Sweep(store, clock)
    look(work, clock, 2)
    assert path.exists()
    assert "was deleted, or another segment has its place" in work.problem
    assert store.catalogue.totals().segments == 5


def test_a_folder_that_cannot_be_read_ends_nothing(made, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    store, segments = made
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (segments[2].id,))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sweep_module, "describe", refuse)
    work = Sweep(store, clock)
    work.run(EndAfter(20))
    assert "cannot be read (Input/output error); look at the disk" in work.problem
