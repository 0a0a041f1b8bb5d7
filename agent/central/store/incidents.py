"""Incidents: what happened at a place and time, whoever says so - a sensor, a dispatcher, somebody on the street.

An incident belongs to no site. Who sees everything sees them all; who sees some cameras sees those that happened within
`NEAR_M` of one of them, and may say of no place further off that something happened there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from agent.central.store.database import Database
from agent.central.store.ground import Around, Spot, View, covers, metres
from agent.central.store.incident_schema import incident
from agent.central.store.pack import Document
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.schema import camera as cameras
from agent.core.clock import NS, Clock, rfc3339
from agent.core.geometry import inside

State = Literal["open", "closed"]
Severity = Literal["info", "alarm"]

NEAR_M = 1000.0
MOST_CAMERAS = 12
MOST_A_MINUTE = 60
"""Of one person or token: a sensor that has gone mad must not bury what others say."""
_MOST_LOOKED_AT = 5000
"""In one answer, where not everything that is found is wanted."""
_NAMES = ("site", "gateway", "camera")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which to show; None and an empty area mean any. `since_ns` is in, `until_ns` out; `before` is a cursor."""

    state: State | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    area: Sequence[tuple[float, float]] = ()
    limit: int = 50
    before: str | None = None


def is_over(first_ns: int) -> Any:
    """A condition on rows: they happened before that time, and nobody has told of them since."""
    return sa.and_(incident.c.time_ns < first_ns, incident.c.made_ns < first_ns)


class Incidents:
    """What is kept of them, as far as it lies within reach."""

    def __init__(self, database: Database, clock: Clock, reach: Reach = EVERYTHING) -> None:
        self._database, self._clock, self._reach = database, clock, reach

    def limited(self, reach: Reach) -> Incidents:
        """The same, for somebody who sees no more than that."""
        return Incidents(self._database, self._clock, reach)

    def page(self, wanted: Wanted) -> Document:
        """The newest first. Of a large area or few cameras a page may be short, and still have one after it."""
        picky = bool(wanted.area) or not self._reach.everything
        most = _MOST_LOOKED_AT if picky else wanted.limit
        with self._database.read() as connection:
            around = self._around(connection)
            rows = connection.execute(_query(wanted).limit(most + 1)).mappings().all()
        items: list[Document] = []
        for at, row in enumerate(rows):
            if at == most or len(items) == wanted.limit:
                return {"items": items, "next": _cursor(rows[at - 1])}
            if _is_in(row, around) and (not wanted.area or inside(_spot(row), wanted.area)):
                items.append(_shown(row))
        return {"items": items, "next": None}

    def some(self, keys: Collection[str]) -> list[Document]:
        """Those of these that there are."""
        query = sa.select(incident).where(incident.c.id.in_(keys)).order_by(incident.c.time_ns.desc())
        with self._database.read() as connection:
            around = self._around(connection)
            return [_shown(row) for row in connection.execute(query).mappings() if _is_in(row, around)]

    def one(self, key: str) -> Document | None:
        """One, with the cameras around it; None: there is none within reach."""
        found = next(iter(self.some([key])), None)
        return None if found is None else found | {"cameras": self._cameras(_spot(found))}

    def known(self, source: str, external: str) -> str | None:
        """The id of what that source called so, within reach or not."""
        with self._database.read() as connection:
            return _known(connection, source, external)

    def make(self, key: str, **what: Any) -> str | None:
        """Keep one, of which its columns say all but when it was told; its id: another one where it is known already.

        None: whoever tells has told of too many in the last minute.
        """
        now_ns = self._clock.wall_ns()
        row: Document = {"id": key, "made_ns": now_ns, "note": ""} | what
        lately = (incident.c.made_by == row["made_by"], incident.c.made_ns > now_ns - 60 * NS)
        count = sa.select(sa.func.count()).select_from(incident).where(*lately)
        insert: Any = (sqlite.insert if self._database.kind == "sqlite" else postgresql.insert)(incident)
        fresh = insert.values(row).on_conflict_do_nothing(index_elements=["source", "external"])
        with self._database.write() as connection:
            if int(connection.scalar(count) or 0) >= MOST_A_MINUTE:
                return None
            made = connection.scalar(fresh.returning(incident.c.id))
            return made or _known(connection, row["source"], row["external"])

    def change(self, key: str, state: State | None, by: str, **what: Any) -> bool:
        """Make it so; `state` closes or opens it. False: it was closed or opened already, and nothing was done."""
        where, values = [incident.c.id == key], dict(what)
        if state is not None:
            closes = state == "closed"
            where.append(incident.c.closed_ns.is_(None) if closes else incident.c.closed_ns.is_not(None))
            values |= {"closed_by": by, "closed_ns": self._clock.wall_ns()} if closes else _OPEN
        with self._database.write() as connection:
            return bool(connection.execute(sa.update(incident).where(*where).values(**values)).rowcount)

    def has_place(self, spot: Spot) -> bool:
        """Does this place lie within reach?"""
        with self._database.read() as connection:
            around = self._around(connection)
        return around is None or around.has(spot)

    def place_of(self, camera: Sequence[str]) -> Spot | None:
        """Where a camera hangs; None: nobody knows, or it is out of reach."""
        where = [cameras.c[name] == value for name, value in zip(_NAMES, camera, strict=True)]
        with self._database.read() as connection:
            return next((view.spot for view, _ in self._views(connection, *where)), None)

    def _around(self, connection: sa.Connection) -> Around | None:
        """What lies within reach; None: everything."""
        if self._reach.everything:
            return None
        return Around((view.spot for view, _ in self._views(connection)), NEAR_M)

    def _cameras(self, spot: Spot) -> list[Document]:
        """Those that see the place first, then the nearest."""
        with self._database.read() as connection:
            views = self._views(connection)
        found = [
            named | {"distance_m": round(away, 1), "covers": covers(view, spot)}
            for view, named in views
            if (away := metres(view.spot, spot)) <= NEAR_M
        ]
        return sorted(found, key=lambda one: (not one["covers"], one["distance_m"]))[:MOST_CAMERAS]

    def _views(self, connection: sa.Connection, *where: Any) -> list[tuple[View, Document]]:
        """Of the cameras whose place is known, with their names, in their order."""
        query = sa.select(cameras).where(self._reach.condition(cameras), *where)
        rows = connection.execute(query.order_by(*cameras.primary_key.columns)).mappings()
        return [(view, _named(row)) for row in rows if (view := _view(row["info"] or {})) is not None]


