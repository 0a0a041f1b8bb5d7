"""What was deleted, stated and signed, so that a chain with holes still verifies.

A tombstone covers a run of numbers of one camera's chain; runs that touch are made one. The catalogue holds them all;
`<camera>/tombstones.jsonl` holds them for a catalogue that must be made again. What a deletion costs does not depend on
how many there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from agent.core.signing import Signer
from agent.record.catalogue import Catalogue, ChainHead, put_head
from agent.record.segment import Segment
from agent.record.tombstone_file import FILE, Tombstone, TombstoneFile, read_file


class Graveyard:
    """Writes tombstones; every step of a deletion that they take part in is a call of its own."""

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self._catalogue, self._root = catalogue, root
        self._files: dict[str, TombstoneFile] = {}

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

    def write(self, garbage: Iterable[Segment]) -> None:
        """Step 2: the cameras' files say what stands for this garbage, synced."""
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for one in garbage:
            numbers[one.camera].append(one.number)
        for camera, gone in numbers.items():
            file = self._files.setdefault(camera, TombstoneFile(self._root / camera / FILE, camera))
            file.say(self._over(camera, sorted(gone)), partial(self.of, camera))

    def of(self, camera: str) -> list[Tombstone]:
        """All tombstones of a camera in the order of its chain."""
        with self._catalogue.transaction() as db:
            rows = db.execute("SELECT statement FROM tombstone WHERE camera = ? ORDER BY first", (camera,)).fetchall()
        return [Tombstone.model_validate_json(row[0]) for row in rows]

    def covering(self, camera: str, number: int) -> Tombstone | None:
        """The tombstone that stands for a number of the camera's chain."""
        with self._catalogue.transaction() as db:
            return covering(db, camera, number)

    def restore(self, db: Connection, camera: str) -> None:
        """Take over what the camera's file says, for a catalogue that is made again."""
        for one in read_file(self._root / camera / FILE, camera):
            _put(db, one)
            put_head(db, camera, ChainHead(one.last, one.link))

    def _over(self, camera: str, numbers: Sequence[int]) -> list[Tombstone]:
        """The tombstones that stand for these numbers, which ascend."""
        found: list[Tombstone] = []
        for number in numbers:
            if (not found or found[-1].last < number) and (one := self.covering(camera, number)) is not None:
                found.append(one)
        return found


def covering(db: Connection, camera: str, number: int) -> Tombstone | None:
    """See `Graveyard.covering`."""
    query = "SELECT statement FROM tombstone WHERE camera = ? AND first <= ? ORDER BY first DESC LIMIT 1"
    row = db.execute(query, (camera, number)).fetchone()
    found = Tombstone.model_validate_json(row[0]) if row else None
    return found if found is not None and found.last >= number else None


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
        closed=run[-1].reason,
    )


def _merged(db: Connection, one: Tombstone) -> Tombstone:
    """`one` together with its neighbours on either side, which go."""
    # two lookups, each told its index: left to itself SQLite goes through all of the camera's
    query = (
        "SELECT statement FROM tombstone INDEXED BY tombstone_by_last WHERE camera = ?1 AND last = ?2 "
        "UNION ALL SELECT statement FROM tombstone WHERE camera = ?1 AND first = ?3"
    )
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
            closed=high.closed,
        )
    return one


def _put(db: Connection, one: Tombstone) -> None:
    db.execute("INSERT INTO tombstone VALUES (?, ?, ?, ?)", (one.camera, one.first, one.last, one.model_dump_json()))
