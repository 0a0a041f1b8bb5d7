"""One database, SQLite or PostgreSQL, brought to the newest schema at the start; one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from agent.central.store.days import Change, Days
from agent.central.store.engines import Unstorable, migrate, short, sqlite_engine, translated
from agent.central.store.sqlite_days import SqliteDays
from agent.config.addresses import without_password
from agent.core.errors import ConfigError, StorageError

__all__ = ["Database", "Unstorable"]


_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
"""A server that is gone without a word is noticed within half a minute."""
_NOW_NS = {
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000000",
    "postgresql": "SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint",
}


class Database:
    """Opened by `open`; `read`, `write` and `change` give a transaction, `days` reads what rests by day."""

    def __init__(self, engine: sa.Engine, days: Days) -> None:
        self._engine, self.days = engine, days
        self._writing = threading.Lock()

    @classmethod
    def open(cls, database: str, folder: Path, password: str | None = None) -> Database:
        """`database` is `sqlite` (files in `folder`) or `postgresql://user@host/name`, with its `password` apart.

        Raises:
            ConfigError: the address is none, or the driver is not installed.
            StorageError: it cannot be opened or brought to the newest schema.
        """
        shown = str(folder / "centre.db") if database == "sqlite" else without_password(database)
        try:
            return _open_sqlite(folder) if database == "sqlite" else _open_postgres(database, password)
        except (SQLAlchemyError, ImportError) as error:
            raise StorageError(f"{shown}: the database cannot be opened: {short(error)}") from error

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view of the small tables; nothing is changed."""
        with translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end, or leaves nothing behind when it is left by an error."""
        # SQLite has one writer anyway: waiting here is fair, waiting there polls
        with translated(), self._writing, self._engine.connect() as connection:
            connection.execution_options(lamppost_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction over the small tables and the days. See `Days.change`."""
        with self.write() as connection, self.days.change(connection) as change:
            yield change

    def upsert(self, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Insert `rows` (same keys in each) or replace those columns where the primary key exists."""
        if not rows:
            return
        insert: Any = (sqlite.insert if self.kind == "sqlite" else postgresql.insert)(table)
        keys = [column.name for column in table.primary_key]
        changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        if changed:
            insert = insert.on_conflict_do_update(index_elements=keys, set_=changed)
        else:
            insert = insert.on_conflict_do_nothing(index_elements=keys)
        connection.execute(insert, rows)

    def alone(self, connection: sa.Connection, what: int) -> None:
        """Until this transaction ends nobody else, in whatever process, is between here and its end for `what`."""
        if self.kind == "postgresql":  # a writer of SQLite is alone anyway
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(what)))

    @contextmanager
    def turn(self, what: int) -> Iterator[sa.Connection]:
        """`alone` by itself, to read; where the database can, without holding up who writes something else."""
        with self.read() if self.kind == "postgresql" else self.write() as connection:
            self.alone(connection, what)
            yield connection

    def now_ns(self, connection: sa.Connection) -> int:
        """The database's own clock, which all processes share, whatever their machines' clocks say."""
        return int(connection.scalar(sa.text(_NOW_NS[self.kind])) or 0)

    def close(self) -> None:
        """Let go of all connections."""
        self.days.close()
        self._engine.dispose()


def _open_sqlite(folder: Path) -> Database:
    engine = sqlite_engine(folder / "centre.db")
    try:
        migrate(engine, "main")
        days = SqliteDays(folder / "days")
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, days)


def _open_postgres(database: str, password: str | None) -> Database:
    try:
        from agent.central.store.postgres_days import PostgresDays  # noqa: PLC0415 - its driver is an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"[central] database: PostgreSQL needs one more package ({error.name}): pip install 'lamppost[postgresql]'"
        ) from error
    url = _url(database).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        url.set(password=password) if password else url,
        pool_size=16,
        max_overflow=16,
        pool_pre_ping=True,
        # a plan for each question: one for all days would not know that a single partition is asked for
        connect_args={"connect_timeout": 10, "application_name": "lamppost", "prepare_threshold": None} | _ALIVE,
    )
    try:
        for part in ("main", "day"):
            migrate(engine, part)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, PostgresDays(engine))


def _url(database: str) -> sa.URL:
    try:
        url = sa.make_url(database)
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError("[central] database: write it as postgresql://user@host:5432/name") from error
    if url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        raise ConfigError(
            f"[central] database: {without_password(database)} is none we know; "
            "write sqlite, or postgresql://user@host:5432/name"
        )
    return url
