"""Days that are over leave, an hour after midnight at the latest: their files or partitions, and what points there.

So does what the audit log tells of people, after a time of its own. How gateways were is thinned to hours meanwhile.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.health import HealthHistory
from agent.central.store.rows import DAY_NS, day_of
from agent.central.store.schema import stray
from agent.core.clock import Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_S = 3600.0


class Retention:
    """A worker. A record is kept for `keep_days` whole days after the day it began in; who did what, `audit_days`."""

    name = "retention"

    def __init__(self, database: Database, clock: Clock, keep_days: int, audit_days: int = 365) -> None:
        self._database, self._clock, self._keep_days = database, clock, keep_days
        self._health = HealthHistory(database)
        self._audit, self._audit_ns = Audit(database, clock), audit_days * DAY_NS

    def run(self, stop: StopToken) -> None:
        """Sweep at once, then every hour."""
        while not stop.is_set():
            try:
                self.sweep()
            except StorageError as error:
                log.warning("days that are over cannot be dropped, will try again: %s", error)
            stop.wait(_EVERY_S)

    def sweep(self) -> list[int]:
        """Drop what is over; returns those days."""
        self._audit.erase(self._clock.wall_ns() - self._audit_ns)
        self._health.thin(self._clock.wall_ns(), self._keep_days)
        first = day_of(self._clock.wall_ns()) - self._keep_days
        gone = [day for day in self._database.days.present() if day < first]
        for day in gone:
            self._database.days.drop(day)
        if gone:
            with self._database.write() as connection:
                connection.execute(sa.delete(stray).where(stray.c.day < first))
            log.info("dropped %d days that are over", len(gone))
        return gone
