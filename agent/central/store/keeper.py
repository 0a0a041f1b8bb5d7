"""Events and tracks of one batch becoming rows: all that is held is read at once, merged in memory, written once.

Where a record rests is the day of its start, which is found again from its id: ids of ours begin with the time they
were made at. One that rests in another day (an id that tells no time, a clock that was set right) has a row in
`stray`, so that every id has one row, whatever its gateway says later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.counts import Refused
from agent.central.store import day_schema as tables
from agent.central.store.aggregates import Aggregates
from agent.central.store.among import one_of
from agent.central.store.days import Change
from agent.central.store.merge import merge_event, wall_ns
from agent.central.store.pack import Document, pack, unpack
from agent.central.store.places import Place, number_of
from agent.central.store.rows import Held, day_of, event_row, looks_row, plate_row, track_row
from agent.central.store.schema import place as places
from agent.central.store.schema import stray
from agent.central.store.strays import days_of, find_days
from agent.central.store.summary import merge_track, read_body, summaries, track_body
from agent.central.watching import Seen, Watcher
from agent.core.errors import WireError
from agent.wire.messages import Event, TrackSummary

_BESIDE = (tables.track_plate, tables.track_looks)
LONGEST_DAYS, _NEWEST_DAYS = 3660, 1

Refuse = Callable[[str], None]
Upsert = Callable[[sa.Connection, sa.Table, list[Document]], None]


class Age(NamedTuple):
    """When it is, and for how many days records are kept."""

    now_ns: int
    keep_days: int = LONGEST_DAYS

    def check(self, day: int) -> None:
        """No day is made because a clock is wrong, nor for what would leave within the hour.

        Raises:
            Refused: it is too far from now.
        """
        if not -min(self.keep_days + 1, LONGEST_DAYS) <= day - day_of(self.now_ns) <= _NEWEST_DAYS:
            raise Refused("out_of_time", "it is of another age: a clock is wrong, or its time is over")


class Kind(NamedTuple):
    """How one of the two kinds of records is kept."""

    name: str
    table: sa.Table
    body: sa.Table
    merge: Callable[[Any, Any], Any]
    row: Callable[[Any], Document]
    read: Callable[[Any], Any]
    write: Callable[[Any], Document]


EVENTS = Kind(
    "event", tables.event, tables.event_body, merge_event, event_row,
    read=lambda row: unpack(row.phases), write=lambda phases: {"phases": pack(phases)},
)  # fmt: skip
TRACKS = Kind(
    "track", tables.track, tables.track_body, merge_track, lambda summary: track_row(summary.fields, summary.tiles),
    read=lambda row: read_body(row.record, row.path), write=track_body,
)  # fmt: skip


class Waiting(NamedTuple):
    """A record on its way: an Event, or a track's `Summary`."""

    place: Place
    key: str
    start_ns: int
    record: Any


