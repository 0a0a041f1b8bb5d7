"""What happened to the gateway itself, so that missing footage can be explained: started, stopped, clock stepped.

Whoever notes something is never told of a disk that fails: what could not be written waits here and is tried again.
Entries get their place in the journal, and their signature, as they are written. The catalogue knows the newest, so
that it cannot be taken away unseen.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path

from agent.core.durable import sync_folder
from agent.core.errors import StorageError
from agent.record.catalogue import ChainHead
from agent.record.disk import append_lines
from agent.record.journal_file import MOST_BYTES, MOST_OLD, NAME, Ended, Entry, Kind, newest, old
from agent.record.statement import GENESIS, KEYS, KeyRing
from agent.record.store import SegmentStore

log = logging.getLogger(__name__)

_MOST_WAITING = 500
"""Entries kept while the disk takes none; of more, the oldest go."""


class Journal:
    """Writes the file of a store that is prepared; any thread may call."""

    def __init__(self, store: SegmentStore) -> None:
        self._store, self._clock = store, store.clock
        self._ring = KeyRing(store.root / KEYS)
        self._lock = threading.Lock()
        self._waiting: deque[Entry] = deque(maxlen=_MOST_WAITING)
        self._head: ChainHead | None = None
        """The newest entry in the file; None when it must be looked up."""
        self.error = ""
        """What the disk says; empty when all is written."""

    @property
    def root(self) -> Path:
        """The folder it lies in."""
        return self._store.root

    def begin(self, version: str, last: Entry | None) -> None:
        """The gateway starts; `last` is the newest entry of the run before."""
        self._note("start", ended=self._ended(last), version=version[:40])

    def end(self) -> None:
        """It stopped in order: all footage is closed."""
        self._note("stop")

    def stepped(self, before_ns: int, after_ns: int, *, was_synced: bool | None) -> None:
        """The wall clock stepped, or it became or ceased to be synchronised."""
        self._note("clock", before_ns=max(0, before_ns), after_ns=max(0, after_ns), was_synced=was_synced)

    def camera(self, kind: Kind, camera: str, text: str = "", since_ns: int | None = None) -> None:
        """Something of one camera changed that explains why footage of it is missing, or there again."""
        self._note(kind, camera=camera, text=_plain(text), since_ns=None if since_ns is None else max(0, since_ns))

    def audited(self, text: str) -> None:
        """What a self-audit found."""
        self._note("audit", text=_plain(text))

    def write(self) -> None:
        """Try again what a failing disk did not take."""
        with self._lock:
            self._write()

    def last(self) -> Entry | None:
        """The newest entry that can be read and is signed."""
        try:
            return newest(self.root, self._ring)
        except OSError as error:
            self._failed(str(error.strerror))
            return None

    def _note(self, kind: Kind, **more: object) -> None:
        clock = self._clock
        said = {"kind": kind, "at_ns": max(0, clock.wall_ns()), "mono_ns": clock.mono_ns(), "boot": clock.boot}
        entry = Entry.model_validate({**said, "synced": clock.synced(), **more})
        with self._lock:
            self._waiting.append(entry)
            self._write()

    def _ended(self, last: Entry | None) -> Ended:
        if last is None:
            return "first"
        if last.kind == "stop":
            return "orderly"
        return "killed" if last.boot == self._clock.boot else "restarted"

    def _write(self) -> None:
        if not self._waiting:
            return
        try:
            self._store.check()
            self._rotate()
            head = self._head or self._look_up()
            lines = b""
            for entry in self._waiting:
                placed = entry.model_copy(update={"number": head.number + 1, "previous": head.link})
                placed = placed.sealed(self._store.signer)
                lines, head = lines + placed.line(), ChainHead(placed.number, placed.digest())
            self._head = None
            append_lines(self.root / NAME, lines)
        except (OSError, StorageError) as error:
            self._failed(getattr(error, "strerror", None) or str(error))
            return
        self._head = head
        self._waiting.clear()
        self.error = ""
        self._remember(head)

    def _look_up(self) -> ChainHead:
        """Where the file ends. What it holds of those that wait (a failing disk took a part) waits no longer."""
        last = newest(self.root, self._ring)
        if last is None:
            return ChainHead(0, GENESIS)
        waiting = list(self._waiting)
        if (written := last.unplaced()) in waiting:
            self._waiting = deque(waiting[waiting.index(written) + 1 :], _MOST_WAITING)
        return ChainHead(last.number, last.digest())

    def _remember(self, head: ChainHead) -> None:
        query = (
            "INSERT INTO journal VALUES (1, ?, ?) "
            "ON CONFLICT DO UPDATE SET number = excluded.number, link = excluded.link"
        )
        try:
            with self._store.catalogue.transaction() as db:
                db.execute(query, head)
        except StorageError as error:
            log.warning("the catalogue does not know the journal's newest entry: %s", error)

    def _failed(self, error: str) -> None:
        if error != self.error:
            log.error("the journal cannot be written: %s", error)
        self.error = error

    def _rotate(self) -> None:
        """A kill between two renames leaves a number out, which no reader minds."""
        path = self.root / NAME
        if not path.exists() or path.stat().st_size < MOST_BYTES:
            return
        for number in range(MOST_OLD - 1, 0, -1):
            full = old(self.root, number)
            if full.exists():
                full.replace(old(self.root, number + 1))
        path.replace(old(self.root, 1))
        sync_folder(self.root)


def _plain(text: str) -> str:
    """What a file can hold of what a camera or a disk says."""
    return text[:400].encode(errors="replace").decode()
