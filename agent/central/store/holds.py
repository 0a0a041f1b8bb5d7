"""Holds: of which cameras and which time nothing may leave, who said so and why, and how far its gateways are.

A hold keeps what rests here, and each gateway whose cameras it names is asked to keep its own. It is over when somebody
releases it, or when its time has come; the row stays, so that one can look back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.hold_schema import hold, hold_camera, hold_gateway
from agent.central.store.pack import Document
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.schema import media
from agent.core.clock import Clock, rfc3339

State = Literal["active", "over"]
Camera = tuple[str, str, str]
"""Site, gateway and camera."""

MOST_ACTIVE, MOST_OF_GATEWAY = 1000, 64
"""Holds that hold at a time; and cameras of one gateway in a hold, as many as a command names."""
LEAVING = 0x6C616D68
"""Of PostgreSQL's advisory locks: who holds it makes a hold, or has media leave; not both at once."""
_MAY_BE_HELD = ("asked", "held", "failed")
"""What a gateway may be keeping for us, whatever its last answer was: that may have been lost, or come too early."""


class Order(NamedTuple):
    """What a gateway has to be told: to hold, or with `release` to let go. `until_ns` of None: until it is released."""

    hold: str
    site: str
    gateway: str
    release: bool
    cameras: tuple[str, ...]
    start_ns: int
    end_ns: int
    until_ns: int | None
    by: str
    reason: str


def is_held(table: Any) -> Any:
    """A condition on rows of media or clips: something of their time is held of their camera."""
    same = [hold_camera.c[name] == table.c[name] for name in ("site", "gateway", "camera")]
    meets = (hold.c.start_ns <= table.c.end_ns, hold.c.end_ns > table.c.start_ns)
    joined = hold_camera.join(hold, hold.c.id == hold_camera.c.hold)
    return sa.exists().select_from(joined).where(*same, hold.c.over_ns.is_(None), *meets).correlate(table)


