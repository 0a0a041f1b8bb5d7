"""Pictures into the centre: announced, sent, checked, synced, rowed, confirmed; beside writing and syncing alone.

What a gateway sends most, a strip of 24 KiB in one piece, handed to the very worker that takes media. The floor writes
the same bytes and makes them last in the same way, and knows no database.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.central.counts import Counts
from agent.central.media_intake import MediaIntake
from agent.central.media_store import MediaFolder
from agent.central.news import News
from agent.central.store.database import Database
from agent.core.clock import SystemClock, rfc3339
from agent.core.durable import sync_file, sync_folder
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.wire.messages import MediaManifest, encode
from agent.wire.topics import Address
from tests.fixtures.postgres import Postgres, binaries

COUNT, BYTES = 1500, 24 << 10


def run() -> dict[str, object]:
    """Media a second of wall time and of CPU time of the process that takes them, for each database."""
    bodies = [os.urandom(BYTES) for _ in range(COUNT)]
    found: dict[str, object] = {"media": COUNT, "bytes_each": BYTES}
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as name, _database(kind, Path(name)) as database:
            wall_s, cpu_s = _taken(database, Path(name), bodies)
            floor_s = _floor(Path(name) / "floor", bodies)
        found[kind] = {
            "a_second": round(COUNT / wall_s), "a_second_of_cpu": round(COUNT / cpu_s),
            "floor_a_second": round(COUNT / floor_s), "ratio": round(floor_s / wall_s, 3),
        }  # fmt: skip
    return found


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    tools = binaries()
    if kind == "postgresql" and tools is None:
        raise SystemExit("PostgreSQL is not installed (Debian package postgresql)")
    cluster = Postgres(tools, fast=False).start() if kind == "postgresql" and tools is not None else None
    try:
        database = Database.open(cluster.fresh() if cluster else "sqlite", folder)
        try:
            yield database
        finally:
            database.close()
    finally:
        if cluster is not None:
            cluster.remove()


def _taken(database: Database, root: Path, bodies: list[bytes]) -> tuple[float, float]:
    """All of them, one gateway's after the other's, as fast as they are confirmed."""
    folder, done, room = MediaFolder(root / "media", 0), threading.Semaphore(0), threading.Semaphore(64)
    folder.prepare()

    def publish(_topic: str, payload: bytes) -> bool:
        if b'"done"' in payload:
            done.release()
            room.release()
        return True

    intake, stop = MediaIntake(folder, database, SystemClock(), Counts(), News(), publish), StopToken()
    thread = threading.Thread(target=intake.run, args=(stop,))
    messages = [_announced(number, body) for number, body in enumerate(bodies)]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    thread.start()
    for address, manifest, body in messages:
        room.acquire()
        intake.on_message(Address(*address, ("media", manifest.id, "manifest")), encode(manifest))
        intake.on_message(Address(*address, ("media", manifest.id, "chunk", "0")), body)
    for _ in messages:
        if not done.acquire(timeout=60):
            raise SystemExit("a medium was never confirmed")
    spent = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    stop.set()
    thread.join()
    return spent


def _announced(number: int, body: bytes) -> tuple[tuple[str, str], MediaManifest, bytes]:
    now_ns = time.time_ns()
    whole = hashlib.sha256(body).hexdigest()
    manifest = MediaManifest(
        id=new_id(now_ns), camera="c", kind="sprite", type="image/jpeg", bytes=len(body), chunk_bytes=96 << 10,
        sha256=whole, chunks=[whole], start=rfc3339(now_ns), end=rfc3339(now_ns), track=f"t{number}",
    )  # fmt: skip
    return ("hartford", f"pole-{number % 90}"), manifest, body


def _floor(folder: Path, bodies: list[bytes]) -> float:
    folder.mkdir()
    began_s = time.perf_counter()
    for number, body in enumerate(bodies):
        path = folder / f"{number}.new"
        path.write_bytes(body)
        sync_file(path)
        path.replace(folder / str(number))
        sync_folder(folder)
    return time.perf_counter() - began_s
