"""A partition per day of each table: a day leaves by detaching and dropping them. Rows go in by COPY."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from agent.central.store.day_schema import day_metadata
from agent.central.store.days import Change, Row
from agent.central.store.deadline import Deadline
from agent.central.store.engines import MAKING, Unstorable, short, translated
from agent.core.errors import StorageError

_TABLES = tuple(sorted(day_metadata.sorted_tables, key=lambda table: table.name == "track"))
"""The searched one last: while it is there, so is the day, and letting go of it that was cut short is begun again."""
_PATIENCE_S = 5
_BREATH_S = 0.05
_MUCH_OF_IT = 0.9
"""Of the time limit: while so much is left of what the server knows, it is not told anew."""
_PARTITION = re.compile(r"^track_(\d+)$")


class PostgresDays:
    """See `Days`. The engine is the small tables' own."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        sa.event.listen(engine, "begin", _on_begin)
        sa.event.listen(engine, "before_cursor_execute", _on_statement)
        self._known: frozenset[int] = frozenset()
        self._whole: frozenset[int] = frozenset()

    def present(self) -> list[int]:
        """See `Days.present`."""
        with translated(), self._engine.connect() as connection:
            found = _partitions(connection)
        self._known = frozenset(found)
        return sorted(found, reverse=True)

    @contextmanager
    def read(self, day: int, late: Deadline | None = None) -> Iterator[sa.Connection | None]:
        """See `Days.read`."""
        if day not in self._known and day not in self.present():
            yield None
            return
        with translated(), self._engine.connect() as connection:
            if late is not None:  # the driver's own BEGIN would be a message more; see `_on_begin`
                connection.execution_options(isolation_level="AUTOCOMMIT", lamppost_late=late)
            yield connection

    @contextmanager
    def change(self, main: sa.Connection) -> Iterator[Change]:
        """See `Days.change`."""
        try:
            yield PostgresChange(self, main)
        except BaseException:
            self._known = self._whole = frozenset()  # perhaps another process dropped a day
            raise

    def ensure(self, day: int) -> None:
        """Make the partitions of a day, in a transaction of its own: attached, they lock nobody out.

        Whoever lets go of a day may wait for what the caller has read already: rather fail, and be tried again.
        """
        if day in self._whole:
            return
        with self._engine.connect() as connection, connection.begin():
            if _missing(connection, day):
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'")
                _lock(connection)
            for table in _missing(connection, day):
                name = _name(table, day)
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")  # let go of, and then cut short
                connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)")
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES IN ({day})")
        self._known |= {day}
        self._whole |= {day}

    def drop(self, day: int) -> None:
        """See `Days.drop`. Detached concurrently, searches of other days go on meanwhile.

        Not all in one go: each step has every search look up anew which partitions there are. What is detached
        already concerns nobody.
        """
        with translated(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _lock(connection, session=True)
            try:
                for table in _TABLES:
                    _detach(connection, table.name, _name(table, day))
                    time.sleep(_BREATH_S)
                names = ", ".join(_name(table, day) for table in _TABLES)
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MAKING})")
        self._known -= {day}
        self._whole -= {day}

    @contextmanager
    def alone(self, day: int) -> Iterator[sa.Connection | None]:
        """See `Days.alone`. Searches of that day go on until it is emptied, and then wait for the end.

        Where letting go of the day was cut short, what is left of it is made whole first.
        """
        if day not in self.present():
            yield None
            return
        self._whole -= {day}
        with translated():
            self.ensure(day)
            with self._engine.connect() as connection, connection.begin():
                names = ", ".join(_name(table, day) for table in _TABLES)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'")
                connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
                yield connection

    def empty(self, connection: sa.Connection, day: int, table: sa.Table) -> None:
        """See `Days.empty`."""
        connection.exec_driver_sql(f"TRUNCATE {_name(table, day)}")

    def close(self) -> None:
        """See `Days.close`: the engine is not ours."""


