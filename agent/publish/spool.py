"""Media that wait for the centre: small ones in the outbox's file, large ones beside it. File, sync, then row.

A medium that is given up (it waited too long, the outbox is full, its file is gone) leaves a notice, which is sent
until the centre has heard it: nobody waits for what will not come.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.core.durable import sync_file, sync_folder
from agent.core.errors import StorageError
from agent.publish.ageing import Ageing
from agent.publish.database import Database
from agent.publish.pieces import hash_bytes, hash_file, read_piece
from agent.wire.messages import (
    CHUNK_BYTES,
    ClipQuality,
    MediaGone,
    MediaKindName,
    MediaManifest,
    decode,
    encode,
    validate,
)

log = logging.getLogger(__name__)

INLINE_BYTES = 512 * 1024
KEEP_S = 7 * 86_400.0
MOST_NOTICES = 1000

ALARM, NOTICE, ASKED_PROXY, ASKED_FULL, SNAPSHOT, SPRITE, PROXY, FULL = range(8)
"""What goes first. What a person waits for overtakes what the gateway sends by itself."""
CLASSES = ("alarm", "alarm", "asked", "asked", "snapshot", "sprite", "proxy", "clip")
"""The class of each rank, as the budget and health know it."""


class Resting(NamedTuple):
    """A medium that waits, or the notice of one that was given up (`gone`)."""

    id: str
    rank: int
    bytes: int
    gone: bool

    @property
    def kind(self) -> str:
        """The class it counts as."""
        return CLASSES[self.rank]


class MediaSpool:
    """Part of the outbox; use it through `Outbox`."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._db, self._folder, self._clock = database, folder, clock
        self._ageing = Ageing(database, clock, KEEP_S)
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
        quality: ClipQuality | None = None,
        urgent: bool = False,
        asked: bool = False,
    ) -> MediaManifest:
        """Take a medium in; a file is moved into the spool. An id that already waits is left as it is.

        `urgent` is of an alarm, `asked` is what a person waits for.

        Raises:
            StorageError: the file cannot be read or moved, or the disk is full.
            WireError: empty, too large, or a field that is not as the manifest wants it.
        """
        if (known := self.manifest(id)) is not None:
            return known
        hashes = hash_bytes(source) if isinstance(source, bytes) else hash_file(source)
        manifest = validate(
            MediaManifest,
            {
                "id": id, "camera": camera, "kind": kind, "type": type, "bytes": hashes.size,
                "chunk_bytes": CHUNK_BYTES, "sha256": hashes.whole, "chunks": hashes.chunks,
                "start": start, "end": end, "codecs": codecs, "event": event, "track": track, "quality": quality,
            },
        )  # fmt: skip
        self._taking.add(id)
        try:
            self._insert(manifest, source, _rank(kind, quality, urgent=urgent, asked=asked))
        finally:
            self._taking.discard(id)
        return manifest

    def manifest(self, media: str) -> MediaManifest | None:
        """Of a medium that waits."""
        query = "SELECT manifest FROM media WHERE id = ? AND gone = 0"
        found = self._db.read(lambda db: db.execute(query, (media,)).fetchone())
        return None if found is None else decode_long(found[0])

    def cut(self, media: str, piece_bytes: int) -> MediaManifest | None:
        """Its manifest, in pieces of at most that size from now on; None when it, or its file, is no longer here."""
        manifest = self.manifest(media)
        if manifest is None or min(manifest.chunk_bytes, manifest.bytes) <= piece_bytes:
            return manifest
        body = self._db.read(lambda db: db.execute("SELECT body, file FROM media WHERE id = ?", (media,)).fetchone())
        if body is None:
            return None
        try:
            source = body[0] if body[1] is None else self._folder / body[1]
            found = hash_bytes(source, piece_bytes) if isinstance(source, bytes) else hash_file(source, piece_bytes)
        except StorageError:
            return None
        again = manifest.model_copy(update={"chunk_bytes": piece_bytes, "chunks": found.chunks})
        self._db.run(lambda db: db.execute("UPDATE media SET manifest = ? WHERE id = ?", (encode(again), media)))
        return again if found.whole == manifest.sha256 else None

    def notice(self, media: str) -> MediaGone | None:
        """Of a medium that was given up."""
        query = "SELECT manifest FROM media WHERE id = ? AND gone = 1"
        found = self._db.read(lambda db: db.execute(query, (media,)).fetchone())
        return None if found is None else decode(MediaGone, found[0])

    def waiting(self, limit: int) -> list[Resting]:
        """Those to send first, by rank, each oldest first."""
        query = "SELECT id, rank, bytes, gone FROM media ORDER BY rank, rowid LIMIT ?"
        rows = self._db.read(lambda db: db.execute(query, (limit,)).fetchall())
        return [Resting(name, rank, size, bool(gone)) for name, rank, size, gone in rows]

    def classes(self) -> dict[str, tuple[int, int]]:
        """How many wait in each class, and their bytes."""
        query = "SELECT rank, count(*), sum(bytes) FROM media WHERE gone = 0 GROUP BY rank"
        found: dict[str, tuple[int, int]] = {}
        for rank, count, size in self._db.read(lambda db: db.execute(query).fetchall()):
            counted, sized = found.get(CLASSES[rank], (0, 0))
            found[CLASSES[rank]] = counted + count, sized + size
        return found

    def chunk(self, manifest: MediaManifest, number: int) -> bytes | None:
        """Piece `number`, from 0; None when the medium is no longer here."""
        start, size = number * manifest.chunk_bytes, manifest.chunk_bytes
        query = "SELECT substr(body, ?, ?), file FROM media WHERE id = ? AND gone = 0"
        row = self._db.read(lambda db: db.execute(query, (start + 1, size, manifest.id)).fetchone())
        if row is None:
            return None
        body, file = row
        return read_piece(self._folder / file, start, size) if file else body or None

    def remove(self, media: str, *, acknowledged: bool) -> bool:
        """The centre has it, or has heard that it is gone, or does not want it; frees its room. False: not here."""

        def work(db: sqlite3.Connection) -> tuple[str | None, int, int] | None:
            self._count(db)
            rows: list[tuple[str | None, int, int]] = db.execute(
                "DELETE FROM media WHERE id = ? RETURNING file, bytes, gone", (media,)
            ).fetchall()
            if not rows:
                return None
            self._bytes -= rows[0][1]
            if not rows[0][2]:
                _tell(db, acknowledged=acknowledged)
            return rows[0]

        row = self._db.run(work)
        if row is not None and row[0] is not None:
            (self._folder / row[0]).unlink(missing_ok=True)
        return row is not None

    def give_up(self, media: str, reason: str) -> bool:
        """It will never go; the centre is told why. False when it was not here."""
        manifest = self.manifest(media)
        if manifest is None:
            return False
        log.warning("medium %s (%s of camera %s) is dropped: %s", media, manifest.kind, manifest.camera, reason)
        shared = ("id", "camera", "kind", "start", "end", "event", "track", "quality")
        self._forget(MediaGone(reason=reason[:400], **{name: getattr(manifest, name) for name in shared}))
        return True

    def never(self, notice: MediaGone) -> None:
        """Tell the centre of a medium that could not even be made."""
        values = (notice.id, encode(notice), 0, NOTICE, self._expiry_ns())
        insert = "INSERT OR IGNORE INTO media (id, manifest, bytes, rank, expires_ns, gone) VALUES (?, ?, ?, ?, ?, 1)"
        self._db.run(lambda db: db.execute(insert, values))

    def expire(self) -> int:
        """Give up what waited too long; returns how many. Notices that nobody heard for so long go, too."""
        now_ns = self._ageing.now_ns()
        if now_ns is None:
            return 0
        query = "SELECT id FROM media WHERE expires_ns < ? AND gone = 0"
        old = self._db.read(lambda db: db.execute(query, (now_ns,)).fetchall())
        self._db.run(lambda db: db.execute("DELETE FROM media WHERE expires_ns < ? AND gone = 1", (now_ns,)))
        return sum(self.give_up(media, f"it waited for {KEEP_S / 86_400:.0f} days") for (media,) in old)

    def shrink(self, room: int) -> None:
        """Give up the oldest, clips first, until all media take at most `room` bytes."""
        query = "SELECT id FROM media WHERE gone = 0 ORDER BY rank DESC, rowid LIMIT 1"
        while self.size > room:
            victim = self._db.read(lambda db: db.execute(query).fetchone())
            if victim is None:
                return
            self.give_up(victim[0], "the outbox is full")

    def depth(self) -> tuple[int, int]:
        """How many wait, and their bytes."""
        query = "SELECT count(*), coalesce(sum(bytes), 0) FROM media WHERE gone = 0"
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

    def _forget(self, notice: MediaGone) -> None:
        """The bytes go, the notice stays."""
        change = (
            "UPDATE media SET manifest = ?, body = NULL, file = NULL, bytes = 0, rank = ?, expires_ns = ?, gone = 1 "
            "WHERE id = ?"
        )
        surplus = (
            "DELETE FROM media WHERE rowid IN (SELECT rowid FROM media WHERE gone = 1 ORDER BY expires_ns DESC, rowid "
            "DESC LIMIT -1 OFFSET ?)"
        )

        def work(db: sqlite3.Connection) -> str | None:
            self._count(db)
            found = db.execute("SELECT file, bytes FROM media WHERE id = ?", (notice.id,)).fetchone()
            if found is None:
                return None
            file, size = found
            db.execute(change, (encode(notice), NOTICE, self._expiry_ns(), notice.id))
            db.execute(surplus, (MOST_NOTICES,))
            self._bytes -= size
            _tell(db, acknowledged=False)
            return str(file) if file else None

        file = self._db.run(work)
        if file is not None:
            (self._folder / file).unlink(missing_ok=True)

    def _expiry_ns(self) -> int:
        return self._clock.wall_ns() + int(KEEP_S * NS)

    def _count(self, db: sqlite3.Connection) -> None:
        if self._counted != self._db.generation:
            self._counted = self._db.generation
            self._bytes = db.execute("SELECT coalesce(sum(bytes), 0) FROM media").fetchone()[0]

    def _insert(self, manifest: MediaManifest, source: bytes | Path, rank: int) -> None:
        inline = isinstance(source, bytes) and len(source) <= INLINE_BYTES
        file = None if inline else self._take_in(manifest.id, source)
        row = (
            manifest.id, encode(manifest), source if inline else None, file, manifest.bytes, rank, self._expiry_ns(),
        )  # fmt: skip

        def work(db: sqlite3.Connection) -> None:
            self._count(db)
            added = db.execute("INSERT OR IGNORE INTO media VALUES (?, ?, ?, ?, ?, ?, ?, 0)", row).rowcount
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
            sync_file(target)
            sync_folder(self._folder)
        except OSError as error:
            raise StorageError(f"medium {media} cannot be kept in {self._folder}: {error.strerror}") from error
        return target.name


def decode_long(document: bytes) -> MediaManifest:
    """A manifest of ours: longer than what one message may be."""
    return MediaManifest.model_validate_json(document)


def _rank(kind: MediaKindName, quality: ClipQuality | None, *, urgent: bool, asked: bool) -> int:
    if kind == "clip":
        asked_for = ASKED_PROXY if quality == "proxy" else ASKED_FULL
        return asked_for if asked else PROXY if quality == "proxy" else FULL
    if urgent:
        return ALARM
    if asked:
        return ASKED_FULL if kind == "export" else ASKED_PROXY
    return SNAPSHOT if kind == "snapshot" else SPRITE


def _tell(db: sqlite3.Connection, *, acknowledged: bool) -> None:
    """Count a medium that left."""
    done = int(acknowledged)
    db.execute("INSERT OR IGNORE INTO counter (kind) VALUES ('media')")
    change = "UPDATE counter SET acknowledged = acknowledged + ?, dropped = dropped + ? WHERE kind = 'media'"
    db.execute(change, (done, 1 - done))
