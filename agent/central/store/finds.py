"""Events, tracks and clips: found, paged by a cursor that stays true while new ones arrive, joined with their media."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from agent.central.store.colours import Wanted, coloured
from agent.central.store.database import Database
from agent.central.store.merge import Document
from agent.central.store.schema import camera as cameras
from agent.central.store.schema import clip, event, media, track
from agent.central.store.views import media_url
from agent.core.clock import rfc3339
from agent.core.errors import LamppostError

Progress = Callable[[str], tuple[int, int, int] | None]


class BadCursor(LamppostError):
    """A cursor that we did not give out."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; an empty tuple or None means any. Times are on `start`, `since` in, `until` out.

    Of the colours of one part any will do; every part that is named must have one, with `share` of it at least.
    """

    site: str | None = None
    gateway: str | None = None
    phase: str | None = None
    severity: str | None = None
    camera: Sequence[str] = ()
    kind: Sequence[str] = ()
    label: Sequence[str] = ()
    colour: Sequence[Wanted] = ()
    share: float = 0.0
    since_ns: int | None = None
    until_ns: int | None = None
    limit: int = 50
    cursor: str | None = field(default=None)


class Finds:
    """Read-only; `progress(media)` tells how much of a medium on its way has come."""

    def __init__(self, database: Database, progress: Progress) -> None:
        self._database, self._progress = database, progress

    def events(self, filters: Filters) -> Document:
        """A page of events, newest first."""
        with self._database.read() as connection:
            rows, more = _page(connection, event, filters)
            items = self._events(connection, rows)
        return {"items": items, "next": more}

    def event(self, key: str) -> Document | None:
        """One event."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(event).where(event.c.id == key)).mappings().all()
            return next(iter(self._events(connection, rows)), None)

    def neighbours(self, key: str, filters: Filters) -> Document | None:
        """The ids of the next older and the next newer event among those that `filters` find; None: no such event."""
        with self._database.read() as connection:
            start_ns = connection.scalar(sa.select(event.c.start_ns).where(event.c.id == key))
            if start_ns is None:
                return None
            place = sa.tuple_(event.c.start_ns, event.c.id)
            here = sa.tuple_(sa.literal(start_ns), sa.literal(key))
            query = sa.select(event.c.id).where(*_conditions(event, filters)).limit(1)
            older = query.where(place < here).order_by(event.c.start_ns.desc(), event.c.id.desc())
            newer = query.where(place > here).order_by(event.c.start_ns, event.c.id)
            return {"older": connection.scalar(older), "newer": connection.scalar(newer)}

    def tracks(self, filters: Filters) -> Document:
        """A page of tracks, newest first."""
        with self._database.read() as connection:
            rows, more = _page(connection, track, filters)
            items = self._tracks(connection, rows)
        return {"items": items, "next": more}

    def track(self, key: str) -> Document | None:
        """One track."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(track).where(track.c.id == key)).mappings().all()
            return next(iter(self._tracks(connection, rows)), None)

    def clip(self, key: str) -> Document | None:
        """One clip."""
        with self._database.read() as connection:
            return next(iter(self._clips(connection, clip.c.id == key)), None)

    def clip_of_event(self, key: str) -> Document | None:
        """The newest clip that was asked for this event."""
        with self._database.read() as connection:
            return next(reversed(self._clips(connection, clip.c.event == key)), None)

    def clips_of_media(self, key: str) -> list[Document]:
        """Clips that this medium is, or will be."""
        with self._database.read() as connection:
            return self._clips(connection, clip.c.media == key)

    def _events(self, connection: sa.Connection, rows: Sequence[Any]) -> list[Document]:
        refs = _Refs(connection, rows)
        found = self._clips(connection, clip.c.event.in_([row["id"] for row in rows])) if rows else []
        clips = {item["event"]: item for item in found}
        return [{**refs.joined(row), "clip": clips.get(row["id"])} for row in rows]

    def _tracks(self, connection: sa.Connection, rows: Sequence[Any]) -> list[Document]:
        refs = _Refs(connection, rows)
        return [refs.joined(row) for row in rows]

    def _clips(self, connection: sa.Connection, where: Any) -> list[Document]:
        joined = clip.outerjoin(media, media.c.id == clip.c.media)
        columns = [media.c[name].label(f"media_{name}") for name in ("state", "bytes", "start_ns", "end_ns", "codecs")]
        query = sa.select(clip, *columns).select_from(joined).where(where).order_by(clip.c.created_ns, clip.c.id)
        return [self._clip(row) for row in connection.execute(query).mappings()]

    def _clip(self, row: Any) -> Document:
        ready = row["media_state"] == "ready" and row["state"] != "failed"
        known = row["media_bytes"] is not None
        received, of, size = (self._progress(row["media"]) if row["media"] else None) or (0, 0, 0)
        return {
            **{name: row[name] for name in ("id", "site", "gateway", "camera", "event", "error", "media")},
            "state": "ready" if ready else row["state"],
            "start": rfc3339(row["start_ns"]),
            "end": rfc3339(row["end_ns"]),
            "created": rfc3339(row["created_ns"]),
            "progress": {"received": received, "of": of, "bytes": row["media_bytes"] if ready else size},
            "url": media_url(row["media"]) if ready else None,
            "actual_start": rfc3339(row["media_start_ns"]) if known else None,
            "actual_end": rfc3339(row["media_end_ns"]) if known else None,
            "codecs": row["media_codecs"] or "",
            "bytes": row["media_bytes"],
        }


def _main_picture(record: Document) -> str | None:
    """The medium that shows the event itself, where it names several: the box fits on it."""
    named = record.get("attributes", {}).get("pictures")
    return named.get("now") if isinstance(named, dict) else None


class _Refs:
    """Looks up, once for a page, which media have arrived and what the cameras are called."""

    def __init__(self, connection: sa.Connection, rows: Sequence[Any]) -> None:
        wanted = {ref["id"] for row in rows for ref in row["record"].get("media", [])}
        self._sent = _existing(connection, wanted)
        query = sa.select(cameras.c.site, cameras.c.gateway, cameras.c.camera, cameras.c.info)
        places = {(row["site"], row["gateway"]) for row in rows}
        query = query.where(sa.tuple_(cameras.c.site, cameras.c.gateway).in_(places))
        self._names = {tuple(row[:3]): (row[3] or {}).get("name") for row in connection.execute(query)} if rows else {}

    def joined(self, row: Any) -> Document:
        """The record with where it comes from and what became of its media."""
        record = row["record"]
        refs = [self._ref(ref) for ref in record.get("media", [])]
        pictures = [ref for ref in refs if ref["kind"] == "snapshot" and ref["url"]]
        pictures.sort(key=lambda ref: ref["id"] != _main_picture(record))
        place = (row["site"], row["gateway"], row["camera"])
        return {
            **record,
            "site": row["site"],
            "gateway": row["gateway"],
            "camera_name": self._names.get(place) or row["camera"],
            "media": refs,
            "picture": next((ref["url"] for ref in pictures), None),
            "received": rfc3339(row["received_ns"]),
        }

    def _ref(self, ref: Document) -> Document:
        sent = ref["id"] in self._sent
        return {**ref, "state": "sent" if sent else "edge", "url": media_url(ref["id"]) if sent else None}


def _existing(connection: sa.Connection, keys: Iterable[str]) -> set[str]:
    wanted, found = sorted(keys), set[str]()
    for first in range(0, len(wanted), 500):
        where = (media.c.id.in_(wanted[first : first + 500]), media.c.state == "ready")
        found.update(connection.scalars(sa.select(media.c.id).where(*where)))
    return found


def _page(connection: sa.Connection, table: sa.Table, filters: Filters) -> tuple[Sequence[Any], str | None]:
    query = sa.select(table).where(*_conditions(table, filters))
    if filters.cursor is not None:
        start_ns, key = _decode_cursor(filters.cursor)
        query = query.where(sa.tuple_(table.c.start_ns, table.c.id) < sa.tuple_(sa.literal(start_ns), sa.literal(key)))
    query = query.order_by(table.c.start_ns.desc(), table.c.id.desc()).limit(filters.limit + 1)
    rows = connection.execute(query).mappings().all()
    shown = rows[: filters.limit]
    more = _encode_cursor(shown[-1]["start_ns"], shown[-1]["id"]) if len(rows) > filters.limit else None
    return shown, more


def _conditions(table: sa.Table, filters: Filters) -> list[Any]:
    found: list[Any] = []
    for name in ("site", "gateway", "phase", "severity"):
        value = getattr(filters, name)
        if value is not None:
            found.append(table.c[name] == value)
    for name in ("camera", "kind", "label"):
        values = getattr(filters, name)
        if values:
            found.append(table.c[name].in_(values))
    found += coloured(table, filters.colour, filters.share)
    if filters.since_ns is not None:
        found.append(table.c.start_ns >= filters.since_ns)
    if filters.until_ns is not None:
        found.append(table.c.start_ns < filters.until_ns)
    return found


def _encode_cursor(start_ns: int, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start_ns, key]).encode()).decode().rstrip("=")


def _decode_cursor(text: str) -> tuple[int, str]:
    try:
        start_ns, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError) as error:
        raise BadCursor("this cursor is none of ours; begin again without one") from error
    if not isinstance(start_ns, int) or abs(start_ns) >= 1 << 63 or not isinstance(key, str) or "\x00" in key:
        raise BadCursor("this cursor is none of ours; begin again without one")
    return start_ns, key
