"""Going through the days in the order of time, a window at a time, until enough is found or the time is up.

A window grows while it finds too little. So a page takes about as many rows from the index as it must, whatever the
database guesses, and a walk can end after any window and say where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from agent.central.store.among import one_of_some
from agent.central.store.day_schema import INDEXED, track
from agent.central.store.days import Days
from agent.central.store.deadline import Deadline, OutOfTime
from agent.central.store.rows import DAY_NS
from agent.core.clock import NS

FIRST_NS = 10 * 60 * NS
_GROWS = 3
BRIEF = ("id", "day", "place", "start_ns")
_TESTED = 1000
"""Rows that are tested at once, at most."""

Span = tuple[int, int]
"""From, and up to: nanoseconds."""


class Picked(NamedTuple):
    """One more condition for a day; with `few` it leaves so little that the day is one window."""

    where: Any
    few: bool = False


Pick = Callable[[sa.Connection, int], Picked | None]
"""One more condition for a day, from a look at its other tables; None: nothing there fits."""
Test = Callable[[sa.Connection, int, Sequence[Any]], list[Any]]
"""Of these rows of a day those that fit, in their order: for what no condition can tell."""


class Mark(NamedTuple):
    """A place in the order of time: a row's start and id. The empty id comes before all others."""

    start_ns: int
    id: str


class Found(NamedTuple):
    """Rows in their order; `reached` is where the walk stopped early, None when it came to its end."""

    rows: list[Any]
    reached: Mark | None


