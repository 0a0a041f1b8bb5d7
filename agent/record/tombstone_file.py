"""`<camera>/tombstones.jsonl`: what was deleted, for a catalogue that must be made again.

A line for each tombstone; later lines stand for the earlier ones they cover. It is written anew when most of it is
covered. While the file is as long as we left it, a deletion adds its own lines and reads nothing.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent.config.base import Id
from agent.core.durable import replace_file
from agent.record.disk import append_lines
from agent.record.statement import Ns, Sha256, Statement, parsed

FILE = "tombstones.jsonl"
_WASTE = 4
"""The file is written anew when it has so many times more bytes than what it says."""
_SMALL_BYTES = 64 << 10
_MAX_LINE_BYTES = 64 << 10

Number = Annotated[int, Field(ge=1, lt=1 << 63)]


class Tombstone(Statement):
    """Segments `first` to `last` of a camera were deleted: `previous` and `link` join what is before and after.

    `reasons` counts segments by why they went; `at_ns` is when the last of them did. `closed` is why the segment `last`
    was closed: where the camera then sent nothing, it is all that tells why nothing follows.
    """

    camera: Id
    first: Number
    last: Number
    previous: Sha256
    link: Sha256
    start_ns: Ns
    end_ns: Ns
    bytes: Annotated[int, Field(ge=0)]
    reasons: dict[Annotated[str, Field(max_length=40)], Annotated[int, Field(ge=1)]]
    at_ns: Ns
    closed: Annotated[str, Field(max_length=40)]


class TombstoneFile:
    """The file of one camera, for the one process that deletes."""

    def __init__(self, path: Path, camera: str) -> None:
        self._path, self._camera = path, camera
        self._left_bytes, self._most_bytes = -1, 0

    def say(self, fresh: Sequence[Tombstone], everything: Callable[[], Sequence[Tombstone]]) -> None:
        """The file says `fresh` when this returns, synced; `everything` is asked when its lines must be compared.

        That is at the first call, when somebody else changed its length, and when most of it may be covered.
        """
        if self._size() != self._left_bytes or self._left_bytes > self._most_bytes:
            self._compare(everything())
        elif fresh:
            append_lines(self._path, b"".join(map(_line, fresh)))
        self._left_bytes = self._size()

    def _compare(self, tombstones: Sequence[Tombstone]) -> None:
        lines = {one.signature: _line(one) for one in tombstones}
        most_bytes = max(_SMALL_BYTES, _WASTE * sum(map(len, lines.values())))
        if 0 < self._size() < most_bytes:
            said = {one.signature for one in _lines(self._path, self._camera)}
            if missing := b"".join(line for signature, line in lines.items() if signature not in said):
                append_lines(self._path, missing)
        else:
            self._path.parent.mkdir(exist_ok=True)
            replace_file(self._path, b"".join(lines.values()))
        self._most_bytes = most_bytes

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0


def read_file(path: Path, camera: str) -> list[Tombstone]:
    """What a camera's file says, in the order of its chain: later lines stand for the earlier ones they cover."""
    kept: list[Tombstone] = []
    for one in _lines(path, camera):
        begin = bisect_left(kept, one.first, key=lambda other: other.last)
        end = bisect_right(kept, one.last, key=lambda other: other.first)
        kept[begin:end] = [one]
    return kept


def _lines(path: Path, camera: str) -> Iterator[Tombstone]:
    """The lines that can be read; the last may be cut off by a power cut before anything was deleted for it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while line := file.readline(_MAX_LINE_BYTES):
            try:
                found = parsed(Tombstone, json.loads(line))
            except (ValueError, RecursionError):
                continue
            if found is not None and found.camera == camera and found.first <= found.last:
                yield found


def _line(one: Tombstone) -> bytes:
    return one.model_dump_json().encode() + b"\n"
