"""The outbox: what the edge decided rests here until the centre says that it is stored. It is the only keeper.

| class | goes first by | dropped under pressure, in this order |
|---|---|---|
| alarm | before everything | updates |
| event | after alarms | updates |
| track | after events | summaries that are not final |
| (media) | after everything | clips, sprites, snapshots, oldest first |
| health | after recordings | after media |
| recording | after tracks | with final tracks; then starts and ends of events; those of alarms last of all |
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from agent.core.clock import Clock
from agent.publish.database import Database
from agent.publish.gaps import add_gaps, forget_gaps, ranges, read_gaps
from agent.publish.going import note_going, read_going
from agent.publish.replies import Replies
from agent.publish.spool import MediaSpool
from agent.wire.messages import (
    DURABLE_CLASSES,
    DurableClass,
    Event,
    HealthSample,
    MediaManifest,
    Message,
    OutboxDepth,
    TrackSummary,
    encode,
)

log = logging.getLogger(__name__)

MAX_ROWS, MAX_BYTES = 200_000, 2_000_000_000
MOST_SEQ = 2**63 - 1  # of SQLite; whoever names a larger one made it up
_SLACK = 0.99
"""Under pressure the outbox is emptied to this share of its bound, so that not every `put` has to look for victims."""
_BATCH = 500

_UPDATE, _MEDIA, _SAMPLE, _SUMMARY, _EVENT, _ALARM = range(6)


class Waiting(NamedTuple):
    """A message on its way."""

    kind: DurableClass
    seq: int
    camera: str
    record: bytes
    urgent: bool


class Outbox:
    """Durable, bounded, thread-safe. `put` takes well under a millisecond, but for a sync of the disk now and then."""

    def __init__(self, path: Path, clock: Clock, *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> None:
        self._db = Database(path, clock)
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._sent: defaultdict[str, set[int]] = defaultdict(set)
        self._counted, self._named = 0, -1
        self._name = ""
        self._rows = self._bytes = 0
        self.on_put: Callable[[], None] = lambda: None
        """Called after each `put`, by its thread: whoever empties the outbox learns that there is something."""
        self.on_put_media: Callable[[], None] = lambda: None
        """The same for media."""
        self.replies = Replies(self._db)
        self.media = MediaSpool(self._db, path.with_name(path.name + "-media"), clock)

    @property
    def database(self) -> Database:
        """The file, for what else must be remembered beside it."""
        return self._db

    # -- filling ------------------------------------------------------------------------------------------------

    def put(self, kind: DurableClass, camera: str, record: Message) -> int:
        """Keep `record` until the centre has it; returns its `seq` in the class. An alarm goes into its own class.

        Raises:
            StorageError: the disk is full or does not answer; the record is not kept.
        """
        if isinstance(record, Event) and record.severity == "alarm":
            kind = "alarm"
        body, urgency, worth = encode(record), DURABLE_CLASSES.index(kind), _worth(kind, record)

        def work(db: sqlite3.Connection) -> int:
            self._count(db)
            seq = _next_seq(db, kind)
            db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", (kind, seq, camera, body, urgency, worth))
            note_going(db, record, body)
            self._rows, self._bytes = self._rows + 1, self._bytes + len(body)
            return seq

        seq = self._db.run(work, urgent=urgency == 0)
        self._keep_bounds()
        self.on_put()
        return seq

    def put_media(self, *, source: bytes | Path, **fields: Any) -> MediaManifest:
        """Keep a medium until the centre has it; see `MediaSpool.put` for the fields."""
        manifest = self.media.put(source=source, **fields)
        self._keep_bounds()
        self.on_put_media()
        return manifest

    def going(self) -> list[Event | TrackSummary]:
        """Events and tracks that were put here and whose end was not, as they were last told of."""
        return self._db.read(read_going)

    # -- emptying -----------------------------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The file."""
        return self._db.path

    @property
    def id(self) -> str:
        """Made with the file: another id means another beginning of all `seq`."""
        if self._named != self._db.generation:
            query = "SELECT value FROM meta WHERE key = 'outbox'"
            self._name = str(self._db.read(lambda db: db.execute(query).fetchone()[0]))
            self._named = self._db.generation
        return self._name

    def waiting(self, limit: int) -> list[Waiting]:
        """The most urgent messages, oldest first among equals."""
        return self._select("ORDER BY urgency, kind, seq LIMIT ?", (limit,))

    def after(self, kind: str, seq: int, limit: int) -> list[Waiting]:
        """The oldest messages of a class with a number above `seq`."""
        where = "WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?"
        return self._select(where, (kind, seq, limit))

    def rows(self, kind: str, seqs: Sequence[int]) -> list[Waiting]:
        """Those of these messages that are still here, by number."""
        marks = ",".join("?" * len(seqs))
        return self._select(f"WHERE kind = ? AND seq IN ({marks}) ORDER BY seq", (kind, *seqs))

    def _select(self, where: str, values: Sequence[object]) -> list[Waiting]:
        query = f"SELECT kind, seq, camera, record, urgency = 0 FROM message {where}"  # noqa: S608 - no foreign text
        return [Waiting(*row) for row in self._db.read(lambda db: db.execute(query, values).fetchall())]

    def gaps(self, kind: str, limit: int = 256) -> list[tuple[int, int]]:
        """The oldest ranges of `seq` (first, last) that were dropped and that the centre has not been told of yet."""
        return self._db.read(lambda db: read_gaps(db, kind, limit))

    def mark_sent(self, kind: str, seqs: Iterable[int]) -> None:
        """For the counters: they left at least once."""
        self._sent[kind].update(seqs)

    def acknowledge(self, kind: str, seqs: Iterable[int], told: Iterable[tuple[int, int]] = ()) -> int:
        """The centre has these, and knows of the gaps `told`; returns how many were new; unknown ones are ignored."""

        def work(db: sqlite3.Connection) -> int:
            gone = self._acknowledge(db, kind, ranges(seqs))
            forget_gaps(db, kind, told)
            return gone

        return self._db.run(work)

    def _acknowledge(self, db: sqlite3.Connection, kind: str, spans: Iterable[tuple[int, int]]) -> int:
        self._count(db)
        gone = self._delete(db, kind, spans)
        db.execute("UPDATE counter SET acknowledged = acknowledged + ? WHERE kind = ?", (len(gone), kind))
        return len(gone)

    def acknowledge_ranges(self, kind: str, spans: Iterable[tuple[int, int]]) -> int:
        """Like `acknowledge`, for ranges (first, last) as a receipt names them."""
        return self._db.run(lambda db: self._acknowledge(db, kind, spans))

    def drop(self, kind: str, seq: int, reason: str) -> None:
        """Give one message up (the broker can never take it, say): announced as a gap, like all that is dropped."""
        log.error("%s message %d is dropped: %s", kind, seq, reason)
        self._db.run(lambda db: self._drop_rows(db, [(kind, seq)]))

    # -- state --------------------------------------------------------------------------------------------------

    def depth(self) -> OutboxDepth:
        """What waits, and what happened since the file was made, per class and for `media`.

        `sent` left at least once, `acknowledged` is stored at the centre, `dropped` was given up under pressure.
        """

        def work(db: sqlite3.Connection) -> tuple[int, list[tuple[str, int, int]]]:
            rows = db.execute("SELECT count(*) FROM message").fetchone()[0]
            return rows, db.execute("SELECT kind, acknowledged, dropped FROM counter").fetchall()

        rows, counters = self._db.read(work)
        media, media_bytes = self.media.depth()
        return OutboxDepth(
            messages=rows,
            media=media,
            media_bytes=media_bytes,
            sent={kind: done + len(self._sent.get(kind, ())) for kind, done, _ in counters if kind != "media"},
            acknowledged={kind: done for kind, done, _ in counters},
            dropped={kind: lost for kind, _, lost in counters if lost},
        )

    @property
    def problem(self) -> str:
        """One line for health when the file had to be set aside; else empty."""
        return self._db.problem

    def sync(self) -> None:
        """Let all that was put survive a power cut; call it once a second or so."""
        self._db.sync()

    def close(self) -> None:
        """Sync and let go of the file."""
        self._db.sync()
        self._db.close()

    # -- bounds -------------------------------------------------------------------------------------------------

    def _count(self, db: sqlite3.Connection) -> None:
        """Count once per file: counting at every `put` would read the whole table."""
        if self._counted != self._db.generation:
            self._counted = self._db.generation
            self._sent.clear()
            found = db.execute("SELECT count(*), coalesce(sum(length(record)), 0) FROM message").fetchone()
            self._rows, self._bytes = found

    def _keep_bounds(self) -> None:
        if self._rows > self._max_rows or self._bytes + self.media.size > self._max_bytes:
            self._shrink(int(self._max_rows * _SLACK), int(self._max_bytes * _SLACK))

    def _shrink(self, rows: int, size: int) -> None:
        gone: Counter[str] = Counter()
        for worth in range(_ALARM + 1):
            if worth == _MEDIA:
                self.media.shrink(max(0, size - self._bytes))
            while self._rows > rows or self._bytes + self.media.size > size:
                drop = partial(self._drop_oldest, worth=worth, rows=rows, size=size - self.media.size)
                if not (victims := self._db.run(drop)):
                    break
                gone.update(kind for kind, _ in victims)
        if gone:
            kinds = ", ".join(f"{kind} {number}" for kind, number in gone.items())
            log.warning("the outbox is full: %d messages are dropped (%s)", gone.total(), kinds)

    def _drop_oldest(self, db: sqlite3.Connection, *, worth: int, rows: int, size: int) -> list[tuple[str, int]]:
        """Drop a batch at most, and no more than it takes to keep both bounds: each transaction wears the card."""
        self._count(db)
        many, much = self._rows - rows, self._bytes - size
        query = "SELECT kind, seq, length(record) FROM message WHERE worth = ? ORDER BY rowid LIMIT ?"
        victims: list[tuple[str, int]] = []
        for kind, seq, length in db.execute(query, (worth, _BATCH)).fetchall():
            if many <= 0 and much <= 0:
                break
            victims.append((kind, seq))
            many, much = many - 1, much - length
        self._drop_rows(db, victims)
        return victims

    def _drop_rows(self, db: sqlite3.Connection, victims: Sequence[tuple[str, int]]) -> None:
        self._count(db)
        for kind in {kind for kind, _ in victims}:
            gone = self._delete(db, kind, ranges(seq for other, seq in victims if other == kind))
            add_gaps(db, kind, gone)
            db.execute("UPDATE counter SET dropped = dropped + ? WHERE kind = ?", (len(gone), kind))

    def _delete(self, db: sqlite3.Connection, kind: str, spans: Iterable[tuple[int, int]]) -> list[int]:
        """Take rows out; returns the numbers that were there."""
        query = "DELETE FROM message WHERE kind = ? AND seq BETWEEN ? AND ? RETURNING seq, length(record)"
        bounded = [(max(0, first), min(last, MOST_SEQ)) for first, last in spans if last >= 0 and first <= MOST_SEQ]
        gone = [row for span in bounded for row in db.execute(query, (kind, *span)).fetchall()]
        self._rows -= len(gone)
        self._bytes -= sum(size for _, size in gone)
        self._sent[kind].difference_update(seq for seq, _ in gone)
        return [seq for seq, _ in gone]


def _next_seq(db: sqlite3.Connection, kind: str) -> int:
    db.execute("INSERT OR IGNORE INTO counter (kind) VALUES (?)", (kind,))
    query = "UPDATE counter SET last = last + 1 WHERE kind = ? RETURNING last"
    return int(db.execute(query, (kind,)).fetchall()[0][0])


def _worth(kind: DurableClass, record: Message) -> int:
    match record:
        case Event(phase="update") | TrackSummary(final=False):
            return _UPDATE
        case Event():
            return _ALARM if kind == "alarm" else _EVENT
        case HealthSample():
            return _SAMPLE
    return _SUMMARY
