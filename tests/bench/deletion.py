"""What a deletion costs among ten tombstones and among ten thousand, and what a bare append and sync costs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from agent.core.clock import SystemClock
from agent.record.disk import append_lines
from agent.record.store import SegmentStore
from tests.record.helpers import segment

FEW, MANY, ROUNDS = 10, 10_000, 60


def run() -> dict[str, object]:
    """Median milliseconds of deleting one segment by itself; a deletion needs about four such bare syncs."""
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as name:
        few, many = (_ring(Path(name) / str(holes), holes) for holes in (FEW, MANY))
        actions = (_deletes(few, FEW), _deletes(many, MANY), lambda: append_lines(Path(name) / "bare", b"x" * 500))
        rounds = [[_timed_ms(action) for action in actions] for _ in range(ROUNDS + 1)][1:]  # the first looks at all
        few.close()
        many.close()
    few_ms, many_ms, bare_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "tombstones": [FEW, MANY], "few_ms": round(few_ms, 2), "many_ms": round(many_ms, 2),
        "bare_sync_ms": round(bare_ms, 2), "ratio": round(many_ms / few_ms, 3),
    }  # fmt: skip


def _ring(root: Path, holes: int) -> SegmentStore:
    """Every other segment of a camera was wanted, the rest is gone; some more wait."""
    store = SegmentStore(root, SystemClock())
    store.prepare()
    rows = [segment(number) for number in range(2 * (holes + ROUNDS + 1))]
    with store.catalogue.transaction() as db:
        db.execute("PRAGMA synchronous = OFF")
    for row in rows:
        store.catalogue.add(row)
    store.delete(rows[: 2 * holes : 2], "ring")
    with store.catalogue.transaction() as db:
        db.execute("PRAGMA synchronous = FULL")
    return store


def _deletes(store: SegmentStore, holes: int) -> Callable[[], None]:
    numbers = count(2 * holes, 2)

    def delete() -> None:
        store.delete([segment(next(numbers))], "ring")

    return delete


def _timed_ms(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)