class Holds:
    """What is kept of them. Who sees some cameras of a hold sees it with those; see `covers` for who may end it."""

    def __init__(self, database: Database, clock: Clock, reach: Reach = EVERYTHING) -> None:
        self._database, self._clock, self._reach = database, clock, reach

    def limited(self, reach: Reach) -> Holds:
        """The same, for somebody who sees no more than that."""
        return Holds(self._database, self._clock, reach)

    def page(self, state: State | None, camera: Camera | None, limit: int, before: str | None) -> Document:
        """Holds, the newest first: all or those that hold or are over, and of this camera."""
        query = sa.select(hold).where(self._seen(camera)).order_by(hold.c.id.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(hold.c.over_ns.is_(None) if state == "active" else hold.c.over_ns.is_not(None))
        if before is not None:
            query = query.where(hold.c.id < before)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            items = self._shown(connection, rows[:limit])
        return {"items": items, "next": items[-1]["id"] if len(rows) > limit else None}

    def one(self, key: str) -> Document | None:
        """One hold; None: there is none within reach."""
        return next(iter(self.some([key])), None)

    def some(self, keys: Collection[str]) -> list[Document]:
        """Those of these holds that there are."""
        query = sa.select(hold).where(hold.c.id.in_(keys), self._seen(None)).order_by(hold.c.id.desc())
        with self._database.read() as connection:
            return self._shown(connection, connection.execute(query).mappings().all())

    def covers(self, key: str) -> bool:
        """Does all that this hold names lie within reach?"""
        with self._database.read() as connection:
            cameras = _cameras(connection, [key])[key]
        return all(self._reach.sees(*one) for one in cameras)

    def make(
        self, key: str, cameras: Iterable[Camera], start_ns: int, end_ns: int, *, reason: str, by: str,
        until_ns: int | None,
    ) -> bool:  # fmt: skip
        """Hold from now on; its gateways are yet to be asked. False: too many hold already."""
        now_ns, named = self._clock.wall_ns(), sorted(set(cameras))
        row = {
            "id": key, "start_ns": start_ns, "end_ns": end_ns, "reason": reason, "made_by": by, "made_ns": now_ns,
            "until_ns": until_ns,
        }  # fmt: skip
        active = sa.select(sa.func.count()).select_from(hold).where(hold.c.over_ns.is_(None))
        asked = {"hold": key, "state": "asked", "error": "", "since_ns": now_ns}
        with self._database.write() as connection:
            self._database.alone(connection, LEAVING)
            if int(connection.scalar(active) or 0) >= MOST_ACTIVE:
                return False
            connection.execute(sa.insert(hold).values(row))
            connection.execute(sa.insert(hold_camera), [{"hold": key, **_named(one)} for one in named])
            gateways = sorted({one[:2] for one in named})
            connection.execute(sa.insert(hold_gateway), [asked | {"site": s, "gateway": g} for s, g in gateways])
        return True

    def release(self, key: str, by: str, reason: str) -> bool:
        """It is over; its gateways are yet to be told. False: it was over before, or never was."""
        now_ns = self._clock.wall_ns()
        said = {"over_ns": now_ns, "released_by": by, "release_reason": reason}
        with self._database.write() as connection:
            ended = sa.update(hold).where(hold.c.id == key, hold.c.over_ns.is_(None)).values(**said)
            if not connection.execute(ended).rowcount:
                return False
            _move_on(connection, key, "releasing", now_ns)
        return True

    def due(self) -> list[str]:
        """Those whose time has come."""
        query = sa.select(hold.c.id).where(hold.c.over_ns.is_(None), hold.c.until_ns <= self._clock.wall_ns())
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(hold.c.id)))

    def expire(self, key: str) -> None:
        """Its time has come, and it is over; its gateways know that time, too, and let go by themselves."""
        with self._database.write() as connection:
            ended = sa.update(hold).where(hold.c.id == key, hold.c.over_ns.is_(None)).values(over_ns=hold.c.until_ns)
            if connection.execute(ended).rowcount:
                _move_on(connection, key, "released", self._clock.wall_ns())

    def orders(self) -> list[Order]:
        """What gateways are yet to be told, the oldest first; those that refused a hold are told it again."""
        waiting = sa.or_(
            hold_gateway.c.state.in_(("asked", "releasing")),
            sa.and_(hold_gateway.c.state == "failed", hold.c.over_ns.is_(None)),
        )
        joined = hold_gateway.join(hold, hold.c.id == hold_gateway.c.hold)
        query = sa.select(hold_gateway.c.site, hold_gateway.c.gateway, hold_gateway.c.state, hold)
        query = (
            query.select_from(joined).where(waiting).order_by(hold.c.id, hold_gateway.c.site, hold_gateway.c.gateway)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            cameras = _cameras(connection, [row["id"] for row in rows])
        return [_order(row, cameras[row["id"]]) for row in rows]

    def answered(self, order: Order, error: str, size: int | None) -> bool:
        """What its gateway said; an empty `error`: it is done. False: that changed nothing, or came too late."""
        table = hold_gateway
        mine = [table.c.hold == order.hold, table.c.site == order.site, table.c.gateway == order.gateway]
        if order.release:
            state, before = "releasing" if error else "released", ["releasing"]
        else:
            state, before = "failed" if error else "held", ["asked", "failed"]
        said = {"state": state, "error": error[:400]} | ({} if error else {"bytes": size})
        changed = sa.or_(table.c.state != state, table.c.error != said["error"])
        values = said | {"since_ns": self._clock.wall_ns()}
        with self._database.write() as connection:
            query = sa.update(table).where(*mine, table.c.state.in_(before), changed).values(**values)
            return bool(connection.execute(query).rowcount)

    def _seen(self, camera: Camera | None) -> Any:
        """A condition on holds: one of their cameras is within reach, and this one is among them."""
        named = sa.exists().where(hold_camera.c.hold == hold.c.id).correlate(hold)
        this = [hold_camera.c[name] == value for name, value in _named(camera).items()] if camera else []
        return named.where(self._reach.condition(hold_camera), *this)

    def _shown(self, connection: sa.Connection, rows: Collection[Any]) -> list[Document]:
        keys = [row["id"] for row in rows]
        cameras, gateways = _cameras(connection, keys), _gateways(connection, keys)
        here = self._here(connection, keys)
        return [self._one(row, cameras[row["id"]], gateways[row["id"]], here.get(row["id"], (0, 0))) for row in rows]

    def _here(self, connection: sa.Connection, keys: Collection[str]) -> dict[str, tuple[int, int]]:
        """By hold: how many media of cameras within reach it keeps here, and their bytes; those that keep none lack."""
        same = [media.c[name] == hold_camera.c[name] for name in ("site", "gateway", "camera")]
        meets = (media.c.start_ns < hold.c.end_ns, media.c.end_ns >= hold.c.start_ns, media.c.state == "ready")
        joined = hold.join(hold_camera, hold_camera.c.hold == hold.c.id).join(media, sa.and_(*same, *meets))
        query = sa.select(hold.c.id, sa.func.count(), sa.func.sum(media.c.bytes)).select_from(joined)
        mine = (hold.c.id.in_(keys), hold.c.over_ns.is_(None), self._reach.condition(hold_camera))
        found = connection.execute(query.where(*mine).group_by(hold.c.id))
        return {key: (int(count), int(size)) for key, count, size in found}

    def _one(self, row: Any, cameras: list[Camera], gateways: list[Any], held: tuple[int, int]) -> Document:
        seen = [one for one in cameras if self._reach.sees(*one)]
        over = row["over_ns"] is not None
        count, size = held
        here = {name: row[name] for name in ("id", "reason", "made_by", "released_by", "release_reason")}
        return here | {
            "cameras": ["/".join(one) for one in seen],
            "start": rfc3339(row["start_ns"]),
            "end": rfc3339(row["end_ns"]),
            "made_at": rfc3339(row["made_ns"]),
            "until": None if row["until_ns"] is None else rfc3339(row["until_ns"]),
            "released_at": rfc3339(row["over_ns"]) if row["released_by"] is not None else None,
            "state": "over" if over else "active",
            "gateways": [shown for one in gateways if (shown := _at_gateway(one, cameras, seen))["cameras"]],
            "media": count,
            "bytes": size,
        }


def _move_on(connection: sa.Connection, key: str, state: str, now_ns: int) -> None:
    mine = (hold_gateway.c.hold == key, hold_gateway.c.state.in_(_MAY_BE_HELD))
    values = {"state": state, "error": "", "since_ns": now_ns} | ({"bytes": None} if state == "released" else {})
    connection.execute(sa.update(hold_gateway).where(*mine).values(**values))


def _named(camera: Camera) -> dict[str, str]:
    return dict(zip(("site", "gateway", "camera"), camera, strict=True))


def _cameras(connection: sa.Connection, keys: Collection[str]) -> dict[str, list[Camera]]:
    """What each of these holds names, sorted."""
    found: dict[str, list[Camera]] = defaultdict(list)
    query = sa.select(hold_camera).where(hold_camera.c.hold.in_(sorted(set(keys))))
    for row in connection.execute(query.order_by(*hold_camera.primary_key.columns)):
        found[row.hold].append((row.site, row.gateway, row.camera))
    return found


def _gateways(connection: sa.Connection, keys: Collection[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    query = sa.select(hold_gateway).where(hold_gateway.c.hold.in_(keys))
    for row in connection.execute(query.order_by(hold_gateway.c.site, hold_gateway.c.gateway)):
        found[row.hold].append(row)
    return found


def _at_gateway(row: Any, cameras: list[Camera], seen: list[Camera]) -> Document:
    """How far a gateway is. Who does not see all that is held there learns neither how much that is nor its words."""
    place = (row.site, row.gateway)
    mine = [one[2] for one in seen if one[:2] == place]
    whole = len(mine) == sum(one[:2] == place for one in cameras)
    told = {"error": row.error if whole else "", "bytes": row.bytes if whole else None}
    names = {name: getattr(row, name) for name in ("site", "gateway", "state")}
    return names | told | {"cameras": mine, "since": rfc3339(row.since_ns)}


def _order(row: Any, cameras: list[Camera]) -> Order:
    release, place = row["state"] == "releasing", (row["site"], row["gateway"])
    by, reason = (row["released_by"], row["release_reason"]) if release else (row["made_by"], row["reason"])
    mine = tuple(one[2] for one in cameras if one[:2] == place)
    return Order(row["id"], *place, release, mine, row["start_ns"], row["end_ns"], row["until_ns"], by, reason)
