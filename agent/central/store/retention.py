"""Days that are over leave, an hour after midnight at the latest: their files or partitions, and what points there.

With them go the pictures and clips of that time, rows and files. What is held stays (see `holds`). What the audit log
tells of people leaves, too, after a time of its own. How gateways were is thinned to hours meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import sqlalchemy as sa

from agent.central.media_kept import Medium
from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.health import HealthHistory
from agent.central.store.incident_schema import incident
from agent.central.store.incidents import is_over
from agent.central.store.leaving import Leaving
from agent.central.store.remains import Remains
from agent.central.store.rows import DAY_NS, day_of
from agent.central.store.schema import stray, unread
from agent.core.clock import Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_MINUTES = 60


class Retention:
    """A worker. Records and incidents are kept for `keep_days` whole days after their own; who did what, `audit_days`.

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
        self._health, self._remains = HealthHistory(database), Remains(database)
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

    @property
    def problem(self) -> str:
        """What is wrong with the room for media, in one line; else empty."""
        return self._media.problem

    def make_room(self) -> None:
        """Of media that are too much together the oldest leave."""
        gone = self._media.beyond(self._most_bytes) if self._most_bytes is not None else 0
        if gone:
            log.info("%d of the oldest pictures and clips made room ([media] max_bytes)", gone)

    def sweep(self) -> list[int]:
        """Let go of what is over; returns the days that are gone."""
        self._audit.erase(self._clock.wall_ns() - self._audit_ns)
        self._health.thin(self._clock.wall_ns(), self._keep_days)
        first = day_of(self._clock.wall_ns()) - self._keep_days
        over = [day for day in self._database.days.present() if day < first]
        # a record of the day before the first is still taken: see `Age`
        gone = [day for day in over if self._remains.leave(day, settled=day < first - 1)]
        with self._database.write() as connection:
            connection.execute(sa.delete(unread).where(unread.c.received_ns < first * DAY_NS))
            connection.execute(sa.delete(incident).where(is_over(first * DAY_NS)))
        if gone:
            with self._database.write() as connection:
                held = set(over).difference(gone)
                connection.execute(sa.delete(stray).where(stray.c.day < first, stray.c.day.not_in(held)))
            log.info("dropped %d days that are over", len(gone))
        self._media.older_than(first * DAY_NS)
        return gone
