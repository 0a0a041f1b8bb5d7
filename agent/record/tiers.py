"""The folders that hold segments: `recordings` (tier 0), and perhaps an archive on another disk (tier 1).

Each holds a marker with the store's id: without it the disk is not mounted, with another id it is a stranger's, and in
either case nothing is written or deleted there.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from agent.core.durable import replace_file
from agent.core.errors import StorageError, StorageMissing
from agent.record.disk import make_folders

MARKER = ".lamppost-store"
_NOT_OURS_NOT_FOREIGN = frozenset({"lost+found", f"{MARKER}.new"})
"""What a new file system has, and what is left of a first start that was killed as it wrote the marker."""
_WORDS = "This folder belongs to Lamppost. Without this file nothing is recorded or deleted here."


@dataclass(frozen=True, slots=True)
class Tier:
    """One folder of segments on one disk."""

    number: int
    root: Path

    def is_there(self) -> bool:
        """Is the disk mounted?"""
        return (self.root / MARKER).is_file()

    def check(self) -> None:
        """Raises: StorageMissing when the marker is gone: then nothing may be written or deleted here."""
        if not self.is_there():
            raise StorageMissing(f"{self.root}: no {MARKER} there; is the disk mounted?")

    def claim(self, store_id: str = "") -> str:
        """Mark the folder as ours at the first start; returns the store's id.

        Raises:
            StorageMissing: it holds something but no marker, or the marker of another store.
        """
        marker = self.root / MARKER
        if marker.is_file():
            return self._id(store_id)
        make_folders(Path(self.root.anchor), self.root)
        found = sorted(entry.name for entry in self.root.iterdir() if entry.name not in _NOT_OURS_NOT_FOREIGN)
        if found:
            raise StorageMissing(
                f"{self.root}: holds {found[0]!r} but no {MARKER}; mount the right disk, or name an empty folder"
            )
        store_id = store_id or secrets.token_hex(16)
        replace_file(marker, json.dumps({"store": store_id, "tier": self.number, "note": _WORDS}).encode() + b"\n")
        return store_id

    def free_bytes(self) -> int:
        """What is left on the disk for us."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def total_bytes(self) -> int:
        """The size of the disk."""
        found = os.statvfs(self.root)
        return found.f_blocks * found.f_frsize

    def _id(self, wanted: str) -> str:
        marker = self.root / MARKER
        try:
            said = json.loads(marker.read_bytes())
            found, number = str(said["store"]), int(said["tier"])
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{marker}: cannot be read; write it anew or take an empty folder") from error
        if number != self.number or (wanted and found != wanted):
            raise StorageMissing(f"{self.root}: belongs to another store; mount the right disk, or name another folder")
        return found