class PostgresChange:
    """See `Change`: all of it is the one transaction of `main`."""

    def __init__(self, days: PostgresDays, main: sa.Connection) -> None:
        self._days, self.main = days, main
        self._used: set[str] = set()

    def lock(self, keys: Collection[int]) -> None:
        """See `Change.lock`; in their order, so that two that want the same do not wait for each other."""
        query = "SELECT pg_advisory_xact_lock(key) FROM unnest(%(keys)s::bigint[]) key"
        self.main.exec_driver_sql(query, {"keys": sorted(keys)})

    def at(self, day: int) -> sa.Connection | None:  # noqa: ARG002 - a day without a partition is an empty one
        """See `Change.at`."""
        return self.main

    def put(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """See `Change.put`."""
        self._write(day, table, rows, "{name} = excluded.{name}")

    def add(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """See `Change.add`."""
        self._write(day, table, rows, "{name} = old.{name} + excluded.{name}")

    def moves(self, source: int, target: int) -> None:
        """See `Change.moves`: there is one commit."""

    def take_out(self, day: int, table: sa.Table, ids: Collection[str]) -> None:
        """See `Change.take_out`."""
        self.main.execute(sa.delete(table).where(table.c.day == day, table.c.id == sa.any_(sa.literal(list(ids)))))

    def _write(self, day: int, table: sa.Table, rows: Sequence[Row], change: str) -> None:
        if not rows:
            return
        self._days.ensure(day)
        names, keys = list(rows[0]), [column.name for column in table.primary_key]
        columns = ", ".join(f'"{name}"' for name in names)
        changed = ", ".join(change.format(name=f'"{name}"') for name in names if name not in keys)
        self._copy(table, names, rows)
        self.main.exec_driver_sql(
            f"INSERT INTO {table.name} AS old ({columns}) SELECT {columns} FROM fresh_{table.name} "  # noqa: S608 - our own names
            f"ORDER BY {', '.join(keys)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
        )

    def _copy(self, table: sa.Table, names: list[str], rows: Sequence[Row]) -> None:
        """Into an empty table of this session alone: COPY itself cannot meet what is there."""
        fresh = f"fresh_{table.name}"
        begin = (
            "TRUNCATE {0}"
            if fresh in self._used
            else ("CREATE TEMP TABLE IF NOT EXISTS {0} (LIKE {1}) ON COMMIT DELETE ROWS")
        )
        self.main.exec_driver_sql(begin.format(fresh, table.name))
        self._used.add(fresh)
        driver: Any = self.main.connection.driver_connection
        columns = ", ".join(f'"{name}"' for name in names)
        types = [table.c[name].type.compile(_DIALECT).partition("(")[0].split(" COLLATE")[0] for name in names]
        command = f"COPY {fresh} ({columns}) FROM STDIN (FORMAT BINARY)"
        with _translated(), driver.cursor() as cursor, cursor.copy(command) as copy:
            copy.set_types([_WIRE.get(one, one.lower()) for one in types])
            for row in map(itemgetter(*names), rows):
                copy.write_row(row)


_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_WIRE = {
    "INTEGER": "int4", "SMALLINT": "int2", "BIGINT": "int8", "VARCHAR": "text", "TEXT": "text", "BYTEA": "bytea",
    "FLOAT": "float8", "BOOLEAN": "bool",
}  # fmt: skip


@contextmanager
def _translated() -> Iterator[None]:
    """What the driver raises when nobody stands between."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise StorageError(f"the database does not answer as it should: {short(error)}") from error
    except psycopg.Error as error:
        raise Unstorable(f"the database refuses these rows: {short(error)}") from error


def _name(table: sa.Table, day: int) -> str:
    return f"{table.name}_{day}"


def _on_begin(connection: sa.Connection) -> None:
    """The time limit goes with the transaction, in one message, and ends with it: the pool never sees it."""
    late: Deadline | None = connection.get_execution_options().get("lamppost_late")
    if late is not None:
        left_ms = connection.info["left_ms"] = late.left_ms()
        connection.exec_driver_sql(f"BEGIN; SET LOCAL statement_timeout = {left_ms}")


def _on_statement(connection: sa.Connection, cursor: Any, *_: Any) -> None:
    """The server's limit is of each statement: what comes after others have taken their time has less."""
    late: Deadline | None = connection.get_execution_options().get("lamppost_late")
    if late is None or not connection.in_transaction():
        return
    left_ms = late.left_ms()
    if left_ms < _MUCH_OF_IT * connection.info["left_ms"]:
        connection.info["left_ms"] = left_ms
        cursor.execute(f"SET LOCAL statement_timeout = {left_ms}")


def _lock(connection: sa.Connection, *, session: bool = False) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_{'' if session else 'xact_'}lock({MAKING})")


def _partitions(connection: sa.Connection) -> set[int]:
    query = (
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'track'::regclass"
    )
    names = (_PARTITION.match(str(row[0])) for row in connection.exec_driver_sql(query))
    return {int(found[1]) for found in names if found}


def _missing(connection: sa.Connection, day: int) -> list[sa.Table]:
    """The tables that have no partition for that day."""
    query = "SELECT relname FROM pg_class WHERE relispartition AND relname = ANY(%(names)s)"
    names = {"names": [_name(table, day) for table in _TABLES]}
    there = set(connection.exec_driver_sql(query, names).scalars())
    return [table for table in _TABLES if _name(table, day) not in there]


def _detach(connection: sa.Connection, parent: str, name: str) -> None:
    query = "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(%(name)s)"
    pending = connection.exec_driver_sql(query, {"name": name}).scalar()
    if pending is not None:
        how = "FINALIZE" if pending else "CONCURRENTLY"
        connection.exec_driver_sql(f"ALTER TABLE {parent} DETACH PARTITION {name} {how}")