class Keeper:
    """Of one change. `put` each record, then `write`; `refuse` counts what is not taken, by reason.

    After `write` `events` are those that were taken, the alarms included.
    """

    def __init__(
        self, change: Change, upsert: Upsert, age: Age, refuse: Refuse, watcher: Watcher | None = None
    ) -> None:
        self._change, self._upsert, self._age, self._refuse = change, upsert, age, refuse
        self._watcher = watcher
        self.events: list[tuple[Place, Any]] = []
        self._events: list[Waiting] = []
        self._tracks: list[tuple[Place, TrackSummary]] = []

    def put(self, place: Place, record: Event | TrackSummary) -> None:
        """Take a record along.

        Raises:
            WireError: its start is beyond all reason.
        """
        start_ns = wall_ns(record.start)
        if isinstance(record, Event):
            self._events.append(Waiting(place, record.id, start_ns, record))
        else:
            self._tracks.append((place, record))

    def write(self) -> list[Event]:
        """Merge all with what is held, and put it into the tables; returns the alarms that the tracks raised.

        Whoever calls holds the locks of all gateways whose records are here.
        """
        seen = {one.place for one in self._events} | {place for place, _ in self._tracks}
        raised = self._alarms(self._write(TRACKS, list(self._summaries())))
        self._events += [Waiting(place, event.id, wall_ns(event.start), event) for place, event in raised]
        kept = self._write(EVENTS, self._events)
        self.events = [(one.place, one.record) for one in self._events if _is_kept(one, kept)]
        self._name(seen)
        return [event for _, event in raised]

    def _alarms(self, fresh: Mapping[str, Held]) -> list[tuple[Place, Event]]:
        """What those who watch for something are told of these tracks."""
        if self._watcher is None or not self._watcher.watches(self._change.main):
            return []
        said: dict[str, tuple[Place, Any]] = {record.id: (place, record) for place, record in self._tracks}
        seen = [Seen(*said[key], held.row) for key, held in fresh.items()]
        alarms = list(self._watcher.alarms(seen))
        wanted = {(event.id, wall_ns(event.start)) for _, event in alarms}
        known = dict(_held(self._change, EVENTS, wanted)).keys() if wanted else set[str]()
        self._watcher.remember(known)  # raised before, perhaps by another process
        return [one for one in alarms if one[1].id not in known]

    def _summaries(self) -> Iterator[Waiting]:
        kept = summaries([record for _, record in self._tracks])
        for (place, record), summary in zip(self._tracks, kept, strict=True):
            if isinstance(summary, WireError):
                self._refuse("broken_track")
            else:
                yield Waiting(place, record.id, wall_ns(record.start), summary)

    def _write(self, kind: Kind, waiting: Collection[Waiting]) -> dict[str, Held]:
        if not waiting:
            return {}
        held: dict[str, list[Held]] = defaultdict(list)
        for key, one_held in _held(self._change, kind, {(one.key, one.start_ns) for one in waiting}):
            held[key].append(one_held)
        fresh: dict[str, Held] = {}
        for one in waiting:
            try:
                known = fresh.get(one.key) or _newest(held.get(one.key, []), day_of(one.start_ns))
                fresh[one.key] = self._merged(kind, one.place, one.record, known)
            except WireError as error:
                self._refuse(error.reason if isinstance(error, Refused) else f"broken_{kind.name}")
        _Writing(self._change, kind, held, fresh).write(self._upsert)
        return fresh

    def _name(self, seen: set[Place]) -> None:
        """Which camera a number is."""
        wanted = {number_of(place): place for place in seen}
        here = one_of(self._change.main, places.c.number, wanted)
        for number in self._change.main.scalars(sa.select(places.c.number).where(here)):
            del wanted[number]
        rows = [{"number": number, **place._asdict()} for number, place in sorted(wanted.items())]
        self._upsert(self._change.main, places, rows)

    def _merged(self, kind: Kind, place: Place, record: Any, known: Held | None) -> Held:
        number = number_of(place)
        if known is not None and known.row["place"] != number:
            raise Refused("foreign_id", "this id belongs to another camera")
        body = kind.merge(known.body if known else None, record)
        row = kind.row(body)
        self._age.check(row["day"])
        row["place"] = number
        return Held(row, body, known.received_ns if known else self._age.now_ns)


def _newest(held: Sequence[Held], day: int) -> Held | None:
    """Of an id that rests in two days, as whoever died while it moved has left it: where it went to."""
    return next((one for one in held if one.row["day"] == day), held[0] if held else None)


def _is_kept(one: Waiting, kept: Mapping[str, Held]) -> bool:
    held = kept.get(one.key)
    return held is not None and held.row["place"] == number_of(one.place)


