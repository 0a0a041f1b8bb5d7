"""What the journal is told of cameras: what lasts, with its reason, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.edge.chronicle import Chronicle, Condition
from agent.record.journal import Journal
from agent.record.journal_file import read_journal
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store

WELL = Condition("cam", online=True, since_ns=None, error="", trouble="", mode="continuous")
GONE = WELL._replace(online=False, since_ns=77, error="timed out")


class Rig:
    def __init__(self, root: Path, clock: FakeClock) -> None:
        self.clock, self.now = clock, [WELL]
        self.store = new_store(root / "store", clock)
        self.journal = Journal(self.store)
        self.chronicle = Chronicle(self.journal, lambda: self.now, clock)

    def after(self, seconds: int, condition: Condition) -> None:
        """So long it is like that."""
        self.now = [condition]
        for _ in range(seconds):
            self.chronicle.look()
            self.clock.advance(1)

    def said(self) -> list[tuple[str, str]]:
        return [(entry.kind, entry.text) for entry in read_journal(self.journal.root)]


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Iterator[Rig]:
    made = Rig(tmp_path, clock)
    yield made
    made.store.close()


def test_a_camera_that_goes_and_comes(rig: Rig) -> None:
    rig.after(100, WELL)
    rig.after(20, GONE)
    rig.after(20, GONE._replace(error="refused"))
    rig.after(20, WELL)
    assert rig.said() == [("offline", "timed out"), ("online", "")]
    assert read_journal(rig.journal.root)[0].since_ns == 77


def test_a_camera_that_flaps_is_not_worth_a_line(rig: Rig) -> None:
    for _ in range(20):
        rig.after(2, GONE)
        rig.after(2, WELL)
    assert rig.said() == []


def test_it_waits_a_little_for_the_reason(rig: Rig) -> None:
    rig.after(10, GONE._replace(error=""))
    assert rig.said() == []
    rig.after(1, GONE)
    assert rig.said() == [("offline", "timed out")]


def test_one_that_never_says_why_is_told_of_too(rig: Rig) -> None:
    rig.after(20, GONE._replace(error=""))
    assert rig.said() == [("offline", "")]


def test_trouble_and_modes(rig: Rig) -> None:
    rig.after(3, WELL._replace(trouble="disk full"))
    rig.after(3, WELL._replace(trouble="disk gone"))
    rig.after(3, WELL)
    rig.after(3, WELL._replace(mode="off"))
    rig.after(3, WELL._replace(mode="events"))
    rig.after(3, WELL)
    assert rig.said() == [
        ("trouble", "disk full"), ("well", ""), ("mode", "off"), ("mode", "events"), ("mode", "continuous"),
    ]  # fmt: skip
