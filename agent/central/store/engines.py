"""Connections to either database, brought to the newest schema; foreign errors in our own words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent.central.store.deadline import OutOfTime
from agent.core.errors import StorageError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
_PAGES_KIB, _LOG_BYTES = 16 << 10, 16 << 20
MAKING = 0x6C616D70
"""Of PostgreSQL's advisory locks: who holds it makes or drops tables."""


class Unstorable(StorageError):
    """The database is well, but will never take these rows."""


def sqlite_engine(path: Path, *, make: bool = True) -> sa.Engine:
    """A file in WAL mode, synced at every commit; `make` it when it is not there."""
    mode = "rwc" if make else "rw"
    # built of its parts: one that is parsed is unquoted on the way, and SQLite would end the name at a '#'
    place = sa.URL.create("sqlite", database=path.absolute().as_uri(), query={"mode": mode, "uri": "true"})
    engine = sa.create_engine(place, pool_size=16, max_overflow=16)

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a consistent read
        settings = [f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"]
        for pragma in (*settings, f"cache_size=-{_PAGES_KIB}", f"journal_size_limit={_LOG_BYTES}"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("lamppost_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def migrate(engine: sa.Engine, part: Literal["main", "day"]) -> None:
    """Bring the small tables or those of a day to the newest schema; each part has a history of its own."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # what it calls news is none for an operator
    # only here, because alembic announces its plug-ins in the log when it is imported
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS / part).replace("%", "%%"))
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":  # several processes start at once
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the databases raise becomes one of ours.

    Raises:
        StorageError: it does not answer as it should; it may later.
        OutOfTime: it ended a statement that ran for too long.
        Unstorable: it will never take this.
    """
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        original = getattr(error, "orig", None)
        if (
            getattr(original, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
            or getattr(original, "sqlstate", "") == "57014"
        ):
            raise OutOfTime("the database needed too long to answer") from error
        raise StorageError(f"the database does not answer as it should: {short(error)}") from error
    except (DBAPIError, OverflowError) as error:
        raise Unstorable(f"the database refuses these rows: {short(error)}") from error


def short(error: Exception) -> str:
    """The first line of what the database itself said."""
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0] if str(original) else type(original).__name__
