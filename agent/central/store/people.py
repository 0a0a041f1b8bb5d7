"""Users, sessions and the one-time link; an append-only audit log whose lines are chained by hash.

Passwords: scrypt (RFC 7914), N 2^15, r 8, p 3 (OWASP Password Storage Cheat Sheet), a few at a time. Sessions and
tokens are kept as SHA-256 only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from base64 import b64decode, b64encode
from typing import Literal, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.schema import api_token, audit, session, user
from agent.core.clock import NS, Clock, rfc3339

Role = Literal["viewer", "operator", "investigator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "investigator", "admin")

SESSION_S = 12 * 3600
_SLIDE_NS = 10 * 60 * NS
_N, _R, _P, _MAXMEM = 1 << 15, 8, 3, 64 << 20
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 32 MiB and a third of a second: a crowd at the door must not take all memory and every core."""
_GENESIS = "0" * 64


class Person(NamedTuple):
    """Who asks."""

    name: str
    role: Role


class People:
    """Accounts and sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._nobody = hash_password(secrets.token_hex(16))

    def any_user(self) -> bool:
        """Has the first user been made?"""
        with self._database.read() as connection:
            return connection.execute(sa.select(user.c.name).limit(1)).first() is not None

    def add_first(self, name: str, password: str) -> bool:
        """Make the first user, an admin; False when somebody was faster."""
        hashed = hash_password(password)
        with self._database.write() as connection:
            if connection.execute(sa.select(user.c.name).limit(1)).first() is not None:
                return False
            connection.execute(sa.insert(user).values(self._row(name, "admin", hashed)))
        return True

    def add(self, name: str, role: Role, password: str) -> None:
        """Make or replace a user."""
        with self._database.write() as connection:
            self._database.upsert(connection, user, [self._row(name, role, hash_password(password))])

    def check_password(self, name: str, password: str) -> Person | None:
        """The person, when the password fits; takes equally long for a name that nobody has."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(user).where(user.c.name == name)).first()
        fits = password_fits(password, row.password if row else self._nobody)
        return Person(row.name, row.role) if row is not None and fits else None

    def open_session(self, name: str) -> str:
        """A new session's token."""
        token = secrets.token_urlsafe(32)
        now_ns = self._clock.wall_ns()
        row = {"token_hash": _digest(token), "user": name, "created_ns": now_ns, "expires_ns": now_ns + SESSION_S * NS}
        with self._database.write() as connection:
            connection.execute(sa.delete(session).where(session.c.expires_ns < now_ns))
            connection.execute(sa.insert(session).values(row))
        return token

    def of_session(self, token: str) -> Person | None:
        """Whose session this is; None when it is over. Use keeps it alive."""
        now_ns, key = self._clock.wall_ns(), _digest(token)
        with self._database.read() as connection:
            query = sa.select(user.c.name, user.c.role, session.c.expires_ns).join_from(
                session, user, user.c.name == session.c.user
            )
            row = connection.execute(query.where(session.c.token_hash == key, session.c.expires_ns > now_ns)).first()
        if row is None:
            return None
        if row.expires_ns - now_ns < SESSION_S * NS - _SLIDE_NS:
            self._slide(key, now_ns)
        return Person(row.name, row.role)

    def close_session(self, token: str) -> None:
        """Sign out."""
        with self._database.write() as connection:
            connection.execute(sa.delete(session).where(session.c.token_hash == _digest(token)))

    def of_token(self, token: str) -> Person | None:
        """Which program this bearer token belongs to."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(api_token).where(api_token.c.token_hash == _digest(token))).first()
        return None if row is None else Person(row.name, row.role)

    def set_token(self, name: str, role: Role, token: str) -> None:
        """Let this token stand for `name`, and no other of that name."""
        row = {"token_hash": _digest(token), "name": name, "role": role, "created_ns": self._clock.wall_ns()}
        with self._database.write() as connection:
            connection.execute(sa.delete(api_token).where(api_token.c.name == name))
            self._database.upsert(connection, api_token, [row])

    def drop_token(self, name: str) -> None:
        """No token stands for `name` any more."""
        with self._database.write() as connection:
            connection.execute(sa.delete(api_token).where(api_token.c.name == name))

    def _slide(self, key: str, now_ns: int) -> None:
        with self._database.write() as connection:
            later = {"expires_ns": now_ns + SESSION_S * NS}
            connection.execute(sa.update(session).where(session.c.token_hash == key).values(**later))

    def _row(self, name: str, role: Role, hashed: str) -> Document:
        return {"name": name, "role": role, "password": hashed, "created_ns": self._clock.wall_ns()}


class Audit:
    """Who did what: each line's hash covers the one before, so that none can be changed or taken out unseen."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def write(self, who: str, action: str, what: str, origin: str) -> None:
        """Add a line."""
        with self._database.write() as connection:
            query = sa.select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            last = connection.execute(query).first()
            row = {
                "seq": last.seq + 1 if last else 1,
                "time_ns": self._clock.wall_ns(),
                "who": who[:64],
                "action": action,
                "what": what[:400],
                "origin": origin[:64],
            }
            row["hash"] = _line_hash(last.hash if last else _GENESIS, row)
            connection.execute(sa.insert(audit).values(row))

    def page(self, limit: int, before: int | None) -> Document:
        """Lines, newest first."""
        with self._database.read() as connection:
            query = sa.select(audit).order_by(audit.c.seq.desc()).limit(limit + 1)
            if before is not None:
                query = query.where(audit.c.seq < before)
            rows = connection.execute(query).mappings().all()
        items = [_shown(dict(row)) for row in rows[:limit]]
        return {"items": items, "next": str(items[-1]["seq"]) if len(rows) > limit else None}

    def verify(self) -> bool:
        """Is the chain unbroken from the first line to the last?"""
        before, expected = _GENESIS, 1
        with self._database.read() as connection:
            for row in connection.execute(sa.select(audit).order_by(audit.c.seq)).mappings():
                line = dict(row)
                held = line.pop("hash")
                if line["seq"] != expected or held != _line_hash(before, line):
                    return False
                before, expected = held, expected + 1
        return True


def hash_password(password: str) -> str:
    """`scrypt$N$r$p$salt$hash`, base64."""
    salt = secrets.token_bytes(16)
    hashed = _scrypt(password, salt, _N, _R, _P)
    return f"scrypt${_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(hashed).decode()}"


def password_fits(password: str, kept: str) -> bool:
    """Is `password` the one that `hash_password` turned into `kept`?"""
    _, n, r, p, salt, hashed = kept.split("$")
    again = _scrypt(password, b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(again, b64decode(hashed))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _AT_ONCE:
        return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAXMEM)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _line_hash(before: str, row: Document) -> str:
    return hashlib.sha256((before + json.dumps(row, sort_keys=True)).encode()).hexdigest()


def _shown(row: Document) -> Document:
    return {
        **{name: row[name] for name in ("seq", "who", "action", "what", "hash")},
        "time": rfc3339(row["time_ns"]),
        "from": row["origin"],
    }
