"""Layouts of the live wall that people keep: their own, and those that others share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.reach import Reach
from agent.central.store.schema import layout
from agent.core.clock import Clock
from agent.core.ids import new_id

MOST_OF_ONE = 100


class Layouts:
    """What is kept. Of what others share, cameras that one may not see are left out, and layouts of none but such."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def of(self, name: str, reach: Reach) -> list[Document]:
        """One's own and the shared ones, by name."""
        where = sa.or_(layout.c.owner == name, layout.c.shared)
        query = sa.select(layout).where(where).order_by(sa.func.lower(layout.c.name), layout.c.id)
        with self._database.read() as connection:
            found = [_seen(row, reach) for row in connection.execute(query).mappings()]
        return [one for one in found if one["cameras"] or one["owner"] == name]

    def one(self, key: str, reach: Reach) -> Document | None:
        """One of them."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(layout).where(layout.c.id == key)).mappings().first()
        return None if row is None else _seen(row, reach)

    def add(self, owner: str, **what: Any) -> str | None:
        """Keep one; its id, None when the owner has too many."""
        now_ns = self._clock.wall_ns()
        row = {"id": new_id(now_ns), "owner": owner, "created_ns": now_ns} | what
        count = sa.select(sa.func.count()).select_from(layout).where(layout.c.owner == owner)
        with self._database.write() as connection:
            if int(connection.scalar(count) or 0) >= MOST_OF_ONE:
                return None
            connection.execute(sa.insert(layout).values(row))
        return str(row["id"])

    def change(self, key: str, **what: Any) -> None:
        """Make it so."""
        with self._database.write() as connection:
            connection.execute(sa.update(layout).where(layout.c.id == key).values(**what))

    def remove(self, key: str) -> None:
        """Nobody wants it any more."""
        with self._database.write() as connection:
            connection.execute(sa.delete(layout).where(layout.c.id == key))


def _seen(row: Any, reach: Reach) -> Document:
    cameras = [name for name in row["cameras"] if reach.sees(*name.split("/"))]
    return {**{name: row[name] for name in ("id", "owner", "name", "shared", "columns", "large")}, "cameras": cameras}
