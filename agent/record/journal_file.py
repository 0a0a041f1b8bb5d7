"""The journal's files and their lines: `<root>/journal.jsonl`; full ones are `journal.8.jsonl` to `journal.1.jsonl`.

Each line is signed, and names the one before it by number and digest. A line that was torn, or is none of ours, is
passed over: if one of ours is missing in its place, the next does not follow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from agent.config.base import Id
from agent.core.errors import StorageError
from agent.record.statement import GENESIS, KEYS, KeyRing, Ns, Sha256, Statement, parsed

NAME = "journal.jsonl"
MOST_BYTES = 1 << 20
MOST_OLD = 8
_MAX_LINE_BYTES = 8 << 10
_MAX_FILE_BYTES = 4 * MOST_BYTES
_TRIES = 5

Kind = Literal["start", "stop", "clock", "offline", "online", "trouble", "well", "mode", "audit"]
Ended = Literal["first", "orderly", "killed", "restarted"]


class Entry(Statement):
    """One line: what happened, and what both clocks said.

    `offline` and `online` are of a camera's main stream, `trouble` and `well` of what records it (the disk, mostly).
    `camera` is whom it happened to, `since_ns` when it began where that was earlier, `text` the error, the mode or the
    result. A `start` says how the run before `ended` (`restarted`: the machine did, without a stop) and the `version`;
    a `clock` what the wall clock would have said (`before_ns`), what it said (`after_ns`), and whether it `was_synced`.
    `number` and `previous` are its place in the journal, 0 while it has none.
    """

    kind: Kind
    at_ns: Ns
    mono_ns: Ns
    boot: Id
    number: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    previous: Sha256 = GENESIS
    synced: bool | None = None
    camera: Id | None = None
    since_ns: Ns | None = None
    text: Annotated[str, Field(max_length=400)] = ""
    ended: Ended | None = None
    version: Annotated[str, Field(max_length=40)] | None = None
    before_ns: Ns | None = None
    after_ns: Ns | None = None
    was_synced: bool | None = None

    def signed_part(self) -> dict[str, Any]:
        """What stands in the line, but for the signature."""
        return self.model_dump(mode="json", exclude={"signature"}, exclude_none=True, exclude_defaults=True)

    def unplaced(self) -> Entry:
        """The same, as it was before it had a place in the journal."""
        return self.model_copy(update={"number": 0, "previous": GENESIS, "key": "", "signature": ""})

    def line(self) -> bytes:
        """As it stands in the file."""
        return self.model_dump_json(exclude_none=True, exclude_defaults=True).encode() + b"\n"

    @property
    def step_ns(self) -> int:
        """By how much the wall clock stepped; 0 when it did not."""
        return (self.after_ns or 0) - (self.before_ns or 0) if self.kind == "clock" else 0


def read_journal(root: Path) -> list[Entry]:
    """All entries that the gateway's keys vouch for, oldest first: signed, or named by the one after it.

    Raises:
        StorageError: the disk does not give it.
    """
    ring, link = KeyRing(root / KEYS), ""
    found: list[Entry] = []
    for entry in reversed(read_lines(root)):
        if entry.digest() == link or ring.fits(entry):
            found.append(entry)
            link = entry.previous
    return found[::-1]


def read_lines(root: Path) -> list[Entry]:
    """All lines of ours, oldest first; one that a failing disk took twice counts once.

    Raises:
        StorageError: the disk does not give it.
    """
    try:
        lines = (line for content in _contents(root) for line in content.split(b"\n"))
        return list(dict.fromkeys(filter(None, map(_entry, lines))))
    except OSError as error:
        raise StorageError(f"{root / NAME}: {error.strerror}; look at the disk") from error


def newest(root: Path, ring: KeyRing) -> Entry | None:
    """The newest entry that is signed.

    Raises:
        OSError: the disk does not give it.
    """
    for path in reversed(files(root)):
        for line in reversed(_content(path).split(b"\n")):
            if (found := _entry(line)) is not None and ring.fits(found):
                return found
    return None


def files(root: Path) -> list[Path]:
    """The journal's files, oldest first."""
    known = [*(old(root, number) for number in range(MOST_OLD, 0, -1)), root / NAME]
    return [path for path in known if path.exists()]


def old(root: Path, number: int) -> Path:
    """A full file; 1 is the newest."""
    return root / f"journal.{number}.jsonl"


def _contents(root: Path) -> list[bytes]:
    """Of all files; again when they were renamed meanwhile: a gateway may be at work."""
    for _ in range(_TRIES):
        before = _identities(root)
        found = [_content(path) for path in files(root)]
        if _identities(root) == before:
            break
    return found


def _identities(root: Path) -> list[tuple[Path, int]]:
    try:
        return [(path, path.stat().st_ino) for path in files(root)]
    except FileNotFoundError:
        return []  # renamed a moment ago: it will not be the same at the next look


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE_BYTES)
    except FileNotFoundError:
        return b""  # renamed a moment ago


def _entry(line: bytes) -> Entry | None:
    if not 0 < len(line) <= _MAX_LINE_BYTES:
        return None
    try:
        found = parsed(Entry, json.loads(line))
    except (ValueError, RecursionError):
        return None
    return found if found is not None and found.number else None
