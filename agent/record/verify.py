"""Is everything there that the catalogue claims, and is it what was recorded? Only reads; works beside a gateway.

Levels, each with all before it: `presence` of files and rows, `sizes`, `structure` of the files, the signed `chain`,
`hashes` of all bytes. A segment left open, or closed and not yet listed, is no fault: start-up sees to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from agent.core.errors import StorageMissing
from agent.record.boxes import Layout, read_layout
from agent.record.catalogue import ChainHead
from agent.record.recovery import describe
from agent.record.segment import Segment, Tail, parse_head, parse_tail
from agent.record.statement import GENESIS, KEYS, KeyRing
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER, Tier
from agent.record.tombstone_file import FILE, Tombstone, read_file

_PAGE = 500
_UNKNOWN = ""
"""The link of a segment that is missing: what follows cannot be compared with it."""


class Level(IntEnum):
    """How much is looked at."""

    PRESENCE = 0
    SIZES = 1
    STRUCTURE = 2
    CHAIN = 3
    HASHES = 4


class Problem(NamedTuple):
    """One fault: where, and what."""

    camera: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.camera}: {self.place}: {self.what}"


class Verification:
    """One look at a store that was opened for reading. `segments`, `bytes` and `deleted` count what was looked at."""

    def __init__(self, store: SegmentStore, level: Level) -> None:
        self._store, self._level = store, level
        self._ring = KeyRing(store.root / KEYS)
        self.segments, self.bytes, self.deleted = 0, 0, 0
        self._away: frozenset[int] = frozenset()

    def run(self, camera: str) -> Iterator[Problem]:
        """The faults of one camera, as they are found.

        What lies on a second disk that is not there cannot be looked at, which is one fault.

        Raises:
            StorageMissing: the recording folder itself is not there.
        """
        self._store.check()
        self._away = frozenset(tier.number for tier in self._store.tiers if not tier.is_there())
        yield from self._rows(camera)
        for tier in self._store.tiers:
            if tier.is_there():
                yield from self._strays(camera, tier)
            elif unseen := self._store.catalogue.totals(camera, tier.number).segments:
                what = f"no {MARKER} there, so {unseen} segments were not looked at; is the disk mounted?"
                yield Problem(camera, str(tier.root), what)

    def check(self, segment: Segment) -> list[Problem]:
        """The faults of one segment by itself; none when it was deleted meanwhile."""
        return list(self._segment(segment))

    def _rows(self, camera: str) -> Iterator[Problem]:
        chain = _Chain(self._store, self._ring, camera)
        after = 0
        while page := self._store.catalogue.in_chain(camera, after, _PAGE):
            for segment in page:
                if self._level >= Level.CHAIN:
                    yield from chain.reach(segment)
                yield from self._segment(segment)
                after = segment.number
        if self._level >= Level.CHAIN:
            yield from chain.end()
            yield from _tombstone_file(self._store, camera)
        self.deleted += chain.deleted

    def _segment(self, segment: Segment) -> Iterator[Problem]:
        if segment.tier in self._away:
            return
        found = list(self._faults(segment))
        if found and self._is_gone(segment):
            return  # deleted, or moved to the other tier, while we looked
        self.segments += 1
        self.bytes += segment.bytes
        yield from found

    def _faults(self, segment: Segment) -> Iterator[Problem]:
        try:
            path = self._store.path_of(segment)
            size = path.stat().st_size
        except (FileNotFoundError, StorageMissing) as error:
            missing = isinstance(error, FileNotFoundError)
            yield Problem(segment.camera, segment.path, "the file is missing" if missing else str(error))
            return
        if self._level >= Level.SIZES and size != segment.bytes:
            yield Problem(segment.camera, segment.path, f"{size} bytes, recorded were {segment.bytes}")
            return
        if self._level >= Level.STRUCTURE:
            yield from self._inside(segment, path)

    def _inside(self, segment: Segment, path: Path) -> Iterator[Problem]:
        try:
            with path.open("rb") as file:
                layout = read_layout(file)
        except OSError as error:
            yield Problem(segment.camera, segment.path, f"cannot be read ({error.strerror})")
            return
        what = self._structure(segment, layout)
        tail = parse_tail(layout.tail)
        if not what and tail is not None:
            what = self._statement(segment, tail, path)
        if what:
            yield Problem(segment.camera, segment.path, what)

    @staticmethod
    def _structure(segment: Segment, layout: Layout) -> str:
        head, tail = parse_head(layout.head), parse_tail(layout.tail)
        if layout.whole_bytes != segment.bytes or not layout.fragments:
            return "its boxes are broken"
        if head is None or tail is None:
            return "its notes are missing or broken"
        return "" if head.id == tail.id == segment.id else "it is another segment than the catalogue says"

    def _statement(self, segment: Segment, tail: Tail, path: Path) -> str:
        if self._level >= Level.CHAIN:
            if not self._ring.fits(tail):
                return "its signature does not fit, or the key is not known here"
            if (tail.number, tail.previous, tail.digest()) != (segment.number, segment.previous, segment.link):
                return "its place in the chain is not what the catalogue says"
        if self._level >= Level.HASHES and _sha256(path, tail.size) != tail.sha256:
            return "its bytes are not those that were recorded (SHA-256 differs)"
        return ""

    def _is_gone(self, segment: Segment) -> bool:
        now = self._store.catalogue.get(segment.id)
        return now is None or (now.tier, now.path) != (segment.tier, segment.path)

    def _strays(self, camera: str, tier: Tier) -> Iterator[Problem]:
        """Files that no row names."""
        catalogue = self._store.catalogue
        for folder in sorted((tier.root / camera).glob("*/*")):
            names = sorted(folder.glob("*.mp4"))
            listed = catalogue.paths_among([str(path.relative_to(tier.root)) for path in names], camera, tier.number)
            for path in names:
                relative = str(path.relative_to(tier.root))
                if relative not in listed and self._is_stray(camera, tier, path, relative):
                    yield Problem(camera, relative, "the catalogue does not list it; rebuild it, or remove the file")

    def _is_stray(self, camera: str, tier: Tier, path: Path, relative: str) -> bool:
        try:
            found = describe(path, relative, tier=tier.number)
        except FileNotFoundError:
            return False  # deleted a moment ago
        if found is None or found.camera != camera:
            return True
        if self._store.catalogue.knows(found.id):
            return False  # listed meanwhile, or lies on the other tier already, or is being deleted
        return found.number <= self._store.catalogue.head(camera).number


class _Chain:
    """Follows a camera's chain from its first segment on, over tombstones."""

    def __init__(self, store: SegmentStore, ring: KeyRing, camera: str) -> None:
        self._store, self._ring, self._camera = store, ring, camera
        self._at = ChainHead(0, GENESIS)
        self.deleted = 0

    def reach(self, segment: Segment) -> Iterator[Problem]:
        """Go on to the next segment that is there."""
        yield from self._over_tombstones(segment.number)
        if self._at.link not in {segment.previous, _UNKNOWN}:
            yield Problem(self._camera, segment.path, f"does not follow number {self._at.number} of the chain")
        self._at = ChainHead(segment.number, segment.link)

    def end(self) -> Iterator[Problem]:
        """What the catalogue says is the newest must be reached."""
        head = self._store.catalogue.head(self._camera)
        newer = self._store.catalogue.in_chain(self._camera, self._at.number, 1)
        if newer:
            return  # the recorder went on while we looked
        yield from self._over_tombstones(head.number + 1)
        if self._at not in {head, ChainHead(head.number, _UNKNOWN)}:
            yield Problem(self._camera, "chain", f"ends at number {self._at.number}, recorded were {head.number}")

    def _over_tombstones(self, number: int) -> Iterator[Problem]:
        while self._at.number + 1 < number:
            stone = self._store.graveyard.covering(self._camera, self._at.number + 1)
            if stone is None:
                missing = f"{self._at.number + 1} to {number - 1}"
                yield Problem(self._camera, "chain", f"numbers {missing} are missing and no deletion is stated")
                self._at = ChainHead(number - 1, _UNKNOWN)
                return
            yield from self._stone(stone)
            self._at = ChainHead(stone.last, stone.link)

    def _stone(self, stone: Tombstone) -> Iterator[Problem]:
        place = f"deletion of {stone.first} to {stone.last}"
        self.deleted += stone.last - self._at.number
        if not self._ring.fits(stone):
            yield Problem(self._camera, place, "its signature does not fit, or the key is not known here")
        if stone.first == self._at.number + 1 and self._at.link not in {stone.previous, _UNKNOWN}:
            yield Problem(self._camera, place, f"does not follow number {self._at.number} of the chain")


def _tombstone_file(store: SegmentStore, camera: str) -> Iterator[Problem]:
    """A catalogue that is lost must not take the tombstones along; beside a gateway the file may lag by a moment."""
    listed = store.graveyard.of(camera)
    if store.catalogue.garbage():
        return  # a deletion is under way, or waits for the next start
    said = {one.signature for one in read_file(store.root / camera / FILE, camera)}
    if listed and not said.issuperset(one.signature for one in listed) and listed == store.graveyard.of(camera):
        yield Problem(camera, FILE, "does not say what the catalogue says of deletions")


def _sha256(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, 1 << 20))):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()
