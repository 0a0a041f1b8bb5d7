"""What happened to the gateway itself, so that missing footage can be explained: started, stopped, clock stepped.

`<root>/journal.jsonl`, a line each, synced. Full files become `journal.1.jsonl` (the newest) to `journal.8.jsonl`.
Whoever notes something is never told of a disk that fails: what could not be written waits here and is tried again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.config.base import Id
from agent.core.clock import Clock
from agent.core.errors import StorageError
from agent.record.disk import append_lines, sync_folder
from agent.record.statement import Ns, parsed
from agent.record.tiers import Tier

log = logging.getLogger(__name__)

NAME = "journal.jsonl"
MOST_BYTES = 1 << 20
MOST_OLD = 8
_MAX_LINE_BYTES = 8 << 10
_MOST_WAITING = 500
"""Entries kept while the disk takes none; of more, the oldest go."""

Kind = Literal["start", "stop", "clock", "offline", "online", "trouble", "well", "mode", "audit"]
Ended = Literal["first", "orderly", "killed", "restarted"]


class Entry(BaseModel):
    """One line: what happened, and what both clocks said.

    `offline` and `online` are of a camera's main stream, `trouble` and `well` of what records it (the disk, mostly).
    `camera` is whom it happened to, `since_ns` when it began where that was earlier, `text` the error, the mode or the
    result. A `start` says how the run before `ended` (`restarted`: the machine did, without a stop) and the `version`;
    a `clock` what the wall clock would have said (`before_ns`), what it said (`after_ns`), and whether it `was_synced`.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    at_ns: Ns
    mono_ns: Ns
    boot: Id
    synced: bool | None = None
    camera: Id | None = None
    since_ns: Ns | None = None
    text: Annotated[str, Field(max_length=400)] = ""
    ended: Ended | None = None
    version: Annotated[str, Field(max_length=40)] | None = None
    before_ns: Ns | None = None
    after_ns: Ns | None = None
    was_synced: bool | None = None

    @property
    def step_ns(self) -> int:
        """By how much the wall clock stepped; 0 when it did not."""
        return (self.after_ns or 0) - (self.before_ns or 0) if self.kind == "clock" else 0


class Journal:
    """Writes and reads the file; any thread may call."""

    def __init__(self, tier: Tier, clock: Clock) -> None:
        self._tier, self._clock = tier, clock
        self._lock = threading.Lock()
        self._waiting: deque[Entry] = deque(maxlen=_MOST_WAITING)
        self.error = ""
        """What the disk says; empty when all is written."""

    @property
    def root(self) -> Path:
        """The folder it lies in."""
        return self._tier.root

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
        self._note(kind, camera=camera, text=text[:400], since_ns=None if since_ns is None else max(0, since_ns))

    def audited(self, text: str) -> None:
        """What a self-audit found."""
        self._note("audit", text=text[:400])

    def write(self) -> None:
        """Try again what a failing disk did not take."""
        with self._lock:
            self._write()

    def last(self) -> Entry | None:
        """The newest entry that can be read."""
        try:
            for path in reversed(files(self.root)):
                *_, last = (None, *_lines(path))
                if last is not None:
                    return last
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
        waiting = tuple(self._waiting)
        if not waiting:
            return
        try:
            self._tier.check()
            self._rotate()
            append_lines(self.root / NAME, b"".join(_line(entry) for entry in waiting))
        except (OSError, StorageError) as error:
            self._failed(getattr(error, "strerror", None) or str(error))
            return
        self._waiting.clear()
        self.error = ""

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
            old = _old(self.root, number)
            if old.exists():
                old.replace(_old(self.root, number + 1))
        path.replace(_old(self.root, 1))
        sync_folder(self.root)


def read_journal(root: Path) -> list[Entry]:
    """All entries that can be read, oldest first; a line that was torn, or is none of ours, is passed over.

    One that stands there twice, because a failing disk took a part and then all of it, counts once.

    Raises:
        StorageError: the disk does not give it.
    """
    try:
        return list(dict.fromkeys(entry for path in files(root) for entry in _lines(path)))
    except OSError as error:
        raise StorageError(f"{root / NAME}: {error.strerror}; look at the disk") from error


def files(root: Path) -> list[Path]:
    """The journal's files, oldest first."""
    known = [*(_old(root, number) for number in range(MOST_OLD, 0, -1)), root / NAME]
    return [path for path in known if path.exists()]


def _old(root: Path, number: int) -> Path:
    return root / f"journal.{number}.jsonl"


def _line(entry: Entry) -> bytes:
    return entry.model_dump_json(exclude_none=True, exclude_defaults=True).encode() + b"\n"


def _lines(path: Path) -> Iterator[Entry]:
    try:
        with path.open("rb") as file:
            while line := file.readline(_MAX_LINE_BYTES):
                try:
                    found = parsed(Entry, json.loads(line))
                except (ValueError, RecursionError):
                    continue
                if found is not None:
                    yield found
    except FileNotFoundError:
        return  # rotated away a moment ago
