"""The journal: every line lasts and is vouched for, none can harm its reader, a failing disk harms nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.clock import NS
from agent.core.signing import Signer
from agent.record import journal as module
from agent.record.journal import Journal
from agent.record.journal_file import MOST_OLD, NAME, Entry, files, old, read_journal
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER
from agent.record.verify_journal import JournalVerification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[SegmentStore]:
    store = new_store(tmp_path / "store", clock)
    yield store
    store.close()


@pytest.fixture
def journal(store: SegmentStore) -> Journal:
    return Journal(store)


def kinds(journal: Journal) -> list[str]:
    return [entry.kind for entry in read_journal(journal.root)]


def faults(store: SegmentStore) -> list[str]:
    return [problem.what for problem in JournalVerification(store).run()]


def start(journal: Journal) -> str | None:
    journal.begin("1.2.3", journal.last())
    last = journal.last()
    assert last is not None
    return last.ended


def test_a_start_says_how_the_last_run_ended(journal: Journal, clock: FakeClock) -> None:
    assert start(journal) == "first"
    clock.advance(1)
    assert start(journal) == "killed"
    clock.advance(1)
    journal.end()
    clock.advance(1)
    assert start(journal) == "orderly"
    clock.boot, clock.is_synced = "c" * 32, None
    assert start(journal) == "restarted"
    last = journal.last()
    assert last is not None
    assert (last.version, last.synced, last.boot) == ("1.2.3", None, "c" * 32)


def test_what_was_noted_is_read_back(journal: Journal, clock: FakeClock) -> None:
    journal.camera("offline", "cam", "no route to host", since_ns=clock.wall_ns() - NS)
    journal.stepped(5, 9 * NS, was_synced=False)
    offline, step = read_journal(journal.root)
    assert (offline.camera, offline.text, offline.since_ns) == ("cam", "no route to host", clock.wall_ns() - NS)
    assert (step.before_ns, step.after_ns, step.was_synced, step.step_ns) == (5, 9 * NS, False, 9 * NS - 5)


def test_a_torn_last_line_is_passed_over_and_the_next_one_is_whole(
    journal: Journal, store: SegmentStore, clock: FakeClock
) -> None:
    start(journal)
    clock.advance(1)
    journal.end()
    path = journal.root / NAME
    path.write_bytes(path.read_bytes()[:-30])  # killed while it wrote
    forget_the_newest(store)
    assert kinds(journal) == ["start"]
    assert faults(store) == []
    clock.advance(1)
    again = Journal(store)
    again.end()
    assert kinds(again) == ["start", "stop"]
    assert faults(store) == []


def forget_the_newest(store: SegmentStore) -> None:
    """The catalogue hears of an entry after it was synced."""
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM journal")


def test_it_is_bounded_and_keeps_the_newest(
    journal: Journal, store: SegmentStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 4000)
    for number in range(200):
        clock.advance(1)
        journal.camera("offline", "cam", f"try {number}")
    assert len(files(journal.root)) == 9
    assert sum(path.stat().st_size for path in files(journal.root)) < 9 * 4600
    said = [entry.text for entry in read_journal(journal.root)]
    assert said == [f"try {number}" for number in range(200 - len(said), 200)]
    assert faults(store) == []
    old(journal.root, MOST_OLD).unlink()  # which a kill between two renames can do
    assert faults(store) == []
    old(journal.root, MOST_OLD - 1).unlink()
    assert faults(store) == [f"begins with entry {read_journal(journal.root)[0].number}: those before it are missing"]


def test_without_the_marker_nothing_is_written_and_nothing_is_lost(journal: Journal) -> None:
    mark = (journal.root / MARKER).read_text()
    (journal.root / MARKER).unlink()
    journal.camera("trouble", "cam", "the disk is gone")
    assert not (journal.root / NAME).exists()
    assert "is the disk mounted" in journal.error
    (journal.root / MARKER).write_text(mark)
    journal.write()
    assert (kinds(journal), journal.error) == (["trouble"], "")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 1.0])
def test_a_disk_that_took_a_part_makes_no_entry_count_twice(
    journal: Journal, store: SegmentStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    journal.begin("1", None)
    real = module.append_lines

    def takes_a_part(path: Path, lines: bytes) -> None:
        real(path, lines[: int(share * len(lines))])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "append_lines", takes_a_part)
    for number in range(3):
        clock.advance(1)
        journal.camera("offline", f"cam{number}")
    assert journal.error == "No space left on device"
    monkeypatch.setattr(module, "append_lines", real)
    clock.advance(1)
    journal.end()
    assert [entry.camera for entry in read_journal(journal.root)] == [None, "cam0", "cam1", "cam2", None]
    assert faults(store) == []


def lines_of(store: SegmentStore) -> list[bytes]:
    return (store.root / NAME).read_bytes().splitlines(keepends=True)


def changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:1], lines[1].replace(b"out of order", b"out of reach"), *lines[2:]]


def forged(lines: list[bytes]) -> list[bytes]:
    entry = Entry.model_validate_json(lines[2]).model_copy(update={"text": "nothing"})
    return [*lines[:2], entry.line(), *lines[3:]]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda lines: lines[1:], "begins with entry 2: those before it are missing"),
        (lambda lines: [*lines[:1], *lines[2:]], "entry 2 is missing"),
        (lambda lines: [*lines[:1], *lines[3:]], "entries 2 to 3 are missing"),
        (lambda lines: lines[:-1], "ends with entry 3, written were 4"),
        (lambda _: [], "ends with entry 0, written were 4"),
        (changed, "entry 2: its signature does not fit, or the key is not known here"),
        (forged, "entry 3: its signature does not fit, or the key is not known here"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "entry 2 is missing"),
    ],
)
def test_what_was_done_to_it_is_found(
    journal: Journal, store: SegmentStore, clock: FakeClock, harm: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    journal.begin("1", None)
    for text in ("out of order", "moved"):
        clock.advance(1)
        journal.camera("offline", "cam", text)
    clock.advance(1)
    journal.end()
    assert faults(store) == []
    (store.root / NAME).write_bytes(b"".join(harm(lines_of(store))))
    assert said in faults(store)


def test_only_what_the_gateway_vouches_for_is_evidence(journal: Journal, store: SegmentStore, clock: FakeClock) -> None:
    journal.begin("1", None)
    clock.advance(1)
    stranger = Signer.load_or_make(store.root.parent / "another.pem")
    last = journal.last()
    assert last is not None
    false = Entry(kind="offline", camera="cam", at_ns=7, mono_ns=7, boot="b", number=2, previous=last.digest())
    with (store.root / NAME).open("ab") as file:
        file.write(false.line() + false.sealed(stranger).line())
    assert kinds(journal) == ["start"]
    again = Journal(store)
    again.end()
    assert kinds(again) == ["start", "stop"]
    assert len(faults(store)) == 2


def test_a_gateway_with_a_new_key_goes_on_with_the_journal(store: SegmentStore, clock: FakeClock) -> None:
    Journal(store).begin("1", None)
    store.close()
    (store.root.parent / "gateway-key.pem").unlink()
    clock.advance(1)
    again = new_store(store.root, clock)
    Journal(again).end()
    assert [entry.kind for entry in read_journal(store.root)] == ["start", "stop"]
    assert len({entry.key for entry in read_journal(store.root)}) == 2
    assert faults(again) == []
    again.close()


def test_text_that_no_file_can_hold_is_written_all_the_same(journal: Journal) -> None:
    journal.camera("trouble", "cam", "no such file: \udc80.mp4")
    assert [entry.text for entry in read_journal(journal.root)] == ["no such file: ?.mp4"]


LINES = st.one_of(
    st.binary(max_size=300),
    st.just(b'{"kind":"start","at_ns":-1,"mono_ns":0,"boot":"b"}'),
    st.just(b"[" * 9000),
    st.just(b'{"kind":"stop","at_ns":1,"mono_ns":1,"boot":"../../x"}'),
    st.just(b'{"kind":"stop","at_ns":1,"mono_ns":1,"boot":"x","number":1}'),
    st.dictionaries(
        st.sampled_from(["kind", "at_ns", "mono_ns", "boot", "camera"]), st.integers() | st.text(max_size=20)
    ).map(lambda made: json.dumps(made).encode()),
)


@settings(suppress_health_check=list(HealthCheck), max_examples=60, deadline=None)
@given(lines=st.lists(LINES, max_size=8))
def test_whatever_stands_there_the_good_lines_are_read(
    journal: Journal, store: SegmentStore, lines: list[bytes]
) -> None:
    path = journal.root / NAME
    path.unlink(missing_ok=True)
    forget_the_newest(store)
    good = Entry(kind="stop", at_ns=7, mono_ns=7, boot="b", number=1).sealed(store.signer)
    path.write_bytes(b"\n".join([*lines, good.line(), b"\xff"]))
    assert read_journal(journal.root) == [good]
    assert journal.last() == good
