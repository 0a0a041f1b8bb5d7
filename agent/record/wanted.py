"""Which spans of time somebody wants kept of a camera that otherwise only waits: table `wanted`.

A span marks the rows that lie in it; rows that are written later are marked by a trigger as they come, all of them
while a span has no end yet.
"""

from __future__ import annotations

from itertools import pairwise
from sqlite3 import Connection

from agent.core.clock import Clock
from agent.record.catalogue import LONGEST_NS, Catalogue
from agent.record.segment import Segment

_FOR_EVER_NS = (1 << 63) - 1
_MOST_BACK = 100
"""Segments to go back for a keyframe, as for a clip."""


class Wanted:
    """The table, and the column `wanted` of the segments."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def want(self, span_id: str, camera: str, start_ns: int, end_ns: int | None) -> list[str]:
        """Keep a span; without an end it goes on. Returns the ids of the segments that are wanted only now.

        May be said again, in any order: the earliest start and the latest end count, and what is over stays over.
        """
        if end_ns is not None:  # a clock that was set back may have put the end before the start
            start_ns, end_ns = min(start_ns, end_ns), max(start_ns, end_ns)
        with self._catalogue.transaction() as db:
            start_ns, end_ns = db.execute(
                "INSERT INTO wanted VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "start_ns = min(start_ns, excluded.start_ns), "
                "end_ns = coalesce(max(end_ns, excluded.end_ns), end_ns, excluded.end_ns) RETURNING start_ns, end_ns",
                (span_id, camera, start_ns, end_ns),
            ).fetchone()
            marked = db.execute(
                "UPDATE segment SET wanted = 1 WHERE garbage = 0 AND wanted = 0 AND camera = ? "
                "AND start_ns > ? AND start_ns < ? AND end_ns > ? RETURNING id, start_ns",
                (camera, start_ns - LONGEST_NS, _FOR_EVER_NS if end_ns is None else end_ns, start_ns),
            ).fetchall()
            marked += _back_to_keyframe(db, camera, start_ns)
        return [row[0] for row in sorted(marked, key=lambda row: row[1])]

    def end(self, span_id: str, end_ns: int) -> None:
        """End a span that goes on, if it does; what it marked stays wanted."""
        with self._catalogue.transaction() as db:
            db.execute("UPDATE wanted SET end_ns = max(start_ns, ?) WHERE id = ? AND end_ns IS NULL", (end_ns, span_id))

    def end_all(self, end_ns: int) -> None:
        """End every span that goes on: nobody is left who would."""
        with self._catalogue.transaction() as db:
            db.execute("UPDATE wanted SET end_ns = max(start_ns, ?) WHERE end_ns IS NULL", (end_ns,))

    def waiting_cameras(self) -> list[str]:
        """Cameras with footage that nobody wants so far, or with spans."""
        query = (
            "SELECT camera FROM segment WHERE garbage = 0 AND held = 0 AND wanted = 0 "
            "UNION SELECT camera FROM wanted ORDER BY camera"
        )
        with self._catalogue.transaction() as db:
            return [row[0] for row in db.execute(query)]

    def expired(self, camera: str, clock: Clock, age_ns: int, most: int) -> list[Segment]:
        """The oldest footage that nobody wanted for so long.

        Of this boot the clock that never steps says how long; of an earlier one, wall time must do.
        """
        query = (
            "SELECT id FROM segment WHERE garbage = 0 AND held = 0 AND wanted = 0 AND camera = ? "
            "AND CASE boot WHEN ? THEN mono_ns + media_ns < ? ELSE end_ns < ? END ORDER BY start_ns LIMIT ?"
        )
        values = (camera, clock.boot, clock.mono_ns() - age_ns, clock.wall_ns() - age_ns, most)
        with self._catalogue.transaction() as db:
            ids = [row[0] for row in db.execute(query, values)]
        return [found for one in ids if (found := self._catalogue.get(one))]

    def forget(self, camera: str, before_ns: int) -> None:
        """Spans that were over before that time have done their work."""
        with self._catalogue.transaction() as db:
            db.execute("DELETE FROM wanted WHERE camera = ? AND end_ns < ?", (camera, before_ns))


def _back_to_keyframe(db: Connection, camera: str, start_ns: int) -> list[tuple[str, int]]:
    """Mark what the footage at `start_ns` needs to be shown, when its segment does not begin with a keyframe."""
    rows = db.execute(
        "SELECT id, start_ns, end_ns, key, wanted FROM segment WHERE garbage = 0 AND camera = ? "
        "AND start_ns <= ? AND start_ns > ? ORDER BY start_ns DESC LIMIT ?",
        (camera, start_ns, start_ns - LONGEST_NS, _MOST_BACK),
    ).fetchall()
    marked = []
    if rows and rows[0][2] > start_ns:
        for (_, _, _, key, _), (one, begin_ns, _, _, wanted) in pairwise(rows):
            if key:
                break
            if not wanted:
                db.execute("UPDATE segment SET wanted = 1 WHERE id = ?", (one,))
                marked.append((one, begin_ns))
    return marked
