"""Days that are over leave, an hour after midnight at the latest: their files or partitions, and what points there.

With them go the pictures and clips of that time, rows and files. So does what the audit log tells of people, after a
time of its own. How gateways were is thinned to hours meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import sqlalchemy as sa

from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.health import HealthHistory
from agent.central.store.rows import DAY_NS, day_of
from agent.central.store.schema import camera, clip, media, stray
from agent.core.clock import Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_S = 3600.0
_AT_ONCE = 500


class Retention:
    """A worker. A record is kept for `keep_days` whole days after the day it began in; who did what, `audit_days`.

    A clip that was asked for later than that of which it tells is kept as long from then on. `remove` takes the file of
    a medium away, if there is one.
    """

    name = "retention"

    def __init__(
        self, database: Database, clock: Clock, keep_days: int, remove: Callable[[str], None], audit_days: int = 365
    ) -> None:
        self._database, self._clock, self._keep_days, self._remove = database, clock, keep_days, remove
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
        self._drop_media(first * DAY_NS)
        return gone

    def _drop_media(self, first_ns: int) -> None:
        """Some at a time: out of sight, then the files, then the rows; whoever dies between begins again."""
        late = sa.case((media.c.kind == "clip", media.c.created_ns), else_=0)
        still = sa.and_(media.c.state == "incoming", media.c.created_ns >= first_ns)
        over = sa.select(media.c.id).where(media.c.start_ns < first_ns, late < first_ns, ~still).limit(_AT_ONCE)
        while True:
            with self._database.write() as connection:
                keys = list(connection.scalars(over))
                leaving = {"state": "gone", "reason": "its time is over"}
                connection.execute(sa.update(media).where(media.c.id.in_(keys)).values(**leaving))
                shown = sa.update(camera).where(camera.c.snapshot.in_(keys))
                connection.execute(shown.values(snapshot=None, snapshot_ns=None))
            for key in keys:
                self._remove(key)
            with self._database.write() as connection:
                connection.execute(sa.delete(media).where(media.c.id.in_(keys)))
                if len(keys) < _AT_ONCE:
                    connection.execute(sa.delete(clip).where(clip.c.start_ns < first_ns, clip.c.created_ns < first_ns))
                    return
