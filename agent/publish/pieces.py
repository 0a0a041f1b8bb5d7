"""A medium in pieces: their hashes, and reading one of them."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from agent.core.errors import StorageError
from agent.wire.messages import CHUNK_BYTES


class Hashes(NamedTuple):
    """SHA-256, hex, of a whole medium and of its pieces."""

    size: int
    whole: str
    chunks: list[str]


def hash_bytes(body: bytes, piece_bytes: int = CHUNK_BYTES) -> Hashes:
    """Of a medium in memory."""
    return _hash(BytesIO(body), piece_bytes)


def hash_file(path: Path, piece_bytes: int = CHUNK_BYTES) -> Hashes:
    """Of a medium on the disk.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _hash(file, piece_bytes)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def read_piece(path: Path, start: int, size: int) -> bytes | None:
    """That part of a file, the last one shorter; None when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size) or None
    except OSError:
        return None


def _hash(file: BinaryIO, piece_bytes: int) -> Hashes:
    whole, chunks, size = hashlib.sha256(), [], 0
    while piece := file.read(piece_bytes):
        whole.update(piece)
        chunks.append(hashlib.sha256(piece).hexdigest())
        size += len(piece)
    return Hashes(size, whole.hexdigest(), chunks)
