"""Pages of events and tracks: by time, or by how well they fit; always within a time limit, and saying so if it ended.

A cursor names a place in an order that does not change: pages stay true while new ones arrive. The best fit is looked
for among the newest MOST that fit at all; its cursor pins where they ended.
"""

from __future__ import annotations

import base64
import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store import alike
from agent.central.store.alike import How, Wanted
from agent.central.store.among import one_of
from agent.central.store.database import Database
from agent.central.store.day_schema import track_plate
from agent.central.store.days import Days
from agent.central.store.deadline import Deadline, Late, never
from agent.central.store.drawn import Drawn, that_fit
from agent.central.store.filters import Filters, conditions, numbers_of
from agent.central.store.keeper import TRACKS, Kind
from agent.central.store.looks import share_of
from agent.central.store.picks import pick_for, pick_for_events
from agent.central.store.plates import Plate
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.strays import find_days
from agent.central.store.walk import Mark, Test, Walk
from agent.core.clock import Clock
from agent.core.errors import LamppostError

MOST = 2000
LIMIT_MS = 5000

Fits = Callable[[Sequence[Any]], list[float]]


class BadCursor(LamppostError):
    """A cursor that we did not give out."""


class NoSuchTrack(LamppostError):
    """What is to be looked like does not exist, or not for whoever asks."""


class Page(NamedTuple):
    """Rows, the cursor of the next page, and whether all that was asked for was looked at.

    Of a search for what looks alike: `how`, and how much each row does.

    `reached_ns`: what began before (or, going forward, after) was not looked at for want of time.
    """

    rows: Sequence[Any]
    next: str | None
    complete: bool
    reached_ns: int | None
    how: How | None = None
    likeness: Sequence[float] = ()


class Search:
    """Read-only, among what is within `reach`, until `gone` says that nobody waits for it any more."""

    def __init__(self, database: Database, clock: Clock, reach: Reach = EVERYTHING, gone: Late = never) -> None:
        self._database, self._clock, self._reach, self._gone = database, clock, reach, gone

    def page(self, kind: Kind, filters: Filters, limit_ms: int = LIMIT_MS) -> Page:
        """What `filters` find behind their cursor.

        Raises:
            BadCursor: see there.
            NoSuchTrack: there is none that they should look like.
        """
        if filters.like is not None and kind is TRACKS:
            return self._alike(self._wanted(filters.like), filters, limit_ms)
        walk = self.walk(kind, filters, backward=filters.sort != "oldest", late=self.late(limit_ms))
        if filters.sort == "fit":
            return _best(walk, filters, MOST, lambda rows: _fits(walk.days, rows, filters))[0]
        return _by_time(replace(walk, brief=True), filters)

    def walk(self, kind: Kind, filters: Filters, *, backward: bool = True, late: Deadline | None = None) -> Walk:
        """Through all that `filters` find, in the order of time."""
        with self._database.read() as connection:
            numbers = numbers_of(connection, filters, self._reach)
        where, since_ns, until_ns = conditions(kind.table, filters), filters.since_ns, filters.until_ns
        pick = pick_for(filters) if kind is TRACKS else pick_for_events(filters)
        test = _test_of(filters.drawn) if kind is TRACKS and filters.drawn is not None else None
        days, table = self._database.days, kind.table
        return Walk(days, table, where, numbers, since_ns, until_ns, backward, late, pick, test)

    def meant(self, filters: Filters) -> Filters:
        """With the label of what is to be looked like, where none was asked for.

        Raises:
            NoSuchTrack: there is none.
        """
        if filters.like is None or filters.label:
            return filters
        return replace(filters, label=(self._wanted(filters.like).row["label"],))

    def _alike(self, one: Wanted, filters: Filters, limit_ms: int) -> Page:
        walk = self.walk(TRACKS, filters, late=self.late(limit_ms))
        walk = replace(walk, where=[*walk.where, *one.conditions()])
        page, ranked = _best(walk, filters, alike.MOST, partial(alike.likeness, one, walk.days), filters.likeness)
        return page._replace(how=one.how, likeness=ranked)

    def _wanted(self, key: str) -> Wanted:
        with self._database.read() as connection:
            days, numbers = find_days(connection, TRACKS.name, [key]), numbers_of(connection, Filters(), self._reach)
        for day in days:
            with self._database.days.read(day) as connection_of_day:
                one = connection_of_day and alike.wanted(connection_of_day, day, key)
            if one and (numbers is None or one.row["place"] in numbers):
                return one
        raise NoSuchTrack("like: there is no such track")

    def late(self, limit_ms: int) -> Deadline:
        """Is the time up, or nobody there?"""
        return Deadline(self._clock, limit_ms, self._gone)


