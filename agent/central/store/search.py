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
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.day_schema import track_plate
from agent.central.store.days import Days
from agent.central.store.filters import Filters, conditions, numbers_of
from agent.central.store.keeper import TRACKS, Kind
from agent.central.store.looks import share_of
from agent.central.store.picks import pick_for
from agent.central.store.plates import Plate
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.walk import Mark, Walk, everything
from agent.core.clock import Clock
from agent.core.errors import LamppostError

MOST = 2000
LIMIT_MS = 5000
_MS = 1_000_000

Late = Callable[[], bool]


class BadCursor(LamppostError):
    """A cursor that we did not give out."""


class Page(NamedTuple):
    """Rows, the cursor of the next page, and whether all that was asked for was looked at.

    `reached_ns`: what began before (or, going forward, after) was not looked at for want of time.
    """

    rows: Sequence[Any]
    next: str | None
    complete: bool
    reached_ns: int | None


class Search:
    """Read-only, among what is within `reach`."""

    def __init__(self, database: Database, clock: Clock, reach: Reach = EVERYTHING) -> None:
        self._database, self._clock, self._reach = database, clock, reach

    def page(self, kind: Kind, filters: Filters, limit_ms: int = LIMIT_MS) -> Page:
        """What `filters` find behind their cursor.

        Raises:
            BadCursor: see there.
        """
        walk = self.walk(kind, filters, late=self.late(limit_ms))
        return _best(walk, filters) if filters.sort == "fit" else _newest(walk, filters)

    def walk(self, kind: Kind, filters: Filters, *, backward: bool = True, late: Late = lambda: False) -> Walk:
        """Through all that `filters` find, in the order of time."""
        with self._database.read() as connection:
            numbers = numbers_of(connection, filters, self._reach)
        where, since_ns, until_ns = conditions(kind.table, filters), filters.since_ns, filters.until_ns
        pick, few = (pick_for(filters), filters.plate is not None) if kind is TRACKS else (everything, False)
        return Walk(self._database.days, kind.table, where, numbers, since_ns, until_ns, backward, late, pick, few)

    def late(self, limit_ms: int) -> Late:
        """Is the time up?"""
        end_ns = self._clock.mono_ns() + limit_ms * _MS
        return lambda: self._clock.mono_ns() >= end_ns


def _newest(walk: Walk, filters: Filters) -> Page:
    after = None if filters.cursor is None else Mark(*_decode(filters.cursor, int, str))
    rows, reached = walk.take(filters.limit + 1, after)
    shown = rows[: filters.limit]
    last = Mark(shown[-1]["start_ns"], shown[-1]["id"]) if len(rows) > len(shown) else reached
    return Page(shown, None if last is None else _encode(*last), reached is None, reached and reached.start_ns)


def _best(walk: Walk, filters: Filters) -> Page:
    after = None if filters.cursor is None else _decode(filters.cursor, float, int, str, int)
    if after is not None:
        walk = replace(walk, until_ns=after[3])
    rows, reached = walk.take(MOST)
    until_ns = after[3] if after else rows[0]["start_ns"] + 1 if rows else 0
    ranked = sorted(_ranked(walk.days, rows, filters), key=lambda one: one[0], reverse=True)
    left = [one for one in ranked if after is None or one[0] < after[:3]]
    shown = left[: filters.limit]
    more = _encode(*shown[-1][0], until_ns) if len(left) > len(shown) else None
    return Page([row for _, row in shown], more, reached is None and len(rows) < MOST, reached and reached.start_ns)


def _ranked(days: Days, rows: Sequence[Any], filters: Filters) -> list[tuple[tuple[float, int, str], Any]]:
    plates = _plate_fits(days, rows, filters.plate) if filters.plate is not None else {}
    return [((_fit(row, filters) * plates.get(row["id"], 1.0), row["start_ns"], row["id"]), row) for row in rows]


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
            some = connection.execute(query.where(track_plate.c.id.in_(keys))) if connection is not None else ()
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
