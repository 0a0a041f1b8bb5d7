"""Ten million rows in the catalogue: how long a lookup takes beside the bare SELECT, and how long a start."""

from __future__ import annotations

import functools
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from operator import itemgetter
from pathlib import Path
from random import Random

from agent.core.clock import NS, SystemClock
from agent.core.media import TimeSource
from agent.record.catalogue import LONGEST_NS, Catalogue
from agent.record.segment import Segment, folder_of, name_of
from agent.record.store import SegmentStore

CAMERAS, ROWS, LOOKUPS = 8, 10_000_000, 200
Look = Callable[[str, int, int], Sequence[object]]

_SEGMENT_NS, _MINUTE_NS, _HOUR_NS = 10 * NS, 60 * NS, 3600 * NS
_FIRST_NS = 1_760_000_000 * NS
_SPAN_NS = ROWS // CAMERAS * _SEGMENT_NS


def run() -> dict[str, object]:
    """Milliseconds of a lookup of one minute, ours and the bare one's; seconds of a start from a cold cache.

    Cold lookups find nothing in memory, and read about 16 pages from wherever they lie on the disk.
    """
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as name:
        root = Path(name) / "recordings"
        built_s = _build(root)
        database = root / "catalogue.sqlite"
        size = database.stat().st_size
        _forget_pages(database)
        start_s = _timed_start(root)
        cold, bare_cold = _lookups(root, Random(1), evicted=database)
        _lookups(root, Random(2))  # so that the same pages are in memory
        ours, bare = _lookups(root, Random(2))
    return {
        "rows": ROWS, "cameras": CAMERAS, "bytes": size, "built_s": round(built_s, 1), "start_s": round(start_s, 3),
        "find_ms": _spread(ours), "bare_ms": _spread(bare),
        "find_cold_ms": _spread(cold), "bare_cold_ms": _spread(bare_cold),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 3),
    }  # fmt: skip


