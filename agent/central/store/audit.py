"""Who did what, why, and from where: append-only lines, each of whose hashes covers the one before.

None can be changed or taken out unseen. What tells of a person leaves after its time, and the chain still verifies: it
covers `said`, a salted hash of those texts, and the salt leaves with them, so that nobody can guess what stood there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.schema import audit
from agent.core.clock import Clock, rfc3339

_GENESIS = "0" * 64
_CHAIN = 0x6C616D72
"""Of PostgreSQL's advisory locks: who holds it adds to the chain."""
_AT_ONCE, _MS = 1000, 1_000_000
_PERSONAL = ("who", "what", "why", "origin", "salt")


class Sought(NamedTuple):
    """What lines to show: by who (exact), action (`media` finds `media.view`), text in what or why, and time."""

    who: str | None = None
    action: str | None = None
    text: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None

    def conditions(self) -> list[Any]:
        """On rows of `audit`."""
        found: list[Any] = []
        if self.who:
            found.append(sa.or_(audit.c.who == self.who, audit.c.who.startswith(self.who + "/", autoescape=True)))
        if self.action:
            found.append(
                sa.or_(audit.c.action == self.action, audit.c.action.startswith(self.action + ".", autoescape=True))
            )
        if self.text:
            found.append(sa.or_(*(audit.c[name].icontains(self.text, autoescape=True) for name in ("what", "why"))))
        found += [audit.c.time_ns >= self.since_ns] if self.since_ns is not None else []
        found += [audit.c.time_ns < self.until_ns] if self.until_ns is not None else []
        return found


class Audit:
    """The log. Whatever cannot be written down does not happen: `write` raises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def write(self, who: str, action: str, what: str, origin: str, why: str = "") -> None:
        """Add a line.

        Raises:
            StorageError: it could not be written.
        """
        told: Document = {"who": who[:140], "what": what[:400], "why": why[:200], "origin": origin[:64]}
        told = {name: text.replace("\x00", "").encode(errors="replace").decode() for name, text in told.items()}
        told["salt"] = secrets.token_hex(16)
        with self._database.write() as connection:
            self._database.alone(connection, _CHAIN)
            query = sa.select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            last = connection.execute(query).first()
            time_ns = self._clock.wall_ns() // _MS * _MS
            row = {"seq": last.seq + 1 if last else 1, "time_ns": time_ns, "action": action}
            row["said"] = _said(told)
            row["hash"] = _line_hash(last.hash if last else _GENESIS, row)
            connection.execute(sa.insert(audit).values(row | told))

    def page(self, limit: int, before: int | None, sought: Sought = Sought()) -> Document:  # noqa: B008 - frozen
        """Lines, newest first."""
        query = sa.select(audit).where(*sought.conditions()).order_by(audit.c.seq.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(audit.c.seq < before)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        items = [shown(row) for row in rows[:limit]]
        return {"items": items, "next": str(items[-1]["seq"]) if len(rows) > limit else None}

    def lines(self, sought: Sought = Sought()) -> Iterator[Document]:  # noqa: B008 - frozen
        """All lines that are sought, the oldest first, some at a time."""
        for row in self._rows(*sought.conditions()):
            yield shown(row)

    def verify(self) -> Document:
        """Is the chain unbroken from the first line to the last? `broken_at` is the first line that does not fit."""
        before, expected, erased = _GENESIS, 1, 0
        for row in self._rows():
            if row["seq"] != expected or row["hash"] != _line_hash(before, row) or not _fits(row):
                return _verdict(expected - 1, erased, before, expected)
            before, expected, erased = row["hash"], expected + 1, erased + (row["salt"] is None)
        return _verdict(expected - 1, erased, before, None)

    def erase(self, before_ns: int) -> int:
        """What tells of a person leaves the lines that are older; returns how many those were."""
        where = (audit.c.time_ns < before_ns, audit.c.salt.is_not(None))
        with self._database.write() as connection:
            return connection.execute(sa.update(audit).where(*where).values(**dict.fromkeys(_PERSONAL))).rowcount

    def _rows(self, *where: Any) -> Iterator[Any]:
        seq = 0
        while True:
            query = sa.select(audit).where(audit.c.seq > seq, *where).order_by(audit.c.seq).limit(_AT_ONCE)
            with self._database.read() as connection:
                rows = connection.execute(query).mappings().all()
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            seq = rows[-1]["seq"]


def _said(told: Any) -> str:
    return hashlib.sha256(json.dumps([told[name] for name in sorted(_PERSONAL)]).encode()).hexdigest()


def _fits(row: Any) -> bool:
    """Erased wholly, or as it was said."""
    if row["salt"] is None:
        return all(row[name] is None for name in _PERSONAL)
    return bool(row["said"] == _said(row))


def _line_hash(before: str, row: Any) -> str:
    line = [before, row["seq"], rfc3339(row["time_ns"]), row["action"], row["said"]]
    return hashlib.sha256(json.dumps(line).encode()).hexdigest()


def _verdict(lines: int, erased: int, head: str, broken_at: int | None) -> Document:
    return {"verified": broken_at is None, "lines": lines, "erased": erased, "head": head, "broken_at": broken_at}


def shown(row: Any) -> Document:
    """A line in the API's shape; of an erased one the personal parts are null."""
    return {
        **{name: row[name] for name in ("seq", "who", "action", "what", "why", "said", "salt", "hash")},
        "time": rfc3339(row["time_ns"]),
        "from": row["origin"],
    }
