"""A catalogue that is gone is made again, however often that is broken off."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.stop import StopToken
from agent.record import rebuild, recovery
from agent.record.rebuild import Rebuild
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.tombstones import Graveyard
from agent.record.verify import Level, Verification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import Killed, Recording, after, new_store, read_all

CAMERAS = ("cam", "yard")


@pytest.fixture
def lost(tmp_path: Path, clock: FakeClock, clip_h264: Path) -> tuple[Path, list[Segment]]:
    """Two cameras with four segments each, an hour between them, the first deleted; then the catalogue is gone."""
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    segments = []
    for camera in CAMERAS:
        with Recording(store, clock, camera=camera) as recording:
            for number in range(4):
                later = [replace(packet, wall_ns=packet.wall_ns + number * 3600 * NS) for packet in packets]
                recording.feed(replace(info, camera=camera, epoch=f"e{number}"), later)
        segments += recording.segments
    gone = [one for one in segments if one.number == 1]
    store.delete(gone, "age")
    lose(store)
    return store.root, [one for one in segments if one not in gone]


def lose(store: SegmentStore) -> None:
    store.close()
    for path in store.root.glob("catalogue.sqlite*"):
        path.unlink()


def list_all(store: SegmentStore, clock: FakeClock) -> None:
    for _ in Sweep(store, clock).steps(StopToken()):
        pass


def start(store: SegmentStore, clock: FakeClock) -> None:
    store.prepare()
    list_all(store, clock)


def is_whole(store: SegmentStore, segments: list[Segment]) -> None:
    rows = [row for camera in CAMERAS for row in store.catalogue.in_chain(camera, 0, 99)]
    assert sorted(row.id for row in rows) == sorted(one.id for one in segments)
    assert [(one.first, one.last) for camera in CAMERAS for one in store.graveyard.of(camera)] == [(1, 1)] * 2
    faults = [str(fault) for camera in CAMERAS for fault in Verification(store, Level.HASHES).run(camera)]
    assert faults == []
    assert not store.is_partial


def die_at(turn: int, real: Callable[..., object]) -> Callable[..., object]:
    """The step, and at this turn the end."""
    turns = iter(range(1, 1000))

    def run(*args: object, **named: object) -> object:
        return after(real)(*args, **named) if next(turns) == turn else real(*args, **named)

    return run


@pytest.mark.parametrize(
    ("owner", "step", "turn"),
    [(Graveyard, "restore", 1), (Rebuild, "_put", 1), (Rebuild, "heads", 1), (Rebuild, "heads", 2), (Rebuild, "add", 1),
     (Rebuild, "add", 3)],
)  # fmt: skip
def test_a_kill_while_it_is_made_again_is_mended(
    lost: tuple[Path, list[Segment]], clock: FakeClock, monkeypatch: pytest.MonkeyPatch,
    owner: type, step: str, turn: int,
) -> None:  # fmt: skip
    root, segments = lost
    killed = SegmentStore(root, clock)
    with monkeypatch.context() as patched:
        patched.setattr(owner, step, die_at(turn, getattr(owner, step)))
        with pytest.raises(Killed):
            start(killed, clock)
    killed.close()
    again = new_store(root, clock)
    assert again.is_partial
    assert [again.catalogue.head(camera).number for camera in CAMERAS] == [4, 4]
    list_all(again, clock)
    is_whole(again, segments)
    again.close()
    later = new_store(root, clock)
    is_whole(later, segments)
    later.close()


def test_what_is_recorded_and_deleted_before_the_kill_goes_on_from_there(
    lost: tuple[Path, list[Segment]], clock: FakeClock, clip_h264: Path
) -> None:
    root, segments = lost
    killed = new_store(root, clock)
    info, packets = read_all(clip_h264)
    with Recording(killed, clock) as recording:
        recording.feed(replace(info, epoch="later"), [replace(p, wall_ns=p.wall_ns + 9 * 3600 * NS) for p in packets])
    [written] = recording.segments
    [fourth] = [one for one in segments if (one.camera, one.number) == ("cam", 4)]
    assert killed.delete([fourth], "room") == [fourth]
    killed.close()
    again = new_store(root, clock)
    assert (again.is_partial, written.number, written.previous) == (True, 5, fourth.link)
    list_all(again, clock)
    assert [one.number for one in again.catalogue.in_chain("cam", 0, 99)] == [2, 3, 5]
    assert [(one.first, one.last) for one in again.graveyard.of("cam")] == [(1, 1), (4, 4)]
    assert [str(fault) for fault in Verification(again, Level.HASHES).run("cam")] == []
    again.close()


def test_what_was_listed_before_the_kill_is_not_read_again(
    lost: tuple[Path, list[Segment]], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, segments = lost
    killed = SegmentStore(root, clock)
    with monkeypatch.context() as patched:
        patched.setattr(Rebuild, "add", die_at(3, Rebuild.add))
        with pytest.raises(Killed):
            start(killed, clock)
    killed.close()
    read: list[Path] = []

    def describe(path: Path, *args: str, **named: int) -> Segment | None:
        read.append(path)
        return recovery.describe(path, *args, **named)

    monkeypatch.setattr(rebuild, "describe", describe)
    again = new_store(root, clock)
    list_all(again, clock)
    assert len(read) == 1
    is_whole(again, segments)
    again.close()


def test_where_the_hour_has_just_turned_the_chain_goes_on_from_the_hour_before(
    lost: tuple[Path, list[Segment]], clock: FakeClock
) -> None:
    root, _ = lost
    folder = root / "cam" / "2030-01-01" / "00"
    folder.mkdir(parents=True)
    (root / "cam" / "current").write_text("2030-01-01/00\n")
    store = new_store(root, clock)
    assert store.catalogue.head("cam").number == 4
    store.close()