def everything(_connection: sa.Connection, _day: int) -> Picked:
    """A `Pick` that leaves nothing out."""
    return Picked(sa.true())


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the rows of `table` from the newest to the oldest, or the other way.

    `where` are conditions on its rows, `places` the cameras (None: all). When it is `late` the walk ends, if need
    be within a window: then nothing of that one counts.
    What passes `where` and what `pick` says is `test`ed a thousand at a time.
    Rows have all columns, with `brief` no more than id, day, place and start: an index tells those.
    """

    days: Days
    table: sa.Table
    where: Sequence[Any]
    places: Sequence[int] | None
    since_ns: int | None = None
    until_ns: int | None = None
    backward: bool = True
    late: Deadline | None = None
    pick: Pick = everything
    test: Test | None = None
    brief: bool = False

    def take(self, count: int, after: Mark | None = None) -> Found:
        """The next `count` rows behind `after`."""
        rows: list[Any] = []
        for day in self._days(after) if self.places is None or self.places else ():
            here = self._begin(day, after)
            try:
                with self.days.read(day, self.late) as connection:
                    if connection is not None:
                        for some, place in self._of_day(connection, day, here, count - len(rows)):
                            rows, here = rows + some, place
            except OutOfTime:
                return Found(rows, here)
            if len(rows) >= count:
                break
        return Found(rows[:count], None)

    def tested(self, connection: sa.Connection, day: int, rows: Sequence[Any]) -> list[Any]:
        """Those that pass the test."""
        return list(rows) if self.test is None else self.test(connection, day, rows)

    def _begin(self, day: int, after: Mark | None) -> Mark:
        low_ns, high_ns = self._within(day, after)
        begin_ns = high_ns if self.backward else low_ns
        return after if after is not None and low_ns <= after.start_ns < high_ns else Mark(begin_ns, "")

    def _of_day(self, connection: sa.Connection, day: int, after: Mark, count: int) -> Iterator[tuple[list[Any], Mark]]:
        """What fits, some at a time until there are `count`, each with the place up to which all was looked at."""
        self.in_time()
        picked = self.pick(connection, day)
        if picked is None:
            return
        for number, window in enumerate(self._windows(day, after, few=picked.few)):
            if number:
                self.in_time()
            for some, here in self._of_window(connection, day, window, after, picked.where, count):
                yield some, here
                count -= len(some)
                if count <= 0:
                    return

    def _of_window(
        self, connection: sa.Connection, day: int, window: Span, after: Mark, picked: Any, count: int
    ) -> Iterator[tuple[list[Any], Mark]]:
        size = count if self.test is None else _TESTED
        while True:
            query = self._query(connection, day, window, after, picked, size)
            rows = list(connection.execute(query).mappings())
            some = self.tested(connection, day, rows)
            if len(rows) < size:
                yield some, Mark(window[0] if self.backward else window[1], "")
                return
            after = Mark(rows[-1]["start_ns"], rows[-1]["id"])
            yield some, after
            self.in_time()

    def in_time(self) -> None:
        """Look at the clock.

        Raises:
            OutOfTime: it is late.
        """
        if self.late is not None and self.late():
            raise OutOfTime("the time is up")

    def _days(self, after: Mark | None) -> list[int]:
        low_ns, high_ns = self._span(after)
        found = [day for day in self.days.present() if day * DAY_NS < high_ns and (day + 1) * DAY_NS > low_ns]
        return found if self.backward else found[::-1]

    def _span(self, after: Mark | None) -> Span:
        low_ns = 0 if self.since_ns is None else self.since_ns
        high_ns = 1 << 62 if self.until_ns is None else self.until_ns
        if after is None:
            return low_ns, high_ns
        if not self.backward:
            return max(low_ns, after.start_ns), high_ns
        return low_ns, min(high_ns, after.start_ns + bool(after.id))  # nothing of a moment is before the empty id

    def _within(self, day: int, after: Mark | None) -> Span:
        low_ns, high_ns = self._span(after)
        return max(low_ns, day * DAY_NS), min(high_ns, (day + 1) * DAY_NS)

    def _windows(self, day: int, after: Mark, *, few: bool) -> Iterator[Span]:
        low_ns, high_ns = self._within(day, after)
        width_ns = DAY_NS if few else FIRST_NS
        while low_ns < high_ns:
            if self.backward:
                yield max(low_ns, high_ns - width_ns), high_ns
                high_ns -= width_ns
            else:
                yield low_ns, min(high_ns, low_ns + width_ns)
                low_ns += width_ns
            width_ns *= _GROWS

    def _query(
        self, connection: sa.Connection, day: int, window: Span, after: Mark, picked: Any, size: int
    ) -> sa.Select[Any]:
        table, (low_ns, high_ns) = self.table, window
        start, key = table.c.start_ns, table.c.id
        where = [table.c.day == day, start >= low_ns, start < high_ns, *self.where, picked]
        if self.places is not None:
            where.append(one_of_some(connection, table.c.place, self.places))
        if after is not None and after.id and low_ns <= after.start_ns < high_ns:
            here, place = sa.tuple_(start, key), sa.tuple_(sa.literal(after.start_ns), sa.literal(after.id))
            where.append(here < place if self.backward else here > place)
        postgres = connection.dialect.name == "postgresql"
        order: list[sa.ColumnElement[Any]] = [start, key]
        if self.places is not None and postgres:
            # it would hope to meet enough of a few cameras soon in the index of all, and read them all in vain
            order = [start + sa.literal_column("0"), key]
        order = [one.desc() for one in order] if self.backward else order
        read = [table.c[name] for name in BRIEF] if self.brief else list(table.c)
        if postgres and table is track:
            return _in_two_steps(read, where, day, order, size)
        return sa.select(*read).where(*where).order_by(*order).limit(size)


def _in_two_steps(
    read: Sequence[sa.Column[Any]], where: Sequence[Any], day: int, order: Sequence[Any], size: int
) -> sa.Select[Any]:
    """PostgreSQL tests no bits in an index: to see a colour it would read the row of everybody.

    So what an index can tell is asked of the index alone, and the rest of what that leaves.
    """
    query = sa.select(*read).order_by(*order).limit(size)
    names = [{one.name for one in visitors.iterate(part) if isinstance(one, sa.Column)} for part in where]
    told = [part for part, some in zip(where, names, strict=True) if some <= INDEXED]
    rest = [part for part, some in zip(where, names, strict=True) if not some <= INDEXED]
    alone = not rest and {column.name for column in read} <= INDEXED
    if alone or not any("colours" in some for some in names):
        return query.where(*where)
    near = sa.select(track.c.id).where(*told).correlate(None)
    near = near if rest else near.order_by(*order).limit(size)
    # an array and no join: whatever the database guesses, it looks up these and reads no others
    these = track.c.id == sa.any_(sa.func.array(near.scalar_subquery()))
    return query.where(track.c.day == day, these, *rest)
