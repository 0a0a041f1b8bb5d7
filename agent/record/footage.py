"""What footage of a camera there is between two wall times: closed segments, and the whole fragments of an open one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.container

from agent.core.clock import NS
from agent.record.boxes import read_head_note, read_layout
from agent.record.cipher import Keys
from agent.record.readers import Bounded, Decrypted
from agent.record.recovery import describe, measure_file
from agent.record.segment import OPEN_SUFFIX, Segment, parse_head
from agent.record.store import SegmentStore

_MOST_BACK = 100
"""Segments to go back for a keyframe: one that has none is at most a minute or 64 MiB."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A readable stretch of one file: its first `limit` bytes. The other fields as in `Segment`."""

    path: Path
    limit: int
    epoch: str
    start_ns: int
    end_ns: int
    media_ns: int
    codecs: str
    key: bool
    base: int
    tick: Fraction
    keys: Keys
    id: str
    elsewhere: tuple[Path, ...] = ()
    """Where the file lies after it was moved to another tier."""
    listed: bool = True
    """Has the catalogue a row of it? Not yet where it was closed a moment ago, or is open."""

    @contextmanager
    def opened(self, *, unread: bool = False) -> Iterator[av.container.InputContainer]:
        """The stretch as PyAV reads it, in the clear.

        FFmpeg reads a second or more of it to learn what the init segment may not say; `unread`: only that segment.

        Raises:
            StorageError: it is encrypted, and the key is not here.
        """
        with self.open_file() as file:
            options = {"probesize": "32", "analyzeduration": "0"} if unread else {}
            container = av.open(self._readable(file), "r", format="mp4", container_options=options)
            try:
                yield container
            finally:
                container.close()

    def open_file(self) -> BinaryIO:
        """The file as it is stored; meanwhile it may have got its final name, or moved to another tier."""
        others = (self.path.with_suffix(""),) if self.path.suffix == OPEN_SUFFIX else self.elsewhere
        for path in (self.path, *others):
            with suppress(FileNotFoundError):
                return path.open("rb")
        return self.path.open("rb")

    def _readable(self, file: BinaryIO) -> Bounded:
        head = parse_head(read_head_note(file))
        if head is None or head.cipher is None:
            return Bounded(file, self.limit)
        return Decrypted(file, self.limit, self.keys.unwrap(head.cipher, str(self.path)))

    def wall_ns(self, media_ns: int) -> int:
        """Wall time of a moment that lies `media_ns` of playing time after the first picture."""
        if self.media_ns <= 0:
            return self.start_ns + media_ns
        return self.start_ns + media_ns * (self.end_ns - self.start_ns) // self.media_ns


def footage_between(store: SegmentStore, camera: str, start_ns: int, end_ns: int) -> list[Footage]:
    """All footage of the span, oldest first, begun with a keyframe where one can be reached."""
    fresh = unlisted_footage(store, camera)
    segments = store.catalogue.find(camera, start_ns, end_ns)
    known = {segment.id for segment in segments}
    parts = [_closed_footage(store, segment) for segment in segments]
    parts += [part for part in fresh if part.id not in known and part.start_ns < end_ns and part.end_ns > start_ns]
    return _back_to_keyframe(store, camera, parts)


def footage_near(store: SegmentStore, camera: str, moments: Sequence[int], near_ns: int) -> list[Footage]:
    """The stretches that reach to within `near_ns` of any of these moments (wall ns), oldest first, each once."""
    fresh = unlisted_footage(store, camera)
    near = [segment for one in moments for segment in store.catalogue.find(camera, one - near_ns, one + near_ns)]
    found = {segment.id: _closed_footage(store, segment) for segment in near}
    for part in fresh:
        if any(part.start_ns - near_ns <= one <= part.end_ns + near_ns for one in moments):
            found.setdefault(part.id, part)
    return sorted(found.values(), key=lambda part: part.start_ns)


def unlisted_footage(store: SegmentStore, camera: str) -> list[Footage]:
    """What the catalogue does not list: the segment that was closed a moment ago, and what of open ones can be read.

    Ask the catalogue after it: a segment is open, then closed, then listed, so whoever looks in that order misses none.
    It may be in both by then; the row is the better one.
    """
    open_parts = [found for path in store.open_files(camera) if (found := _open_footage(store, path))]
    closed = [replace(_closed_footage(store, one), listed=False) for one in _unlisted(store, camera)]
    known = {part.id for part in closed}
    return [*closed, *(part for part in open_parts if part.id not in known)]


def _unlisted(store: SegmentStore, camera: str) -> Iterator[Segment]:
    """The closed segment that is the next of the chain: its row is about to be written."""
    folder = store.current(camera)
    paths = sorted(folder.glob("*.mp4"), reverse=True) if folder is not None else []
    relative = {str(path.relative_to(store.root)): path for path in paths}
    listed = store.catalogue.paths_among(list(relative), camera, tier=0)
    for name, path in relative.items():
        if name in listed:
            continue
        try:
            segment = describe(path, name)
        except OSError:
            continue  # moved a moment ago, so it has its row; or it cannot be read, let alone shown
        chain = store.catalogue.head(camera)
        if segment is not None and segment.camera == camera and segment.previous == chain.link:
            yield segment


def _closed_footage(store: SegmentStore, segment: Segment) -> Footage:
    return Footage(
        path=store.path_of(segment),
        limit=segment.bytes,
        epoch=segment.epoch,
        start_ns=segment.start_ns,
        end_ns=segment.end_ns,
        media_ns=segment.media_ns,
        codecs=segment.codecs,
        key=segment.key,
        base=segment.base,
        tick=segment.tick,
        elsewhere=tuple(tier.root / segment.path for tier in store.tiers if tier.number != segment.tier),
        keys=store.keys,
        id=segment.id,
    )


def _open_footage(store: SegmentStore, path: Path) -> Footage | None:
    """The whole fragments of an open segment, made to last before anybody relies on them."""
    try:
        with path.open("rb") as file:
            layout = read_layout(file)
            os.fdatasync(file.fileno())
            head = parse_head(layout.head)
            if head is None or not layout.fragments:
                return None
            found = measure_file(Bounded(file, layout.whole_bytes), str(path))
    except FileNotFoundError:
        return None  # closed a moment ago
    tick = Fraction(head.tick_num, head.tick_den)
    return Footage(
        path=path,
        limit=layout.whole_bytes,
        epoch=head.epoch,
        start_ns=head.start_ns,
        end_ns=head.start_ns + found.media_ns,
        media_ns=found.media_ns,
        codecs=head.codecs,
        key=head.key,
        base=head.base,
        tick=tick,
        keys=store.keys,
        id=head.id,
        listed=False,
    )


def _back_to_keyframe(store: SegmentStore, camera: str, parts: list[Footage]) -> list[Footage]:
    for _ in range(_MOST_BACK):
        if not parts or parts[0].key:
            break
        first = parts[0]
        before = [
            segment
            for segment in store.catalogue.find(camera, first.start_ns - NS, first.start_ns)
            if segment.epoch == first.epoch
        ]
        if not before:
            break
        parts = [_closed_footage(store, before[-1]), *parts]
    return parts
