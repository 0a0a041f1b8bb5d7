"""Tokens with which programs use the API: for some scopes, some places, some time. Only their hashes are kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.people import Person, Role, digest, person_of_row
from agent.central.store.reach import Reach
from agent.central.store.schema import api_token, user
from agent.core.clock import NS, Clock, rfc3339
from agent.core.ids import new_id

_PREFIX = "lamppost_"
"""So that one that lies about in a repository is found by who looks for such."""
_USED_NS = 60 * NS
_SERVICE = 0x6C616D74
"""Of PostgreSQL's advisory locks: who holds it sets the token of the configuration."""
_OF_SERVICE = ("read", "search", "media", "live", "command")


class Tokens:
    """What a token may is never more than what its owner may, now."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def make(
        self, owner: str, name: str, scopes: Iterable[str], reach: Reach, expires_ns: int | None
    ) -> tuple[str, Document]:
        """The token itself, which nobody sees again, and what is kept of it."""
        token, now_ns = _PREFIX + secrets.token_urlsafe(32), self._clock.wall_ns()
        row = self._row(token, name, scopes, now_ns) | {
            "owner": owner,
            "places": reach.places,
            "expires_ns": expires_ns,
        }
        with self._database.write() as connection:
            connection.execute(sa.insert(api_token).values(row))
        return token, _shown(row)

    def person(self, token: str) -> Person | None:
        """Whom this token stands for; None when it is unknown, expired, or its owner is gone or disabled."""
        now_ns, key = self._clock.wall_ns(), digest(token)
        with self._database.read() as connection:
            held = connection.execute(sa.select(api_token).where(api_token.c.token_hash == key)).mappings().first()
            if held is None or (held["expires_ns"] is not None and held["expires_ns"] <= now_ns):
                return None
            query = sa.select(user).where(user.c.name == held["owner"], user.c.disabled.is_(False))
            row = connection.execute(query).mappings().first()
        if row is None and held["owner"] is not None:
            return None
        if now_ns - (held["used_ns"] or 0) > _USED_NS:
            self._used(held["id"], now_ns)
        return _person(held, row)

    def all(self, owner: str | None = None) -> list[Document]:
        """All tokens, or those of one account, the newest first."""
        query = sa.select(api_token).order_by(api_token.c.created_ns.desc(), api_token.c.id)
        if owner is not None:
            query = query.where(api_token.c.owner == owner)
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query).mappings()]

    def one(self, key: str) -> Document | None:
        """One token, without itself."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(api_token).where(api_token.c.id == key)).mappings().first()
        return _shown(row) if row else None

    def revoke(self, key: str) -> None:
        """It is worth nothing from now on."""
        with self._database.write() as connection:
            connection.execute(sa.delete(api_token).where(api_token.c.id == key))

    def set_service(self, name: str, role: Role, token: str) -> None:
        """Let this token, of the configuration, stand for `name`, and no other of that name."""
        now_ns = self._clock.wall_ns()
        row = self._row(token, name, _OF_SERVICE, now_ns) | {"owner": None, "role": role, "places": None}
        where = (api_token.c.owner.is_(None), api_token.c.name == name)
        with self._database.write() as connection:
            self._database.alone(connection, _SERVICE)
            held = connection.scalar(sa.select(api_token.c.token_hash).where(*where))
            if held != row["token_hash"]:  # else another web worker, or an earlier start, has set it
                connection.execute(sa.delete(api_token).where(*where))
                connection.execute(sa.insert(api_token).values(row))

    def drop_service(self, name: str) -> None:
        """No token of the configuration stands for `name` any more."""
        with self._database.write() as connection:
            connection.execute(sa.delete(api_token).where(api_token.c.owner.is_(None), api_token.c.name == name))

    def _used(self, key: str, now_ns: int) -> None:
        with self._database.write() as connection:
            connection.execute(sa.update(api_token).where(api_token.c.id == key).values(used_ns=now_ns))

    def _row(self, token: str, name: str, scopes: Iterable[str], now_ns: int) -> Document:
        scoped = {"scopes": sorted(scopes), "created_ns": now_ns, "expires_ns": None, "used_ns": None}
        return {"id": new_id(now_ns), "token_hash": digest(token), "name": name, **scoped}


def _person(held: Any, row: Any) -> Person:
    scopes, reach = frozenset(held["scopes"]), Reach.of(held["places"])
    if row is None:
        return Person(held["name"], held["role"], reach, held["name"], scopes)
    owner = person_of_row(row)
    return Person(owner.name, owner.role, owner.reach.both(reach), held["name"], scopes)


def _shown(row: Any) -> Document:
    times = {"created": row["created_ns"], "expires": row["expires_ns"], "last_used": row["used_ns"]}
    return {
        **{name: row[name] for name in ("id", "name", "owner", "scopes", "places")},
        **{name: None if at_ns is None else rfc3339(at_ns) for name, at_ns in times.items()},
    }
