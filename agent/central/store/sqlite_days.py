"""A file per day, `days/2026-05-28.db`: a day leaves by unlinking it."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from agent.central.store.among import one_of
from agent.central.store.days import Change, Row
from agent.central.store.deadline import Deadline
from agent.central.store.engines import Unstorable, migrate, sqlite_engine, translated
from agent.central.store.migrations.day import HEAD
from agent.core.errors import StorageError

_NAME = re.compile(r"^(\d{4}-\d\d-\d\d)\.db$")
_EPOCH = date(1970, 1, 1)
_MOST_OPEN = 64
_STEPS = 50_000
"""Of SQLite's machine, between two looks at the clock."""
MOST_WRITTEN = 240
"""Days of one change; each holds three files open until it is committed, of a thousand that a process may have."""
_MOST_LOOKED_AT = 16


class SqliteDays:
    """See `Days`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._engines: OrderedDict[int, sa.Engine] = OrderedDict()
        folder.mkdir(exist_ok=True)
        for left in (
            *folder.glob("*.new*"),
            *folder.glob("*.gone"),
        ):  # was being made, or dropped, when the machine died
            left.unlink(missing_ok=True)
        for day in self.present():
            self._renew(day)

    def present(self) -> list[int]:
        """See `Days.present`."""
        named = (_NAME.match(path.name) for path in self._folder.iterdir())
        return sorted((_day(found[1]) for found in named if found), reverse=True)

    @contextmanager
    def read(self, day: int, late: Deadline | None = None) -> Iterator[sa.Connection | None]:
        """See `Days.read`."""
        connection = self.connect(day)
        if connection is None:
            yield None
            return
        with translated(), connection, _ended_when(late, connection):
            yield connection

    @contextmanager
    def change(self, main: sa.Connection) -> Iterator[Change]:
        """See `Days.change`."""
        change = SqliteChange(self, main)
        try:
            yield change
            change.commit()
        finally:
            change.close()

    def drop(self, day: int) -> None:
        """See `Days.drop`. The log goes before the file: a log that is left over would be read into a new file.

        The file loses its name first: to free a gigabyte takes a while, in which nobody is to wait for the lock.
        """
        path = self._path(day)
        gone = path.with_name(f"{path.name}.gone")
        with self._lock:
            engine = self._engines.pop(day, None)
            if engine is not None:
                engine.dispose()
            for name in (f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                path.rename(gone)
        gone.unlink(missing_ok=True)

    @contextmanager
    def alone(self, day: int) -> Iterator[sa.Connection | None]:
        """See `Days.alone`."""
        connection = self.connect(day)
        if connection is None:
            yield None
            return
        with translated(), connection:
            _driver_of(connection).execute("PRAGMA secure_delete=FAST").close()
            connection.execution_options(lamppost_write=True)
            with connection.begin():
                yield connection
            _give_back(connection)

    def empty(self, connection: sa.Connection, day: int, table: sa.Table) -> None:  # noqa: ARG002 - it has its file
        """See `Days.empty`: without a condition SQLite looks at no row."""
        connection.execute(sa.delete(table))

    def close(self) -> None:
        """See `Days.close`."""
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    def connect(self, day: int, *, make: bool = False) -> sa.Connection | None:
        """A connection to a day's file, made first if asked to."""
        with self._lock:
            if not self._path(day).exists():
                if not make:
                    return None
                self._make(day)
            engine = self._engine(day)
        try:
            return engine.connect()
        except OperationalError:
            if not self._path(day).exists():  # dropped just now
                return None
            raise

    def release(self, day: int, connection: sa.Connection) -> None:
        """Give a connection back; its files are closed where nobody would ask for it again."""
        with self._lock:
            if self._engines.get(day) is not connection.engine:
                connection.detach()
        connection.close()

    def _engine(self, day: int) -> sa.Engine:
        engine = self._engines.pop(day, None) or sqlite_engine(self._path(day), make=False)
        self._engines[day] = engine
        if len(self._engines) > _MOST_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def _make(self, day: int) -> None:
        """Whole or not at all: it gets its name when it has its tables."""
        path = self._path(day)
        fresh = path.with_name(path.name + ".new")
        engine = sqlite_engine(fresh)
        try:
            migrate(engine, "day")
        finally:
            engine.dispose()
        fresh.replace(path)

    def _renew(self, day: int) -> None:
        """Bring a file of an older version to the newest schema."""
        engine = self._engine(day)
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version_day").scalar()
        if version != HEAD:
            migrate(engine, "day")

    def _path(self, day: int) -> Path:
        return self._folder / f"{_EPOCH + timedelta(day)}.db"


