"""Media that wait for the centre: small ones in the outbox's file, large ones beside it. File, sync, then row."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
from pathlib import Path
from typing import BinaryIO, NamedTuple

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.publish.database import Database
from agent.wire.messages import CHUNK_BYTES, MediaKindName, MediaManifest, decode, encode, validate

log = logging.getLogger(__name__)

INLINE_BYTES = 512 * 1024
KEEP_S = 7 * 86_400.0
_RANK = {"snapshot": 0, "sprite": 1, "clip": 2}


class Hashes(NamedTuple):
    """Of a whole medium and of its pieces."""

    size: int
    whole: str
    chunks: list[str]


class MediaSpool:
    """Part of the outbox; use it through `Outbox`."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._db, self._folder, self._clock = database, folder, clock
        self._counted = 0
        self._bytes = 0
        self._taking: set[str] = set()

    @property
    def size(self) -> int:
        """Bytes of all media that wait."""
        if self._counted != self._db.generation:
            self._db.read(self._count)
        return self._bytes

    def put(
        self,
        *,
        id: str,  # noqa: A002 - the manifest's own word
        camera: str,
        kind: MediaKindName,
        type: str,  # noqa: A002
        start: str,
        end: str,
        source: bytes | Path,
        codecs: str = "",
        event: str | None = None,
        track: str | None = None,
    ) -> MediaManifest:
        """Take a medium in; a file is moved into the spool. An id that already waits is left as it is.

        Raises:
            StorageError: the file cannot be read or moved, or the disk is full.
            WireError: empty, too large, or a field that is not as the manifest wants it.
        """
        if (known := self.manifest(id)) is not None:
            return known
        hashes = _hash_bytes(source) if isinstance(source, bytes) else _hash_file(source)
        manifest = validate(
            MediaManifest,
            {
                "id": id, "camera": camera, "kind": kind, "type": type, "bytes": hashes.size,
                "chunk_bytes": CHUNK_BYTES, "sha256": hashes.whole, "chunks": hashes.chunks,
                "start": start, "end": end, "codecs": codecs, "event": event, "track": track,
            },
        )  # fmt: skip
        self._taking.add(id)
        try:
            self._insert(manifest, source)
        finally:
            self._taking.discard(id)
        return manifest

    def manifest(self, media: str) -> MediaManifest | None:
        """Of a medium that waits."""
        found = self._db.read(lambda db: db.execute("SELECT manifest FROM media WHERE id = ?", (media,)).fetchone())
        return None if found is None else decode(MediaManifest, found[0])

    def waiting(self, limit: int) -> list[MediaManifest]:
        """Those to send first: snapshots, then sprites, then clips, each oldest first."""
        query = "SELECT manifest FROM media ORDER BY rank, rowid LIMIT ?"
        return [
            decode(MediaManifest, row[0]) for row in self._db.read(lambda db: db.execute(query, (limit,)).fetchall())
        ]

    def chunk(self, manifest: MediaManifest, number: int) -> bytes | None:
        """Piece `number`, from 0; None when the medium is no longer here."""
        start, size = number * manifest.chunk_bytes, manifest.chunk_bytes
        query = "SELECT substr(body, ?, ?), file FROM media WHERE id = ?"
        row = self._db.read(lambda db: db.execute(query, (start + 1, size, manifest.id)).fetchone())
        if row is None:
            return None
        body, file = row
        return _read_piece(self._folder / file, start, size) if file else body or None

    def remove(self, media: str, *, acknowledged: bool) -> bool:
        """The centre has it, or it is given up; frees its room. False when it was not here."""
        done = int(acknowledged)
        count = "UPDATE counter SET acknowledged = acknowledged + ?, dropped = dropped + ? WHERE kind = 'media'"

        def work(db: sqlite3.Connection) -> tuple[str | None, int] | None:
            self._count(db)
            rows: list[tuple[str | None, int]] = db.execute(
                "DELETE FROM media WHERE id = ? RETURNING file, bytes", (media,)
            ).fetchall()
            if not rows:
                return None
            db.execute("INSERT OR IGNORE INTO counter (kind) VALUES ('media')")
            db.execute(count, (done, 1 - done))
            self._bytes -= rows[0][1]
            return rows[0]

        row = self._db.run(work)
        if row is None:
            return False
        if row[0] is not None:
            (self._folder / row[0]).unlink(missing_ok=True)
        return True

    def expire(self) -> int:
        """Give up what waited too long; returns how many."""
        query = "SELECT id FROM media WHERE expires_ns < ?"
        now_ns = self._clock.wall_ns()
        old = self._db.read(lambda db: db.execute(query, (now_ns,)).fetchall())
        return sum(self._give_up(media, "waited too long") for (media,) in old)

    def shrink(self, room: int) -> None:
        """Give up the oldest, clips first, until all media take at most `room` bytes."""
        query = "SELECT id FROM media ORDER BY rank DESC, rowid LIMIT 1"
        while self.size > room:
            victim = self._db.read(lambda db: db.execute(query).fetchone())
            if victim is None:
                return
            self._give_up(victim[0], "the outbox is full")

    def depth(self) -> tuple[int, int]:
        """How many wait, and their bytes."""
        query = "SELECT count(*), coalesce(sum(bytes), 0) FROM media"
        count, size = self._db.read(lambda db: db.execute(query).fetchone())
        return int(count), int(size)

    def sweep(self) -> None:
        """Remove files that no row names: a kill between file and row leaves them."""
        if not self._folder.is_dir():
            return
        found = {path.name for path in self._folder.iterdir()}
        found -= set(self._taking)  # after the listing and before the rows: whatever is being put now is in one of both
        rows = self._db.read(lambda db: db.execute("SELECT file FROM media WHERE file IS NOT NULL").fetchall())
        for stray in found - {name for (name,) in rows}:
            (self._folder / stray).unlink(missing_ok=True)

    def _give_up(self, media: str, reason: str) -> bool:
        log.warning("medium %s is dropped: %s", media, reason)
        return self.remove(media, acknowledged=False)

    def _count(self, db: sqlite3.Connection) -> None:
        if self._counted != self._db.generation:
            self._counted = self._db.generation
            self._bytes = db.execute("SELECT coalesce(sum(bytes), 0) FROM media").fetchone()[0]

    def _insert(self, manifest: MediaManifest, source: bytes | Path) -> None:
        inline = isinstance(source, bytes) and len(source) <= INLINE_BYTES
        file = None if inline else self._take_in(manifest.id, source)
        row = (
            manifest.id, encode(manifest), source if inline else None, file, manifest.bytes, _RANK[manifest.kind],
            self._clock.wall_ns() + int(KEEP_S * NS),
        )  # fmt: skip

        def work(db: sqlite3.Connection) -> None:
            self._count(db)
            added = db.execute("INSERT OR IGNORE INTO media VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount
            self._bytes += manifest.bytes * added

        self._db.run(work)

    def _take_in(self, media: str, source: bytes | Path) -> str:
        target = self._folder / media
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if isinstance(source, bytes):
                target.write_bytes(source)
            else:
                shutil.move(source, target)
            _sync(target)
            _sync(self._folder)
        except OSError as error:
            raise StorageError(f"medium {media} cannot be kept in {self._folder}: {error.strerror}") from error
        return target.name


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_piece(path: Path, start: int, size: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size) or None
    except OSError:
        return None


def _hash_file(path: Path) -> Hashes:
    try:
        with path.open("rb") as file:
            return _hash(file)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _hash_bytes(body: bytes) -> Hashes:
    pieces = [body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES)]
    return Hashes(len(body), hashlib.sha256(body).hexdigest(), [hashlib.sha256(piece).hexdigest() for piece in pieces])


def _hash(file: BinaryIO) -> Hashes:
    whole, chunks, size = hashlib.sha256(), [], 0
    while piece := file.read(CHUNK_BYTES):
        whole.update(piece)
        chunks.append(hashlib.sha256(piece).hexdigest())
        size += len(piece)
    return Hashes(size, whole.hexdigest(), chunks)
