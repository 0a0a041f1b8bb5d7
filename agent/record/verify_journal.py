"""Is the journal whole: every entry signed, each followed by the next, up to the one that the catalogue knows?"""

from __future__ import annotations

from collections.abc import Iterator

from agent.record.catalogue import ChainHead
from agent.record.journal_file import MOST_OLD, NAME, Entry, files, read_lines
from agent.record.statement import GENESIS, KEYS, KeyRing
from agent.record.store import SegmentStore
from agent.record.verify import Problem

_LEAST_OLD = MOST_OLD - 1
"""Full files, when the oldest entries have made room for others; a kill may have left a number out."""


class JournalVerification:
    """One look at the journal of a store that was opened for reading. `entries` counts those that are signed."""

    def __init__(self, store: SegmentStore) -> None:
        self._store, self._ring = store, KeyRing(store.root / KEYS)
        self.entries = 0

    def run(self) -> Iterator[Problem]:
        """The faults, as they are found.

        Raises:
            StorageError: the disk does not give it.
        """
        known = self._known()  # first: beside a gateway the file only grows
        at: ChainHead | None = None
        for entry in read_lines(self._store.root):
            if not self._ring.fits(entry):
                yield _problem(f"entry {entry.number}: its signature does not fit, or the key is not known here")
                continue
            self.entries += 1
            if what := self._beginning(entry) if at is None else _follows(at, entry):
                yield _problem(what)
            at = ChainHead(entry.number, entry.digest())
        yield from self._end(at or ChainHead(0, GENESIS), known)

    def _beginning(self, entry: Entry) -> str:
        if (entry.number, entry.previous) == (1, GENESIS) or len(files(self._store.root)) > _LEAST_OLD:
            return ""
        return f"begins with entry {entry.number}: those before it are missing"

    def _end(self, at: ChainHead, known: ChainHead) -> Iterator[Problem]:
        if at.number < known.number:
            yield _problem(f"ends with entry {at.number}, written were {known.number}")
        elif at.number == known.number and at != known:
            yield _problem(f"entry {at.number} is not the one that was written")

    def _known(self) -> ChainHead:
        with self._store.catalogue.transaction() as db:
            row = db.execute("SELECT number, link FROM journal").fetchone()
        return ChainHead(*row) if row else ChainHead(0, GENESIS)


def _follows(at: ChainHead, entry: Entry) -> str:
    if entry.number > at.number + 1:
        first, last = at.number + 1, entry.number - 1
        return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
    follows = entry.number == at.number + 1 and entry.previous == at.link
    return "" if follows else f"entry {entry.number} does not follow {at.number}"


def _problem(what: str) -> Problem:
    return Problem("journal", NAME, what)
