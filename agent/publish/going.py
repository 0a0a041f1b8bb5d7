"""What has begun and not ended, as it was last told: whoever falls silent cannot say that it is over."""

from __future__ import annotations

import logging
import sqlite3

from agent.core.errors import WireError
from agent.wire.messages import Event, Message, TrackSummary, decode

log = logging.getLogger(__name__)

MOST = 10_000
"""Of rows; the oldest is forgotten for a newer one."""
_TYPES: dict[str, type[Event | TrackSummary]] = {"event": Event, "track": TrackSummary}


def note_going(db: sqlite3.Connection, record: Message, body: bytes) -> None:
    """An event or track was told, as `body`: it goes on, or is over."""
    match record:
        case Event(phase="end") | TrackSummary(final=True):
            db.execute("DELETE FROM going WHERE id = ?", (record.id,))
        case Event() | TrackSummary():
            kind = "event" if isinstance(record, Event) else "track"
            db.execute("INSERT OR REPLACE INTO going VALUES (?, ?, ?)", (record.id, kind, body))
            if db.execute("SELECT count(*) FROM going").fetchone()[0] > MOST:
                db.execute("DELETE FROM going WHERE rowid = (SELECT min(rowid) FROM going)")


def read_going(db: sqlite3.Connection) -> list[Event | TrackSummary]:
    """All that goes on, the one that was told of longest ago first; a row that cannot be read is passed over."""
    rows = db.execute("SELECT id, type, record FROM going ORDER BY rowid").fetchall()
    return [record for row in rows if (record := _read(*row)) is not None]


def _read(name: str, kind: str, body: bytes) -> Event | TrackSummary | None:
    try:
        return decode(_TYPES[kind], body)
    except (KeyError, WireError) as error:
        log.warning("%s %s went on, but what was kept of it cannot be read, so nobody ends it: %s", kind, name, error)
        return None
