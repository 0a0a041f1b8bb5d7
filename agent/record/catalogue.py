"""The list of segments in SQLite: a row names a file that was synced before the row was written.

`synchronous=FULL`: with NORMAL a power cut could bring a row back whose file was already deleted. The price is one
sync per segment, one in ten seconds per camera.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, fields
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from agent.core.clock import NS
from agent.core.durable import sync_file, sync_folder
from agent.core.errors import StorageError
from agent.record.catalogue_schema import SCHEMA
from agent.record.damage import Damage
from agent.record.segment import Segment, start_of
from agent.record.statement import GENESIS

LONGEST_NS = 15 * 60 * NS
"""No segment spans more wall time; a lookup reaches back this far and no further."""

NAME = "catalogue.sqlite"

_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY = 0xFF
"""The part of an error code that says what it is; what stands above says more closely where."""
_MOST_ASIDE = 100

_FIELDS = tuple(field.name for field in fields(Segment))
_COLUMNS = ", ".join(_FIELDS)
_MARKS = ", ".join("?" for _ in _FIELDS)


class Totals(NamedTuple):
    """What the catalogue holds."""

    segments: int
    bytes: int


class ChainHead(NamedTuple):
    """The newest segment of a camera's chain: its number and its link."""

    number: int
    link: str


class CatalogueBroken(StorageError):
    """The file is no database, or one that is damaged."""


