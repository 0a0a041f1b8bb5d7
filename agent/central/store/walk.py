"""Going through the days in the order of time, a window at a time, until enough is found or the time is up.

A window grows while it finds too little. So a page takes about as many rows from the index as it must, whatever the
database guesses, and a walk can end after any window and say where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.days import Days
from agent.central.store.rows import DAY_NS
from agent.core.clock import NS

FIRST_NS = 10 * 60 * NS
_GROWS = 3


class Mark(NamedTuple):
    """A place in the order of time: a row's start and id. The empty id comes before all others."""

    start_ns: int
    id: str


class Found(NamedTuple):
    """Rows in their order; `reached` is where the walk stopped early, None when it came to its end."""

    rows: list[Any]
    reached: Mark | None


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the rows of `table` from the newest to the oldest, or the other way.

    `where` are conditions on its rows, `places` the cameras (None: all). `late` is asked between windows.
    """

    days: Days
    table: sa.Table
    where: Sequence[Any]
    places: Sequence[int] | None
    since_ns: int | None = None
    until_ns: int | None = None
    backward: bool = True
    late: Callable[[], bool] = lambda: False

    def take(self, count: int, after: Mark | None = None) -> Found:
        """The next `count` rows behind `after`."""
        rows: list[Any] = []
        if self.places is not None and not self.places:
            return Found(rows, None)
        for day in self._days(after):
            with self.days.read(day) as connection:
                for low_ns, high_ns in self._windows(day, after):
                    if connection is None or len(rows) >= count:
                        break
                    if self.late():
                        return Found(rows, Mark(high_ns if self.backward else low_ns, ""))
                    query = self._query(day, low_ns, high_ns, after).limit(count - len(rows))
                    rows += connection.execute(query).mappings()
            if len(rows) >= count:
                break
        return Found(rows, None)

    def _days(self, after: Mark | None) -> list[int]:
        low_ns, high_ns = self._span(after)
        found = [day for day in self.days.present() if day * DAY_NS < high_ns and (day + 1) * DAY_NS > low_ns]
        return found if self.backward else found[::-1]

    def _span(self, after: Mark | None) -> tuple[int, int]:
        low_ns = 0 if self.since_ns is None else self.since_ns
        high_ns = 1 << 62 if self.until_ns is None else self.until_ns
        if after is None:
            return low_ns, high_ns
        return (low_ns, min(high_ns, after.start_ns + 1)) if self.backward else (max(low_ns, after.start_ns), high_ns)

    def _windows(self, day: int, after: Mark | None) -> Iterator[tuple[int, int]]:
        low_ns, high_ns = self._span(after)
        low_ns, high_ns = max(low_ns, day * DAY_NS), min(high_ns, (day + 1) * DAY_NS)
        width_ns = FIRST_NS
        while low_ns < high_ns:
            if self.backward:
                yield max(low_ns, high_ns - width_ns), high_ns
                high_ns -= width_ns
            else:
                yield low_ns, min(high_ns, low_ns + width_ns)
                low_ns += width_ns
            width_ns *= _GROWS

    def _query(self, day: int, low_ns: int, high_ns: int, after: Mark | None) -> sa.Select[Any]:
        table = self.table
        start, key = table.c.start_ns, table.c.id
        query = sa.select(table).where(table.c.day == day, start >= low_ns, start < high_ns, *self.where)
        if self.places is not None:
            query = query.where(table.c.place.in_(self.places))
        if after is not None and low_ns <= after.start_ns < high_ns:
            here, place = sa.tuple_(start, key), sa.tuple_(sa.literal(after.start_ns), sa.literal(after.id))
            query = query.where(here < place if self.backward else here > place)
        return query.order_by(start.desc(), key.desc()) if self.backward else query.order_by(start, key)
