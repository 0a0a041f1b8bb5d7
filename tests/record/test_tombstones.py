"""Tombstones: a deletion costs the same however many there are, and their file says what the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.clock import SystemClock
from agent.record import tombstone_file
from agent.record.store import SegmentStore
from agent.record.tombstone_file import FILE, Tombstone, read_file
from tests.record.helpers import new_store, segment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SegmentStore]:
    store = new_store(tmp_path / "store")
    yield store
    store.close()


class Reads:
    """How many tombstones were read, from the file or from the catalogue."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        row, line = Tombstone.model_validate_json, tombstone_file.parsed

        def read_row(text: str) -> Tombstone:
            self.count += 1
            return row(text)

        def read_line(model: type, content: object) -> object:
            self.count += 1
            return line(model, content)

        monkeypatch.setattr(Tombstone, "model_validate_json", read_row)
        monkeypatch.setattr(tombstone_file, "parsed", read_line)

    def of(self, store: SegmentStore, number: int) -> int:
        before = self.count
        store.delete([segment(number)], "ring")
        return self.count - before


def instructions(store: SegmentStore, number: int) -> int:
    """What SQLite does for a deletion: it must look nothing up by going through a table."""
    counted = [0]

    def count() -> None:
        counted[0] += 1

    with store.catalogue.transaction() as db:
        db.set_progress_handler(count, 1)
    store.delete([segment(number)], "ring")
    with store.catalogue.transaction() as db:
        db.set_progress_handler(None, 1)
    return counted[0]


def with_holes(store: SegmentStore, holes: int) -> None:
    """A chain of which every other segment is gone."""
    with store.catalogue.transaction() as db:
        db.execute("PRAGMA synchronous = OFF")
    for number in range(2 * holes + 20):
        store.catalogue.add(segment(number))
    store.delete([segment(2 * number) for number in range(holes)], "ring")
    assert len(store.graveyard.of("cam")) == holes


def same(store: SegmentStore) -> bool:
    return read_file(store.root / "cam" / FILE, "cam") == store.graveyard.of("cam")


def test_a_deletion_reads_as_much_among_hundreds_as_among_few(
    store: SegmentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    few = new_store(tmp_path / "few")
    request.addfinalizer(few.close)
    with_holes(few, 3)
    with_holes(store, 300)
    reads = Reads(monkeypatch)
    assert reads.of(store, 602) == reads.of(few, 8) == 1  # by itself: the one that was made
    assert reads.of(store, 603) == reads.of(few, 9) == 2  # beside another: that one, too
    assert reads.of(store, 3) == reads.of(few, 3) == 3  # between two
    assert same(store)
    assert same(few)
    assert instructions(store, 606) < 1.2 * instructions(few, 12)


@pytest.mark.parametrize("harm", ["gone", "shorter", "longer"])
def test_a_file_that_somebody_changed_says_everything_again(store: SegmentStore, harm: str) -> None:
    with_holes(store, 5)
    path = store.root / "cam" / FILE
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-20] if harm == "shorter" else whole + b"{}\n")
    store.delete([segment(14)], "age")
    assert same(store)


def test_after_a_kill_the_next_start_completes_the_file(store: SegmentStore) -> None:
    with_holes(store, 5)
    store.graveyard.bury([segment(14), segment(16)], "age", 1, store.signer)  # and then it was killed
    store.close()
    again = SegmentStore(store.root, SystemClock())
    again.prepare()
    assert same(again)
    assert [(one.first, one.last) for one in again.graveyard.of("cam")][-2:] == [(15, 15), (17, 17)]
    again.close()


def test_what_is_covered_is_cleared_from_the_file_from_time_to_time(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tombstone_file, "_SMALL_BYTES", 1 << 10)
    with_holes(store, 2)
    path, sizes = store.root / "cam" / FILE, []
    for number in range(4, 24):  # one run that grows
        store.delete([segment(number)], "age")
        sizes.append(path.stat().st_size)
    assert max(sizes) < 20 * 400  # not a line for each deletion
    assert min(sizes[1:]) < max(sizes) / 2
    assert same(store)


def test_the_file_is_read_in_the_order_of_the_chain_whatever_covers_what(store: SegmentStore) -> None:
    with_holes(store, 4)
    for number in (3, 1, 5, 10, 9, 8):
        store.delete([segment(number)], "age")
    assert same(store)
    assert [(one.first, one.last) for one in store.graveyard.of("cam")] == [(1, 7), (9, 11)]
