"""What holds keep of days that are over: of each such day the rest leaves, and what is held stays where it was.

So it is searched, paged and counted as before. A day of which nothing is held leaves whole, at once; when no hold is
left, the next round takes the remainder, too. A day is cut in one transaction, and what it was cut to is noted after
that: whoever dies between cuts it again, which changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store import day_schema as tables
from agent.central.store.aggregates import heat_rows, tally_rows
from agent.central.store.among import one_of
from agent.central.store.database import Database
from agent.central.store.hold_schema import hold, hold_camera, remains
from agent.central.store.holds import LEAVING
from agent.central.store.places import Place, number_of
from agent.central.store.rows import DAY_NS, HOUR_NS

Empty = Callable[[sa.Table], None]

_BESIDE: dict[sa.Table, tuple[sa.Table, ...]] = {
    tables.track: (tables.track_body, tables.track_plate, tables.track_looks),
    tables.event: (tables.event_body, tables.event_review),
    tables.recording: (),
}
"""What has a camera and a time, and what belongs to it by its id."""
_DERIVED = (tables.tally, tables.heat)


class Span(NamedTuple):
    """Of these cameras (see `places`) what meets this time is held."""

    start_ns: int
    end_ns: int
    places: tuple[int, ...]

    def meets(self, connection: sa.Connection, table: sa.Table, day: int) -> Any:
        """A condition on the rows of a day; what has no end goes on."""
        c = table.c
        times = (c.start_ns < self.end_ns, sa.or_(c.end_ns >= self.start_ns, c.end_ns.is_(None)))
        return sa.and_(c.day == day, one_of(connection, c.place, self.places), *times)


class _HeldMeanwhileError(Exception):
    """A cut is taken back."""


class Remains:
    """Lets go of days that are over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def leave(self, day: int, *, settled: bool) -> bool:
        """Let go of a day, or of all in it that is not held. True: all of it is gone.

        `settled`: nothing can come in of that day any more, so that once it is cut it is left alone.
        """
        with self._database.read() as connection:
            spans = _spans(connection, day)
            known = connection.scalar(sa.select(remains.c.spans).where(remains.c.day == day))
        digest = hashlib.sha256(json.dumps(spans).encode()).hexdigest()
        if settled and spans and known == digest:
            return False
        if not self._is_held(day, spans):
            if gone := self._drop(day, spans):
                self._forget(day)
            return gone
        if self._cut(day, spans):
            with self._database.write() as connection:
                self._database.upsert(connection, remains, [{"day": day, "spans": digest}])
        return False

    def _drop(self, day: int, spans: list[Span]) -> bool:
        """Let go of all of a day, unless somebody has made a hold since it was looked at: then the next round looks."""
        with self._database.turn(LEAVING) as connection:
            if _spans(connection, day) != spans:
                return False
            self._database.days.drop(day)
        return True

    def _is_held(self, day: int, spans: Collection[Span]) -> bool:
        """Is anything of it?"""
        if not spans:
            return False
        with self._database.days.read(day) as connection:
            if connection is None:
                return False
            each = ((span, table) for span in spans for table in _BESIDE)
            some = (sa.select(table.c.id).where(span.meets(connection, table, day)) for span, table in each)
            return any(connection.execute(query.limit(1)).first() for query in some)

    def _cut(self, day: int, spans: list[Span]) -> bool:
        """Let go of the rest of a day; nothing of it has left if somebody has made a hold meanwhile."""
        days = self._database.days
        try:
            with days.alone(day) as connection:
                if connection is not None:
                    cut(connection, day, spans, lambda table: days.empty(connection, day, table))
                    self._ask_again(day, spans)
        except _HeldMeanwhileError:
            return False
        return True

    def _ask_again(self, day: int, spans: list[Span]) -> None:
        with self._database.read() as connection:
            if _spans(connection, day) != spans:
                raise _HeldMeanwhileError

    def _forget(self, day: int) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(remains).where(remains.c.day == day))


