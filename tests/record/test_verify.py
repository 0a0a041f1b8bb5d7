"""`archive verify`: silent about what is good, and it finds whatever was done to the footage."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS, SystemClock
from agent.core.stop import StopToken
from agent.record.rebuild import Rebuild
from agent.record.segment import OPEN_SUFFIX, Segment
from agent.record.store import KEYS, SegmentStore
from agent.record.tombstone_file import FILE
from agent.record.verify import Level, Verification
from tests.record.helpers import Recording, new_store, read_all


def filled(root: Path, film: Path, cuts: int = 7) -> tuple[SegmentStore, list[Segment]]:
    """As many segments, each of an epoch of its own."""
    store = new_store(root)
    info, packets = read_all(film)
    with Recording(store) as recording:
        for number in range(cuts):
            later = [replace(packet, wall_ns=packet.wall_ns + number * 5 * NS) for packet in packets]
            recording.feed(replace(info, epoch=f"e{number}"), later)
    return store, recording.segments


def faults(root: Path, level: Level = Level.HASHES) -> list[str]:
    store = SegmentStore(root, SystemClock(), read_only=True)
    try:
        return [str(problem) for problem in Verification(store, level).run("cam")]
    finally:
        store.close()


@pytest.fixture
def made(tmp_path: Path, clip_h264: Path) -> tuple[SegmentStore, list[Segment]]:
    store, segments = filled(tmp_path / "store", clip_h264)
    assert len(segments) == 7
    return store, segments


def test_what_was_recorded_is_good_beside_the_gateway_and_after_it(made) -> None:
    store, _ = made
    assert faults(store.root) == []
    store.close()
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    assert faults(store.root) == []
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_segments_name_the_one_before_and_are_signed(made) -> None:
    store, segments = made
    assert [one.number for one in segments] == list(range(1, 8))
    assert [one.previous for one in segments] == ["0" * 64, *(one.link for one in segments[:-1])]
    assert store.catalogue.head("cam") == (7, segments[-1].link)
    store.close()


@pytest.mark.parametrize(
    ("deleted", "stones"), [([0, 1, 2], 1), ([0, 2, 4], 3), ([1, 2, 5], 2), ([6], 1), (range(7), 1)]
)
def test_a_chain_with_stated_holes_is_good(made, deleted, stones) -> None:
    store, segments = made
    for number in deleted:
        store.delete([segments[number]], "age")
    assert faults(store.root) == []
    assert len(store.graveyard.of("cam")) == stones
    assert sum(sum(one.reasons.values()) for one in store.graveyard.of("cam")) == len(deleted)
    store.close()


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def a_picture_changed(store: SegmentStore, one: Segment) -> None:
    path = store.path_of(one)
    flip(path, path.read_bytes().index(b"mdat") + 200)


def the_tail_changed(store: SegmentStore, one: Segment) -> None:
    path = store.path_of(one)
    content = path.read_bytes()
    at = content.rindex(b'"reason":"end"')
    path.write_bytes(content[:at] + b'"reason":"cut"' + content[at + 14 :])


def shorter(store: SegmentStore, one: Segment) -> None:
    path = store.path_of(one)
    path.write_bytes(path.read_bytes()[:-1])


def gone(store: SegmentStore, one: Segment) -> None:
    store.path_of(one).unlink()


def row_gone(store: SegmentStore, one: Segment) -> None:
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (one.id,))


def row_and_file_gone(store: SegmentStore, one: Segment) -> None:
    row_gone(store, one)
    gone(store, one)


def another_in_its_place(store: SegmentStore, one: Segment) -> None:
    other = next(other for other in store.catalogue.oldest(9) if other.id != one.id and other.bytes == one.bytes)
    shutil.copy(store.path_of(other), store.path_of(one))


def reason_of_the_row(store: SegmentStore, one: Segment) -> None:
    with store.catalogue.transaction() as db:
        db.execute("UPDATE segment SET link = ? WHERE id = ?", ("1" * 64, one.id))


def key_gone(store: SegmentStore, _: Segment) -> None:
    for path in (store.root / KEYS).iterdir():
        path.unlink()


def broken_box(store: SegmentStore, one: Segment) -> None:
    path = store.path_of(one)
    flip(path, path.read_bytes().index(b"moof") - 3)


@pytest.mark.parametrize(
    ("deed", "level", "words"),
    [
        (gone, Level.PRESENCE, "the file is missing"),
        (row_gone, Level.PRESENCE, "the catalogue does not list it"),
        (shorter, Level.SIZES, "bytes, recorded were"),
        (broken_box, Level.STRUCTURE, "boxes are broken"),
        (another_in_its_place, Level.STRUCTURE, "another segment than the catalogue says"),
        (the_tail_changed, Level.CHAIN, "signature does not fit"),
        (row_and_file_gone, Level.CHAIN, "are missing and no deletion is stated"),
        (reason_of_the_row, Level.CHAIN, "its place in the chain"),
        (key_gone, Level.CHAIN, "the key is not known here"),
        (a_picture_changed, Level.HASHES, "SHA-256 differs"),
    ],
)
def test_whatever_was_done_is_found_at_its_level_and_not_below(
    made, deed: Callable[[SegmentStore, Segment], None], level: Level, words: str
) -> None:
    store, segments = made
    deed(store, segments[3])
    assert words in "\n".join(faults(store.root, level))
    if level > Level.PRESENCE:
        assert faults(store.root, Level(level - 1)) == []
    store.close()


def test_the_newest_cannot_be_taken_away_unseen(made) -> None:
    store, segments = made
    row_and_file_gone(store, segments[-1])
    assert faults(store.root) == ["cam: chain: numbers 7 to 7 are missing and no deletion is stated"]
    store.close()


def test_a_forged_tombstone_is_found(made) -> None:
    store, segments = made
    store.delete(segments[2:4], "age")
    with store.catalogue.transaction() as db:
        said = json.loads(db.execute("SELECT statement FROM tombstone").fetchone()[0])
        said["reasons"] = {"bytes": 2}
        db.execute("UPDATE tombstone SET statement = ?", (json.dumps(said),))
    assert "cam: deletion of 3 to 4: its signature does not fit, or the key is not known here" in faults(store.root)
    store.close()


def test_a_segment_left_open_or_not_yet_listed_is_no_fault(made, clip_h264: Path) -> None:
    store, segments = made
    newest = segments[-1]
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (newest.id,))
        db.execute("UPDATE chain SET number = ?, link = ?", (newest.number - 1, newest.previous))
    path = store.path_of(newest)
    path.with_name("later.mp4" + OPEN_SUFFIX).write_bytes(path.read_bytes()[:4000])
    assert faults(store.root) == []
    store.close()


def test_rebuilt_from_the_files_it_is_the_same_catalogue(made) -> None:
    store, segments = made
    store.delete(segments[:2], "age")
    store.delete([segments[4]], "bytes")
    kept = store.catalogue.oldest(99)
    stones = store.graveyard.of("cam")
    store.set_aside()
    assert store.prepare() == []
    list(Rebuild(store.tiers, store.catalogue).rest("cam", StopToken()))
    assert store.catalogue.oldest(99) == kept
    assert store.graveyard.of("cam") == stones
    assert store.catalogue.head("cam") == (7, segments[-1].link)
    assert faults(store.root) == []
    store.close()


def test_a_broken_catalogue_does_not_keep_a_gateway_from_recording(made, clip_h264: Path) -> None:
    store, segments = made
    store.close()
    store.catalogue.path.write_bytes(b"no database" * 1000)
    after = SegmentStore(store.root, SystemClock())
    assert after.prepare() == []
    assert after.is_partial
    assert after.catalogue.oldest(99) == segments
    info, packets = read_all(clip_h264)
    with Recording(after) as recording:
        recording.feed(replace(info, epoch="later"), [replace(p, wall_ns=p.wall_ns + 3600 * NS) for p in packets])
    assert recording.segments[0].previous == segments[-1].link
    assert faults(after.root) == []
    assert len(list(after.root.glob("catalogue.sqlite.broken-*"))) == 1
    after.close()


def test_two_gateways_never_work_in_one_folder(made) -> None:
    store, _ = made
    other = SegmentStore(store.root, SystemClock())
    with pytest.raises(Exception, match="another gateway works in this folder"):
        other.prepare()
    other.close()
    store.close()


def test_a_tombstone_file_with_a_torn_line_is_read_and_goes_on(made) -> None:
    store, segments = made
    store.delete([segments[0]], "age")
    path = store.root / "cam" / FILE
    with path.open("ab") as file:
        file.write(b'{"camera":"cam","fir')
    store.delete([segments[2]], "age")
    assert faults(store.root) == []
    store.set_aside()
    store.prepare()
    assert [(one.first, one.last) for one in store.graveyard.of("cam")] == [(1, 1), (3, 3)]
    store.close()
