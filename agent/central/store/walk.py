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

Span = tuple[int, int]
"""From, and up to: nanoseconds."""
Pick = Callable[[sa.Connection, int], Any]
"""One more condition for a day, from a look at its other tables; None: nothing there fits."""


class Mark(NamedTuple):
    """A place in the order of time: a row's start and id. The empty id comes before all others."""

    start_ns: int
    id: str


class Found(NamedTuple):
    """Rows in their order; `reached` is where the walk stopped early, None when it came to its end."""

    rows: list[Any]
    reached: Mark | None


def everything(_connection: sa.Connection, _day: int) -> Any:
    """A `Pick` that leaves nothing out."""
    return sa.true()


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the rows of `table` from the newest to the oldest, or the other way.

    `where` are conditions on its rows, `places` the cameras (None: all). `late` is asked between windows. With `few`
    what `pick` says leaves so little that a day is one window.
    """

    days: Days
    table: sa.Table
    where: Sequence[Any]
    places: Sequence[int] | None
    since_ns: int | None = None
    until_ns: int | None = None
    backward: bool = True
    late: Callable[[], bool] = lambda: False
    pick: Pick = everything
    few: bool = False

    def take(self, count: int, after: Mark | None = None) -> Found:
        """The next `count` rows behind `after`."""
        rows: list[Any] = []
        for day in self._days(after) if self.places is None or self.places else ():
            with self.days.read(day) as connection:
                picked = None if connection is None else self.pick(connection, day)
                if connection is None or picked is None:
                    continue
                for low_ns, high_ns in self._windows(day, after):
                    if self.late():
                        return Found(rows, Mark(high_ns if self.backward else low_ns, ""))
                    query = self._query(connection, day, (low_ns, high_ns), after).where(picked)
                    query = query.limit(count - len(rows))
                    rows += connection.execute(query).mappings()
                    if len(rows) >= count:
                        return Found(rows, None)
        return Found(rows, None)

    def _days(self, after: Mark | None) -> list[int]:
        low_ns, high_ns = self._span(after)
        found = [day for day in self.days.present() if day * DAY_NS < high_ns and (day + 1) * DAY_NS > low_ns]
        return found if self.backward else found[::-1]

    def _span(self, after: Mark | None) -> Span:
        low_ns = 0 if self.since_ns is None else self.since_ns
        high_ns = 1 << 62 if self.until_ns is None else self.until_ns
        if after is None:
            return low_ns, high_ns
        return (low_ns, min(high_ns, after.start_ns + 1)) if self.backward else (max(low_ns, after.start_ns), high_ns)

    def _windows(self, day: int, after: Mark | None) -> Iterator[Span]:
        low_ns, high_ns = self._span(after)
        low_ns, high_ns = max(low_ns, day * DAY_NS), min(high_ns, (day + 1) * DAY_NS)
        width_ns = DAY_NS if self.few else FIRST_NS
        while low_ns < high_ns:
            if self.backward:
                yield max(low_ns, high_ns - width_ns), high_ns
                high_ns -= width_ns
            else:
                yield low_ns, min(high_ns, low_ns + width_ns)
                low_ns += width_ns
            width_ns *= _GROWS

    def _query(self, connection: sa.Connection, day: int, window: Span, after: Mark | None) -> sa.Select[Any]:
        table, (low_ns, high_ns) = self.table, window
        start, key = table.c.start_ns, table.c.id
        query = sa.select(table).where(table.c.day == day, start >= low_ns, start < high_ns, *self.where)
        if self.places is not None:
            query = query.where(table.c.place.in_(self.places))
        if after is not None and low_ns <= after.start_ns < high_ns:
            here, place = sa.tuple_(start, key), sa.tuple_(sa.literal(after.start_ns), sa.literal(after.id))
            query = query.where(here < place if self.backward else here > place)
        order: list[sa.ColumnElement[Any]] = [start, key]
        if self.places is not None and connection.dialect.name == "postgresql":
            # it would hope to meet enough of a few cameras soon in the index of all, and read them all in vain
            order = [start + sa.literal_column("0"), key]
        return query.order_by(*((one.desc() for one in order) if self.backward else order))
