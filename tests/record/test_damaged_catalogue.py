"""A damaged page of the catalogue costs a start, and nothing that was recorded."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record.catalogue import Catalogue, CatalogueBroken
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.verify import Level, Verification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import Killed, Recording, new_store, read_all


@pytest.fixture
def made(tmp_path: Path, clock: FakeClock, clip_h264: Path) -> tuple[Path, list[Segment]]:
    """Four segments, an hour between them, and nobody who works there."""
    store = new_store(tmp_path / "store", clock)
    segments = record(store, clock, clip_h264, range(4))
    store.close()
    return store.root, segments


def record(store: SegmentStore, clock: FakeClock, film: Path, hours: Iterable[int]) -> list[Segment]:
    info, packets = read_all(film)
    with Recording(store, clock) as recording:
        for number in hours:
            later = [replace(packet, wall_ns=packet.wall_ns + number * 3600 * NS) for packet in packets]
            recording.feed(replace(info, epoch=f"e{number}"), later)
    return recording.segments


def spoil(root: Path, name: str) -> None:
    """Overwrite the first page of a table or an index, in a small catalogue its only leaf."""
    path = root / "catalogue.sqlite"
    connection = sqlite3.connect(path)
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,))
    [(size,)] = connection.execute("PRAGMA page_size")
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def is_whole(store: SegmentStore, segments: list[Segment], clock: FakeClock) -> None:
    """All is listed, once the sweep has passed."""
    for _ in Sweep(store, clock).steps(StopToken()):
        pass
    assert not store.is_partial
    assert {one.id for one in segments} <= {row.id for row in store.catalogue.in_chain("cam", 0, 99)}
    assert [str(fault) for fault in Verification(store, Level.HASHES).run("cam")] == []


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("catalogue.sqlite.broken*"))


def test_what_is_met_while_recording_is_noted_and_the_next_start_makes_it_again(
    made: tuple[Path, list[Segment]], clock: FakeClock, clip_h264: Path
) -> None:
    root, segments = made
    spoil(root, "segment_by_time")
    store = new_store(root, clock)
    assert not store.is_partial
    assert record(store, clock, clip_h264, [4]) == []
    assert store.catalogue.damage.is_noted
    store.close()
    again = SegmentStore(root, clock)
    again.prepare()
    assert (again.is_partial, again.catalogue.head("cam").number) == (True, 5)
    assert names(root) == ["catalogue.sqlite.broken-1"]
    segments += record(again, clock, clip_h264, [5])
    assert [one.number for one in segments] == [1, 2, 3, 4, 6]
    is_whole(again, segments, clock)
    again.close()


@pytest.mark.parametrize("name", ["hold", "segment_garbage", "segment_in_chain", "chain", "segment"])
def test_what_is_met_at_the_start_is_made_again_at_once(
    made: tuple[Path, list[Segment]], clock: FakeClock, name: str
) -> None:
    root, segments = made
    spoil(root, name)
    store = new_store(root, clock)
    assert (store.is_partial, store.catalogue.head("cam").number) == (True, 4)
    is_whole(store, segments, clock)
    store.close()


def test_a_row_that_an_index_lacks_is_damage_too(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT_INDEX
    with pytest.raises(CatalogueBroken), catalogue.transaction():
        raise error
    assert catalogue.damage.is_noted
    catalogue.close()


def test_a_kill_while_it_is_set_aside_leaves_no_half_of_it(
    made: tuple[Path, list[Segment]], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, segments = made
    killed = SegmentStore(root, clock)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", die)
        with pytest.raises(Killed):
            killed.set_aside()
    killed.close()
    store = new_store(root, clock)
    assert (store.is_partial, names(root)) == (True, ["catalogue.sqlite.broken-1"])
    is_whole(store, segments, clock)
    store.close()


def test_who_only_looks_notes_nothing(made: tuple[Path, list[Segment]]) -> None:
    root, _ = made
    spoil(root, "segment_by_time")
    look = Catalogue(root / "catalogue.sqlite", read_only=True)
    with pytest.raises(StorageError, match="malformed"):
        look.find("cam", 0, 1 << 62)
    look.close()
    assert names(root) == []
