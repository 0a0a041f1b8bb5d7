import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest

from agent.core.clock import SystemClock
from agent.core.errors import StorageError, WireError
from agent.core.stop import StopToken
from agent.edge.keeper import MAX_MESSAGES, Keeper
from agent.edge.loose_ends import LooseEnds
from agent.publish.outbox import Outbox
from agent.wire.messages import Event


def event(number: int) -> Event:
    moment = "2026-01-01T00:00:00.000Z"
    return Event(id=f"e{number}", camera="park", kind="motion", phase="end", time=moment, start=moment)


def test_what_is_kept_reaches_the_outbox_and_the_rest_at_the_flush(tmp_path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", SystemClock())
    keeper, stop = Keeper(outbox), StopToken()
    arrived = threading.Event()
    outbox.on_put = arrived.set
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    keeper.keep("event", "park", event(1))
    assert arrived.wait(10)
    stop.set()
    thread.join(10)
    keeper.keep("event", "park", event(2))
    header = {"id": "m1", "camera": "park", "kind": "snapshot", "type": "image/jpeg"}
    keeper.keep_picture({**header, "start": event(2).start, "end": event(2).start, "event": "e2"}, b"jpeg")
    keeper.flush()
    assert (outbox.depth().messages, outbox.depth().media) == (2, 1)
    outbox.close()


class Refuses:
    def __init__(self) -> None:
        self.calls = 0

    def put(self, *_: object) -> int:
        self.calls += 1
        raise StorageError("outbox.sqlite: the disk is full")


def test_a_disk_that_refuses_is_reported_and_what_does_not_fit_is_counted() -> None:
    keeper = Keeper(Refuses())  # type: ignore[arg-type]
    for number in range(MAX_MESSAGES + 3):
        keeper.keep("event", "park", event(number))
    keeper.flush()
    assert keeper.problem == "outbox.sqlite: the disk is full (3 messages and pictures lost)"


PICTURE = {"id": "m1", "camera": "park", "kind": "snapshot", "type": "image/jpeg", "start": "x", "end": "x"}


def refuse() -> None:
    raise WireError("Event: it is not of this shape")


@contextlib.contextmanager
def working(keeper: Keeper) -> Iterator[None]:
    """While its thread runs."""
    stop = StopToken()
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


@pytest.mark.parametrize(
    "give",
    [
        lambda keeper: keeper.keep("event", "park", event(1).model_copy(update={"kind": "\ud800"})),  # no UTF-8
        lambda keeper: keeper.keep_picture(PICTURE, b"jpeg"),  # its times are none
        lambda keeper: keeper.keep_picture({"id": "m1"}, b"jpeg"),
        lambda keeper: keeper.then(refuse),
    ],
)
def test_what_can_never_be_kept_is_counted_and_holds_nobody_up(
    give: Callable[[Keeper], None], tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", SystemClock())
    keeper, arrived, later = Keeper(outbox), threading.Event(), threading.Event()
    outbox.on_put = arrived.set
    give(keeper)
    keeper.keep("event", "park", event(2))
    with working(keeper):
        assert arrived.wait(5)
        keeper.then(later.set)  # behind the pictures of the turn before
        assert later.wait(5)
    assert [b'"e2"' in one.record for one in outbox.waiting(10)] == [True]
    assert keeper.problem == "the outbox: 1 messages and pictures lost"
    assert ["can never be kept" in one.message for one in caplog.records if one.levelno == logging.ERROR] == [True]
    outbox.close()


def test_what_was_lost_stands_beside_what_the_disk_says() -> None:
    keeper = Keeper(Refuses())  # type: ignore[arg-type]
    keeper.then(refuse)
    keeper.keep("event", "park", event(1))
    keeper.flush()
    assert keeper.problem == "outbox.sqlite: the disk is full (1 messages and pictures lost)"


def test_a_broken_row_of_what_goes_on_does_not_stop_the_start(tmp_path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", SystemClock())
    for number in (1, 2):
        outbox.put("event", "park", event(number).model_copy(update={"phase": "start"}))

    def spoil(db: sqlite3.Connection) -> None:
        db.execute("UPDATE going SET record = ? WHERE id = 'e1'", (b"{",))

    outbox.database.run(spoil)
    keeper, ended, done = Keeper(outbox), [], threading.Event()
    keeper.then(LooseEnds(outbox, lambda over: ended.append(over.id)).tie)
    keeper.keep("event", "park", event(3))
    keeper.then(done.set)
    with working(keeper):
        assert done.wait(5)
    assert (ended, keeper.problem) == (["e2"], "")  # the one beside it is ended all the same
    assert [one.seq for one in outbox.waiting(10)] == [1, 2, 3, 4]
    outbox.close()
