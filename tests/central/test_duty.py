"""What only one process may do: one does it, the next takes over, and never two at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from agent.central.duty import Duty
from agent.central.store import schema
from agent.central.store.leases import Leases
from agent.core.clock import NS, SystemClock
from agent.core.stop import StopToken
from tests.central.helpers import wait_for
from tests.central.stores import Store


class Task:
    """A worker that only says that it runs."""

    name = "task"

    def __init__(self) -> None:
        self.runs = False

    def run(self, stop: StopToken) -> None:
        self.runs = True
        stop.wait()
        self.runs = False


@contextmanager
def _running(*workers: Any) -> Iterator[StopToken]:
    stop = StopToken()
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


def test_what_is_done_once_is_done_by_one_and_then_by_the_next(store: Store) -> None:
    first, second = Task(), Task()
    duties = [Duty("x", [task], Leases(store.database, name, 3), SystemClock()) for task, name in
              ((first, "a"), (second, "b"))]  # fmt: skip
    with _running(duties[0]):
        wait_for(lambda: first.runs)
        with _running(duties[1]):
            time.sleep(0.7)
            wait_for(lambda: first.runs)
            assert not second.runs
            assert Leases(store.database, "").holders() == {"x": "a"}
    with _running(duties[1]):
        wait_for(lambda: second.runs and not first.runs)
        # whoever was killed renews no more
        assert not Leases(store.database, "c", 3).take("x")
    assert Leases(store.database, "c", 0.01).take("x")
    time.sleep(0.05)
    assert Leases(store.database, "d", 60).take("x")
    assert not Leases(store.database, "c", 3).take("x")


def test_a_duty_whose_lease_cannot_be_renewed_ends_before_another_may_begin(store: Store) -> None:
    task = Task()
    leases = Leases(store.database, "a", 0.5)
    duty = Duty("x", [task], leases, SystemClock())
    with _running(duty):
        wait_for(lambda: task.runs)
        with store.database.write() as connection:  # at once: it would take back what is free
            until_ns = store.database.now_ns(connection) + 60 * NS
            held = sa.update(schema.lease).where(schema.lease.c.name == "x")
            assert connection.execute(held.values(holder="b", until_ns=until_ns)).rowcount == 1
        wait_for(lambda: not task.runs and not duty.held)


def test_a_duty_ends_in_time_though_nobody_answers_whether_it_is_still_ours(store: Store) -> None:
    answers = threading.Event()
    answers.set()

    class Slow(Leases):
        def take(self, name: str) -> bool:
            answers.wait(20)
            return super().take(name)

    task = Task()
    duty = Duty("x", [task], Slow(store.database, "a", 1), SystemClock())
    with _running(duty):
        wait_for(lambda: task.runs)
        answers.clear()
        wait_for(lambda: not task.runs)  # while the question is still open
        assert not answers.is_set()
        answers.set()
        wait_for(lambda: task.runs)
