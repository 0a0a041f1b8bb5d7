"""Starts the threads, restarts what fell, reports what keeps falling."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from agent.core.backoff import Backoff
from agent.core.clock import Clock
from agent.core.errors import LamppostError
from agent.core.ports import Worker
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

STEADY_S = 60.0
"""A run at least this long was good: the next fall starts again from the shortest wait."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One line of health: `state` is running, waiting or stopped; `error` what ended the last run, empty if nothing."""

    name: str
    state: str
    restarts: int
    error: str


class Supervisor:
    """Owns one thread per worker. A worker that ends or raises is started again after a jittered wait."""

    def __init__(self, clock: Clock, stop: StopToken, first_wait_s: float = 0.5, most_wait_s: float = 30.0) -> None:
        self._clock, self._stop = clock, stop
        self._first_wait_s, self._most_wait_s = first_wait_s, most_wait_s
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._states: dict[str, WorkerState] = {}

    def start(self, worker: Worker) -> None:
        """Run `worker` in a thread of its own until the stop token is set."""
        thread = threading.Thread(target=self._keep, args=(worker,), name=worker.name)
        with self._lock:
            self._states[worker.name] = WorkerState(worker.name, "running", 0, "")
            self._threads.append(thread)
        thread.start()

    def states(self) -> list[WorkerState]:
        """What health says about every worker."""
        with self._lock:
            return list(self._states.values())

    def join(self, timeout_s: float) -> list[str]:
        """Wait for all threads after the stop; returns the names of those that did not end in time."""
        deadline_ns = self._clock.mono_ns() + int(timeout_s * 1e9)
        for thread in self._threads:
            thread.join(max(0.0, (deadline_ns - self._clock.mono_ns()) / 1e9))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _keep(self, worker: Worker) -> None:
        backoff = Backoff(self._first_wait_s, self._most_wait_s)
        while not self._stop.is_set():
            began_ns = self._clock.mono_ns()
            error = self._run_once(worker)
            if self._stop.is_set():
                break
            if self._clock.mono_ns() - began_ns > STEADY_S * 1e9:
                backoff.reset()
            wait_s = backoff.next_s()
            self._note(worker.name, state="waiting", error=error, more_restarts=1)
            log.warning("%s ended (%s); starting again in %.1f s", worker.name, error or "no error", wait_s)
            self._stop.wait(wait_s)
            self._note(worker.name, state="running")
        self._note(worker.name, state="stopped")

    def _run_once(self, worker: Worker) -> str:
        try:
            worker.run(self._stop)
        except LamppostError as error:
            return str(error)
        except Exception as error:  # the supervisor is the one place where any fall is survived
            log.exception("%s fell", worker.name)
            return f"{type(error).__name__}: {error}"
        return ""

    def _note(self, name: str, *, state: str, error: str | None = None, more_restarts: int = 0) -> None:
        with self._lock:
            old = self._states[name]
            kept = old.error if error is None else error
            self._states[name] = replace(old, state=state, restarts=old.restarts + more_restarts, error=kept)
