"""All that these tests know of the recorder. When the store changes, this page changes with it."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import av

from agent.core.clock import Clock, SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from agent.record.boxes import read_layout
from agent.record.catalogue import Catalogue
from agent.record.journal import Journal
from agent.record.limits import TierLimits
from agent.record.recorder import LOOK_S, Recorder
from agent.record.retention import Retention
from agent.record.segment import OPEN_SUFFIX, Segment, parse_head, parse_tail
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.verify import Level, Verification
from agent.record.verify_journal import JournalVerification
from tests.record.helpers import read_all

CATALOGUE = "catalogue.sqlite"
FRAGMENT_S = 1.0
_ALL = 1 << 30


def open_store(root: Path, clock: Clock) -> SegmentStore:
    return SegmentStore(root, clock)


def make_recorder(camera: str, store: SegmentStore, clock: Clock, sync_interval_s: float, speed: float) -> Recorder:
    """One that looks for packets as often as the product's does, in the time of a clock that runs `speed` times."""
    look_s = LOOK_S / speed if speed else 0.0002
    return Recorder(camera, store, clock, sync_interval_s=sync_interval_s, on_segment=lambda _: None, look_s=look_s)


def make_retention(store: SegmentStore, clock: Clock, max_bytes: int) -> Retention:
    return Retention(store, clock, [TierLimits(3650, max_bytes, 0)], {})


def begin_journal(store: SegmentStore) -> Journal:
    """As the gateway does at its start."""
    journal = Journal(store)
    journal.begin("test", journal.last())
    return journal


def sweep(retention: Retention) -> list[str]:
    """Delete what must go; the paths of what is gone for good when this returns."""
    return [segment.path for segment in retention.sweep()]


def read_clip(path: Path) -> tuple[StreamInfo, list[Packet]]:
    return read_all(path)


def muxed(recorder: Recorder) -> int:
    """How many packets the recorder took from its queue and gave to the muxer."""
    return recorder.stats().packets_recorded


def trouble(recorder: Recorder) -> str:
    """What a recorder complains of; nothing else than the end of the process may disturb it here."""
    stats = recorder.stats()
    return stats.error or (f"{stats.packets_lost} packets lost" if stats.packets_lost else "")


def restart(root: Path) -> None:
    """What the gateway does at its start, and soon after it."""
    store = open_store(root, SystemClock())
    try:
        store.prepare()
        relist(store, store.clock)
    finally:
        store.close()


def relist(store: SegmentStore, clock: Clock) -> None:
    """Older footage gets its rows where the catalogue was lost."""
    if store.is_partial:
        for _ in Sweep(store, clock).steps(StopToken()):
            pass


def is_partial(root: Path) -> bool:
    """Is there no catalogue, or one that does not list older footage yet?"""
    if not (root / CATALOGUE).exists():
        return True
    with _copied(root) as path:
        catalogue = Catalogue(path)
        try:
            return catalogue.is_unlisted()
        finally:
            catalogue.close()


def rows(root: Path) -> list[Segment]:
    """The rows, oldest first, from a copy of the catalogue: looking must not mend anything."""
    if not (root / CATALOGUE).exists():
        return []
    with _copied(root) as path:
        catalogue = Catalogue(path)
        try:
            return catalogue.oldest(_ALL)
        finally:
            catalogue.close()


def deleted_up_to_ns(root: Path, camera: str) -> int:
    """The end of the newest footage of a camera that a tombstone stands for; 0 when there is none."""
    if not (root / CATALOGUE).exists():
        return 0
    store = SegmentStore(root, SystemClock(), read_only=True)
    try:
        return max((one.end_ns for one in store.graveyard.of(camera)), default=0)
    finally:
        store.close()


