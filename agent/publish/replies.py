"""What was asked and answered, and how late it is at the centre: kept on disk, so that a restart forgets neither."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

from agent.core.errors import LamppostError, StorageError
from agent.publish.database import Database
from agent.wire.messages import Reply, decode, encode

log = logging.getLogger(__name__)

REMEMBERED = 512
"""Commands come by hand and expire within half a minute: this is days."""


class Replies:
    """Part of the outbox's file; from any thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, command: str) -> Reply | None:
        """The answer to a command that was done before, perhaps by an earlier run."""
        query = "SELECT reply FROM reply WHERE id = ?"
        try:
            row = self._db.read(lambda db: db.execute(query, (command,)).fetchone())
            return None if row is None else decode(Reply, row[0])
        except LamppostError as error:
            log.warning("replies cannot be read: %s", error)
            return None

    def keep(self, reply: Reply) -> None:
        """Remember the newest `REMEMBERED`."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO reply (id, reply) VALUES (?, ?)", (reply.id, encode(reply)))
            db.execute("DELETE FROM reply WHERE number <= (SELECT max(number) FROM reply) - ?", (REMEMBERED,))

        self._write(work)

    @property
    def centre_ns(self) -> int:
        """The latest time of the centre that was kept; 0 when none was."""
        query = "SELECT value FROM meta WHERE key = 'centre'"
        try:
            row = self._db.read(lambda db: db.execute(query).fetchone())
        except StorageError:
            return 0
        return int(row[0]) if row is not None else 0

    def keep_centre_ns(self, now_ns: int) -> None:
        """At the centre it is at least so late from now on."""
        self._write(lambda db: db.execute("INSERT OR REPLACE INTO meta VALUES ('centre', ?)", (str(now_ns),)))

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        try:
            self._db.run(work)
        except StorageError as error:
            log.warning("a reply cannot be kept: %s", error)
