"""What only one process may do at a time: it runs here while the lease is ours, elsewhere when we are gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.central.store.leases import Leases
from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.ports import Worker
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor

log = logging.getLogger(__name__)

_RENEWALS = 5
"""Of a lease, in the time that it is good for."""
_END_S = 15.0


@dataclass(frozen=True)
class _Deadline:
    """Sets `ours` when the lease was not renewed in time: to ask for it may take longer than it is good for."""

    name: str
    overdue: Callable[[], bool]
    ours: StopToken
    every_s: float

    def run(self, stop: StopToken) -> None:
        while not stop.wait(self.every_s):
            if self.overdue():
                log.warning("%s: not renewed in time, left to another process", self.name)
                self.ours.set()


class Duty:
    """A worker that runs other workers while it holds the lease `name`.

    A holder that cannot renew stops them before the lease ends, so that two never do the same.
    """

    def __init__(self, name: str, workers: Sequence[Worker], leases: Leases, clock: Clock) -> None:
        self.name = name
        self._workers, self._leases, self._clock = workers, leases, clock
        self._every_s = leases.good_s / _RENEWALS
        self._sure_ns = 0
        self.held = False

    def run(self, stop: StopToken) -> None:
        """Wait for the lease, then do the work as long as it can be renewed; again and again, until `stop`."""
        while not stop.is_set():
            if self._renewed() is True:
                self._do(stop)
            stop.wait(self._every_s)

    def _do(self, stop: StopToken) -> None:
        ours = StopToken()
        supervisor = Supervisor(self._clock, ours)
        log.info("%s: done by this process from now on", self.name)
        self.held, self._sure_ns = True, self._clock.mono_ns()
        try:
            for worker in (*self._workers, _Deadline(f"{self.name}-lease", self._overdue, ours, self._every_s / 2)):
                supervisor.start(worker)
            self._while_held(stop, ours)
        finally:
            ours.set()
            late = supervisor.join(_END_S)
            self.held = False
            self._give_back(late)
            while late and not stop.is_set():  # not begun a second time beside themselves
                late = supervisor.join(self._every_s)

    def _while_held(self, stop: StopToken, ours: StopToken) -> None:
        while not stop.wait(self._every_s) and not ours.is_set():
            asked_ns = self._clock.mono_ns()
            renewed = self._renewed()
            if renewed is False:
                log.warning("%s: left to another process", self.name)
                return
            if renewed:
                self._sure_ns = asked_ns

    def _overdue(self) -> bool:
        return self._clock.mono_ns() - self._sure_ns > (self._leases.good_s - self._every_s) * NS

    def _renewed(self) -> bool | None:
        """None: the database does not say."""
        try:
            return self._leases.take(self.name)
        except StorageError as error:
            log.debug("%s: the lease cannot be looked at: %s", self.name, error)
            return None

    def _give_back(self, late: list[str]) -> None:
        if late:  # whoever is still busy keeps it until it ends by itself
            log.warning("%s: still busy at the end: %s", self.name, ", ".join(late))
            return
        try:
            self._leases.release(self.name)
        except StorageError as error:
            log.debug("%s: the lease ends by itself: %s", self.name, error)