def _build(root: Path) -> float:
    """Written past the catalogue's own care for the disk, in one transaction, in the order in which segments close."""
    began = time.perf_counter()
    store = SegmentStore(root, SystemClock())
    store.prepare()
    store.close()
    with sqlite3.connect(root / "catalogue.sqlite", isolation_level=None) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        later = [sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")]
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").fetchall():
            db.execute(f"DROP INDEX {name}")  # made again at the end, sorted, in a fraction of the time
        names, rows = _rows(db)
        db.execute("BEGIN")
        marks = ", ".join("?" for _ in names)
        db.executemany(f"INSERT INTO segment ({', '.join(names)}) VALUES ({marks})", rows)
        for sql in later:
            db.execute(sql)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    db.close()
    for camera in range(CAMERAS):  # a start looks through the folders, too; the files themselves it leaves alone
        for hour_ns in range(_FIRST_NS, _FIRST_NS + _SPAN_NS, _HOUR_NS):
            (root / folder_of(f"cam-{camera}", hour_ns)).mkdir(parents=True, exist_ok=True)
    return time.perf_counter() - began


def _rows(db: sqlite3.Connection) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    """The columns that a row needs, and the rows; columns that this bench does not know get the least they take."""
    table = {name: (kind, needed and default is None) for _, name, kind, needed, default, _ in
             db.execute("PRAGMA table_info(segment)")}  # fmt: skip
    known = _values(0)
    unknown = {
        name: 0 if kind == "INTEGER" else b"" if kind == "BLOB" else ""
        for name, (kind, needed) in table.items()
        if needed and name not in known
    }
    missing = {field.name for field in fields(Segment)} - table.keys()
    if missing:
        raise ValueError(f"the catalogue has no columns for {missing}")
    names = [*(name for name in known if name in table), *unknown]
    rest = tuple(unknown.values())
    kept = itemgetter(*names[: len(names) - len(rest)])
    return names, (kept(values) + rest for values in map(_values, range(ROWS)))


def _values(number: int) -> dict[str, object]:
    camera, start_ns = f"cam-{number % CAMERAS}", _FIRST_NS + number // CAMERAS * _SEGMENT_NS
    hour_ns, epoch = start_ns // _HOUR_NS * _HOUR_NS, f"{start_ns // _HOUR_NS:016x}"
    return {
        "id": f"{number:032x}", "camera": camera, "stream": "main", "epoch": epoch,
        "path": _path(camera, epoch, hour_ns, start_ns - hour_ns),
        "start_ns": start_ns, "end_ns": start_ns + _SEGMENT_NS, "media_ns": _SEGMENT_NS,
        "bytes": 3_750_000, "packets": 150, "reason": "length", "sha256": f"{number * 0x9E3779B97F4A7C15:064x}"[-64:],
        "codecs": "avc1.640028", "key": 1, "base": number * 900_000, "tick": "1/90000",
        "time_source": TimeSource.SENDER_REPORT.value, "offset_ns": 1_000_000,
        "boot": "b" * 32, "mono_ns": start_ns - _FIRST_NS, "synced": 1, "wanted": 1,
        "number": number // CAMERAS + 1, "previous": _link(number - CAMERAS), "link": _link(number),
    }  # fmt: skip


def _link(number: int) -> str:
    return f"{max(0, number + 1) * 0x9E3779B97F4A7C15:064x}"[-64:]


def _path(camera: str, epoch: str, hour_ns: int, within_ns: int) -> str:
    """As the writer names it; the calendar is asked once an hour."""
    folder, first, last = _hour(camera, epoch, hour_ns)
    minutes, seconds = divmod(within_ns // NS, 60)
    return f"{folder}/{first}{minutes:02d}{seconds:02d}{last}"


@functools.lru_cache(maxsize=2 * CAMERAS)
def _hour(camera: str, epoch: str, hour_ns: int) -> tuple[str, str, str]:
    first, _, last = name_of(camera, epoch, hour_ns).partition("0000.")
    return folder_of(camera, hour_ns), first, f".{last}"


def _timed_start(root: Path) -> float:
    """Everything the gateway does before its first worker runs: leftovers looked for, the newest rows told again."""
    began = time.perf_counter()
    store = SegmentStore(root, SystemClock())
    store.prepare()
    store.catalogue.newest(200)
    lasted = time.perf_counter() - began
    store.close()
    return lasted


def _lookups(root: Path, random: Random, evicted: Path | None = None) -> tuple[list[float], list[float]]:
    """Milliseconds of each lookup through the catalogue, and of the same one as a bare SELECT, in changing order."""
    catalogue = SegmentStore(root, SystemClock()).catalogue
    bare = sqlite3.connect(root / "catalogue.sqlite")
    times: dict[Look, list[float]] = {catalogue.find: [], functools.partial(_bare, bare): []}
    for number in range(LOOKUPS):
        camera = f"cam-{random.randrange(CAMERAS)}"
        start_ns = random.randrange(_FIRST_NS, _FIRST_NS + _SPAN_NS - _MINUTE_NS)
        for look in list(times) if number % 2 else list(reversed(times)):  # the second finds the pages read
            if evicted is not None:
                _shrink(catalogue, bare)
                _forget_pages(evicted)
            began = time.perf_counter()
            found = look(camera, start_ns, start_ns + _MINUTE_NS)
            times[look].append(1000 * (time.perf_counter() - began))
            if len(found) not in {6, 7}:
                raise ValueError(f"{len(found)} segments in a minute")
    bare.close()
    catalogue.close()
    ours, theirs = times.values()
    return ours, theirs


def _shrink(catalogue: Catalogue, bare: sqlite3.Connection) -> None:
    """Out of SQLite's own caches."""
    with catalogue.transaction() as db:
        for connection in (db, bare):
            connection.execute("PRAGMA shrink_memory").fetchall()


def _bare(db: sqlite3.Connection, camera: str, start_ns: int, end_ns: int) -> list[tuple[object, ...]]:
    return db.execute(
        "SELECT * FROM segment WHERE garbage = 0 AND camera = ? AND start_ns > ? AND start_ns < ? AND end_ns > ?",
        (camera, start_ns - LONGEST_NS, end_ns, start_ns),
    ).fetchall()


def _spread(values_ms: list[float]) -> dict[str, float]:
    ordered = sorted(values_ms)
    return {"median": round(statistics.median(ordered), 3), "p99": round(ordered[len(ordered) * 99 // 100], 3)}


def _forget_pages(path: Path) -> None:
    """Out of the page cache: a gateway starts from a disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
