"""The notes of the segments that an export was cut from, and of those between them in the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from agent.core.errors import StorageError
from agent.record.boxes import read_layout
from agent.record.footage import Footage
from agent.record.segment import OPEN_SUFFIX, Head, Segment, Tail, parse_head, parse_tail
from agent.record.store import SegmentStore
from agent.record.tombstone_file import Tombstone

_PAGE = 500


class Noted(NamedTuple):
    """A segment's notes; no tail: it is being written. `part` is there when footage of it is shown."""

    head: Head
    tail: Tail | None
    shift_ns: int
    part: Footage | None


class CameraChain:
    """What the chain of a camera says around some stretches of its footage."""

    def __init__(self, store: SegmentStore, camera: str, parts: Sequence[Footage]) -> None:
        self._store, self._camera = store, camera
        shown = [self._of_part(part) for part in parts]
        self._numbers = [one.tail.number for one in shown if one.tail is not None]
        self.segments = sorted([*shown, *self._between()], key=_place)
        self.tombstones = tuple(store.graveyard.of(camera))

    def touching(self, start_ns: int, end_ns: int) -> tuple[Tombstone, ...]:
        """Deletions in the span, and those that the chain of the segments leads over."""
        first, last = min(self._numbers, default=0), max(self._numbers, default=0)
        return tuple(
            stone
            for stone in self.tombstones
            if (stone.start_ns < end_ns and stone.end_ns > start_ns) or first < stone.first < last
        )

    def _of_part(self, part: Footage) -> Noted:
        head, tail = _notes(part.path, part.open_file)
        if part.path.suffix == OPEN_SUFFIX:
            return Noted(head, None, 0, part)  # if it is closed by now, less of it is shown than its tail speaks of
        row = self._store.catalogue.get(part.id)
        return Noted(head, tail, row.shift_ns if row is not None else 0, part)

    def _between(self) -> Iterator[Noted]:
        """The segments that have numbers between those shown, of other times: the clock was set, or asked around."""
        if not self._numbers:
            return
        at, last = min(self._numbers), max(self._numbers)
        while page := self._store.catalogue.in_chain(self._camera, at, _PAGE):
            yield from (self._of_row(row) for row in page if row.number < last and row.number not in self._numbers)
            at = page[-1].number
            if at >= last:
                return

    def _of_row(self, row: Segment) -> Noted:
        path = self._store.path_of(row)
        self._store.tiers[row.tier].check()
        head, tail = _notes(path, lambda: path.open("rb"))
        return Noted(head, tail, row.shift_ns, None)


def _notes(path: Path, opened: Callable[[], BinaryIO]) -> tuple[Head, Tail | None]:
    try:
        with opened() as file:
            layout = read_layout(file)
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}); if it was just deleted, try again") from error
    head = parse_head(layout.head)
    if head is None:
        raise StorageError(f"{path}: its head note is missing or broken; see `lamppost archive verify`")
    return head, parse_tail(layout.tail)


def _place(one: Noted) -> tuple[bool, int]:
    return one.tail is None, one.tail.number if one.tail is not None else one.head.start_ns
