"""One engine for both databases, brought to the newest schema at the start; one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent.core.errors import StorageError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
_ROWS_A_STATEMENT = 50  # SQLite takes 32,766 variables a statement; ours have fewer than 20 columns


class Unstorable(StorageError):
    """The database is well, but will never take these rows."""


class Database:
    """Opened by `open`; `read` and `write` give a connection inside a transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writing = threading.Lock()

    @classmethod
    def open(cls, database: str, folder: Path) -> Database:
        """`database` is `sqlite` (a file in `folder`) or a SQLAlchemy address.

        Raises:
            StorageError: it cannot be opened or brought to the newest schema.
        """
        place = f"sqlite:///{folder / 'centre.db'}" if database == "sqlite" else database
        try:
            engine = sa.create_engine(place, pool_size=16, max_overflow=16)
            if engine.dialect.name == "sqlite":
                _prepare_sqlite(engine)
            _migrate(engine)
        except (SQLAlchemyError, ImportError) as error:
            shown = place if database == "sqlite" else database.partition("://")[0]
            raise StorageError(f"{shown}: the database cannot be opened: {_short(error)}") from error
        return cls(engine)

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view; nothing is changed."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end, or leaves nothing behind when it is left by an error."""
        # SQLite has one writer anyway: waiting here is fair, waiting there polls
        with self._translated(), self._writing, self._engine.connect() as connection:
            connection.execution_options(lamppost_write=True)
            with connection.begin():
                yield connection

    def upsert(self, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Insert `rows` (same keys in each) or replace those columns where the primary key exists."""
        insert: Any = sqlite.insert if self.kind == "sqlite" else postgresql.insert
        keys = [column.name for column in table.primary_key]
        for first in range(0, len(rows), _ROWS_A_STATEMENT):
            part = rows[first : first + _ROWS_A_STATEMENT]
            statement = insert(table).values(part)
            changed = {name: statement.excluded[name] for name in part[0] if name not in keys}
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, PoolTimeout) as error:
            raise StorageError(f"the database does not answer as it should: {_short(error)}") from error
        except (DBAPIError, OverflowError) as error:
            raise Unstorable(f"the database refuses these rows: {_short(error)}") from error


def _prepare_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a consistent read
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("lamppost_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: sa.Engine) -> None:
    # only here, because alembic announces its plug-ins in the log when it is imported
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _short(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0] if str(original) else type(original).__name__
