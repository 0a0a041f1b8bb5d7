"""The journal: every line lasts, none can harm its reader, a failing disk harms nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.clock import NS
from agent.record import journal as module
from agent.record.journal import NAME, Journal, files, read_journal
from agent.record.tiers import MARKER, Tier
from tests.fixtures.clock import FakeClock


@pytest.fixture
def journal(tmp_path: Path, clock: FakeClock) -> Journal:
    (tmp_path / MARKER).write_text("{}")
    return Journal(Tier(0, tmp_path), clock)


def kinds(journal: Journal) -> list[str]:
    return [entry.kind for entry in read_journal(journal.root)]


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


def test_a_torn_last_line_is_passed_over_and_the_next_one_is_whole(journal: Journal, clock: FakeClock) -> None:
    start(journal)
    with (journal.root / NAME).open("ab") as file:
        file.write(b'{"kind":"stop","at_')
    assert kinds(journal) == ["start"]
    clock.advance(1)
    journal.end()
    assert kinds(journal) == ["start", "stop"]


def test_it_is_bounded_and_keeps_the_newest(journal: Journal, clock: FakeClock, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    for number in range(400):
        clock.advance(1)
        journal.camera("offline", "cam", f"try {number}")
    assert len(files(journal.root)) == 9
    assert sum(path.stat().st_size for path in files(journal.root)) < 9 * 2500
    said = [entry.text for entry in read_journal(journal.root)]
    assert said == [f"try {number}" for number in range(400 - len(said), 400)]


def test_without_the_marker_nothing_is_written_and_nothing_is_lost(journal: Journal) -> None:
    (journal.root / MARKER).unlink()
    journal.camera("trouble", "cam", "the disk is gone")
    assert not (journal.root / NAME).exists()
    assert "is the disk mounted" in journal.error
    (journal.root / MARKER).write_text("{}")
    journal.write()
    assert (kinds(journal), journal.error) == (["trouble"], "")


def test_a_disk_that_took_a_part_makes_no_entry_count_twice(journal: Journal, clock: FakeClock) -> None:
    journal.stepped(1, 2, was_synced=None)
    clock.advance(1)
    journal.end()
    path = journal.root / NAME
    path.write_bytes(path.read_bytes() + path.read_bytes())
    assert kinds(journal) == ["clock", "stop"]


LINES = st.one_of(
    st.binary(max_size=300),
    st.just(b'{"kind":"start","at_ns":-1,"mono_ns":0,"boot":"b"}'),
    st.just(b"[" * 9000),
    st.just(b'{"kind":"stop","at_ns":1,"mono_ns":1,"boot":"../../x"}'),
    st.dictionaries(
        st.sampled_from(["kind", "at_ns", "mono_ns", "boot", "camera"]), st.integers() | st.text(max_size=20)
    ).map(lambda made: json.dumps(made).encode()),
)


@settings(suppress_health_check=list(HealthCheck), max_examples=60, deadline=None)
@given(lines=st.lists(LINES, max_size=8))
def test_whatever_stands_there_the_good_lines_are_read(journal: Journal, lines: list[bytes]) -> None:
    path = journal.root / NAME
    path.write_bytes(b"\n".join([*lines, b'{"kind":"stop","at_ns":7,"mono_ns":7,"boot":"b"}', b"\xff"]))
    assert [entry.at_ns for entry in read_journal(journal.root) if entry.mono_ns == 7] == [7]
    last = journal.last()
    assert last is not None
    assert last.at_ns == 7
