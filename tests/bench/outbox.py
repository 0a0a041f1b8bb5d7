"""How fast the outbox takes events, beside a bare SQLite insert of the same bytes with the same care for the disk."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from agent.core.clock import SystemClock
from agent.publish.outbox import Outbox
from agent.wire.messages import encode
from tests.bench.uplink import event

ROUNDS = 3
EVENTS = 4000


def run() -> dict[str, object]:
    """Events a second into the outbox, and the share of a bare loop's rate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = [(_ours(folder / f"ours{number}"), _bare(folder / f"bare{number}")) for number in range(ROUNDS)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return {"ours_per_s": round(ours), "bare_per_s": round(bare), "ratio": round(ratio, 3), "rounds": ROUNDS}


def _ours(path: Path) -> float:
    outbox = Outbox(path, SystemClock())
    began = time.perf_counter()
    for number in range(EVENTS):
        outbox.put("event", "park", event(number))
    outbox.sync()
    rate = EVENTS / (time.perf_counter() - began)
    outbox.close()
    return rate


def _bare(path: Path) -> float:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE message (seq INTEGER PRIMARY KEY, record BLOB)")
    began = time.perf_counter()
    for number in range(EVENTS):
        db.execute("INSERT INTO message (record) VALUES (?)", (encode(event(number)),))
    db.execute("PRAGMA wal_checkpoint(FULL)")
    rate = EVENTS / (time.perf_counter() - began)
    db.close()
    return rate
