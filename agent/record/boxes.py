"""ISO base media boxes (ISO 14496-12 section 4.2): where they lie in a file, and our notes among them.

A note is a `uuid` box with JSON in it that players pass over: `head` follows the init segment and says what an open
segment is, `tail` ends a closed one. A check sum, another `uuid` box, follows each fragment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

_NOTE_UUID = bytes.fromhex("6c616d70706f73742d6e6f7465000001")
_SUM_UUID = bytes.fromhex("6c616d70706f73742d73756d00000001")
_SUM_BYTES = 16
_MAX_NOTE_BYTES = 64 * 1024
_PIECE = 1 << 20
_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def copy(self) -> _Hash: ...

    def digest(self) -> bytes: ...


class Box(NamedTuple):
    """One top-level box: where it begins and how many bytes it has, those of its header included."""

    kind: bytes
    at: int
    bytes: int
    header: int


class Layout(NamedTuple):
    """What a file holds: `whole_bytes` ends with the last box that may stand last (init, note or fragment)."""

    head: dict[str, Any] | None
    tail: dict[str, Any] | None
    whole_bytes: int
    fragments: int


def read_layout(file: BinaryIO) -> Layout:
    """Walk the top-level boxes up to the first that is not whole; never raises for what the bytes say."""
    head: dict[str, Any] | None = None
    tail: dict[str, Any] | None = None
    whole, fragments = 0, 0
    for box in walk(file):
        if box.kind == b"moof":
            continue  # worth nothing without its mdat
        if box.kind == b"mdat":
            fragments += 1
        if box.kind == b"uuid" and (note := _read_note(file, box)) is not None:
            head, tail = (note, tail) if note.get("note") == "head" else (head, note)
        whole = box.at + box.bytes
    return Layout(head, tail, whole, fragments)


def read_head_note(file: BinaryIO) -> dict[str, Any] | None:
    """The note that follows the init segment; what comes after it is not looked at."""
    boxes = (box for box in walk(file) if box.kind in {b"uuid", b"moof"})
    first = next(boxes, None)
    return _read_note(file, first) if first is not None and first.kind == b"uuid" else None


def walk(file: BinaryIO) -> Iterator[Box]:
    """The whole top-level boxes of a file, in order; ends at the first that is cut off or makes no sense."""
    total = file.seek(0, 2)
    at = 0
    while at + _HEADER_BYTES <= total:
        file.seek(at)
        first = file.read(_LARGE_HEADER_BYTES)
        kind, size = box_header(first)
        if size < _HEADER_BYTES or at + size > total:
            return
        yield Box(kind, at, size, _header_bytes(first))
        at += size


def box_header(data: bytes) -> tuple[bytes, int]:
    """Type and size of the box that begins here; size 0 when `data` does not tell."""
    size, kind = int.from_bytes(data[:4], "big"), data[4:8]
    if size == 1:
        size = int.from_bytes(data[8:16], "big") if len(data) >= _LARGE_HEADER_BYTES else 0
        return kind, size if size >= _LARGE_HEADER_BYTES else 0
    return kind, size


def children(body: bytes | memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each whole box that stands in `body`, one after another."""
    at = 0
    while at + _HEADER_BYTES <= len(body):
        kind, size = box_header(bytes(body[at : at + _LARGE_HEADER_BYTES]))
        header = _header_bytes(bytes(body[at : at + 4]))
        if size < header or at + size > len(body):
            return
        yield kind, bytes(body[at + header : at + size])
        at += size


def _header_bytes(data: bytes) -> int:
    return _LARGE_HEADER_BYTES if data[:4] == b"\0\0\0\1" else _HEADER_BYTES


def note(kind: str, content: dict[str, Any]) -> bytes:
    """A note as a box; `kind` is head or tail."""
    text = json.dumps({"note": kind, "v": 1, **content}, separators=(",", ":")).encode()
    size = _HEADER_BYTES + len(_NOTE_UUID) + len(text)
    return size.to_bytes(4, "big") + b"uuid" + _NOTE_UUID + text


def check_sum(digest: _Hash) -> bytes:
    """The box that follows a fragment: the first 16 bytes of the SHA-256 of all that stands before it."""
    body = _SUM_UUID + digest.copy().digest()[:_SUM_BYTES]
    return (_HEADER_BYTES + len(body)).to_bytes(4, "big") + b"uuid" + body


def sound_bytes(file: BinaryIO) -> int:
    """Where the last fragment ends whose check sum fits; 0 when there is none.

    After a power cut a file may have its full length and yet hold nothing where the disk did not come to it.
    """
    digest, read, sound = hashlib.sha256(), 0, 0
    for box in list(walk(file)):
        if box.kind != b"uuid" or box.bytes != _HEADER_BYTES + len(_SUM_UUID) + _SUM_BYTES:
            continue
        file.seek(read)
        read += _hash_into(digest, file, box.at - read)
        body = file.read(box.bytes)
        if body[_HEADER_BYTES:-_SUM_BYTES] != _SUM_UUID:
            continue
        if body != check_sum(digest):
            break
        sound = box.at + box.bytes
    return sound


def _hash_into(digest: _Hash, file: BinaryIO, size: int) -> int:
    done = 0
    while done < size and (piece := file.read(min(_PIECE, size - done))):
        digest.update(piece)
        done += len(piece)
    return done


def _read_note(file: BinaryIO, box: Box) -> dict[str, Any] | None:
    if not len(_NOTE_UUID) + _HEADER_BYTES < box.bytes <= _MAX_NOTE_BYTES:
        return None
    file.seek(box.at + _HEADER_BYTES)
    body = file.read(box.bytes - _HEADER_BYTES)
    if not body.startswith(_NOTE_UUID):
        return None
    try:
        content = json.loads(body[len(_NOTE_UUID) :])
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("v") == 1 else None
