"""Media that gateways send in pieces: each piece checked, the whole checked, then synced, renamed, and only then a row.

Folder: `incoming/<id>`, with room for all of it, while pieces are missing; `<2>/<sha256>-<id>` when whole, with `<2>`
the first two letters of the hash. Its bytes are `<2>/<sha256>`: all names of the same bytes are hard links to one file,
which is on the disk once, and as long as it has a name. The file system counts them, so that nobody can remove what
another process keeps in the same moment.

A manifest is a row from the first on, so that a restart goes on where it stopped: the file is then hashed piece by
piece to see what is there.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agent.central.media_kept import PART_BYTES, Medium
from agent.central.store.ranges import Ranges
from agent.core.durable import sync_file, sync_folder
from agent.core.errors import StorageError
from agent.wire.messages import MOST_PIECES, MediaManifest

_READ = 1 << 20
_CANNOT = frozenset({errno.EOPNOTSUPP, errno.EINVAL})


class MediaFolder:
    """The files below `root`. All names are ids and hashes, so a path from outside cannot leave it."""

    def __init__(self, root: Path, floor_bytes: int) -> None:
        self._root, self._floor_bytes = root, floor_bytes

    def prepare(self) -> None:
        """Make the folders."""
        (self._root / "incoming").mkdir(parents=True, exist_ok=True)

    def path(self, medium: Medium) -> Path:
        """Where a whole medium rests."""
        return self._root / medium.sha256[:2] / f"{medium.sha256}-{medium.id}"

    def has_room(self, manifest: MediaManifest) -> bool:
        """Would the disk keep its floor with this medium? One of which pieces lie here has all its room already."""
        return self._incoming(manifest.id).exists() or self._keeps_floor(manifest.bytes)

    def reserve(self, incoming: Incoming) -> None:
        """Take the room for all its bytes from the disk now: nobody else, in whatever process, is promised it again.

        Raises:
            StorageError: somebody else was quicker; nothing is taken.
        """
        if incoming.path.exists():
            return
        incoming.reserve()
        if not self._keeps_floor(0):
            incoming.discard()
            raise StorageError(f"{incoming.path}: the disk is full by now; it waits at its gateway")

    def incoming(self, manifest: MediaManifest) -> Incoming:
        """Begin, or go on with, a medium; one that was moved but never got its row has all its pieces already.

        What was moved stays where it is: another process may be about to give it its row.
        """
        path = self._incoming(manifest.id)
        if (moved := self.path(_medium(manifest))).exists() and not path.exists():
            with _translated(path):
                shutil.copyfile(moved, path)  # others may have the same file, and this one is written to
        return Incoming(path, manifest)

    def adopt(self, incoming: Incoming) -> None:
        """Sync a whole medium and move it to its place; it may then be named in a row."""
        self.keep(_medium(incoming.manifest), incoming.path)

    def keep(self, medium: Medium, source: Path) -> None:
        """See `Kept`; `source` is on the same disk."""
        target = self.path(medium)
        content = target.with_name(medium.sha256)
        with _translated(target):
            target.parent.mkdir(exist_ok=True)
            sync_file(source)
            if not (_is_same(source, content) and _linked(content, target)):
                source.replace(target)
                _linked(target, content)
            sync_folder(target.parent)
            source.unlink(missing_ok=True)

    def read(self, medium: Medium, first: int, last: int) -> Iterator[bytes] | None:
        """See `Kept`."""
        path = self.path(medium)
        with _translated(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return None
            file.seek(first)
        return _parts(file, last + 1 - first)

    def whole(self) -> list[Path]:
        """All whole media, the oldest first."""
        found: list[tuple[int, Path]] = []
        for path in self._root.glob("[0-9a-f][0-9a-f]/*-*"):
            with suppress(FileNotFoundError):  # it left meanwhile
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def remove(self, medium: Medium) -> None:
        """See `Kept`; it goes in pieces, too."""
        pieces = self._incoming(medium.id)
        with _translated(pieces):
            pieces.unlink(missing_ok=True)
        if medium.sha256:  # else it never came
            self.let_go(medium)

    def let_go(self, medium: Medium) -> None:
        """Take a whole one away: its own name, and that of the bytes when nobody else has them.

        Raises:
            StorageError: the folder does not work.
        """
        own = self.path(medium)
        content = own.with_name(medium.sha256)
        with _translated(own):
            with suppress(FileNotFoundError):
                # whoever links to it just now has the bytes by a name of their own; the next one keeps a second copy
                if content.stat().st_nlink <= 1 + own.exists():
                    content.unlink()
            own.unlink(missing_ok=True)

    def pieces(self) -> set[str]:
        """The media of which pieces lie here."""
        return {path.name for path in (self._root / "incoming").iterdir()}

    def sweep(self, unwanted: set[str]) -> None:
        """Remove pieces of media that nobody announces any more."""
        for name in unwanted:
            self._incoming(name).unlink(missing_ok=True)

    def _keeps_floor(self, more_bytes: int) -> bool:
        return shutil.disk_usage(self._root).free - more_bytes >= self._floor_bytes

    def _incoming(self, media: str) -> Path:
        return self._root / "incoming" / media


class Incoming:
    """One medium on its way; `heard_ns` is when its gateway spoke of it last, by the monotonic clock.

    `received` is how many pieces have come.
    """

    def __init__(self, path: Path, manifest: MediaManifest) -> None:
        self.path, self.manifest = path, manifest
        self.heard_ns, self.received = 0, 0
        self._have = Ranges()

    def is_like(self, manifest: MediaManifest) -> bool:
        """Is it the same medium, in the same pieces?"""
        mine = self.manifest
        return (mine.sha256, mine.bytes, mine.chunk_bytes) == (manifest.sha256, manifest.bytes, manifest.chunk_bytes)

    def recover(self) -> None:
        """Find out by hash which pieces the file already holds."""
        if not self.path.exists():
            return
        with _translated(self.path), self.path.open("rb") as file:
            for number, expected in enumerate(self.manifest.chunks):
                file.seek(number * self.manifest.chunk_bytes)
                data = file.read(self._size(number))
                if hashlib.sha256(data).hexdigest() == expected:
                    self._have.add(number, number)
        self.received = self._have.count()

    def reserve(self) -> None:
        """Take the room for all pieces from the disk; a file system that cannot gives it as they come."""
        with _translated(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self.manifest.bytes)
            except OSError as error:
                if error.errno not in _CANNOT:
                    self.path.unlink()
                    raise
            finally:
                os.close(handle)

    def put(self, number: int, data: bytes) -> bool:
        """Take a piece; False when it is not the piece that was announced. One that is here already is fine."""
        chunks = self.manifest.chunks
        if not 0 <= number < len(chunks) or len(data) != self._size(number):
            return False
        if number in self._have:
            return True
        if hashlib.sha256(data).hexdigest() != chunks[number]:
            return False
        with _translated(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(handle, data, number * self.manifest.chunk_bytes)
            finally:
                os.close(handle)
        self._have.add(number, number)
        self.received += 1
        return True

    def missing(self, most: int = 10_000) -> list[tuple[int, int]]:
        """Ranges of pieces that have not come."""
        return list(Ranges([(0, len(self.manifest.chunks) - 1)]).without(self._have))[:most]

    @property
    def received_bytes(self) -> int:
        """Bytes of them, the last piece counted as whole unless all are here."""
        return min(self.received * self.manifest.chunk_bytes, self.manifest.bytes)

    def is_whole(self) -> bool:
        """Have all pieces come?"""
        return self.received == len(self.manifest.chunks)

    def fits_hash(self) -> bool:
        """Does the whole file have the announced size and hash?"""
        digest = hashlib.sha256()
        with _translated(self.path), self.path.open("rb") as file:
            while data := file.read(_READ):
                digest.update(data)
            return file.tell() == self.manifest.bytes and digest.hexdigest() == self.manifest.sha256

    def discard(self) -> None:
        """Forget all pieces."""
        self.path.unlink(missing_ok=True)
        self._have, self.received = Ranges(), 0

    def _size(self, number: int) -> int:
        rest = self.manifest.bytes - number * self.manifest.chunk_bytes
        return min(self.manifest.chunk_bytes, rest)


class Pages:
    """A manifest that comes in several messages."""

    def __init__(self, first: MediaManifest) -> None:
        self._like = first.model_copy(update={"chunks": [], "first": 0})
        self._hashes: dict[int, list[str]] = {}

    def add(self, page: MediaManifest) -> MediaManifest | None:
        """The whole manifest once all hashes are here; a page of another one begins anew."""
        like = page.model_copy(update={"chunks": [], "first": 0})
        if like != self._like:
            self._like, self._hashes = like, {}
        self._hashes[page.first] = page.chunks
        hashes: list[str] = []
        for first in sorted(self._hashes):  # cut otherwise when it was sent again, pages may overlap
            if first > len(hashes):
                return None
            hashes[first : first + len(self._hashes[first])] = self._hashes[first]
        whole = len(hashes) == self._like.pieces
        return self._like.model_copy(update={"chunks": hashes}) if whole else None


def is_consistent(manifest: MediaManifest) -> bool:
    """Do size and number of pieces fit each other, as far as this message has them?"""
    return manifest.pieces <= MOST_PIECES and manifest.first + len(manifest.chunks) <= manifest.pieces


def media_at(path: Path) -> str:
    """The id of the whole medium that rests there."""
    return path.name.partition("-")[2]


def _medium(manifest: MediaManifest) -> Medium:
    return Medium(manifest.id, manifest.sha256, manifest.type)


def _is_same(one: Path, other: Path) -> bool:
    """Byte by byte: what a disk has spoilt since is shared with nobody."""
    try:
        return filecmp.cmp(one, other, shallow=False)
    except FileNotFoundError:
        return False


def _linked(path: Path, name: Path) -> bool:
    """Has the file that name now, or had it before? False: it is gone, or it cannot have one more here."""
    try:
        name.hardlink_to(path)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _parts(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (part := file.read(min(PART_BYTES, left))):
            left -= len(part)
            yield part


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: the media folder does not work: {error.strerror or error}") from error
