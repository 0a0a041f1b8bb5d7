"""Sessions: open from sign-in until they idle too long, are too old, or are ended. Of their tokens hashes are kept."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.people import Person, digest, person_of_row
from agent.central.store.schema import session, user
from agent.core.clock import NS, Clock, rfc3339
from agent.core.ids import new_id

_SEEN_NS = 60 * NS
"""How exactly it is kept when a session was used last."""


class Sessions:
    """`idle_s` without use, or `most_s` in all, and a session is over."""

    def __init__(self, database: Database, clock: Clock, idle_s: int, most_s: int) -> None:
        self._database, self._clock = database, clock
        self._idle_ns, self.most_s = idle_s * NS, most_s

    def open(self, name: str, origin: str, agent: str) -> str:
        """A new session's token; `origin` and `agent` are where it comes from and with what."""
        token, now_ns = secrets.token_urlsafe(32), self._clock.wall_ns()
        row = {
            "token_hash": digest(token),
            "id": new_id(now_ns),
            "user": name,
            "created_ns": now_ns,
            "seen_ns": now_ns,
            "expires_ns": now_ns + self.most_s * NS,
            "origin": origin[:64],
            "agent": agent[:200],
            "reason": "",
        }
        with self._database.write() as connection:
            connection.execute(sa.delete(session).where(sa.not_(self._alive())))
            connection.execute(sa.insert(session).values(row))
            connection.execute(sa.update(user).where(user.c.name == name).values(seen_ns=now_ns))
        return token

    def person(self, token: str, *, use: bool = True) -> Person | None:
        """Whose session this is; None when it is over. `use` keeps it alive; to look whose it is does not."""
        joined = session.join(user, user.c.name == session.c.user)
        query = sa.select(user, session.c.id, session.c.reason, session.c.seen_ns.label("used_ns")).select_from(joined)
        where = (session.c.token_hash == digest(token), user.c.disabled.is_(False), self._alive())
        with self._database.read() as connection:
            row = connection.execute(query.where(*where)).mappings().first()
        if row is None:
            return None
        now_ns = self._clock.wall_ns()
        if use and now_ns - row["used_ns"] > _SEEN_NS:
            self._used(row["name"], digest(token), now_ns)
        return replace(person_of_row(row), session=row["id"], reason=row["reason"])

    def of(self, name: str) -> list[Document]:
        """The open sessions of an account, the one that was used last first."""
        query = sa.select(session).where(session.c.user == name, self._alive()).order_by(session.c.seen_ns.desc())
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query).mappings()]

    def close(self, token: str) -> None:
        """Sign out."""
        self._delete(session.c.token_hash == digest(token))

    def end(self, name: str, key: str) -> bool:
        """End one session of an account."""
        return bool(self._delete(session.c.user == name, session.c.id == key))

    def end_all(self, name: str, but: str | None = None) -> int:
        """End all sessions of an account, but one; returns how many."""
        return self._delete(session.c.user == name, session.c.id != (but or ""))

    def set_reason(self, key: str, reason: str) -> None:
        """Why whoever holds this session looks, from now on."""
        with self._database.write() as connection:
            connection.execute(sa.update(session).where(session.c.id == key).values(reason=reason))

    def _alive(self) -> Any:
        now_ns = self._clock.wall_ns()
        return sa.and_(session.c.expires_ns > now_ns, session.c.seen_ns > now_ns - self._idle_ns)

    def _used(self, name: str, key: str, now_ns: int) -> None:
        with self._database.write() as connection:
            connection.execute(sa.update(session).where(session.c.token_hash == key).values(seen_ns=now_ns))
            connection.execute(sa.update(user).where(user.c.name == name).values(seen_ns=now_ns))

    def _delete(self, *where: Any) -> int:
        with self._database.write() as connection:
            return connection.execute(sa.delete(session).where(*where)).rowcount


def _shown(row: Any) -> Document:
    times = {"created": row["created_ns"], "last_seen": row["seen_ns"], "expires": row["expires_ns"]}
    names = ("id", "origin", "agent")
    return {name: row[name] for name in names} | {name: rfc3339(at_ns) for name, at_ns in times.items()}
