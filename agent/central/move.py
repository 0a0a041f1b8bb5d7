"""A SQLite centre carried over into an empty PostgreSQL database: day by day, then the small tables, all compared.

Each day is one transaction, with the note that it is there: a move that was cut off goes on with the next. The source
is only read. Media stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.day_schema import day_metadata
from agent.central.store.rows import DAY_NS
from agent.central.store.schema import about, lease, metadata, process
from agent.core.clock import rfc3339
from agent.core.errors import ConfigError, StorageError
from agent.core.stop import StopToken

_AT_ONCE = 5000
_MOVING, _DAY = "moving", "moved day "
_NOT_MOVED = (about, lease, process)
"""What is of the database itself, and of processes that run over it."""
_SMALL = tuple(table for table in metadata.sorted_tables if table not in _NOT_MOVED)
_WHOLE = 1 << 64

Progress = Callable[[float], None]


class Stopped(StorageError):
    """Somebody asked for it."""


@dataclass(slots=True)
class Sum:
    """Of the rows of a table in any order: how many, and their hashes added up."""

    rows: int = 0
    hashes: int = 0

    def add(self, row: Sequence[Any]) -> None:
        """One more."""
        digest = blake2b(repr([_plain(value) for value in row]).encode(), digest_size=8).digest()
        self.rows, self.hashes = self.rows + 1, (self.hashes + int.from_bytes(digest, "big")) % _WHOLE

    def join(self, other: Sum) -> None:
        """All of another."""
        self.rows, self.hashes = self.rows + other.rows, (self.hashes + other.hashes) % _WHOLE


class Moved(NamedTuple):
    """What is there now, of this and all earlier attempts."""

    days: int
    rows: int


class Move:
    """`centre` is what tells this centre from all others."""

    def __init__(self, source: Database, target: Database, centre: str, stop: StopToken, progress: Progress) -> None:
        self._source, self._target, self._centre = source, target, centre
        self._stop, self._progress = stop, progress

    def run(self) -> Moved:
        """Move what is not there yet; safe to do again.

        Raises:
            ConfigError: the target is another centre's, or has this one already.
            StorageError: a database does not answer, refuses a row, or has something else than was given to it.
        """
        self._begin()
        days = sorted(self._source.days.present())
        done = self._done()
        self._leave_out(done.keys() - set(days))
        rows = 0
        for number, day in enumerate(days):
            self._progress(number / (len(days) + 1))
            moved = done.get(day)
            rows += moved.rows if moved is not None and moved == self._sum_of(day) else self._move_day(day)
        rows += self._move_small()
        self._progress(1.0)
        return Moved(len(days), rows)

    def _begin(self) -> None:
        with self._target.write() as connection:
            notes = _notes(connection)
            if notes.get(_MOVING, self._centre) != self._centre:
                raise ConfigError("the target: another centre is being moved there; name an empty database")
            if _MOVING in notes:
                return
            if self._target.days.present() or any(_any(connection, table) for table in _SMALL):
                raise ConfigError("the target: it holds a centre already; name an empty database")
            connection.execute(sa.insert(about).values(name=_MOVING, value=self._centre))

    def _done(self) -> dict[int, Sum]:
        """What was moved of each day."""
        with self._target.read() as connection:
            notes = _notes(connection)
        said = {int(name.removeprefix(_DAY)): value.split() for name, value in notes.items() if name.startswith(_DAY)}
        return {day: Sum(int(rows), int(hashes)) for day, (rows, hashes) in said.items()}

    def _leave_out(self, days: Collection[int]) -> None:
        """Days that have left the source since they were moved."""
        for day in days:
            self._target.days.drop(day)
            with self._target.write() as connection:
                connection.execute(sa.delete(about).where(about.c.name == f"{_DAY}{day}"))

    def _sum_of(self, day: int) -> Sum:
        """What a day comes to now: a centre may have run over the source since it was moved."""
        found = Sum()
        with self._source.days.read(day) as source:
            if source is None:
                return found
            for table in day_metadata.sorted_tables:
                for _ in self._rows(source, sa.select(table).where(table.c.day == day), found):
                    pass
        return found

    def _move_day(self, day: int) -> int:
        whole = Sum()
        with self._source.days.read(day) as source, self._target.change() as change:
            if source is None:
                return 0
            for table in day_metadata.sorted_tables:
                here = table.c.day == day
                change.main.execute(sa.delete(table).where(here))  # as it was when it was moved before
                given = Sum()
                for rows in self._rows(source, sa.select(table).where(here), given):
                    change.put(day, table, rows)
                self._compare(change.main, sa.select(table).where(here), given, f"{table.name} of {_date(day)}")
                whole.join(given)
            note = {"name": f"{_DAY}{day}", "value": f"{whole.rows} {whole.hashes}"}
            self._target.upsert(change.main, about, [note])
        return whole.rows

    def _move_small(self) -> int:
        """All at once, and the end of the move with them."""
        count = 0
        with self._source.read() as source, self._target.write() as target:
            for table in _SMALL:
                given = Sum()
                for rows in self._rows(source, sa.select(table), given):
                    target.execute(sa.insert(table), rows)
                self._compare(target, sa.select(table), given, table.name)
                count += given.rows
            target.execute(sa.delete(about).where(about.c.name.like(f"{_DAY}%") | (about.c.name == _MOVING)))
        return count

    def _rows(self, connection: sa.Connection, query: sa.Select[Any], seen: Sum) -> Iterator[list[dict[str, Any]]]:
        found = connection.execute(query.execution_options(yield_per=_AT_ONCE))
        names = list(found.keys())
        for part in found.partitions():
            if self._stop.is_set():
                raise Stopped("stopped; what is there is kept, and the same command goes on from there")
            for row in part:
                seen.add(row)
            yield [dict(zip(names, row, strict=True)) for row in part]

    def _compare(self, connection: sa.Connection, query: sa.Select[Any], given: Sum, what: str) -> None:
        """What was written is read again."""
        found = Sum()
        for _ in self._rows(connection, query, found):
            pass
        if found != given:
            raise StorageError(
                f"{what}: the target has {found.rows} rows where {given.rows} were given, or others; none is kept"
            )


def check_whole(database: Database) -> None:
    """Is this no database into which a centre is still being moved?

    Raises:
        ConfigError: see there.
    """
    with database.read() as connection:
        if _MOVING in _notes(connection):
            raise ConfigError("[central] database: a move into it has not ended; run `lamppost central move` again")


def _notes(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(sa.select(about))}


def _any(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None


def _date(day: int) -> str:
    return rfc3339(day * DAY_NS)[:10]


def _plain(value: Any) -> Any:
    """The same for both databases."""
    match value:
        case bytes() | memoryview():
            return bytes(value)
        case dict() | list():
            return json.dumps(value, sort_keys=True)
        case _:
            return value
