import threading

from agent.core.clock import SystemClock
from agent.core.errors import LinkError
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor


class Falls:
    name = "falls"

    def __init__(self, error: Exception) -> None:
        self._error, self.runs, self.thrice = error, 0, threading.Event()

    def run(self, stop: StopToken) -> None:
        self.runs += 1
        if self.runs >= 3:
            self.thrice.set()
            stop.wait()
            return
        raise self._error


def supervise(worker: Falls) -> Supervisor:
    stop = StopToken()
    supervisor = Supervisor(SystemClock(), stop, first_wait_s=0.01, most_wait_s=0.02)
    supervisor.start(worker)
    assert worker.thrice.wait(10)
    stop.set()
    assert supervisor.join(5) == []
    return supervisor


def test_a_worker_that_falls_is_started_again_and_its_error_is_kept() -> None:
    supervisor = supervise(Falls(LinkError("the broker is away")))
    (state,) = supervisor.states()
    assert (state.name, state.restarts, state.error, state.state) == ("falls", 2, "the broker is away", "stopped")


def test_a_foreign_error_does_not_end_the_supervisor() -> None:
    (state,) = supervise(Falls(ZeroDivisionError("x"))).states()
    assert state.error == "ZeroDivisionError: x"
