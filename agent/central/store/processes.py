"""Which processes make up the centre now: each says every few seconds that it is there, and how it is."""

from __future__ import annotations

import time
from typing import Any, Literal, NamedTuple, Protocol

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.schema import process
from agent.core.clock import NS

Role = Literal["whole", "ingest", "web"]

SILENT_NS = 12 * NS
"""Who has said nothing for so long does not count any more ..."""
_GONE_NS = 3600 * NS
"""... and is forgotten after that."""


class Myself(NamedTuple):
    """A process, as the others know it."""

    id: str
    role: Role
    host: str
    pid: int


class Peer(NamedTuple):
    """A process that is there; `report` is what it says of itself."""

    id: str
    role: Role
    host: str
    pid: int
    since_ns: int
    seen_ns: int
    report: dict[str, Any]


class Register(Protocol):
    """Where processes make themselves known."""

    def say(self, me: Myself, report: dict[str, Any]) -> None:
        """That one is there."""

    def leave(self, me: Myself) -> None:
        """That one is not there any more."""

    def alive(self) -> list[Peer]:
        """Who is there, by role and age."""


class Processes:
    """The table of them. Times are the database's, so that no machine's clock makes another look dead."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(self, me: Myself, report: dict[str, Any]) -> None:
        """That one is there."""
        with self._database.write() as connection:
            now_ns = self._database.now_ns(connection)
            where = process.c.id == me.id
            row = {"seen_ns": now_ns, "report": report}
            if not connection.execute(sa.update(process).where(where).values(**row)).rowcount:
                connection.execute(sa.insert(process).values(**me._asdict(), **row, since_ns=now_ns))
                connection.execute(sa.delete(process).where(process.c.seen_ns < now_ns - _GONE_NS))

    def leave(self, me: Myself) -> None:
        """That one is not there any more."""
        with self._database.write() as connection:
            connection.execute(sa.delete(process).where(process.c.id == me.id))

    def alive(self) -> list[Peer]:
        """Who is there, by role and age."""
        with self._database.read() as connection:
            now_ns = self._database.now_ns(connection)
            query = sa.select(process).where(process.c.seen_ns >= now_ns - SILENT_NS)
            rows = connection.execute(query.order_by(process.c.role, process.c.since_ns, process.c.id))
            return [Peer(**row) for row in rows.mappings()]


class Alone:
    """The same for a centre that is one process over a database of its own: nothing need be written."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []

    def say(self, me: Myself, report: dict[str, Any]) -> None:
        """See `Processes.say`."""
        now_ns = time.time_ns()
        since_ns = self._peers[0].since_ns if self._peers else now_ns
        self._peers = [Peer(*me, since_ns, now_ns, report)]

    def leave(self, me: Myself) -> None:  # noqa: ARG002 - as the other has it
        """See `Processes.leave`."""
        self._peers = []

    def alive(self) -> list[Peer]:
        """See `Processes.alive`."""
        return list(self._peers)
