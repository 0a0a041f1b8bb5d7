"""Health goes out while the outbox cannot be read, and says so: the centre and the status page have nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.edge.health import HealthBoard, HealthReporter
from agent.edge.history import History
from agent.edge.status import format_status
from agent.edge.uplink_state import uplink_state
from agent.publish.budget import Budget
from agent.publish.outbox import Outbox
from agent.record.store import SegmentStore
from agent.wire.messages import Message, OutboxDepth
from tests.edge.test_keeper import event
from tests.fixtures.clock import FakeClock
from tests.record.helpers import new_store

WRONG = "what waits for the centre is not known: "


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock):
    made = new_store(tmp_path / "recordings", clock)
    yield made
    made.close()


def board_of(outbox: Outbox, store: SegmentStore, clock: FakeClock) -> HealthBoard:
    supervisor, budget = Supervisor(clock, StopToken()), Budget(outbox.database, clock)
    return HealthBoard(
        [], None, store, outbox, supervisor, clock, lambda: ["ring: something else"], lambda: None,
        lambda: uplink_state(budget, outbox, None, list),
    )  # fmt: skip


def spoil(outbox: Outbox) -> None:
    """From now on SQLite cannot open the file, as with a card that answers errors."""
    outbox.close()
    for part in outbox.path.parent.glob(outbox.path.name + "*"):
        if part.is_file():
            part.unlink()
    outbox.path.mkdir()


def vanish(outbox: Outbox) -> None:
    """Not even its folder can be entered: an error of the system, not of SQLite."""
    outbox.close()
    for part in outbox.path.parent.iterdir():
        part.unlink()
    outbox.path.parent.rmdir()
    outbox.path.parent.write_bytes(b"")


@pytest.mark.parametrize("fail", [spoil, vanish])
def test_an_outbox_that_cannot_be_read_is_a_problem_and_what_was_known_of_it_stands(
    fail, tmp_path: Path, store: SegmentStore, clock: FakeClock
) -> None:
    outbox = Outbox(tmp_path / "out" / "outbox.sqlite", clock)
    outbox.put("event", "park", event(1))
    board = board_of(outbox, store, clock)
    before = board.now()
    assert (before.outbox.messages, before.problems) == (1, ["ring: something else"])
    fail(outbox)
    broken = board.now()
    assert (broken.outbox, broken.uplink) == (before.outbox, None)
    said, other = broken.problems
    assert said.startswith(WRONG)
    assert str(outbox.path.parent) in said
    assert other == "ring: something else"
    assert f"problem: {said}" in format_status(broken)


def test_an_outbox_that_never_could_be_read_is_told_as_empty_and_health_is_published(
    tmp_path: Path, store: SegmentStore, clock: FakeClock
) -> None:
    outbox = Outbox(tmp_path / "out" / "outbox.sqlite", clock)
    board = board_of(outbox, store, clock)
    spoil(outbox)
    told: list[Message] = []
    reporter = HealthReporter(board, lambda _, message: told.append(message), History(lambda _: None), clock)
    stop = StopToken()
    stop.wait = lambda _: stop.set() or True  # type: ignore[func-returns-value,method-assign]
    reporter.run(stop)
    (health,) = told
    assert health.outbox == OutboxDepth(messages=0, media=0, media_bytes=0)
    assert [problem.startswith(WRONG) for problem in health.problems] == [True, False]


def test_a_readable_outbox_is_counted_again(tmp_path: Path, store: SegmentStore, clock: FakeClock) -> None:
    outbox = Outbox(tmp_path / "out" / "outbox.sqlite", clock)
    board = board_of(outbox, store, clock)
    spoil(outbox)
    assert len(board.now().problems) == 2
    outbox.path.rmdir()
    outbox.put("event", "park", event(1))
    assert (board.now().outbox.messages, board.now().problems) == (1, ["ring: something else"])
    outbox.close()
