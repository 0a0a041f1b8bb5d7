"""Events, tracks and clips: found, paged by a cursor that stays true while new ones arrive, joined with their media."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.database import Database
from agent.central.store.deadline import Late, never
from agent.central.store.facets import event_facets, facets_shown, track_facets
from agent.central.store.filters import Filters
from agent.central.store.holds import is_held
from agent.central.store.keeper import EVENTS, TRACKS, Kind, bodies_of, rows_of
from agent.central.store.merge import fold_event
from agent.central.store.pack import Document, unpack_path
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.reviews import reviews_of, shown
from agent.central.store.rows import Held
from agent.central.store.schema import camera as cameras
from agent.central.store.schema import clip, media
from agent.central.store.schema import place as places
from agent.central.store.search import LIMIT_MS, Search
from agent.central.store.strays import find_days
from agent.central.store.summary import Summary
from agent.central.store.views import media_url
from agent.central.store.walk import Mark
from agent.core.clock import NS, Clock, parse_rfc3339, rfc3339

MOST_TRACKS = 8
"""Of an event, at once: a path has up to 2,000 points."""
_LAST_PICTURE_NS = NS
"""A clip ends with its last picture, which may be so long before the end that was asked for."""

_NAMES = ("site", "gateway", "camera")

R = TypeVar("R", bound=Collection[str])

Read = Callable[[sa.Connection, Kind, int, R], Iterable[tuple[str, Held]]]
Progress = Callable[[str], tuple[int, int, int] | None]


class Finds:
    """Read-only, among what is within `reach`; `progress(media)` tells how much of a medium on its way has come.

    Pages end early when `gone` says that nobody waits for them any more. Without `evidence` no clip that was taken out
    as such is found.
    """

    def __init__(
        self, database: Database, clock: Clock, progress: Progress, reach: Reach = EVERYTHING, gone: Late = never, *,
        evidence: bool = True,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._progress, self._reach = database, clock, progress, reach
        self._search, self._gone, self._evidence = Search(database, clock, reach, gone), gone, evidence

    def limited(self, reach: Reach, *, evidence: bool = True) -> Finds:
        """The same, for somebody who sees no more than that."""
        return Finds(self._database, self._clock, self._progress, reach, evidence=evidence)

    def asked(self, gone: Late) -> Finds:
        """The same, for a question that nobody waits for any more once they are `gone`."""
        return Finds(self._database, self._clock, self._progress, self._reach, gone, evidence=self._evidence)

    def events(self, filters: Filters, limit_ms: int = LIMIT_MS, *, facets: bool = False) -> Document:
        """A page of events by time; with `facets` how many there are of each."""
        return self._page(EVENTS, filters, limit_ms, facets=facets)

    def event(self, key: str) -> Document | None:
        """One event."""
        return self._one(EVENTS, key)

    def events_of(self, keys: Collection[str]) -> list[Document]:
        """Those of these events that there are."""
        held = self._held(EVENTS, sorted(keys))
        return self._joined(EVENTS, [one for one in held.values() if self._sees(one)])

    def neighbours(self, key: str, filters: Filters) -> Document | None:
        """The ids of the next older and the next newer event among those that `filters` find; None: no such event."""
        held = self._held(EVENTS, [key]).get(key)
        if held is None or not self._sees(held):
            return None
        here, late = Mark(held.row["start_ns"], key), self._search.late(LIMIT_MS)
        ways = (("older", True), ("newer", False))
        found = {name: self._search.walk(EVENTS, filters, backward=way, late=late).take(1, here) for name, way in ways}
        ids = {name: one.rows[0]["id"] if one.rows else None for name, one in found.items()}
        return {**ids, "complete": all(one.reached is None for one in found.values())}

    def tracks(self, filters: Filters, limit_ms: int = LIMIT_MS, *, facets: bool = False) -> Document:
        """A page of tracks by time, or the best fit first; with `facets` how many there are of each."""
        return self._page(TRACKS, filters, limit_ms, facets=facets)

    def track(self, key: str) -> Document | None:
        """One track."""
        return self._one(TRACKS, key)

    def tracks_of_event(self, key: str) -> Document | None:
        """Those of its first tracks that have been told of, in the event's order; None: no such event."""
        found = self.event(key)
        if found is None:
            return None
        wanted = found["tracks"][:MOST_TRACKS]
        held = self._held(TRACKS, sorted(wanted))
        known = [held[one] for one in wanted if one in held and self._sees(held[one])]
        return {"items": self._joined(TRACKS, known)}

    def clip(self, key: str) -> Document | None:
        """One clip."""
        return next(iter(self.clips_of([key])), None)

    def clips_of(self, keys: Collection[str]) -> list[Document]:
        """Those of these clips that there are."""
        with self._database.read() as connection:
            return self._clips(connection, one_of(connection, clip.c.id, keys))

    def clips_of_event(self, key: str) -> list[Document]:
        """The newest clip of each quality that this event has, or will have, the best to look at first."""
        with self._database.read() as connection:
            return _best_first(self._clips(connection, clip.c.event == key))

    def clips_over(
        self, place: tuple[str, str, str], start_ns: int, end_ns: int, longest_ns: int
    ) -> list[Document]:  # fmt: skip
        """Clips that have the footage between these times, or will: the best to look at first, of those the shortest.

        A longer one, of `longest_ns` at the most, has it if its medium does, as far as that is known by now.
        """
        holds = clip.c.start_ns.between(end_ns - longest_ns, start_ns) & (clip.c.end_ns >= end_ns)
        short = clip.c.end_ns - clip.c.start_ns <= longest_ns
        just = (clip.c.start_ns == start_ns) & (clip.c.end_ns == end_ns)
        reaches = (media.c.start_ns <= start_ns) & (media.c.end_ns >= end_ns - _LAST_PICTURE_NS)
        has = just | reaches | media.c.id.is_(None)
        found = self._of_place(place, sa.and_(holds, short, has, clip.c.quality.in_(("full", "proxy"))))
        return sorted(found, key=lambda one: (*_rank(one), _length_ns(one)))

    def sheets_of_span(self, place: tuple[str, str, str], start_ns: int, end_ns: int) -> list[Document]:
        """Sheets of small pictures of exactly this time, the newest first."""
        where = sa.and_(clip.c.start_ns == start_ns, clip.c.end_ns == end_ns, clip.c.quality == "previews")
        return self._of_place(place, where)[::-1]

    def _of_place(self, place: tuple[str, str, str], where: Any) -> list[Document]:
        same = [clip.c[name] == value for name, value in zip(_NAMES, place, strict=True)]
        with self._database.read() as connection:
            return self._clips(connection, sa.and_(*same, where))

    def clips_of_media(self, keys: Collection[str]) -> list[Document]:
        """Clips that these media are, or will be."""
        with self._database.read() as connection:
            return self._clips(connection, one_of(connection, clip.c.media, keys))

    def _page(self, kind: Kind, filters: Filters, limit_ms: int, *, facets: bool) -> Document:
        filters = self._search.meant(filters)
        page = self._search.page(kind, filters, limit_ms)
        reached = None if page.reached_ns is None else rfc3339(page.reached_ns)
        fits = dict(zip((row["id"] for row in page.rows), page.likeness, strict=False))
        found = {
            "items": [{**item, "likeness": fits.get(item["id"])} for item in self._shown(kind, page.rows)],
            "next": page.next,
            "complete": page.complete,
            "reached": reached,
            "alike": page.how,
        }
        counted = self._facets(kind, filters, limit_ms) if facets and not self._gone() else None
        return found | {"facets": counted}

    def _facets(self, kind: Kind, filters: Filters, limit_ms: int) -> Document:
        walk = self._search.walk(kind, filters, late=self._search.late(limit_ms))
        counted = track_facets(walk, filters) if kind is TRACKS else event_facets(walk)
        with self._database.read() as connection:
            query = sa.select(places).where(one_of(connection, places.c.number, list(counted.cameras)))
            named = {row["number"]: row for row in connection.execute(query).mappings()}
        return facets_shown(counted, named)

    def _one(self, kind: Kind, key: str) -> Document | None:
        held = self._held(kind, [key]).get(key)
        return next(iter(self._joined(kind, [held])), None) if held is not None and self._sees(held) else None

    def _sees(self, held: Held) -> bool:
        """Is the camera of this record within reach?"""
        if self._reach.everything:
            return True
        query = sa.select(places.c.number).where(places.c.number == held.row["place"], self._reach.condition(places))
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def _held(self, kind: Kind, keys: list[str]) -> dict[str, Held]:
        with self._database.read() as connection:
            in_days = find_days(connection, kind.name, keys)
        return self._resting(kind, in_days, rows_of)

    def _resting(self, kind: Kind, in_days: Mapping[int, R], read: Read[R]) -> dict[str, Held]:
        """What rests in these days, as `read` has it; a day that was dropped meanwhile has none."""
        found: dict[str, Held] = {}
        for day, some in in_days.items():
            with self._database.days.read(day) as connection:
                if connection is not None:
                    here = dict(read(connection, kind, day, some))
                    for key, review in (reviews_of(connection, day, here) if kind is EVENTS else {}).items():
                        here[key].row["review"] = review
                    found |= here
        return found

    def _shown(self, kind: Kind, rows: Sequence[Any]) -> list[Document]:
        """Rows of a walk as the API has them, in their order; those whose day was dropped meanwhile are left out."""
        by_day: dict[int, dict[str, Document]] = defaultdict(dict)
        for row in rows:
            by_day[row["day"]][row["id"]] = dict(row)
        found = self._resting(kind, by_day, bodies_of)
        return self._joined(kind, [found[row["id"]] for row in rows if row["id"] in found])

    def _joined(self, kind: Kind, several: Sequence[Held]) -> list[Document]:
        with self._database.read() as connection:
            refs = _Refs(connection, several)
            items = [refs.joined(one) for one in several if refs.knows(one)]
            if kind is TRACKS:
                return items
            found = self._clips(connection, clip.c.event.in_([one.row["id"] for one in several])) if several else []
        clips: dict[str, list[Document]] = defaultdict(list)
        for one in found:
            clips[one["event"]].append(one)
        best = {key: _best_first(some) for key, some in clips.items()}
        return [
            {**item, "clip": next(iter(best.get(item["id"], [])), None), "clips": best.get(item["id"], [])}
            for item in items
        ]

    def _clips(self, connection: sa.Connection, where: Any) -> list[Document]:
        joined = clip.outerjoin(media, media.c.id == clip.c.media)
        columns = [media.c[name].label(f"media_{name}") for name in ("state", "bytes", "start_ns", "end_ns", "codecs")]
        query = sa.select(clip, *columns, is_held(media).label("held")).select_from(joined)
        shown = sa.true() if self._evidence else clip.c.quality != "export"
        query = query.where(where, self._reach.condition(clip), shown)
        query = query.order_by(clip.c.created_ns, clip.c.id)
        return [self._clip(row) for row in connection.execute(query).mappings()]

    def _clip(self, row: Any) -> Document:
        ready = row["media_state"] == "ready" and row["state"] not in {"failed", "cancelled"}
        known = row["media_bytes"] is not None
        received, of, size = (self._progress(row["media"]) if row["media"] else None) or (0, 0, 0)
        return {
            **{name: row[name] for name in ("id", "site", "gateway", "camera", "event", "error", "media", "quality")},
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
            "held": ready and row["held"],
        }


