"""Media leave, some at a time: out of sight first, then the files, then what is known of them. What is held stays.

Whoever dies between begins again: what is out of sight and still has its row is found once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from agent.central.media_kept import Medium
from agent.central.store import media_sums
from agent.central.store.database import Database
from agent.central.store.holds import LEAVING, is_held
from agent.central.store.schema import HALF_GONE, camera, clip, media

log = logging.getLogger(__name__)

_AT_ONCE = 500
_OVER, _NO_ROOM = "its time is over", "it had to make room for newer ones"
_DOWN_TO = 0.98
_STILL_GONE = media.c.state == "gone"
"""A gateway may have announced it anew while its file was taken away."""


class Leaving:
    """`remove` takes the file of a medium away, wherever it rests; one that is not there is fine."""

    def __init__(self, database: Database, remove: Callable[[Medium], None]) -> None:
        self._database, self._remove = database, remove
        self.problem = ""
        """What is wrong, in one line, since the last look at the room."""

    def older_than(self, first_ns: int) -> None:
        """What tells of a time before that; a clip that was asked for later than that stays.

        Raises:
            StorageError: not all of it could be removed now.
        """
        late = sa.case((media.c.kind.in_(("clip", "previews", "export")), media.c.created_ns), else_=0)
        still = sa.and_(media.c.state == "incoming", media.c.created_ns >= first_ns)
        over = sa.select(media).where(media.c.start_ns < first_ns, late < first_ns, ~still, ~is_held(media))
        over, last, more = over.order_by(media.c.start_ns, media.c.id).limit(_AT_ONCE), None, True
        while more:
            with self._leaving() as connection:
                rows = connection.execute(over.where(_behind(last))).mappings().all()
                self._hide(connection, rows, _OVER)
            self._take_away(rows)
            with self._database.write() as connection:
                connection.execute(sa.delete(media).where(media.c.id.in_([row["id"] for row in rows]), _STILL_GONE))
            more = len(rows) == _AT_ONCE
            last = rows[-1] if more else None
        with self._leaving() as connection:
            old = (clip.c.start_ns < first_ns, clip.c.created_ns < first_ns)
            connection.execute(sa.delete(clip).where(*old, ~is_held(clip)))

    def beyond(self, most_bytes: int) -> int:
        """The oldest of what is more than `most_bytes` together, clips that people asked for last; returns how many.

        Raises:
            StorageError: not all of it could be removed now.
        """
        gone = self._half_gone()
        self._take_away(gone)
        self._forget(gone)
        total, count = self._total(), 0
        least, behind = int(most_bytes * _DOWN_TO) if total > most_bytes else total, list[Any]((None, None))
        while total > least:
            with self._leaving() as connection:
                rows = self._oldest(connection, total - least, behind)
                self._hide(connection, rows, _NO_ROOM)
            self._take_away(rows)
            self._forget(rows)
            total, count = total - sum(row["bytes"] for row in rows), count + len(rows)
            if not rows:
                break
        self._say(total - most_bytes)
        return count

    def _say(self, over: int) -> None:
        before, self.problem = self.problem, ""
        if over > 0:
            self.problem = (
                f"all pictures and clips that are left are held, {over} bytes more than [media] max_bytes; "
                "none of them leaves: release holds, or give media more room"
            )
            if not before:
                log.warning("%s", self.problem)

    def _total(self) -> int:
        with self._database.read() as connection:
            return media_sums.total(connection).bytes

    @contextmanager
    def _leaving(self) -> Iterator[sa.Connection]:
        """A transaction beside which no hold is made: once one is, nothing that it names is hidden any more."""
        with self._database.write() as connection:
            self._database.alone(connection, LEAVING)
            yield connection

    def _oldest(self, connection: sa.Connection, left: int, behind: list[Any]) -> list[Any]:
        """Each kind in the order of an index: one order for both would sort all that there is, each time.

        `behind` are the last of each: what is held before them is passed over once.
        """
        asked = sa.exists().where(
            clip.c.media == media.c.id, clip.c.command != media.c.id, clip.c.quality != "previews"
        )
        found: list[Any] = []
        for at, kind in enumerate((~asked, asked)):
            query = sa.select(media).where(media.c.state == "ready", kind, ~is_held(media), _behind(behind[at]))
            query = query.order_by(media.c.start_ns, media.c.id).limit(_AT_ONCE - len(found))
            for row in connection.execute(query).mappings():
                if left <= 0:
                    return found
                found.append(row)
                behind[at] = row
                left -= row["bytes"]
        return found

    def _hide(self, connection: sa.Connection, rows: Any, reason: str) -> None:
        keys = [row["id"] for row in rows]
        media_sums.leaves(self._database, connection, keys)
        connection.execute(sa.update(media).where(media.c.id.in_(keys)).values(state="gone", reason=reason))
        shown = sa.update(camera).where(camera.c.snapshot.in_(keys))
        connection.execute(shown.values(snapshot=None, snapshot_ns=None))
        lost = {"state": "failed", "error": f"{reason}; ask for it again"}
        connection.execute(sa.update(clip).where(clip.c.media.in_(keys), clip.c.state != "cancelled").values(**lost))

    def _take_away(self, rows: Any) -> None:
        for row in rows:
            self._remove(Medium.of(row))

    def _half_gone(self) -> list[Any]:
        """Hidden for want of room when somebody died: those that are known to have bytes."""
        where = (sa.text(HALF_GONE), media.c.reason == _NO_ROOM)
        with self._database.read() as connection:
            return list(connection.execute(sa.select(media).where(*where)).mappings())

    def _forget(self, rows: Any) -> None:
        """That it is gone, and why, is known until its time is over; nothing of it is kept."""
        with self._database.write() as connection:
            keys = [row["id"] for row in rows]
            where = media.c.id.in_(keys), _STILL_GONE
            connection.execute(sa.update(media).where(*where).values(bytes=0, manifest=None))


def _behind(row: Any) -> Any:
    """A condition on media: those that come after this one by time; all after None."""
    if row is None:
        return sa.true()
    return sa.tuple_(media.c.start_ns, media.c.id) > sa.tuple_(sa.literal(row["start_ns"], sa.BigInteger), row["id"])
