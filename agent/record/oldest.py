"""What goes first: footage that no hold covers, in the order it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from operator import itemgetter

from agent.core.clock import Clock
from agent.record.age import Age
from agent.record.catalogue import Catalogue
from agent.record.segment import Segment

_PAGE = 100


class Oldest:
    """Reads the catalogue as it goes, so what is not asked for costs nothing."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue, self._age = catalogue, Age(catalogue, clock)

    def before(self, limit_ns: int, camera: str, tier: int) -> list[Segment]:
        """What of a camera was written before a time."""
        found = []
        for written_ns, one in self._queue(camera, tier):
            if written_ns >= limit_ns:
                break
            found.append(one)
        return found

    def of(self, cameras: Iterable[str], tiers: Iterable[int]) -> Iterator[Segment]:
        """All of these cameras on these tiers; a camera's own in the order of its chain."""
        chosen = list(tiers)
        queues = [self._queue(camera, tier) for camera in cameras for tier in chosen]
        return (one for _, one in merge(*queues, key=itemgetter(0)))

    def _queue(self, camera: str, tier: int) -> Iterator[tuple[int, Segment]]:
        after = 0
        while page := self._catalogue.free_in_chain(camera, tier, after, _PAGE):
            yield from zip(self._age.written_ns(page), page, strict=True)
            after = page[-1].number
