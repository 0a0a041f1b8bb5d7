"""Holds: footage that retention may not delete, who wanted it kept, why, and until when.

A hold is a signed statement in `holds/<id>.json`; the release is another in the same file, which stays. The file is
the truth: it is written and synced first, then the catalogue's rows follow in one transaction, and `mend` makes them
follow where a kill came between.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from sqlite3 import Connection
from typing import Annotated, NamedTuple

from pydantic import Field

from agent.config.base import Id
from agent.core.durable import replace_file, sync_folder
from agent.core.errors import StorageError
from agent.core.ids import is_id
from agent.core.owner import own_as
from agent.core.signing import Signer
from agent.record.catalogue import LONGEST_NS, Catalogue
from agent.record.statement import KeyRing, Ns, Sha256, Statement, parsed

log = logging.getLogger(__name__)

FOLDER = "holds"
GATEWAY = "gateway"
"""Who releases a hold whose time is over."""

_TIMES = (("start_ns", "end_ns", "TRUE"), ("start_ns - shift_ns", "end_ns - shift_ns", "shift_ns <> 0"))
"""Of a segment, as they are known now and as they were before a correction: by either a hold may have got it."""

Words = Annotated[str, Field(min_length=1, max_length=400)]


class Hold(Statement):
    """Footage of these cameras between the two times stays until `until_ns`; None: for ever."""

    id: Id
    cameras: Annotated[tuple[Id, ...], Field(min_length=1, max_length=64)]
    start_ns: Ns
    end_ns: Ns
    reason: Words
    owner: Words
    created_ns: Ns
    until_ns: Ns | None


class Release(Statement):
    """The hold is over; `link` is the digest of what it was."""

    hold: Id
    link: Sha256
    owner: Words
    reason: Words
    at_ns: Ns


class HoldFile(NamedTuple):
    """What stands in one file."""

    hold: Hold
    release: Release | None


class Row(NamedTuple):
    """A row of the catalogue: one camera of a hold."""

    id: str
    camera: str
    start_ns: int
    end_ns: int
    until_ns: int | None


class Holds:
    """Reads and writes hold files, and keeps the catalogue's table and `held` as they say."""

    def __init__(self, catalogue: Catalogue, root: Path, ring: KeyRing) -> None:
        self._catalogue, self._folder, self._ring = catalogue, root / FOLDER, ring
        self.problem = ""
        """Since the last `mend`: what is wrong with a hold, in one line."""

    def add(self, hold: Hold, signer: Signer) -> Hold:
        """Hold the footage from now on; returns the hold as signed.

        Raises:
            StorageError: the disk does not take it, or a hold has that id.
        """
        if self._path(hold.id).exists():
            raise StorageError(f"{self._path(hold.id)}: a hold with this id exists; choose another")
        sealed = hold.sealed(signer)
        self._write(HoldFile(sealed, None))
        self._hold(sealed)
        return sealed

    def release(self, hold_id: str, owner: str, reason: str, at_ns: int, signer: Signer) -> HoldFile:
        """Let go of a hold; what another one covers stays held.

        Raises:
            StorageError: there is no such hold, it was released before, or the disk does not take it.
        """
        found = self.get(hold_id)
        if found is None:
            raise StorageError(f"there is no hold {hold_id!r}; `lamppost archive hold list` names all")
        if found.release is not None:
            raise StorageError(f"hold {hold_id}: was released before, by {found.release.owner}")
        note = Release(hold=hold_id, link=found.hold.digest(), owner=owner, reason=reason, at_ns=at_ns)
        done = HoldFile(found.hold, note.sealed(signer))
        self._write(done)
        self._let_go(hold_id)
        return done

    def expire(self, now_ns: int, signer: Signer) -> list[Hold]:
        """Release what was to be held until a time that has come."""
        query = "SELECT DISTINCT id FROM hold WHERE until_ns <= ?"
        with self._catalogue.transaction() as db:
            over = [row[0] for row in db.execute(query, (now_ns,))]
        gone = []
        for hold_id in over:
            found = self.get(hold_id)
            if found is None or found.release is not None or (found.hold.until_ns or now_ns + 1) > now_ns:
                continue  # `mend` says what is wrong here
            log.info("hold %s (%s) is over", hold_id, found.hold.reason)
            gone.append(self.release(hold_id, GATEWAY, "its time is over", now_ns, signer).hold)
        return gone

    def all(self) -> list[HoldFile]:
        """Every hold that ever was, oldest first; files that cannot be read are left out."""
        found = [file for path in self._paths() if (file := read_file(path)) is not None]
        return sorted(found, key=lambda file: (file.hold.created_ns, file.hold.id))

    def get(self, hold_id: str) -> HoldFile | None:
        """One hold; None when there is none."""
        return read_file(self._path(hold_id)) if is_id(hold_id) else None

    def rows(self) -> list[Row]:
        """What the catalogue holds, by id and camera."""
        with self._catalogue.transaction() as db:
            return [Row(*row) for row in db.execute("SELECT id, camera, start_ns, end_ns, until_ns FROM hold")]

    def mend(self) -> None:
        """Make the catalogue follow the files. In doubt footage stays held, and `problem` says why."""
        listed = {row.id for row in self.rows()}
        faults = []
        for path in self._paths():
            found, known = read_file(path), path.stem in listed
            listed.discard(path.stem)
            if found is None:
                faults.append(f"{path} cannot be read; what it held stays held")
                continue
            over, fault = self._is_over(found)
            faults += [fault] if fault else []
            if over and known:
                self._let_go(path.stem)
            elif not (over or known):
                self._hold(found.hold)
        faults += [f"{self._path(hold_id)} is gone; what it held stays held" for hold_id in sorted(listed)]
        self._say("; ".join(faults[:3]) + (f" and {len(faults) - 3} more" if len(faults) > 3 else ""))

    def faults(self, found: HoldFile) -> list[str]:
        """What is wrong with the signatures of a file."""
        wrong = [] if self._ring.fits(found.hold) else ["its signature does not fit, or the key is not known here"]
        note = found.release
        if note is not None and not (self._ring.fits(note) and note.link == found.hold.digest()):
            wrong.append("the signature of its release does not fit, or the key is not known here")
        return wrong

    def _is_over(self, found: HoldFile) -> tuple[bool, str]:
        """Is it released, by a note that can be believed? And what is wrong, if anything."""
        wrong = self.faults(found)
        return found.release is not None and not wrong, f"hold {found.hold.id}: {wrong[0]}" if wrong else ""

    def _say(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.error("holds: %s", problem)
        self.problem = problem

    def _hold(self, hold: Hold) -> None:
        """The rows of a hold, and of what it covers."""
        span = (hold.start_ns - LONGEST_NS, hold.end_ns, hold.start_ns)
        with self._catalogue.transaction() as db:
            for camera in hold.cameras:
                row = (hold.id, camera, hold.start_ns, hold.end_ns, hold.until_ns)
                db.execute("INSERT INTO hold VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
                db.execute(
                    "UPDATE segment SET held = 1 WHERE garbage = 0 AND held = 0 AND camera = ? "
                    "AND start_ns > ? AND start_ns < ? AND end_ns > ?",
                    (camera, *span),
                )

    def _let_go(self, hold_id: str) -> None:
        """Its rows go; what no other hold covers is free."""
        query = "DELETE FROM hold WHERE id = ? RETURNING camera, start_ns, end_ns"
        with self._catalogue.transaction() as db:
            for camera, start_ns, end_ns in db.execute(query, (hold_id,)).fetchall():
                _weigh_again(db, camera, start_ns, end_ns)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def _path(self, hold_id: str) -> Path:
        return self._folder / f"{hold_id}.json"

    def _write(self, found: HoldFile) -> None:
        said = {"hold": found.hold.model_dump(mode="json")}
        if found.release is not None:
            said["release"] = found.release.model_dump(mode="json")
        path = self._path(found.hold.id)
        try:
            if not self._folder.exists():
                self._folder.mkdir()
                sync_folder(self._folder.parent)
                own_as(self._folder.parent, self._folder)
            replace_file(path, json.dumps(said, indent=1).encode() + b"\n")
            own_as(self._folder.parent, path)
        except OSError as error:
            raise StorageError(
                f"{path}: {error.strerror}; look at the disk, or run this as the gateway's user"
            ) from error


def read_file(path: Path) -> HoldFile | None:
    """What a hold's file says; None when it is not there or not a hold."""
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    hold, release = parsed(Hold, said.get("hold")), parsed(Release, said.get("release"))
    if hold is None or hold.id != path.stem or (release is None) != (said.get("release") is None):
        return None
    return HoldFile(hold, release)


def _weigh_again(db: Connection, camera: str, start_ns: int, end_ns: int) -> None:
    for begin, end, which in _TIMES:
        db.execute(
            "UPDATE segment SET held = 0 WHERE garbage = 0 AND held = 1 AND camera = ? "  # noqa: S608 - our own names
            f"AND {which} AND {begin} > ? AND {begin} < ? AND {end} > ? AND NOT EXISTS ("
            "SELECT 1 FROM hold WHERE hold.camera = segment.camera "
            "AND (hold.start_ns < segment.end_ns AND hold.end_ns > segment.start_ns "
            "OR hold.start_ns + shift_ns < segment.end_ns AND hold.end_ns + shift_ns > segment.start_ns))",
            (camera, start_ns - LONGEST_NS, end_ns, start_ns),
        )
