"""Clips that the policy wants to send and that are not made yet: remembered in the outbox's file.

So long they cost nothing: the footage rests where it was recorded, and goes last when room is short.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.publish.ageing import Ageing
from agent.publish.database import Database
from agent.wire.messages import ClipQuality

MOST = 5000
KEEP_S = 7 * 86_400.0
LEAST_NS, MOST_NS = 10 * NS, 600 * NS
"""What failed is put off for so long."""


class Wish(NamedTuple):
    """A clip of an event. It is to be made from `due_ns` on: its footage is whole then, or what failed may go now."""

    event: str
    camera: str
    start_ns: int
    end_ns: int
    quality: ClipQuality
    urgent: bool
    due_ns: int


_COLUMNS = "event, camera, start_ns, end_ns, quality, urgent, due_ns"

_PUT_OFF = f"due_ns >= end_ns + {LEAST_NS}"
_ORDER: dict[ClipQuality, str] = {
    "proxy": f"{_PUT_OFF}, iif({_PUT_OFF}, due_ns, -urgent), start_ns",
    "full": "urgent DESC, start_ns",
}
"""A small clip may take minutes to fail. Those that did come after all others, and in turn, or they held these up."""


class Wishes:
    """All calls from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._ageing = Ageing(database, clock, KEEP_S)

    def put(self, wish: Wish) -> list[Wish]:
        """Remember it, or change it where its event is known; returns the oldest that had to go for it."""

        def work(db: sqlite3.Connection) -> list[Wish]:
            db.execute(f"INSERT OR REPLACE INTO wish ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", wish)  # noqa: S608
            count = db.execute("SELECT count(*) FROM wish").fetchone()[0]
            query = f"SELECT {_COLUMNS} FROM wish ORDER BY urgent, start_ns LIMIT ?"  # noqa: S608
            surplus = [_wish(row) for row in db.execute(query, (max(0, count - MOST),)).fetchall()]
            db.executemany("DELETE FROM wish WHERE event = ?", [(one.event,) for one in surplus])
            return surplus

        return self._database.run(work)

    def get(self, event: str) -> Wish | None:
        """That of an event."""
        query = f"SELECT {_COLUMNS} FROM wish WHERE event = ?"  # noqa: S608
        row = self._database.read(lambda db: db.execute(query, (event,)).fetchone())
        return None if row is None else _wish(row)

    def due(self, quality: ClipQuality) -> Wish | None:
        """The next to make: of alarms first, the oldest first. See `_ORDER` for those that were put off."""
        query = (
            f"SELECT {_COLUMNS} FROM wish WHERE quality = ? AND due_ns <= ? "  # noqa: S608
            f"ORDER BY {_ORDER[quality]} LIMIT 1"
        )
        now_ns = self._clock.wall_ns()
        row = self._database.read(lambda db: db.execute(query, (quality, now_ns)).fetchone())
        return None if row is None else _wish(row)

    def old(self) -> list[Wish]:
        """Those that waited too long, however often they were put off."""
        now_ns = self._ageing.now_ns()
        if now_ns is None:
            return []
        query = f"SELECT {_COLUMNS} FROM wish WHERE end_ns < ?"  # noqa: S608
        before_ns = now_ns - int(KEEP_S * NS)
        return [_wish(row) for row in self._database.read(lambda db: db.execute(query, (before_ns,)).fetchall())]

    def put_off(self, wish: Wish) -> None:
        """It could not be made now. It waits as long again as it has waited, within bounds."""
        now_ns = self._clock.wall_ns()
        due_ns = now_ns + min(max(LEAST_NS, now_ns - wish.end_ns), MOST_NS)
        self._database.run(lambda db: db.execute("UPDATE wish SET due_ns = ? WHERE event = ?", (due_ns, wish.event)))

    def remove(self, event: str) -> None:
        """It is made, or given up."""
        self._database.run(lambda db: db.execute("DELETE FROM wish WHERE event = ?", (event,)))

    def spans(self) -> list[tuple[str, int, int]]:
        """The footage that is still needed: camera, start and end."""
        query = "SELECT camera, start_ns, end_ns FROM wish"
        return [tuple(row) for row in self._database.read(lambda db: db.execute(query).fetchall())]

    def number(self) -> int:
        """How many wait."""
        return int(self._database.read(lambda db: db.execute("SELECT count(*) FROM wish").fetchone()[0]))


def _wish(row: tuple[str, str, int, int, ClipQuality, int, int]) -> Wish:
    event, camera, start_ns, end_ns, quality, urgent, due_ns = row
    return Wish(event, camera, start_ns, end_ns, quality, bool(urgent), due_ns)
