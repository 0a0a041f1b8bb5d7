"""Days that are over leave, an hour after midnight at the latest: their files or partitions, and what points there.

With them go the pictures and clips of that time, rows and files. So does what the audit log tells of people, after a
time of its own. How gateways were is thinned to hours meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import sqlalchemy as sa

from agent.central.media_kept import Medium
from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.health import HealthHistory
from agent.central.store.leaving import Leaving
from agent.central.store.rows import DAY_NS, day_of
from agent.central.store.schema import stray, unread
from agent.core.clock import Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_MINUTES = 60


class Retention:
    """A worker. A record is kept for `keep_days` whole days after the day it began in; who did what, `audit_days`.

    A clip that was asked for later than that of which it tells is kept as long from then on. All media together have
    `most_bytes` at the most: beyond that the oldest leave, looked at every minute.
    """

    name = "retention"

    def __init__(
        self, database: Database, clock: Clock, keep_days: int, remove: Callable[[Medium], None], audit_days: int = 365,
        most_bytes: int | None = None,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._keep_days = database, clock, keep_days
        self._media, self._most_bytes = Leaving(database, remove), most_bytes
        self._health = HealthHistory(database)
        self._audit, self._audit_ns = Audit(database, clock), audit_days * DAY_NS

    def run(self, stop: StopToken) -> None:
        """Sweep at once, then every hour; see to the room every minute."""
        minutes = 0
        while not stop.is_set():
            for task in (self.make_room, *([self.sweep] if minutes % _EVERY_MINUTES == 0 else [])):
                try:
                    task()
                except StorageError as error:
                    log.warning("what is over cannot all be dropped, will try again: %s", error)
            minutes += 1
            stop.wait(60.0)

    def make_room(self) -> None:
        """Of media that are too much together the oldest leave."""
        gone = self._media.beyond(self._most_bytes) if self._most_bytes is not None else 0
        if gone:
            log.info("%d of the oldest pictures and clips made room ([media] max_bytes)", gone)

    def sweep(self) -> list[int]:
        """Drop what is over; returns those days."""
        self._audit.erase(self._clock.wall_ns() - self._audit_ns)
        self._health.thin(self._clock.wall_ns(), self._keep_days)
        first = day_of(self._clock.wall_ns()) - self._keep_days
        gone = [day for day in self._database.days.present() if day < first]
        for day in gone:
            self._database.days.drop(day)
        with self._database.write() as connection:
            connection.execute(sa.delete(unread).where(unread.c.received_ns < first * DAY_NS))
        if gone:
            with self._database.write() as connection:
                connection.execute(sa.delete(stray).where(stray.c.day < first))
            log.info("dropped %d days that are over", len(gone))
        self._media.older_than(first * DAY_NS)
        return gone
