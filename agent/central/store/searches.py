"""Searches that people keep: their own, and those that others share; some are watched for."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter

from agent.central.store.database import Database
from agent.central.store.filters import Filters, numbers_of
from agent.central.store.pack import Document
from agent.central.store.people import SERVICE
from agent.central.store.reach import Reach
from agent.central.store.schema import api_token, place, saved_search, user
from agent.core.clock import Clock, rfc3339
from agent.core.ids import new_id

MOST_OF_ONE = 200
MOST_WATCHED = 500

_FILTERS = TypeAdapter(Filters)


class Watched(NamedTuple):
    """A search that is watched for; `numbers` are the cameras that it and its owner reach, None: all."""

    id: str
    owner: str
    name: str
    filters: Filters
    numbers: frozenset[int] | None


class Searches:
    """What is kept. `changes` counts those that were made here: whoever watches in this process looks at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self.changes = 0

    def save(self, owner: str, name: str, kind: str, query: str, filters: Filters, *, shared: bool, watch: bool) -> str:
        """Keep a search; returns its id."""
        now_ns = self._clock.wall_ns()
        row = {
            "id": new_id(now_ns),
            "owner": owner,
            "name": name,
            "kind": kind,
            "query": query,
            "filters": _FILTERS.dump_python(filters, mode="json"),
            "shared": shared,
            "watch": watch,
            "raised": 0,
            "held_back": 0,
            "created_ns": now_ns,
        }
        with self._database.write() as connection:
            connection.execute(sa.insert(saved_search).values(row))
        self.changes += 1
        return str(row["id"])

    def of(self, name: str, reach: Reach) -> list[Document]:
        """One's own, and the shared ones of which one may know every camera that they name; by name."""
        where = sa.or_(saved_search.c.owner == name, saved_search.c.shared)
        query = sa.select(saved_search).where(where).order_by(sa.func.lower(saved_search.c.name), saved_search.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            return [shown(row) for row in rows if row["owner"] == name or _may_know(connection, _read(row), reach)]

    def may_know(self, filters: Filters, reach: Reach) -> bool:
        """Does it name no camera, gateway or site out of reach?"""
        with self._database.read() as connection:
            return _may_know(connection, filters, reach)

    def one(self, key: str) -> Document | None:
        """One of them."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(saved_search).where(saved_search.c.id == key)).mappings().first()
        return shown(row) if row else None

    def filters(self, key: str) -> Filters | None:
        """What one of them looks for."""
        query = sa.select(saved_search.c.filters).where(saved_search.c.id == key)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _read(row) if row else None

    def count(self, **where: Any) -> int:
        """How many there are whose columns are so."""
        conditions = [saved_search.c[name] == value for name, value in where.items()]
        query = sa.select(sa.func.count()).select_from(saved_search).where(*conditions)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def change(self, key: str, **changes: Any) -> None:
        """Another `name`, `shared` or `watch`."""
        with self._database.write() as connection:
            connection.execute(sa.update(saved_search).where(saved_search.c.id == key).values(**changes))
        self.changes += 1

    def remove(self, key: str) -> None:
        """Nobody wants it any more."""
        with self._database.write() as connection:
            connection.execute(sa.delete(saved_search).where(saved_search.c.id == key))
        self.changes += 1

    def marks(self, main: sa.Connection) -> Any:
        """Differs when `watched` may do so: other searches, owners who see something else, other cameras."""
        joined = saved_search.outerjoin(user, user.c.name == saved_search.c.owner)
        query = sa.select(saved_search.c.id, user.c.places, user.c.disabled).select_from(joined)
        rows = main.execute(query.where(saved_search.c.watch).order_by(saved_search.c.id)).all()
        cameras = main.scalar(sa.select(sa.func.count()).select_from(place))
        return [(row.id, row.places, row.disabled) for row in rows], cameras, main.scalar(sa.select(_token_is_there()))

    def watched(self, main: sa.Connection) -> list[Watched]:
        """All that are watched for, of owners who may come in: accounts, and the configuration's token."""
        joined = saved_search.outerjoin(user, user.c.name == saved_search.c.owner)
        comes_in = user.c.disabled.is_(False) | sa.and_(saved_search.c.owner == SERVICE, _token_is_there())
        query = sa.select(saved_search, user.c.places).select_from(joined).order_by(saved_search.c.id)
        rows = main.execute(query.where(saved_search.c.watch, comes_in)).mappings().all()
        found = []
        for row in rows:
            filters = _read(row)
            numbers = numbers_of(main, filters, Reach.of(row["places"]))
            places = None if numbers is None else frozenset(numbers)
            found.append(Watched(row["id"], row["owner"], row["name"], filters, places))
        return found

    def count_alarms(self, main: sa.Connection, raised: dict[str, int], held_back: dict[str, int]) -> None:
        """Add to what each has raised, and to what was too much to be raised."""
        for key in sorted(raised.keys() | held_back.keys()):  # in one order, in whatever process
            more = {"raised": saved_search.c.raised + raised.get(key, 0)}
            more["held_back"] = saved_search.c.held_back + held_back.get(key, 0)
            main.execute(sa.update(saved_search).where(saved_search.c.id == key).values(**more))


def _token_is_there() -> sa.ColumnElement[bool]:
    return sa.exists().where(api_token.c.owner.is_(None), api_token.c.name == SERVICE)


def _may_know(main: sa.Connection, filters: Filters, reach: Reach) -> bool:
    if reach.everything:
        return True
    named = [tuple(name.split("/")) for name in filters.camera if "/" in name]
    above = [name for name in (filters.site, filters.gateway) if name is not None]
    if not all(reach.sees(*one) for one in named) or (filters.site is not None and not reach.touches(*above)):
        return False
    if filters.site is not None or filters.gateway is None:
        return True
    # at whatever site: there must be one so called that is within reach
    query = sa.select(place.c.number).where(place.c.gateway == filters.gateway, reach.condition(place)).limit(1)
    return main.scalar(query) is not None


def _read(row: Any) -> Filters:
    return _FILTERS.validate_python(row["filters"])


def shown(row: Any) -> Document:
    """A saved search in the API's shape."""
    names = ("id", "owner", "name", "kind", "query", "shared", "watch", "raised", "held_back")
    return {name: row[name] for name in names} | {"created": rfc3339(row["created_ns"])}