class Catalogue:
    """One connection, one lock: any thread may call, writers take turns. Opened at the first call.

    Other rooms of the recorder keep tables of their own here (tombstones, holds) through `transaction`.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self._read_only = path, read_only
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self.damage = Damage(path)

    def add(self, segment: Segment) -> bool:
        """Write the row of a segment whose file is synced, and the head of its chain; False when it is there already.

        Raises:
            StorageError: the disk does not take it, or another segment has that number.
        """
        with self.transaction() as db:
            return put(db, segment)

    def is_unlisted(self) -> bool:
        """Was it begun anew, and does not list all older footage yet?"""
        with self.transaction() as db:
            return db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'unlisted'").fetchone() is not None

    def all_listed(self) -> None:
        """It lists whatever lies in the files."""
        with self.transaction() as db:
            db.execute("DROP TABLE IF EXISTS unlisted")

    def check(self) -> None:
        """Open it and look at its first pages.

        Raises:
            CatalogueBroken: it must be made again; `set_aside` makes room.
        """
        if self.damage.is_noted:
            raise CatalogueBroken(f"{self.path}: is damaged, as was found before")
        with self.transaction() as db:
            db.execute("SELECT max(n) FROM segment").fetchone()
            db.execute("SELECT max(number) FROM chain").fetchone()  # of the table itself, one row per camera

    def set_aside(self) -> None:
        """Rename the file, and what belongs to it, so that the next call begins a new one.

        A kill in the middle must not leave it without its WAL, and to be taken for whole.
        """
        self.damage.note()
        self.close()
        self._file = None
        for number in range(1, _MOST_ASIDE):
            aside = self.path.with_name(f"{self.path.name}.broken-{number}")
            if not aside.exists():
                break
        for suffix in ("-wal", "-shm", ""):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        self.damage.clear()

    def head(self, camera: str) -> ChainHead:
        """Where the camera's chain ends; number 0 before its first segment."""
        with self.transaction() as db:
            found = db.execute("SELECT number, link FROM chain WHERE camera = ?", (camera,)).fetchone()
            return ChainHead(*found) if found else ChainHead(0, GENESIS)

    def cameras(self) -> list[str]:
        """All cameras that ever had a segment here."""
        with self.transaction() as db:
            return [row[0] for row in db.execute("SELECT camera FROM chain ORDER BY camera")]

    def find(self, camera: str, start_ns: int, end_ns: int) -> list[Segment]:
        """The segments of a camera that have footage between the two times, oldest first."""
        return self._select(
            "camera = ? AND start_ns > ? AND start_ns < ? AND end_ns > ? ORDER BY start_ns",
            (camera, start_ns - LONGEST_NS, end_ns, start_ns),
        )

    def bytes_between(self, camera: str, start_ns: int, end_ns: int) -> int:
        """Of the segments that `find` gives, without reading them."""
        query = (
            "SELECT coalesce(sum(bytes), 0) FROM segment "
            "WHERE garbage = 0 AND camera = ? AND start_ns > ? AND start_ns < ? AND end_ns > ?"
        )
        with self.transaction() as db:
            return int(db.execute(query, (camera, start_ns - LONGEST_NS, end_ns, start_ns)).fetchone()[0])

    def get(self, segment_id: str) -> Segment | None:
        """One segment by its id."""
        return next(iter(self._select("id = ?", (segment_id,))), None)

    def oldest(self, most: int, camera: str | None = None) -> list[Segment]:
        """The segments that began first, of one camera or of all."""
        if camera is None:
            return self._select("TRUE ORDER BY start_ns LIMIT ?", (most,))
        return self._select("camera = ? ORDER BY start_ns LIMIT ?", (camera, most))

    def free_in_chain(self, camera: str, tier: int, after: int, most: int) -> list[Segment]:
        """The segments of a camera on one tier that no hold covers, in the order they were written."""
        where = "held = 0 AND camera = ? AND tier = ? AND number > ? ORDER BY number LIMIT ?"
        return self._select(where, (camera, tier, after, most))

    def oldest_on(self, tier: int, most: int, before_ns: int) -> list[Segment]:
        """The segments on a tier that began first, held ones too, but no camera's newest: the chain goes on from it."""
        where = (
            "tier = ? AND start_ns < ? AND number < (SELECT number FROM chain WHERE chain.camera = segment.camera) "
            "ORDER BY start_ns LIMIT ?"
        )
        return self._select(where, (tier, before_ns, most))

    def newest(self, most: int) -> list[Segment]:
        """The segments written last, of all cameras, newest first."""
        return self._select("TRUE ORDER BY n DESC LIMIT ?", (most,))

    def in_chain(self, camera: str, after: int, most: int) -> list[Segment]:
        """The segments of a camera that follow a number in its chain, in that order."""
        return self._select("camera = ? AND number > ? ORDER BY number LIMIT ?", (camera, after, most))

    def by_time(self, camera: str, after: tuple[int, int], before_ns: int, most: int) -> list[Segment]:
        """The segments of a camera by their begin: those after a (begin, number), and before a time."""
        where = "camera = ? AND start_ns >= ? AND (start_ns, number) > (?, ?) AND start_ns < ?"
        return self._select(f"{where} ORDER BY start_ns, number LIMIT ?", (camera, after[0], *after, before_ns, most))

    def before(self, camera: str, start_ns: int) -> Segment | None:
        """The last segment of a camera that began before a time."""
        where = "camera = ? AND start_ns < ? ORDER BY start_ns DESC LIMIT 1"
        return next(iter(self._select(where, (camera, start_ns))), None)

    def held_among(self, segments: Sequence[Segment]) -> set[str]:
        """Which of these a hold covers, by their ids."""
        with self.transaction() as db:
            query = "SELECT held FROM segment WHERE id = ?"
            return {one.id for one in segments if (db.execute(query, (one.id,)).fetchone() or (0,))[0]}

    def newest_paths(self, camera: str, most: int) -> set[str]:
        """Where the last segments of a camera's chain lie, garbage too."""
        query = "SELECT path FROM segment WHERE camera = ? ORDER BY number DESC LIMIT ?"
        with self.transaction() as db:
            return {row[0] for row in db.execute(query, (camera, most))}

    def paths_among(self, paths: Sequence[str], camera: str, tier: int) -> set[str]:
        """Which of these files, all of one folder, have a row."""
        starts = [start for start in map(start_of, paths) if start is not None]
        if not starts:
            return set()
        values = (camera, tier, min(starts), max(starts) + 999)
        with self.transaction() as db:
            return {
                row[0]
                for where in ("garbage = 0 AND start_ns BETWEEN", "shift_ns <> 0 AND start_ns - shift_ns BETWEEN")
                for row in db.execute(
                    f"SELECT path FROM segment WHERE camera = ? AND tier = ? AND {where} ? AND ?",  # noqa: S608
                    values,
                )
            }

    def knows(self, segment_id: str) -> bool:
        """Is there a row for this segment, garbage too?"""
        with self.transaction() as db:
            return db.execute("SELECT 1 FROM segment WHERE id = ?", (segment_id,)).fetchone() is not None

    def totals(self, camera: str | None = None, tier: int | None = None) -> Totals:
        """Segments and bytes, of one camera or of all, on one tier or on all."""
        query = (
            "SELECT coalesce(sum(segments), 0), coalesce(sum(bytes), 0) FROM total "
            "WHERE camera = coalesce(?, camera) AND tier = coalesce(?, tier)"
        )
        with self.transaction() as db:
            return Totals(*db.execute(query, (camera, tier)).fetchone())

    def held_bytes(self, camera: str | None = None, tier: int | None = None) -> int:
        """What holds keep, of one camera or of all, on one tier or on all."""
        asked = {name: value for name, value in (("tier", tier), ("camera", camera)) if value is not None}
        where = " AND ".join(["garbage = 0", "held = 1", *(f"{name} = :{name}" for name in asked)])
        query = f"SELECT coalesce(sum(bytes), 0) FROM segment INDEXED BY segment_held_bytes WHERE {where}"  # noqa: S608 - our own names
        with self.transaction() as db:
            return int(db.execute(query, asked).fetchone()[0])

    def move(self, segment: Segment, tier: int) -> bool:
        """Its file lies on another tier now, at the same path; False when it was deleted meanwhile."""
        query = "UPDATE segment SET tier = ? WHERE id = ? AND tier = ? AND garbage = 0"
        with self.transaction() as db:
            return db.execute(query, (tier, segment.id, segment.tier)).rowcount == 1

    def garbage(self) -> list[Segment]:
        """What waits for the last step of its deletion."""
        return self._select("TRUE", (), garbage=True)

    def forget(self, ids: Sequence[str]) -> None:
        """Last step of a deletion: the files are gone."""
        with self.transaction() as db:
            db.executemany("DELETE FROM segment WHERE id = ? AND garbage = 1", [(one,) for one in ids])

    def close(self) -> None:
        """Let go of the database; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on the disk when it is over.

        Raises:
            StorageError: the disk or the file is not as it should be.
            CatalogueBroken: the file is damaged, which is noted: the next start makes it again.
        """
        with self._lock:
            try:
                with self._opened() as connection:
                    yield connection
            except sqlite3.Error as error:
                said = f"{self.path}: {error}; look at the disk, or rebuild the catalogue"
                if getattr(error, "sqlite_errorcode", 0) & _PRIMARY not in _BROKEN:
                    raise StorageError(said) from error
                if not self._read_only:
                    with suppress(OSError):  # a disk that takes no note keeps its trouble; who meets it next notes it
                        self.damage.note()
                raise CatalogueBroken(said) from error

    def _select(self, where: str, values: tuple[object, ...], *, garbage: bool = False) -> list[Segment]:
        query = f"SELECT {_COLUMNS} FROM segment WHERE garbage = {garbage:d} AND {where}"  # noqa: S608 - our own words
        with self.transaction() as db:
            return [_segment(row) for row in db.execute(query, values)]

    def _opened(self) -> sqlite3.Connection:
        """The connection, made anew where a disk went and came back. A file that was there is never begun again."""
        file = _identity(self.path)
        if self._file is not None and file is None:
            raise StorageError(f"{self.path}: is gone; is the disk mounted?")
        if self._connection is not None and file != self._file:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = self._connect()
            self._file = _identity(self.path)
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        if self._read_only:
            return _Look(self.path)
        if not self.path.exists():
            _create(self.path)
        connection = sqlite3.connect(self.path, check_same_thread=False, timeout=10)
        try:
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _create(path: Path) -> None:
    """An empty catalogue, all of it or none: who looks after a kill must not find half the tables."""
    half = path.with_name(path.name + ".new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        half.with_name(half.name + suffix).unlink(missing_ok=True)
    connection = sqlite3.connect(half)
    try:
        connection.executescript(SCHEMA)
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    sync_file(half)
    half.replace(path)
    sync_folder(path.parent)


class _Look(sqlite3.Connection):
    """Reads, and leaves everything as it is.

    Without a WAL nobody writes, and none may be made. After a power cut there may be a WAL without its index, which
    SQLite would write beside it: then a copy is read.
    """

    def __init__(self, path: Path) -> None:
        wal = path.with_name(path.name + "-wal")
        self._copy = None
        if wal.exists() and not path.with_name(path.name + "-shm").exists():
            self._copy = tempfile.TemporaryDirectory(prefix="lamppost-look-")
            for part in (path, wal):
                shutil.copyfile(part, Path(self._copy.name) / part.name)
            path = Path(self._copy.name) / path.name
        way = "mode=ro" if wal.exists() else "mode=ro&immutable=1"
        super().__init__(f"{path.absolute().as_uri()}?{way}", uri=True, check_same_thread=False, timeout=10)
        self.execute("PRAGMA query_only = TRUE")

    def close(self) -> None:
        super().close()
        if self._copy is not None:
            self._copy.cleanup()


def _identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from another that lies in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def put(db: sqlite3.Connection, segment: Segment) -> bool:
    """The row of a segment and the head of its chain; False when it is there already."""
    row = [str(value) if isinstance(value, Fraction) else value for value in astuple(segment)]
    query = f"INSERT INTO segment ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - our own names
    if not db.execute(query, row).rowcount:
        return False
    put_head(db, segment.camera, ChainHead(segment.number, segment.link))
    return True


def put_head(db: sqlite3.Connection, camera: str, head: ChainHead) -> None:
    """The camera's chain goes at least so far."""
    query = (
        "INSERT INTO chain VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number, "
        "link = excluded.link WHERE excluded.number > number"
    )
    db.execute(query, (camera, *head))


def _segment(row: tuple[object, ...]) -> Segment:
    named = dict(zip(_FIELDS, row, strict=True))
    synced = named["synced"]
    return Segment(
        **{  # type: ignore[arg-type]
            **named,
            "key": bool(named["key"]),
            "wanted": bool(named["wanted"]),
            "synced": None if synced is None else bool(synced),
            "tick": Fraction(str(named["tick"])),
        }
    )
