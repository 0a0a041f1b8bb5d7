"""Links that open one medium for somebody without an account: signed, for a while, listed, and void when taken back.

A link is its id and a signature over what it opens and until when, with the centre's key: the database alone makes
none, and another key voids them all.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from agent.central.sealing import Sealer
from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.schema import media_link
from agent.core.clock import NS, Clock, rfc3339
from agent.core.ids import new_id

MOST_OF_ONE = 1000
_DAY_NS = 86_400 * NS


class Links:
    """What is kept of them."""

    def __init__(self, database: Database, clock: Clock, sealer: Sealer) -> None:
        self._database, self._clock, self._sealer = database, clock, sealer

    def make(self, owner: str, media: str, days: int, note: str) -> tuple[str, Document] | None:
        """Its token, which nobody sees again, and what is kept of it; None: the owner has too many."""
        now_ns = self._clock.wall_ns()
        row = {
            "id": new_id(now_ns), "media": media, "owner": owner, "note": note, "created_ns": now_ns,
            "expires_ns": now_ns + days * _DAY_NS, "uses": 0, "used_ns": None,
        }  # fmt: skip
        mine = sa.select(sa.func.count()).select_from(media_link).where(media_link.c.owner == owner)
        with self._database.write() as connection:
            connection.execute(sa.delete(media_link).where(media_link.c.expires_ns < now_ns - _DAY_NS))
            if int(connection.scalar(mine) or 0) >= MOST_OF_ONE:
                return None
            connection.execute(sa.insert(media_link).values(row))
        return f"{row['id']}.{self._sealer.sign(_signed(row))}", _shown(row)

    def find(self, token: str) -> Document | None:
        """What a token opens now: the row; None when it is none of ours, is over, or was taken back."""
        key, _, signature = token.partition(".")
        with self._database.read() as connection:
            row = connection.execute(sa.select(media_link).where(media_link.c.id == key)).mappings().first()
        if row is None or row["expires_ns"] <= self._clock.wall_ns():
            return None
        return dict(row) if self._sealer.verify(_signed(row), signature) else None

    def used(self, key: str) -> None:
        """Somebody looked."""
        more = {"uses": media_link.c.uses + 1, "used_ns": self._clock.wall_ns()}
        with self._database.write() as connection:
            connection.execute(sa.update(media_link).where(media_link.c.id == key).values(**more))

    def all(self, owner: str | None = None) -> list[Document]:
        """Somebody's, or everybody's, the newest first; those that are over for a day are forgotten."""
        mine = sa.true() if owner is None else media_link.c.owner == owner
        query = sa.select(media_link).where(mine).order_by(media_link.c.created_ns.desc(), media_link.c.id)
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query).mappings()]

    def one(self, key: str) -> Document | None:
        """One of them."""
        return next((one for one in self.all() if one["id"] == key), None)

    def remove(self, key: str) -> None:
        """It is void at once."""
        with self._database.write() as connection:
            connection.execute(sa.delete(media_link).where(media_link.c.id == key))


def _signed(row: Any) -> str:
    return f"{row['id']} {row['media']} {row['expires_ns']}"


def _shown(row: Any) -> Document:
    times = {"created": row["created_ns"], "expires": row["expires_ns"], "used": row["used_ns"]}
    return {name: row[name] for name in ("id", "media", "owner", "note", "uses")} | {
        name: None if at_ns is None else rfc3339(at_ns) for name, at_ns in times.items()
    }
