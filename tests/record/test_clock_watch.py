"""A clock that steps is noted; footage of the time before it was right gets its right time, once, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.record.catalogue import Catalogue
from agent.record.clock_watch import ClockWatch, Reading, stepped
from agent.record.corrections import Correction, correct, corrections, shift_of
from agent.record.journal import Journal
from agent.record.journal_file import Entry, read_journal
from agent.record.segment import Segment
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store, segment

DAY = 86_400


class Rig:
    """A catalogue, a journal and a watch; `record` lists a segment of ten seconds that begins now."""

    def __init__(self, root: Path, clock: FakeClock) -> None:
        self.clock, self.told = clock, list[Segment]()
        self.store = new_store(root / "store", clock)
        self.catalogue, self.journal = self.store.catalogue, Journal(self.store)
        self.count = 0
        self.watch = self.new_watch()

    def new_watch(self) -> ClockWatch:
        last = self.journal.last()
        return ClockWatch(self.journal, self.catalogue, self.clock, last=last, on_corrected=self.told.append)

    def made(self) -> Segment:
        clock, self.count = self.clock, self.count + 1
        start_ns, mono_ns = clock.wall_ns(), clock.mono_ns()
        clock.advance(10)
        return replace(
            segment(self.count - 1),
            start_ns=start_ns,
            end_ns=start_ns + 10 * NS,
            boot=clock.boot,
            mono_ns=mono_ns,
            synced=clock.synced(),
        )

    def record(self) -> Segment:
        made = self.made()
        self.catalogue.add(made)
        self.watch.look()
        return made

    def now(self, one: Segment) -> Segment:
        found = self.catalogue.get(one.id)
        assert found is not None
        return found

    def shifts(self, *segments: Segment) -> list[float]:
        return [self.now(one).shift_ns / NS for one in segments]


@pytest.fixture
def rig(tmp_path: Path):
    clock = FakeClock()
    clock.is_synced = False
    made = Rig(tmp_path, clock)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("later", "noted"),
    [
        (Reading(110, 10, True), False),
        (Reading(110 * NS, 10 * NS, True), False),
        (Reading(110 * NS + NS // 2, 10 * NS, True), False),
        (Reading(110 * NS + NS // 2 + 1, 10 * NS, True), True),
        (Reading(109 * NS, 10 * NS, True), True),
        (Reading(110 * NS, 10 * NS, False), True),
        (Reading(110 * NS, 10 * NS, None), True),
    ],
)
def test_what_is_noted(later: Reading, noted: bool) -> None:
    first = Reading(100, 0, True) if later.wall_ns == 110 else Reading(100 * NS, 0, True)
    assert stepped(first, later) is noted


def test_a_step_of_an_undisciplined_clock_is_noted_and_changes_nothing(rig: Rig) -> None:
    before = rig.record()
    rig.clock.step_wall(-3600)
    rig.watch.look()
    (entry,) = read_journal(rig.journal.root)
    assert (entry.step_ns, entry.was_synced, entry.synced) == (-3600 * NS, False, False)
    assert rig.now(before) == before
    assert rig.told == []


def test_when_a_time_server_sets_it_right_what_came_before_is_corrected_and_told(rig: Rig) -> None:
    first, second = rig.record(), rig.record()
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    rig.watch.look()
    third = rig.record()
    assert rig.shifts(first, second, third) == [DAY, DAY, 0]
    corrected = rig.now(first)
    assert (corrected.start_ns, corrected.end_ns) == (first.start_ns + DAY * NS, first.end_ns + DAY * NS)
    assert rig.catalogue.find("cam", first.start_ns, first.end_ns) == []
    assert [one.id for one in rig.told] == [first.id, second.id]
    assert rig.told[0].start_ns == corrected.start_ns


def test_the_year_1970_is_wrong_whatever_the_clock_says_of_itself(tmp_path: Path) -> None:
    clock = FakeClock(wall_ns=100 * NS)
    clock.is_synced = None
    rig = Rig(tmp_path, clock)
    first = rig.record()
    rig.clock.step_wall(1_780_000_000)
    rig.watch.look()
    second = rig.record()
    assert rig.shifts(first, second) == [1_780_000_000, 0]
    rig.store.close()


def test_a_server_that_steps_first_and_says_synchronised_later(rig: Rig) -> None:
    first = rig.record()
    rig.clock.step_wall(500)
    rig.watch.look()
    second = rig.record()
    rig.clock.step_wall(-20)
    rig.watch.look()
    third = rig.record()
    assert rig.shifts(first, second, third) == [0, 0, 0]
    rig.clock.is_synced = True
    rig.watch.look()
    assert rig.shifts(first, second, third) == [480, -20, 0]


def test_a_clock_that_was_trusted_is_not_made_good(rig: Rig) -> None:
    rig.clock.is_synced = True
    rig.watch.look()
    first = rig.record()
    rig.clock.is_synced = False
    rig.watch.look()
    second = rig.record()
    rig.clock.step_wall(7)
    rig.clock.is_synced = True
    rig.watch.look()
    assert rig.shifts(first, second) == [0, 7]
    rig.clock.is_synced = False
    rig.watch.look()
    third = rig.record()
    rig.clock.step_wall(30)
    rig.clock.is_synced = True
    rig.watch.look()
    assert rig.shifts(first, second, third) == [0, 7, 30]


def test_a_segment_that_is_listed_after_the_step_is_corrected_too(rig: Rig) -> None:
    late = rig.made()
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    rig.watch.look()
    rig.catalogue.add(late)
    assert rig.shifts(late) == [DAY]


def killed_before_the_rows(rig: Rig, monkeypatch) -> None:
    """The journal says it, then the gateway is killed."""
    monkeypatch.setattr("agent.record.clock_watch.correct", lambda *_: None)
    rig.watch.look()
    monkeypatch.undo()


@pytest.mark.parametrize("reboots", [False, True])
def test_a_kill_between_journal_and_rows_is_made_good_at_the_next_start(rig: Rig, monkeypatch, reboots: bool) -> None:
    first = rig.record()
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    killed_before_the_rows(rig, monkeypatch)
    assert rig.shifts(first) == [0]
    if reboots:
        rig.clock.boot = "c" * 32
        other = rig.made()
        rig.catalogue.add(other)
    watch = rig.new_watch()
    watch.look()
    watch.look()
    rig.new_watch().look()
    assert rig.shifts(first) == [DAY]
    assert [one.id for one in rig.told] == [first.id]
    if reboots:
        assert rig.shifts(other) == [0]


def test_a_catalogue_made_anew_is_corrected_from_the_journal(rig: Rig, tmp_path: Path) -> None:
    first = rig.record()
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    rig.watch.look()
    anew = Catalogue(tmp_path / "anew.sqlite")
    correct(anew, corrections(read_journal(rig.journal.root)))
    anew.add(first)
    assert anew.get(first.id) == rig.now(first)
    anew.close()


def test_a_step_while_the_gateway_was_down_is_seen_by_the_journals_last_entry(rig: Rig) -> None:
    first = rig.record()
    rig.journal.end()
    rig.clock.advance(60)
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    rig.new_watch().look()
    assert rig.shifts(first) == [DAY]


def test_after_a_reboot_nothing_can_be_compared(rig: Rig) -> None:
    rig.journal.end()
    rig.clock.boot = "c" * 32
    rig.clock.step_wall(DAY)
    rig.new_watch().look()
    assert [entry.kind for entry in read_journal(rig.journal.root)] == ["stop"]


def test_many_corrected_segments_are_told_a_few_at_a_time(rig: Rig) -> None:
    for _ in range(150):
        rig.catalogue.add(rig.made())
    rig.clock.step_wall(DAY)
    rig.clock.is_synced = True
    rig.watch.look()
    assert len(rig.told) == 100
    rig.watch.look()
    rig.watch.look()
    rig.watch.look()
    assert len({one.id for one in rig.told}) == len(rig.told) == 150


def step(mono_s: int, by_s: int, was: bool | None, now: bool | None, boot: str = "b") -> Entry:
    before_ns = 1_780_000_000 * NS
    return Entry(
        kind="clock",
        at_ns=before_ns + by_s * NS,
        mono_ns=mono_s * NS,
        boot=boot,
        synced=now,
        was_synced=was,
        before_ns=before_ns,
        after_ns=before_ns + by_s * NS,
    )


TABLE: list[tuple[list[Entry], list[tuple[int, int, int]]]] = [
    ([], []),
    ([step(10, 5, None, False)], []),
    ([step(10, 5, True, True)], []),
    ([step(10, 5, None, True)], [(0, 10, 5)]),
    ([step(10, 0, False, True)], []),
    ([step(10, 5, False, False), step(20, 0, False, True)], [(0, 10, 5)]),
    ([step(10, 5, False, False), step(20, 7, False, True)], [(0, 10, 12), (10, 20, 7)]),
    ([step(10, 5, False, True), step(20, 0, True, False), step(30, 7, False, True)], [(0, 10, 5), (20, 30, 7)]),
]


@pytest.mark.parametrize(("steps", "wanted"), TABLE)
def test_what_steps_mean(steps: list[Entry], wanted: list[tuple[int, int, int]]) -> None:
    expected = [Correction("b", a * NS, b * NS, c * NS) for a, b, c in wanted]
    for order in (list, reversed):
        arranged: Callable[[list[Entry]], object] = order
        assert corrections(list(arranged(steps))) == expected  # type: ignore[call-overload]


def test_boots_are_apart() -> None:
    found = corrections([step(10, 5, False, True, "a"), step(10, 9, False, True, "b")])
    assert [shift_of(found, boot, NS, synced=False) // NS for boot in "abc"] == [5, 9, 0]
    assert shift_of(found, "a", 10 * NS, synced=False) == 0
    assert shift_of(found, "a", NS, synced=True) == 0
