"""What was deleted, stated and signed, so that a chain with holes still verifies.

A tombstone covers a run of numbers of one camera's chain; runs that touch are made one. The catalogue holds them all;
`<camera>/tombstones.jsonl` holds them for a catalogue that must be made again: a line each, later lines cover earlier
ones, written anew when most of it is covered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Annotated

from pydantic import Field

from agent.config.base import Id
from agent.core.signing import Signer
from agent.record.catalogue import Catalogue
from agent.record.disk import append_lines, replace_file
from agent.record.segment import Segment
from agent.record.statement import Ns, Sha256, Statement, parsed

FILE = "tombstones.jsonl"
_WASTE = 4
"""The file is written anew when it has so many times more bytes than what it says."""
_SMALL_BYTES = 64 << 10
_MAX_LINE_BYTES = 64 << 10

Number = Annotated[int, Field(ge=1, lt=1 << 63)]


class Tombstone(Statement):
    """Segments `first` to `last` of a camera were deleted: `previous` and `link` join what is before and after.

    `reasons` counts segments by why they went; `at_ns` is when the last of them did.
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


class Graveyard:
    """Writes tombstones; every step of a deletion that they take part in is a call of its own."""

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self._catalogue, self._root = catalogue, root

    def bury(
        self, segments: Sequence[Segment], reason: str, at_ns: int, signer: Signer, *, held_too: bool = False
    ) -> list[Segment]:
        """Step 1 of a deletion: rows become garbage, and tombstones stand for them. All or nothing.

        Returns those it took: one that a hold covers since it was chosen stays.
        """
        query = "UPDATE segment SET garbage = 1 WHERE id = ? AND garbage = 0 AND held <= ?"
        with self._catalogue.transaction() as db:
            taken = [one for one in segments if db.execute(query, (one.id, held_too)).rowcount]
            for run in _runs(taken):
                _put(db, _merged(db, _tombstone(run, reason, at_ns)).sealed(signer))
        return taken

    def write(self, cameras: Iterable[str]) -> None:
        """Step 2: the cameras' files say what the catalogue says, synced."""
        for camera in cameras:
            self._write(camera, self.of(camera))

    def of(self, camera: str) -> list[Tombstone]:
        """All tombstones of a camera in the order of its chain."""
        with self._catalogue.transaction() as db:
            rows = db.execute("SELECT statement FROM tombstone WHERE camera = ? ORDER BY first", (camera,)).fetchall()
        return [Tombstone.model_validate_json(row[0]) for row in rows]

    def covering(self, camera: str, number: int) -> Tombstone | None:
        """The tombstone that stands for a number of the camera's chain."""
        query = "SELECT statement FROM tombstone WHERE camera = ? AND first <= ? ORDER BY first DESC LIMIT 1"
        with self._catalogue.transaction() as db:
            row = db.execute(query, (camera, number)).fetchone()
        found = Tombstone.model_validate_json(row[0]) if row else None
        return found if found is not None and found.last >= number else None

    def restore(self, camera: str) -> None:
        """Take over what the camera's file says, for a catalogue that is made again."""
        found = read_file(self._root / camera / FILE, camera)
        with self._catalogue.transaction() as db:
            for one in found:
                _put(db, one)
                db.execute(
                    "INSERT INTO chain VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number, "
                    "link = excluded.link WHERE excluded.number > number",
                    (camera, one.last, one.link),
                )

    def _write(self, camera: str, tombstones: Sequence[Tombstone]) -> None:
        path = self._root / camera / FILE
        lines = {one.signature: _line(one) for one in tombstones}
        size = path.stat().st_size if path.exists() else 0
        if size < max(_SMALL_BYTES, _WASTE * sum(map(len, lines.values()))) and size:
            said = {one.signature for one in _lines(path, camera)}
            if fresh := b"".join(line for signature, line in lines.items() if signature not in said):
                append_lines(path, fresh)
        else:
            path.parent.mkdir(exist_ok=True)
            replace_file(path, b"".join(lines.values()))


def read_file(path: Path, camera: str) -> list[Tombstone]:
    """What a camera's file says, in the order of its chain: later lines stand for the earlier ones they cover."""
    kept: list[Tombstone] = []
    for one in _lines(path, camera):
        kept = [other for other in kept if other.last < one.first or other.first > one.last]
        kept.append(one)
    return sorted(kept, key=lambda one: one.first)


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


def _runs(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """The segments by camera, in unbroken runs of numbers."""
    run: list[Segment] = []
    for one in sorted(segments, key=lambda one: (one.camera, one.number)):
        if run and (one.camera != run[-1].camera or one.number != run[-1].number + 1):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _tombstone(run: Sequence[Segment], reason: str, at_ns: int) -> Tombstone:
    return Tombstone(
        camera=run[0].camera,
        first=run[0].number,
        last=run[-1].number,
        previous=run[0].previous,
        link=run[-1].link,
        start_ns=max(0, min(one.start_ns for one in run)),
        end_ns=max(0, *(one.end_ns for one in run)),
        bytes=sum(one.bytes for one in run),
        reasons={reason: len(run)},
        at_ns=at_ns,
    )


def _merged(db: Connection, one: Tombstone) -> Tombstone:
    """`one` together with its neighbours on either side, which go."""
    query = "SELECT statement FROM tombstone WHERE camera = ? AND (last = ? OR first = ?)"
    rows = db.execute(query, (one.camera, one.first - 1, one.last + 1)).fetchall()
    for neighbour in (Tombstone.model_validate_json(row[0]) for row in rows):
        db.execute("DELETE FROM tombstone WHERE camera = ? AND first = ?", (one.camera, neighbour.first))
        low, high = sorted((one, neighbour), key=lambda each: each.first)
        one = Tombstone(
            camera=one.camera,
            first=low.first,
            last=high.last,
            previous=low.previous,
            link=high.link,
            start_ns=min(low.start_ns, high.start_ns),
            end_ns=max(low.end_ns, high.end_ns),
            bytes=low.bytes + high.bytes,
            reasons=dict(Counter(low.reasons) + Counter(high.reasons)),
            at_ns=max(low.at_ns, high.at_ns),
        )
    return one


def _put(db: Connection, one: Tombstone) -> None:
    db.execute("INSERT INTO tombstone VALUES (?, ?, ?, ?)", (one.camera, one.first, one.last, one.model_dump_json()))