def _spans(connection: sa.Connection, day: int) -> list[Span]:
    """What is held now of the time from this day on: what began in it may last."""
    joined = hold_camera.join(hold, hold.c.id == hold_camera.c.hold)
    query = sa.select(hold.c.start_ns, hold.c.end_ns, hold_camera).select_from(joined)
    query = query.where(hold.c.over_ns.is_(None), hold.c.end_ns > day * DAY_NS)
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.start_ns, row.end_ns].add(number_of(Place(row.site, row.gateway, row.camera)))
    return [Span(*times, tuple(sorted(places))) for times, places in sorted(found.items())]


def cut(connection: sa.Connection, day: int, spans: Iterable[Span], empty: Empty) -> None:
    """Leave in a day nothing but what is held, with counts and heat of that alone.

    What stays is put aside, all tables are emptied at once, and it is put back: to delete most of a large table row by
    row takes far longer, and its room would stay taken.
    """
    kept = {table: _marked(connection, table, day, spans) for table in _BESIDE}
    if not all(_is_all(connection, table, day, ids) for table, ids in kept.items()):
        aside = [
            (table, _aside(connection, table, day, kept[of])) for of in _BESIDE for table in (of, *_BESIDE[of])
        ]  # fmt: skip
        for table in (*(one for one, _ in aside), *_DERIVED):
            empty(table)
        for table, rows in aside:
            back = sa.insert(table).from_select(list(rows.c.keys()), sa.select(rows).order_by(*_key(rows)))
            connection.execute(back)
            rows.drop(connection)
        _count_again(connection, day)
    for ids in kept.values():
        ids.drop(connection)


def _marked(connection: sa.Connection, table: sa.Table, day: int, spans: Iterable[Span]) -> sa.Table:
    """The ids of what is held, some of them twice."""
    column = sa.Column("id", table.c.id.type, index=True)
    ids = sa.Table(f"kept_{table.name}", sa.MetaData(), column, prefixes=["TEMPORARY"])
    ids.create(connection)
    for span in spans:
        found = sa.select(table.c.id).where(span.meets(connection, table, day))
        connection.execute(sa.insert(ids).from_select(["id"], found))
    return ids


def _is_all(connection: sa.Connection, table: sa.Table, day: int, ids: sa.Table) -> bool:
    """Is all that there is held?"""
    other = sa.select(table.c.id).where(table.c.day == day, ~sa.exists().where(ids.c.id == table.c.id))
    return connection.execute(other.limit(1)).first() is None


def _aside(connection: sa.Connection, table: sa.Table, day: int, ids: sa.Table) -> sa.Table:
    """What stays of a table."""
    columns = [sa.Column(column.name, column.type, primary_key=column.primary_key) for column in table.columns]
    rows = sa.Table(f"aside_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    rows.create(connection)
    found = sa.select(table).where(table.c.day == day, table.c.id.in_(sa.select(ids.c.id)))
    connection.execute(sa.insert(rows).from_select(list(rows.c.keys()), found))
    return rows


def _key(rows: sa.Table) -> list[sa.Column[Any]]:
    return list(rows.primary_key.columns)


def _count_again(connection: sa.Connection, day: int) -> None:
    t, body = tables.track.c, tables.track_body.c
    hour = (t.start_ns // HOUR_NS % 24).label("hour")
    group = (t.place, t.label, hour, t.colours)
    counted = sa.select(*group, sa.func.count()).where(t.day == day).group_by(*group)
    tallies = tally_rows(day, connection.execute(counted))
    if tallies:
        connection.execute(sa.insert(tables.tally), tallies)
    joined = tables.track.join(tables.track_body, sa.and_(body.id == t.id, body.day == t.day))
    paths = sa.select(t.place, hour, t.label, body.path).select_from(joined).where(t.day == day)
    pictures = heat_rows(day, connection.execute(paths))
    if pictures:
        connection.execute(sa.insert(tables.heat), pictures)