def verify(root: Path) -> list[str]:
    """What is wrong with a recording folder, beside a killed recorder or a running one; reads only."""
    problems = _damage_to_the_catalogue(root)
    listed = {row.path: row for row in rows(root)}
    problems += _said_by_the_product(root)
    for path in sorted(root.glob("*/*/*/*.mp4")):
        problems += _not_whole(path, listed.get(str(path.relative_to(root))))
    return problems


def unfinished(root: Path) -> list[str]:
    """What a start has to mend: nothing of it may be left after one."""
    known = {row.path for row in rows(root)}
    files = {str(path.relative_to(root)) for path in root.glob("*/*/*/*") if path.is_file()}
    open_files = {name for name in files if name.endswith(OPEN_SUFFIX)}
    return [f"{name}: left open" for name in sorted(open_files)] + [
        f"{name}: no row" for name in sorted(files - open_files - known)
    ]


def wrong_totals(root: Path) -> list[str]:
    """Does the catalogue's sum agree with its rows? Only when no deletion is half done."""
    store = open_store(root, SystemClock())
    try:
        counted, listed = store.catalogue.totals(), store.catalogue.oldest(_ALL)
    finally:
        store.close()
    real = (len(listed), sum(row.bytes for row in listed))
    return [] if counted == real else [f"totals say {tuple(counted)}, the rows {real}"]


@contextmanager
def _copied(root: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for path in root.glob(CATALOGUE + "*"):
            if not path.name.endswith("-shm"):
                shutil.copyfile(path, Path(folder) / path.name)
        yield Path(folder) / CATALOGUE


def _damage_to_the_catalogue(root: Path) -> list[str]:
    if not (root / CATALOGUE).exists():
        return []
    with _copied(root) as path:
        connection = sqlite3.connect(path)
        try:
            found = [line for (line,) in connection.execute("PRAGMA integrity_check")]
        except sqlite3.Error as error:
            found = [str(error)]
        finally:
            connection.close()
    return [] if found == ["ok"] else [f"{CATALOGUE}: {line}" for line in found]


def _said_by_the_product(root: Path) -> list[str]:
    """`archive verify` at its highest level, on the folder itself: it must leave it as it is."""
    if not (root / CATALOGUE).exists():
        return []
    before = _tree(root)
    store = SegmentStore(root, SystemClock(), read_only=True)
    try:
        cameras = sorted({*store.camera_folders(), *store.catalogue.cameras()})
        found = [str(fault) for camera in cameras for fault in Verification(store, Level.HASHES).run(camera)]
        found += [str(fault) for fault in JournalVerification(store).run()]
    finally:
        store.close()
    return found + [f"{name}: verifying changed it" for name in before ^ _tree(root)]


def _tree(root: Path) -> set[tuple[str, int]]:
    """Names and sizes but for SQLite's index in shared memory, which every reader may touch."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {(str(path), path.stat().st_size) for path in files}


def _not_whole(path: Path, row: Segment | None) -> list[str]:
    with path.open("rb") as file:
        layout = read_layout(file)
    head, tail = parse_head(layout.head), parse_tail(layout.tail)
    if head is None or tail is None:
        return [f"{path}: closed without its notes"]
    if layout.whole_bytes != path.stat().st_size:
        return [f"{path}: whole up to byte {layout.whole_bytes} of {path.stat().st_size}"]
    packets = len(payloads(path))
    claimed = {tail.packets} if row is None else {tail.packets, row.packets}
    return [] if claimed == {packets} else [f"{path}: {packets} packets, claimed {sorted(claimed)}"]


def payloads(path: Path) -> tuple[bytes, ...]:
    """The packets of a segment as a demuxer gives them."""
    return _demuxed(path.read_bytes())


@lru_cache(maxsize=1024)  # the same segment lies in many a copy of a folder
def _demuxed(content: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    try:
        with av.open(io.BytesIO(content), "r", format="mp4") as container:
            found.extend(bytes(packet) for packet in container.demux() if packet.size)
    except av.FFmpegError:
        pass  # what was read up to there counts
    return tuple(found)
