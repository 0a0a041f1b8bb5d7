"""Whole media, wherever they rest: in the folder at first, and then, where one is configured, in a store elsewhere.

The folder is the spool of that store: a medium is read from it until the store has it, and leaves it only then. While
the store cannot be reached, media go on coming in, as long as the disk has room, and nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

PART_BYTES = 256 << 10
_PLAIN_TYPE = re.compile(r"((image|video|audio)/[a-z0-9.+-]{1,60}|application/zip)\Z")


class Medium(NamedTuple):
    """What names a medium; `type` is its MIME type."""

    id: str
    sha256: str
    type: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Medium:
        """Of its row."""
        return cls(row["id"], row["sha256"], row["type"])

    @property
    def shown_type(self) -> str:
        """What a gateway calls it is shown by browsers: pictures, video, sound, ZIP files, and nothing they run."""
        return self.type if _PLAIN_TYPE.match(self.type) else "application/octet-stream"


class Link(NamedTuple):
    """An address at the store elsewhere that opens one medium for a while."""

    url: str


class Kept(Protocol):
    """Where whole media rest. Two implementations, one suite of tests: a folder, and a store that speaks S3.

    All raise StorageError when it does not work now.
    """

    def keep(self, medium: Medium, source: Path) -> None:
        """Take a whole file, which leaves `source`. What is kept after this survives; safe to do again."""

    def read(self, medium: Medium, first: int, last: int) -> Iterator[bytes] | None:
        """The bytes from `first` to `last`, both in; None: it is not here. Opened at once; close it, or read it out."""

    def remove(self, medium: Medium) -> None:
        """Take it away; one that is not here is fine."""


class Elsewhere(Kept, Protocol):
    """A store that is not this machine's disk. `error` is what went wrong last, empty when it works."""

    error: str

    def link(self, medium: Medium, name: str | None) -> str | None:
        """Where a browser gets it by itself for a while, if that is wanted; `name`: to be saved under."""

    @property
    def origin(self) -> str | None:
        """Of those links; None: there are none."""


class Media:
    """Both together."""

    def __init__(self, folder: Kept, elsewhere: Elsewhere | None = None) -> None:
        self.folder, self.elsewhere = folder, elsewhere

    def find(self, medium: Medium, first: int, last: int, name: str | None) -> Iterator[bytes] | Link | None:
        """Its bytes, or where a browser gets them by itself, to be saved under `name`; None: it is in neither."""
        found = self.folder.read(medium, first, last)
        if found is not None or self.elsewhere is None:
            return found
        link = self.elsewhere.link(medium, name)
        return self.elsewhere.read(medium, first, last) if link is None else Link(link)

    @property
    def origin(self) -> str | None:
        """From where browsers get media by themselves, besides from here."""
        return None if self.elsewhere is None else self.elsewhere.origin

    def remove(self, medium: Medium) -> None:
        """Take it away from both."""
        self.folder.remove(medium)
        if self.elsewhere is not None:
            self.elsewhere.remove(medium)
