"""The list of segments in SQLite: a row names a file that was synced before the row was written.

`synchronous=FULL`: with NORMAL a power cut could bring a row back whose file was already deleted. The price is one
sync per segment, one in ten seconds per camera.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.record.segment import Segment

LONGEST_NS = 15 * 60 * NS
"""No segment spans more wall time; a lookup reaches back this far and no further."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
  id TEXT PRIMARY KEY, camera TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
  start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, media_ns INTEGER NOT NULL,
  bytes INTEGER NOT NULL, packets INTEGER NOT NULL, reason TEXT NOT NULL, sha256 TEXT NOT NULL, codecs TEXT NOT NULL,
  key INTEGER NOT NULL, base INTEGER NOT NULL, tick TEXT NOT NULL, time_source TEXT NOT NULL, offset_ns INTEGER,
  garbage INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS segment_by_time ON segment (camera, start_ns) WHERE garbage = 0;
CREATE INDEX IF NOT EXISTS segment_by_age ON segment (start_ns) WHERE garbage = 0;
CREATE INDEX IF NOT EXISTS segment_garbage ON segment (path) WHERE garbage = 1;
CREATE TABLE IF NOT EXISTS total (camera TEXT PRIMARY KEY, segments INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS segment_in AFTER INSERT ON segment BEGIN
  INSERT INTO total VALUES (new.camera, 1, new.bytes)
    ON CONFLICT (camera) DO UPDATE SET segments = segments + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER IF NOT EXISTS segment_out AFTER DELETE ON segment BEGIN
  UPDATE total SET segments = segments - 1, bytes = bytes - old.bytes WHERE camera = old.camera;
END;
PRAGMA user_version = 1;
"""

_COLUMNS = ", ".join(field.name for field in fields(Segment))
_MARKS = ", ".join("?" for _ in fields(Segment))


class Totals(NamedTuple):
    """What the catalogue holds."""

    segments: int
    bytes: int


class Catalogue:
    """One connection, one lock: any thread may call, writers take turns. Opened at the first call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def add(self, segment: Segment) -> bool:
        """Write the row of a segment whose file is synced; False when it is there already."""
        values = astuple(segment)
        row = [str(value) if isinstance(value, Fraction) else value for value in values]
        with self._transaction() as db:
            done = db.execute(f"INSERT OR IGNORE INTO segment ({_COLUMNS}) VALUES ({_MARKS})", row)  # noqa: S608 - our own names
            return done.rowcount > 0

    def find(self, camera: str, start_ns: int, end_ns: int) -> list[Segment]:
        """The segments of a camera that have footage between the two times, oldest first."""
        return self._select(
            "camera = ? AND start_ns > ? AND start_ns < ? AND end_ns > ? ORDER BY start_ns",
            (camera, start_ns - LONGEST_NS, end_ns, start_ns),
        )

    def oldest(self, most: int, camera: str | None = None) -> list[Segment]:
        """The segments that began first, of one camera or of all."""
        if camera is None:
            return self._select("TRUE ORDER BY start_ns LIMIT ?", (most,))
        return self._select("camera = ? ORDER BY start_ns LIMIT ?", (camera, most))

    def newest(self, most: int) -> list[Segment]:
        """The segments that began last, of all cameras, newest first."""
        return self._select("TRUE ORDER BY start_ns DESC LIMIT ?", (most,))

    def newest_start_ns(self, camera: str) -> int | None:
        """When the newest segment of a camera began."""
        with self._transaction() as db:
            query = "SELECT max(start_ns) FROM segment WHERE camera = ? AND garbage = 0"
            found: int | None = db.execute(query, (camera,)).fetchone()[0]
            return found

    def knows(self, path: str) -> bool:
        """Is there a row for this file?"""
        with self._transaction() as db:
            return db.execute("SELECT 1 FROM segment WHERE path = ?", (path,)).fetchone() is not None

    def totals(self, camera: str | None = None) -> Totals:
        """Segments and bytes, of one camera or of all."""
        query = (
            "SELECT coalesce(sum(segments), 0), coalesce(sum(bytes), 0) FROM total WHERE camera = coalesce(?, camera)"
        )
        with self._transaction() as db:
            return Totals(*db.execute(query, (camera,)).fetchone())

    def to_garbage(self, ids: Sequence[str]) -> None:
        """First step of a deletion: the rows are no longer found, the files may go."""
        with self._transaction() as db:
            db.executemany("UPDATE segment SET garbage = 1 WHERE id = ?", [(one,) for one in ids])

    def garbage(self) -> list[tuple[str, str]]:
        """Id and path of what waits for its last step."""
        with self._transaction() as db:
            return db.execute("SELECT id, path FROM segment WHERE garbage = 1").fetchall()

    def forget(self, ids: Sequence[str]) -> None:
        """Last step of a deletion: the files are gone."""
        with self._transaction() as db:
            db.executemany("DELETE FROM segment WHERE id = ? AND garbage = 1", [(one,) for one in ids])

    def close(self) -> None:
        """Let go of the database; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _select(self, where: str, values: tuple[object, ...]) -> list[Segment]:
        query = f"SELECT {_COLUMNS} FROM segment WHERE garbage = 0 AND {where}"  # noqa: S608 - our own words
        with self._transaction() as db:
            return [_segment(row) for row in db.execute(query, values)]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                connection = self._connection = self._connection or _connect(self._path)
                with connection:
                    yield connection
            except sqlite3.Error as error:
                raise StorageError(f"{self._path}: {error}; look at the disk, or rebuild the catalogue") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _segment(row: tuple[object, ...]) -> Segment:
    named = dict(zip((field.name for field in fields(Segment)), row, strict=True))
    return Segment(**{**named, "key": bool(named["key"]), "tick": Fraction(str(named["tick"]))})  # type: ignore[arg-type]