_OPEN: Document = {"closed_by": None, "closed_ns": None}


def _query(wanted: Wanted) -> sa.Select[Any]:
    columns = incident.c
    query = sa.select(incident).order_by(columns.time_ns.desc(), columns.id.desc())
    if wanted.state is not None:
        query = query.where(columns.closed_ns.is_(None) if wanted.state == "open" else columns.closed_ns.is_not(None))
    if wanted.since_ns is not None:
        query = query.where(columns.time_ns >= wanted.since_ns)
    if wanted.until_ns is not None:
        query = query.where(columns.time_ns < wanted.until_ns)
    if wanted.before is not None:
        time_ns, _, last = wanted.before.partition("-")
        here = sa.tuple_(sa.literal(int(time_ns), sa.BigInteger), sa.literal(last))
        query = query.where(sa.tuple_(columns.time_ns, columns.id) < here)
    return query


def _known(connection: sa.Connection, source: str, external: str) -> str | None:
    where = (incident.c.source == source, incident.c.external == external)
    return connection.scalar(sa.select(incident.c.id).where(*where))


def _cursor(row: Any) -> str:
    return f"{row['time_ns']}-{row['id']}"


def _spot(row: Any) -> Spot:
    return Spot(row["latitude"], row["longitude"])


def _is_in(row: Any, around: Around | None) -> bool:
    return around is None or around.has(_spot(row))


def _view(info: Document) -> View | None:
    latitude, longitude = info.get("latitude"), info.get("longitude")
    if latitude is None or longitude is None:
        return None
    return View(Spot(latitude, longitude), info.get("bearing"), info.get("field_of_view"))


def _named(row: Any) -> Document:
    return {**{name: row[name] for name in _NAMES}, "name": (row["info"] or {}).get("name") or row["camera"]}


def _shown(row: Any) -> Document:
    names = ("id", "kind", "text", "latitude", "longitude", "source", "external", "severity", "made_by", "closed_by")
    is_closed = row["closed_ns"] is not None
    return {name: row[name] for name in names} | {
        "time": rfc3339(row["time_ns"]),
        "state": "closed" if is_closed else "open",
        "made_at": rfc3339(row["made_ns"]),
        "closed_at": rfc3339(row["closed_ns"]) if is_closed else None,
        "note": row["note"],
    }
