"""What has begun and not ended, as it was last told: whoever falls silent cannot say that it is over."""

from __future__ import annotations

import sqlite3

from agent.wire.messages import Event, Message, TrackSummary, decode

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
    """All that goes on, the one that was told of longest ago first."""
    rows = db.execute("SELECT type, record FROM going ORDER BY rowid").fetchall()
    return [decode(_TYPES[kind], body) for kind, body in rows]