class SqliteChange:
    """See `Change`. There is one writer, so locks are free."""

    def __init__(self, days: SqliteDays, main: sa.Connection) -> None:
        self._days, self.main = days, main
        self._open: OrderedDict[int, tuple[sa.Connection, sa.Transaction]] = OrderedDict()
        self._written: set[int] = set()
        self._before: dict[int, set[int]] = {}

    def lock(self, keys: Collection[int]) -> None:
        """See `Change.lock`."""

    def at(self, day: int) -> sa.Connection | None:
        """See `Change.at`."""
        return self._connection(day)

    def put(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """See `Change.put`."""
        self._write(day, table, rows, "{0} = excluded.{0}")

    def add(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """See `Change.add`."""
        self._write(day, table, rows, "{0} = {0} + excluded.{0}")

    def moves(self, source: int, target: int) -> None:
        """See `Change.moves`."""
        self._before.setdefault(source, set()).add(target)

    def take_out(self, day: int, table: sa.Table, ids: Collection[str]) -> None:
        """See `Change.take_out`."""
        connection = self._connection(day, writes=True) if ids else None
        if connection is not None:
            where = one_of(connection, table.c.id, ids)
            connection.execute(sa.delete(table).where(table.c.day == day, where))

    def commit(self) -> None:
        """Every day by itself."""
        for day in self._order():
            self._open[day][1].commit()

    def _order(self) -> list[int]:
        """Of moves round in a circle one is first all the same."""
        try:
            first = [day for day in TopologicalSorter(self._before).static_order() if day in self._open]
        except CycleError:
            first = []
        return list(dict.fromkeys([*first, *self._open]))

    def close(self) -> None:
        """Roll back what was not committed."""
        for day, (connection, transaction) in self._open.items():
            with suppress(OperationalError):
                transaction.close()
            self._days.release(day, connection)

    def _write(self, day: int, table: sa.Table, rows: Sequence[Row], change: str) -> None:
        if not rows:
            return
        connection = self._connection(day, make=True, writes=True)
        assert connection is not None  # noqa: S101 - it was made
        names = tuple(rows[0])
        # straight to the driver: rows are many and of plain types
        connection.exec_driver_sql(_upsert(table, names, change), list(map(itemgetter(*names), rows)))

    def _connection(self, day: int, *, make: bool = False, writes: bool = False) -> sa.Connection | None:
        if writes and day not in self._written and len(self._written) >= MOST_WRITTEN:
            raise Unstorable(f"it touches more than {MOST_WRITTEN} days at once")
        if day not in self._open:
            connection = self._days.connect(day, make=make)
            if connection is None:
                return None
            connection.execution_options(lamppost_write=True)
            try:
                self._open[day] = connection, connection.begin()
            except BaseException:
                connection.close()
                raise
        self._open.move_to_end(day)
        self._written |= {day} if writes else set()
        self._let_go()
        return self._open[day][0]

    def _let_go(self) -> None:
        """Of days that were only looked at: each is three open files, and a look through all may be many."""
        looked_at = [day for day in self._open if day not in self._written]
        for day in looked_at[:-_MOST_LOOKED_AT]:
            connection, transaction = self._open.pop(day)
            transaction.close()
            self._days.release(day, connection)


@lru_cache
def _upsert(table: sa.Table, names: tuple[str, ...], change: str) -> str:
    keys = [column.name for column in table.primary_key]
    changed = ", ".join(change.format(name) for name in names if name not in keys)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608 - our own
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
    )


@contextmanager
def _ended_when(late: Deadline | None, connection: sa.Connection) -> Iterator[None]:
    """SQLite asks every millisecond or so of work whether to go on, in the thread that waits for it."""
    if late is None:
        yield
        return
    driver = _driver_of(connection)
    driver.set_progress_handler(late, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _driver_of(connection: sa.Connection) -> Any:
    """For what is no part of a transaction: SQLAlchemy begins one with its first statement."""
    return connection.connection.driver_connection


def _give_back(connection: sa.Connection) -> None:
    """What was let go of could be read from the file as long as its pages are only marked as free, and from the log.

    Pages that are still in use have it no more: see `secure_delete`.
    """
    driver = _driver_of(connection)
    try:
        if driver.execute("PRAGMA freelist_count").fetchone()[0]:
            driver.execute("VACUUM").close()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    except sqlite3.Error as error:
        raise StorageError(f"a day's file does not give room back: {error}") from error


def _day(name: str) -> int:
    return (datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC).date() - _EPOCH).days
