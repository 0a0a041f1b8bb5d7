"""Where events and tracks rest: a part for each UTC day, so that a day leaves at once and a search reads few of them.

Two implementations, one suite of tests: `sqlite_days` (a file per day) and `postgres_days` (partitions). Day numbers
are UTC days since 1970. Invariants, for both:

1. A change is applied whole or, where it spans files and the machine dies between their commits, in part, with the
   small tables last: what was not acknowledged comes again, and applying it twice changes nothing. A row that moves
   is in its new day before it leaves the old one.
2. What derives from a row (plate, tally, heat) rests in the same day and is committed with it.
3. A day that is dropped is gone for every search that begins later; one that is running reads it to the end.
4. What is emptied of a day and put back by `alone` is one change: whoever dies in it leaves the day as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import sqlalchemy as sa

from agent.central.store.deadline import Deadline

Row = dict[str, Any]


class Change(Protocol):
    """One transaction over the small tables and the days that it touches."""

    @property
    def main(self) -> sa.Connection:
        """The connection of the small tables."""

    def lock(self, keys: Collection[int]) -> None:
        """Until the end no other change goes on that locks one of these."""

    def at(self, day: int) -> sa.Connection | None:
        """A connection that reads this day as the change has made it; None when nothing rests there."""

    def put(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """Insert, or replace those with the same key; the same names in every row. Makes the day at need."""

    def add(self, day: int, table: sa.Table, rows: Sequence[Row]) -> None:
        """Like `put`, but what the key does not name is added to what is there."""

    def moves(self, source: int, target: int) -> None:
        """Rows go from one day to another: whoever dies between two commits leaves them in both, never in neither."""

    def take_out(self, day: int, table: sa.Table, ids: Collection[str]) -> None:
        """Remove rows."""


class Days(Protocol):
    """All that is kept, by day."""

    def present(self) -> list[int]:
        """The days that exist, the newest first."""

    def read(self, day: int, late: Deadline | None = None) -> AbstractContextManager[sa.Connection | None]:
        """A consistent view of one day; None when it does not exist (any more).

        Raises:
            OutOfTime: a statement within ran on when it was `late`.
        """

    def change(self, main: sa.Connection) -> AbstractContextManager[Change]:
        """Committed at the end, before `main` is; rolled back when it is left by an error."""

    def drop(self, day: int) -> None:
        """Let go of a day and all that rests in it."""

    def alone(self, day: int) -> AbstractContextManager[sa.Connection | None]:
        """A transaction in which nobody else writes to a day; None when it does not exist.

        The room that it leaves free is given back at its end. Other days, and the small tables, are not held up.
        """

    def empty(self, connection: sa.Connection, day: int, table: sa.Table) -> None:
        """Within `alone`: let go of all rows of a table of that day, which takes as long for many as for few."""

    def close(self) -> None:
        """Let go of all connections."""
