"""May what waits be given up for its age? Not while the clock is in doubt, and then all of it has its full time again.

What was put by a clock that was wrong does not say how long it has waited: that of a gateway without a battery, or one
that a wrong time server set for a minute. The doubt is kept in the file, so that it outlives a restart and a power cut.
"""

from __future__ import annotations

import sqlite3

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.publish.database import Database

_NEVER_NS = 2**63 - 1


class Ageing:
    """Of what waits for `keep_s` at most; all parts of one file share the doubt."""

    def __init__(self, database: Database, clock: Clock, keep_s: float) -> None:
        self._database, self._clock, self._keep_ns = database, clock, int(keep_s * NS)
        self._doubt = False

    def now_ns(self) -> int | None:
        """The time to judge by; None: nothing is given up for its age now."""
        now_ns = self._clock.wall_ns()  # before the question, so that a jump between the two does not count as time
        trusted, from_ns = self._database.read(lambda db: (self._database.trust.given(), _from_ns(db)))
        self._doubt |= not trusted
        latest_ns = now_ns + self._keep_ns if trusted else _NEVER_NS
        wanted_ns = latest_ns if self._doubt else min(from_ns, latest_ns)
        if wanted_ns != from_ns:
            insert = "INSERT OR REPLACE INTO meta VALUES ('ageing', ?)"
            try:
                self._database.run(lambda db: db.execute(insert, (str(wanted_ns),)), urgent=True)
            except StorageError:  # whoever puts something tells of a full disk; here it is a reason to wait
                return None
        self._doubt = not trusted
        return now_ns if now_ns >= wanted_ns else None


def _from_ns(db: sqlite3.Connection) -> int:
    """From this time on things may be given up for their age."""
    found = db.execute("SELECT value FROM meta WHERE key = 'ageing'").fetchone()
    return 0 if found is None else int(found[0])
