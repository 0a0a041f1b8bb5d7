"""Media leave, some at a time: out of sight first, then the files, then what is known of them.

Whoever dies between begins again: what is out of sight and still has its row is found once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from agent.central.media_kept import Medium
from agent.central.store.database import Database
from agent.central.store.schema import camera, clip, media

_AT_ONCE = 500
_OVER, _NO_ROOM = "its time is over", "it had to make room for newer ones"
_DOWN_TO = 0.98
_STILL_GONE = media.c.state == "gone"
"""A gateway may have announced it anew while its file was taken away."""


class Leaving:
    """`remove` takes the file of a medium away, wherever it rests; one that is not there is fine."""

    def __init__(self, database: Database, remove: Callable[[Medium], None]) -> None:
        self._database, self._remove = database, remove

    def older_than(self, first_ns: int) -> None:
        """What tells of a time before that; a clip that was asked for later than that stays.

        Raises:
            StorageError: not all of it could be removed now.
        """
        late = sa.case((media.c.kind.in_(("clip", "previews", "export")), media.c.created_ns), else_=0)
        still = sa.and_(media.c.state == "incoming", media.c.created_ns >= first_ns)
        over = sa.select(media).where(media.c.start_ns < first_ns, late < first_ns, ~still).limit(_AT_ONCE)
        while True:
            with self._database.write() as connection:
                rows = connection.execute(over).mappings().all()
                self._hide(connection, rows, _OVER)
            self._take_away(rows)
            with self._database.write() as connection:
                connection.execute(sa.delete(media).where(media.c.id.in_([row["id"] for row in rows]), _STILL_GONE))
                if len(rows) < _AT_ONCE:
                    connection.execute(sa.delete(clip).where(clip.c.start_ns < first_ns, clip.c.created_ns < first_ns))
                    return

    def beyond(self, most_bytes: int) -> int:
        """The oldest of what is more than `most_bytes` together, clips that people asked for last; returns how many.

        Raises:
            StorageError: not all of it could be removed now.
        """
        gone = self._half_gone()
        self._take_away(gone)
        self._forget(gone)
        left, count = self._too_much(most_bytes), 0
        while left > 0:
            with self._database.write() as connection:
                rows = self._oldest(connection, left)
                self._hide(connection, rows, _NO_ROOM)
            self._take_away(rows)
            self._forget(rows)
            left, count = left - sum(row["bytes"] for row in rows), count + len(rows)
            if not rows:
                break
        return count

    def _too_much(self, most_bytes: int) -> int:
        with self._database.read() as connection:
            total = connection.scalar(sa.select(sa.func.sum(media.c.bytes)).where(media.c.state == "ready")) or 0
        return 0 if total <= most_bytes else int(total) - int(most_bytes * _DOWN_TO)

    def _oldest(self, connection: sa.Connection, left: int) -> list[Any]:
        """Each kind in the order of an index: one order for both would sort all that there is, each time."""
        asked = sa.exists().where(
            clip.c.media == media.c.id, clip.c.command != media.c.id, clip.c.quality != "previews"
        )
        found: list[Any] = []
        for kind in (~asked, asked):
            query = sa.select(media).where(media.c.state == "ready", kind).order_by(media.c.start_ns, media.c.id)
            for row in connection.execute(query.limit(_AT_ONCE - len(found))).mappings():
                if left <= 0:
                    return found
                found.append(row)
                left -= row["bytes"]
        return found

    def _hide(self, connection: sa.Connection, rows: Any, reason: str) -> None:
        keys = [row["id"] for row in rows]
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
        where = (media.c.state == "gone", media.c.reason == _NO_ROOM, media.c.bytes > 0)
        with self._database.read() as connection:
            return list(connection.execute(sa.select(media).where(*where)).mappings())

    def _forget(self, rows: Any) -> None:
        """That it is gone, and why, is known until its time is over; nothing of it is kept."""
        with self._database.write() as connection:
            keys = [row["id"] for row in rows]
            where = media.c.id.in_(keys), _STILL_GONE
            connection.execute(sa.update(media).where(*where).values(bytes=0, manifest=None))