class _Writing:
    """The rows of one kind on their way into the days."""

    def __init__(self, change: Change, kind: Kind, held: Mapping[str, list[Held]], fresh: Mapping[str, Held]) -> None:
        self._change, self._kind, self._held, self._fresh = change, kind, held, fresh

    def write(self, upsert: Upsert) -> None:
        """The days first, then where to find those that are elsewhere than their id tells."""
        by_day: dict[int, list[Held]] = defaultdict(list)
        for one in self._fresh.values():
            by_day[one.row["day"]].append(one)
        self._leave()
        for day, several in by_day.items():
            self._put(day, several)
        if self._kind is TRACKS:
            Aggregates(self._change).write(self._replaced(), self._fresh.values())
        rows = [one.row for one in self._fresh.values() if one.row["day"] not in days_of(one.row["id"])]
        strays = [{"table": self._kind.name, "id": row["id"], "day": row["day"]} for row in rows]
        upsert(self._change.main, stray, strays)

    def _replaced(self) -> Iterator[Held]:
        return (one for key in self._fresh for one in self._held.get(key, []))

    def _leave(self) -> None:
        """Records whose start moved to another day are taken out of the old one."""
        moved: dict[int, list[str]] = defaultdict(list)
        for one in self._replaced():
            day, target = one.row["day"], self._fresh[one.row["id"]].row["day"]
            if day != target:
                moved[day].append(one.row["id"])
                self._change.moves(day, target)
        for day, ids in moved.items():
            if self._kind is EVENTS:
                self._carry(day, ids)
            self._take_out(day, ids)

    def _carry(self, day: int, ids: list[str]) -> None:
        """What people have made of events that move goes with them."""
        table, connection = tables.event_review, self._change.at(day)
        if connection is None:
            return
        query = sa.select(table).where(table.c.day == day, table.c.id.in_(ids))
        for row in connection.execute(query).mappings().all():
            target = self._fresh[row["id"]].row["day"]
            self._change.put(target, table, [dict(row) | {"day": target}])
        self._change.take_out(day, table, ids)

    def _take_out(self, day: int, ids: list[str]) -> None:
        for table in (self._kind.table, self._kind.body, *(_BESIDE if self._kind is TRACKS else [])):
            self._change.take_out(day, table, ids)

    def _put(self, day: int, several: list[Held]) -> None:
        kind = self._kind
        self._change.put(day, kind.table, [one.row for one in several])
        keys = [{"day": day, "id": one.row["id"], "received_ns": one.received_ns} for one in several]
        bodies = [key | kind.write(one.body) for key, one in zip(keys, several, strict=True)]
        self._change.put(day, kind.body, bodies)
        if kind is TRACKS:
            self._put_plates(day, several)
            self._put_looks(day, several)

    def _put_plates(self, day: int, several: list[Held]) -> None:
        plates = {one.row["id"]: plate_row(one.body.fields) for one in several}
        gone = [key for key, plate in plates.items() if plate is None and key in self._held]
        self._change.take_out(day, tables.track_plate, gone)
        names = ("day", "id", "place", "start_ns")
        read = [(one.row, plate) for one in several if (plate := plates[one.row["id"]])]
        rows = [{name: row[name] for name in names} | plate for row, plate in read]
        self._change.put(day, tables.track_plate, rows)

    def _put_looks(self, day: int, several: list[Held]) -> None:
        looks = {one.row["id"]: looks_row(one.body.fields) for one in several}
        self._change.take_out(day, tables.track_looks, [key for key in looks if not looks[key] and key in self._held])
        rows = [{"day": day, "id": key} | row for key, row in looks.items() if row]
        self._change.put(day, tables.track_looks, rows)


def _held(change: Change, kind: Kind, wanted: Collection[tuple[str, int]]) -> Iterator[tuple[str, Held]]:
    """What is kept of these ids. The day of a record's own start is always looked at: see `Days`, invariant 1."""
    places = find_days(change.main, kind.name, {key for key, _ in wanted})
    for key, start_ns in wanted:
        places[day_of(start_ns)].add(key)
    for day, keys in places.items():
        connection = change.at(day)
        if connection is not None:
            yield from rows_of(connection, kind, day, keys)


def rows_of(connection: sa.Connection, kind: Kind, day: int, keys: Collection[str]) -> Iterator[tuple[str, Held]]:
    """Those of these ids that rest in this day."""
    query = sa.select(kind.table).where(kind.table.c.day == day, one_of(connection, kind.table.c.id, keys))
    yield from bodies_of(connection, kind, day, {row["id"]: dict(row) for row in connection.execute(query).mappings()})


def bodies_of(
    connection: sa.Connection, kind: Kind, day: int, rows: Mapping[str, Document]
) -> Iterator[tuple[str, Held]]:
    """These rows of this day, by their ids, with what they are made from."""
    if rows:
        query = sa.select(kind.body).where(kind.body.c.day == day, one_of(connection, kind.body.c.id, rows))
        yield from ((row.id, Held(rows[row.id], kind.read(row), row.received_ns)) for row in connection.execute(query))