def _best_first(found: Iterable[Document]) -> list[Document]:
    """Of each quality the newest; what can be played goes before what is on its way, what failed comes last."""
    return sorted({item["quality"]: item for item in found}.values(), key=_rank)


def _rank(item: Document) -> tuple[int, bool]:
    return {"ready": 0, "sending": 1, "requested": 2}.get(item["state"], 3), item["quality"] == "proxy"


def _length_ns(item: Document) -> int:
    return parse_rfc3339(item["end"]) - parse_rfc3339(item["start"])


def _main_picture(record: Document) -> str | None:
    """The medium that shows the event itself, where it names several: the box fits on it."""
    named = record.get("attributes", {}).get("pictures")
    return named.get("now") if isinstance(named, dict) else None


def _record(held: Held) -> Document:
    """The Event or TrackSummary that is kept."""
    if isinstance(held.body, Summary):
        fields = {name: value for name, value in held.body.fields.items() if name != "appearance"}
        return {**fields, "path": unpack_path(held.body.path)}
    review = shown(held.row.get("review"))
    folded = fold_event(held.body)
    return folded | {"severity": review["severity"] or folded["severity"], "review": review}


def _media(held: Held) -> list[Document]:
    body = held.body.fields if isinstance(held.body, Summary) else held.body
    found: list[Document] = body["media"]
    return found


