"""The outbox's SQLite file: opened late, one writer at a time, synced when asked, set aside when broken."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.core.trust import Trust

log = logging.getLogger(__name__)

T = TypeVar("T")

SYNC_INTERVAL_S = 1.0
"""What a power cut may take at most. A killed process loses nothing: committed is committed."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (
  kind TEXT PRIMARY KEY, last INTEGER NOT NULL DEFAULT 0,
  acknowledged INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
  kind TEXT NOT NULL, seq INTEGER NOT NULL, camera TEXT NOT NULL, record BLOB NOT NULL,
  urgency INTEGER NOT NULL, worth INTEGER NOT NULL, PRIMARY KEY (kind, seq)
);
CREATE INDEX IF NOT EXISTS message_order ON message (urgency, kind, seq);
CREATE INDEX IF NOT EXISTS message_worth ON message (worth);
CREATE TABLE IF NOT EXISTS gap (kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (kind, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
  id TEXT PRIMARY KEY, manifest BLOB NOT NULL, body BLOB, file TEXT, bytes INTEGER NOT NULL,
  rank INTEGER NOT NULL, expires_ns INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS reply (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, reply BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS media_order ON media (rank, gone, bytes);
CREATE TABLE IF NOT EXISTS going (id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS wish (
  event TEXT PRIMARY KEY, camera TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
  quality TEXT NOT NULL, urgent INTEGER NOT NULL, due_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Database:
    """Runs pieces of work as transactions, from any thread, one after the other.

    WAL with synchronous=NORMAL; at least every `SYNC_INTERVAL_S`, and for what is urgent at once, a commit is synced
    (FULL), and with it all before it. A file that SQLite calls malformed is renamed to `<name>.broken-<time>`, the
    work starts anew in an empty one, and `problem` says so.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._synced_ns = 0
        self._unsynced = False
        self.generation = 0
        """Changes whenever counters kept in memory may no longer fit the file."""
        self._version = 0
        self.problem = ""
        self.trust = Trust(clock)
        """One for all that waits here: whoever looks most often sees a jump first, and for the others, too."""

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def run(self, work: Callable[[sqlite3.Connection], T], *, urgent: bool = False) -> T:
        """Do `work` in one transaction and return what it returns.

        Raises:
            StorageError: the disk is full or does not answer.
        """
        with self._lock:
            try:
                return self._transaction(work, urgent=urgent)
            except sqlite3.DatabaseError as error:
                if not _is_broken(error):
                    raise StorageError(f"the outbox {self._path} cannot be written: {error}") from error
                self._set_aside(error)
            try:
                return self._transaction(work, urgent=urgent)
            except sqlite3.DatabaseError as error:
                raise StorageError(f"the outbox {self._path} cannot be written: {error}") from error

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Like `run`, for work that changes nothing."""
        with self._lock:
            try:
                return work(self._open())
            except sqlite3.DatabaseError as error:
                if not _is_broken(error):
                    raise StorageError(f"the outbox {self._path} cannot be read: {error}") from error
                self._set_aside(error)
            try:
                return work(self._open())
            except sqlite3.DatabaseError as error:
                raise StorageError(f"the outbox {self._path} cannot be read: {error}") from error

    def sync(self) -> None:
        """Make everything committed so far survive a power cut; cheap when nothing is new."""
        with self._lock:
            if self._unsynced:
                now = str(self._clock.wall_ns())
                self.run(lambda db: db.execute("INSERT OR REPLACE INTO meta VALUES ('synced', ?)", (now,)), urgent=True)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _transaction(self, work: Callable[[sqlite3.Connection], T], *, urgent: bool) -> T:
        db = self._open()
        now_ns = self._clock.mono_ns()
        full = urgent or now_ns - self._synced_ns > SYNC_INTERVAL_S * NS
        db.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
        db.execute("BEGIN IMMEDIATE")
        self._notice_others(db)
        try:
            found = work(db)
            db.execute("COMMIT")
        except BaseException:
            self.generation += 1  # whoever counted on this transaction must count again
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._unsynced = not full
        self._synced_ns = now_ns if full else self._synced_ns
        return found

    def _notice_others(self, db: sqlite3.Connection) -> None:
        """Another process took something out: a receipt that came on a stick."""
        version = int(db.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version:
            self._version = version
            self.generation += 1

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"the outbox {self._path} cannot be made: {error.strerror}") from error
            self._connection = self._connect()
            self.generation += 1
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        """Whole, with all its tables, or not at all: one that found the disk full is begun anew by the next use."""
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)
            db.execute("INSERT OR IGNORE INTO meta VALUES ('outbox', ?)", (new_id(self._clock.wall_ns()),))
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        moment = rfc3339(self._clock.wall_ns()).replace(":", "")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            try:
                if part.exists():
                    part.rename(self._path.with_name(f"{self._path.name}.broken-{moment}{suffix}"))
            except OSError as why:
                raise StorageError(f"the outbox {self._path} is broken and stays: {why.strerror}") from why
        self.problem = f"the outbox {self._path} was broken ({error}) and was set aside as .broken-{moment}"
        log.error("%s; a new one begins", self.problem)


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