def _test_of(drawn: Drawn) -> Test:
    def test(connection: sa.Connection, day: int, rows: Sequence[Any]) -> list[Any]:
        fitting = that_fit(drawn, connection, day, [row["id"] for row in rows])
        return [row for row in rows if row["id"] in fitting]

    return test


def _by_time(walk: Walk, filters: Filters) -> Page:
    after = None if filters.cursor is None else Mark(*_decode(filters.cursor, int, str))
    rows, reached = walk.take(filters.limit + 1, after)
    shown = rows[: filters.limit]
    last = Mark(shown[-1]["start_ns"], shown[-1]["id"]) if len(rows) > len(shown) else reached
    return Page(shown, None if last is None else _encode(*last), reached is None, reached and reached.start_ns)


def _best(walk: Walk, filters: Filters, most: int, fits: Fits, least: float = 0.0) -> tuple[Page, list[float]]:
    """A page of the newest `most`, ranked by how they fit (by `least` at least), and how much each does."""
    after = None if filters.cursor is None else _decode(filters.cursor, float, int, str, int)
    if after is not None:
        walk = replace(walk, until_ns=after[3])
    rows, reached = walk.take(most)
    until_ns = after[3] if after else rows[0]["start_ns"] + 1 if rows else 0
    keyed = [((fit, row["start_ns"], row["id"]), row) for fit, row in zip(fits(rows), rows, strict=True)]
    ranked = sorted((one for one in keyed if one[0][0] >= least), key=lambda one: one[0], reverse=True)
    left = [one for one in ranked if after is None or one[0] < after[:3]]
    shown = left[: filters.limit]
    more = _encode(*shown[-1][0], until_ns) if len(left) > len(shown) else None
    page = Page([row for _, row in shown], more, reached is None and len(rows) < most, reached and reached.start_ns)
    return page, [key[0] for key, _ in shown]


def _fits(days: Days, rows: Sequence[Any], filters: Filters) -> list[float]:
    plates = _plate_fits(days, rows, filters.plate) if filters.plate is not None else {}
    return [_fit(row, filters) * plates.get(row["id"], 1.0) for row in rows]


def _fit(row: Any, filters: Filters) -> float:
    """0 to 1: of each part that is asked for the share of its best colour, times how sure the gateway is of it."""
    parts: dict[str | None, float] = defaultdict(float)
    for part, name in filters.colour:
        parts[part] = max(parts[part], share_of(row, part, name))
    shares = sum(parts.values()) / len(parts) if parts else 1.0
    return round(shares * (1.0 if row["score"] is None else row["score"]), 6)


def _plate_fits(days: Days, rows: Sequence[Any], plate: Plate) -> dict[str, float]:
    by_day: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        by_day[row["day"]].append(row["id"])
    found: dict[str, float] = {}
    for day, keys in by_day.items():
        with days.read(day) as connection:
            query = sa.select(track_plate.c.id, track_plate.c.plate).where(track_plate.c.day == day)
            some = connection.execute(query.where(one_of(connection, track_plate.c.id, keys))) if connection else ()
            found |= {key: plate.fits(text) for key, text in some}
    return found


def _encode(*values: float | str) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(text: str, *kinds: type) -> Any:
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadCursor("this cursor is none of ours; begin again without one") from error
    if not isinstance(values, list) or [type(one) for one in values] != list(kinds) or not all(map(_is_sound, values)):
        raise BadCursor("this cursor is none of ours, or of another order; begin again without one")
    return tuple(values)


def _is_sound(value: float | str) -> bool:
    if isinstance(value, str):
        return len(value) <= 64 and "\x00" not in value and value.isprintable()
    return math.isfinite(value) and abs(value) < 1 << 62