class _Refs:
    """Looks up, once for a page, which media have arrived and what the cameras are called."""

    def __init__(self, connection: sa.Connection, several: Sequence[Held]) -> None:
        self._known = _existing(connection, {ref["id"] for one in several for ref in _media(one)})
        named = places.outerjoin(cameras, sa.and_(*(cameras.c[name] == places.c[name] for name in _NAMES)))
        query = sa.select(places, cameras.c.info).select_from(named)
        query = query.where(places.c.number.in_({one.row["place"] for one in several}))
        self._places = {row["number"]: row for row in connection.execute(query).mappings()} if several else {}

    def knows(self, held: Held) -> bool:
        """A day's file may have been written when the machine died before the camera was named: it is sent again."""
        return held.row["place"] in self._places

    def joined(self, held: Held) -> Document:
        """The record with where it comes from and what became of its media."""
        record, place = _record(held), self._places[held.row["place"]]
        refs = [self._ref(ref) for ref in record.get("media", [])]
        pictures = [ref for ref in refs if ref["kind"] == "snapshot" and ref["url"]]
        pictures.sort(key=lambda ref: ref["id"] != _main_picture(record))
        return {
            **record,
            "site": place["site"],
            "gateway": place["gateway"],
            "camera_name": (place["info"] or {}).get("name") or place["camera"],
            "media": refs,
            "picture": next((ref["url"] for ref in pictures), None),
            "received": rfc3339(held.received_ns),
        }

    def _ref(self, ref: Document) -> Document:
        known = self._known.get(ref["id"], {"state": "edge", "held": False, "reason": ""})
        return {**ref, **known, "url": media_url(ref["id"]) if known["state"] == "sent" else None}


def _existing(connection: sa.Connection, keys: Iterable[str]) -> dict[str, Document]:
    """Of those that came, or will never come: `sent` or `gone`, and why; and whether one that came may not leave."""
    wanted, found = sorted(keys), dict[str, Document]()
    for first in range(0, len(wanted), 500):
        where = (media.c.id.in_(wanted[first : first + 500]), media.c.state != "incoming")
        query = sa.select(media.c.id, media.c.state, media.c.reason, is_held(media))
        for key, state, reason, held in connection.execute(query.where(*where)):
            gone = state == "gone"
            found[key] = {"state": "gone" if gone else "sent", "held": held and not gone, "reason": reason}
    return found
