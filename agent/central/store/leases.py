"""Who does what only one process may do: a row says until when, by the database's clock, and its holder renews it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from agent.central.store.database import Database
from agent.central.store.schema import lease
from agent.core.clock import NS

GOOD_S = 15.0


class Leases:
    """Taken and renewed for `holder`, each time for `good_s`."""

    def __init__(self, database: Database, holder: str, good_s: float = GOOD_S) -> None:
        self._database, self._holder, self.good_s = database, holder, good_s

    def take(self, name: str) -> bool:
        """Take or renew it; False while another process holds it.

        Raises:
            StorageError: nobody knows.
        """
        with self._database.write() as connection:
            now_ns = self._database.now_ns(connection)
            row = {"holder": self._holder, "until_ns": now_ns + int(self.good_s * NS)}
            mine = sa.or_(lease.c.holder == self._holder, lease.c.until_ns < now_ns)
            if connection.execute(sa.update(lease).where(lease.c.name == name, mine).values(**row)).rowcount:
                return True
            insert: Any = (sqlite.insert if self._database.kind == "sqlite" else postgresql.insert)(lease)
            fresh = insert.values(name=name, **row).on_conflict_do_nothing(index_elements=["name"])
            return connection.execute(fresh.returning(lease.c.name)).first() is not None

    def release(self, name: str) -> None:
        """Let the next one have it at once."""
        where = (lease.c.name == name, lease.c.holder == self._holder)
        with self._database.write() as connection:
            connection.execute(sa.delete(lease).where(*where))

    def holders(self) -> dict[str, str]:
        """What is held now, and by whom."""
        with self._database.read() as connection:
            now_ns = self._database.now_ns(connection)
            rows = connection.execute(sa.select(lease).where(lease.c.until_ns >= now_ns))
            return {row.name: row.holder for row in rows}
