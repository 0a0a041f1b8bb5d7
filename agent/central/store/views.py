"""Questions about gateways, cameras, recordings and what is stored, answered in the API's shape."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import sqlalchemy as sa

from agent.central.store import media_sums
from agent.central.store.database import Database
from agent.central.store.day_schema import event, recording, tally
from agent.central.store.motion import density
from agent.central.store.pack import Document
from agent.central.store.places import Place as Camera
from agent.central.store.places import number_of
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.rows import day_of
from agent.central.store.schema import camera as cameras
from agent.central.store.schema import gateway as gateways
from agent.central.store.schema import gateway_key, media, outbox_seq
from agent.core.clock import NS, Clock, rfc3339
from agent.wire.messages import DURABLE_CLASSES, CameraInfo

STALE_NS = 60 * NS
"""Health comes every ten seconds, or thirty: a gateway silent for so long is away, whatever its last status said."""

PerGateway = dict[tuple[str, str], int]
K = TypeVar("K", int, str)
Keys = dict[tuple[str, str], list[Document]]
Some = Callable[[sa.Table], Any]
"""A condition on the rows of gateways and cameras, of whatever table tells of them."""

Place = tuple[str, str, str]
"""Site, gateway and camera."""

_MOST_SEGMENTS, _MOST_SPANNED = 5000, 100_000
"""In one answer: segments that are listed; segments, ten days of them, that only make up spans."""
_SPANNED, _MOVED = ("start_ns", "end_ns", "bytes", "reason"), ("shift_ms", "motion")
_LONG_NS = NS // 4
_REST = 20
"""A count that took longer than that is not made again before twenty times as long: it has a table or two to read."""
_JOIN_NS = 2 * NS


_Counted = tuple[dict[str, int], int]
"""Rows per table, and bytes of media."""


class _Counter:
    """Counting reads whole tables: what took long stands for a while, for all who ask."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._last: _Counted | None = None
        self._again_ns = 0

    def last(self, count: Callable[[], _Counted]) -> _Counted:
        """The last count, or a new one where that is too old."""
        with self._lock:
            if self._last is None or self._clock.mono_ns() >= self._again_ns:
                began_ns = self._clock.mono_ns()
                self._last = count()
                took_ns = self._clock.mono_ns() - began_ns
                self._again_ns = began_ns + (_REST * took_ns if took_ns > _LONG_NS else 0)
            return self._last


class Views:
    """Read-only; every method is one consistent look, at what is within `reach`; without `evidence` at no export."""

    def __init__(
        self, database: Database, clock: Clock, reach: Reach = EVERYTHING, *, evidence: bool = True
    ) -> None:  # fmt: skip
        self._database, self._clock, self._reach, self._evidence = database, clock, reach, evidence
        self._counter = _Counter(clock)

    def limited(self, reach: Reach, *, evidence: bool = True) -> Views:
        """The same, for somebody who sees no more than that."""
        same = copy.copy(self)
        same._reach, same._evidence = reach, evidence  # noqa: SLF001 - its own
        return same

    def is_online(self, site: str, gateway: str) -> bool:
        """Is that gateway there now?"""
        with self._database.read() as connection:
            where = (gateways.c.site == site, gateways.c.gateway == gateway)
            row = connection.execute(sa.select(gateways).where(*where)).mappings().first()
        return row is not None and self._online(row)

    def gateways(self, site: str | None = None, gateway: str | None = None) -> list[Document]:
        """All gateways, or some."""
        return self._gateways(lambda table: _narrow(table, site=site, gateway=gateway))

    def gateways_at(self, keys: Collection[tuple[str, str]]) -> list[Document]:
        """Those that are named by site and id."""
        return self._gateways(lambda table: _named(table, keys))

    def _gateways(self, some: Some) -> list[Document]:
        with self._database.read() as connection:
            query = sa.select(gateways).where(some(gateways), self._reach.condition(gateways, ("site", "gateway")))
            rows = connection.execute(query.order_by(gateways.c.site, gateways.c.gateway)).mappings().all()
            mine = some(cameras), self._reach.condition(cameras)
            counts = _per_gateway(connection, sa.func.count(), cameras, *mine)
            lost = _per_gateway(connection, sa.func.sum(outbox_seq.c.lost), outbox_seq, some(outbox_seq))
            dropped = _per_gateway(connection, sa.func.sum(outbox_seq.c.dropped), outbox_seq, some(outbox_seq))
            keys = _keys(connection, some(gateway_key))
        return [self._gateway(row, counts, lost, dropped, keys) for row in rows]

    def sites(self) -> list[Document]:
        """Sites with how many gateways and cameras they have, and how many cameras are online."""
        found: dict[str, Document] = {}
        for gateway in self.gateways():
            row = found.setdefault(gateway["site"], _empty_site(gateway["site"]))
            row["gateways"] += 1
        for camera in self.cameras():
            row = found.setdefault(camera["site"], _empty_site(camera["site"]))
            row["cameras"] += 1
            row["online"] += camera["online"]
        return [found[key] for key in sorted(found)]

    def is_limited(self, site: str, gateway: str) -> bool:
        """Does every byte count on the uplink of this gateway, as it said last?"""
        where = (gateways.c.site == site, gateways.c.gateway == gateway)
        with self._database.read() as connection:
            health = connection.scalar(sa.select(gateways.c.health).where(*where)) or {}
        return bool((health.get("uplink") or {}).get("limited"))

    def settings_version(self, site: str, gateway: str) -> int:
        """Which version of the centre's settings is in force at this gateway, as it said last."""
        where = (gateways.c.site == site, gateways.c.gateway == gateway)
        with self._database.read() as connection:
            health = connection.scalar(sa.select(gateways.c.health).where(*where)) or {}
        return int((health.get("overlay") or {}).get("version", 0))

    def camera_info(self, site: str, gateway: str, camera: str) -> CameraInfo | None:
        """What a camera said it is; None for one that was never heard of."""
        where = _narrow(cameras, site=site, gateway=gateway, camera=camera), self._reach.condition(cameras)
        with self._database.read() as connection:
            row = connection.execute(sa.select(cameras.c.info).where(*where)).first()
        return None if row is None else CameraInfo.model_validate(row.info or {"camera": camera, "name": camera})

    def cameras(self, site: str | None = None, gateway: str | None = None, camera: str | None = None) -> list[Document]:
        """All cameras, or some, sorted."""
        return self._cameras(lambda table: _narrow(table, site=site, gateway=gateway, camera=camera))

    def cameras_at(self, keys: Collection[tuple[str, ...]]) -> list[Document]:
        """Those that are named in full, and all of gateways that are; sorted."""
        return self._cameras(lambda table: _named(table, keys))

    def _cameras(self, some: Some) -> list[Document]:
        states = [gateways.c[name] for name in ("site", "gateway", "state", "seen_ns")]
        with self._database.read() as connection:
            query = sa.select(cameras).where(some(cameras), self._reach.condition(cameras))
            rows = connection.execute(query.order_by(*cameras.primary_key.columns)).mappings().all()
            held = connection.execute(sa.select(*states).where(some(gateways))).mappings().all()
        online = {(row["site"], row["gateway"]): self._online(row) for row in held}
        return [_camera(row, online=online.get((row["site"], row["gateway"]), False)) for row in rows]

    def positions(self) -> dict[Place, tuple[float, float]]:
        """Latitude and longitude of the cameras that are on the map."""
        names = (cameras.c.site, cameras.c.gateway, cameras.c.camera)
        query = sa.select(*names, cameras.c.info).where(self._reach.condition(cameras))
        with self._database.read() as connection:
            rows = [((row.site, row.gateway, row.camera), row.info or {}) for row in connection.execute(query)]
        both = ((place, info.get("latitude"), info.get("longitude")) for place, info in rows)
        return {place: (up, right) for place, up, right in both if up is not None and right is not None}

    def camera_exists(self, site: str, gateway: str, camera: str) -> bool:
        """Has this camera ever been announced?"""
        return bool(self.cameras(site, gateway, camera))

    def recordings(
        self, place: Place, start_ns: int, end_ns: int, *, segments: bool = True, points: int = 0
    ) -> Document | None:
        """The spans that were recorded between two times, and the segments that they are made of, when asked for.

        And how much moved, in so many points at most. None: that camera is out of reach.
        """
        if not self._reach.sees(*place):
            return None
        most, table = (_MOST_SEGMENTS if segments else _MOST_SPANNED), recording
        names = _SPANNED + (_MOVED if points else ())
        columns = table.columns if segments else [table.c[name] for name in names]
        here = (table.c.place == number_of(Camera(*place)), table.c.start_ns < end_ns, table.c.end_ns > start_ns)
        query, rows = sa.select(*columns).where(*here).order_by(table.c.start_ns), list[Any]()
        # what began the day before may reach into the first day
        first, last = day_of(start_ns) - 1, day_of(end_ns)
        for day in sorted(day for day in self._database.days.present() if first <= day <= last):
            with self._database.days.read(day) as connection:
                if connection is not None and len(rows) <= most:
                    some = query.where(table.c.day == day).limit(most + 1 - len(rows))
                    rows += connection.execute(some).mappings()
        shown = rows[:most]
        listed = [_segment(row) for row in shown] if segments else []
        moved = density(shown, start_ns, end_ns, points) if points else None
        return {"spans": _spans(shown), "segments": listed, "motion": moved, "truncated": len(rows) > len(shown)}

    def medium(self, key: str) -> Document | None:
        """A medium that has arrived."""
        shown = sa.true() if self._evidence else media.c.kind != "export"
        with self._database.read() as connection:
            where = (media.c.id == key, media.c.state == "ready", self._reach.condition(media), shown)
            row = connection.execute(sa.select(media).where(*where)).mappings().first()
        return dict(row) if row else None

    def stored(self) -> Document:
        """How much is stored and what is missing, for summaries."""
        rows, media_bytes = self._counter.last(self._count)
        with self._database.read() as connection:
            sums = [sa.func.sum(outbox_seq.c[name]) for name in ("stored", "lost", "dropped", "duplicates")]
            seqs = connection.execute(sa.select(outbox_seq.c.kind, *sums).group_by(outbox_seq.c.kind)).all()
        kinds = DURABLE_CLASSES
        by_class: dict[str, tuple[int, ...]] = dict.fromkeys(kinds, (0, 0, 0, 0)) | {
            row[0]: tuple(map(int, row[1:])) for row in seqs
        }
        lost = {kind: by_class[kind][1] for kind in kinds}
        return {
            "stored": {**rows, "envelopes": {kind: by_class[kind][0] for kind in kinds}},
            "lost": sum(lost.values()),
            "lost_by_class": lost,
            "dropped": sum(values[2] for values in by_class.values()),
            "duplicates": sum(values[3] for values in by_class.values()),
            "media_bytes": media_bytes,
        }

    def _count(self) -> _Counted:
        with self._database.read() as connection:
            media_here = media_sums.total(connection)
        return self._count_days() | {"media": media_here.media}, media_here.bytes

    def _count_days(self) -> dict[str, int]:
        """Tracks are counted as they come; events are few."""
        queries = {
            "event": (sa.select(sa.func.count()).select_from(event), event),
            "recording": (sa.select(sa.func.count()).select_from(recording), recording),
            "track": (sa.select(sa.func.sum(tally.c.tracks)).where(tally.c.colour == 0, tally.c.place == 0), tally),
        }
        found = dict.fromkeys(queries, 0)
        for day in self._database.days.present():
            with self._database.days.read(day) as connection:
                for name, (query, table) in queries.items():
                    if connection is None:
                        break
                    found[name] += int(connection.scalar(query.where(table.c.day == day)) or 0)
        return found

    def check(self) -> None:
        """Ask the database the smallest question.

        Raises:
            StorageError: it does not answer.
        """
        with self._database.read() as connection:
            connection.execute(sa.select(1))

    def _online(self, row: Any) -> bool:
        return row["state"] == "online" and self._clock.wall_ns() - (row["seen_ns"] or 0) < STALE_NS

    def _gateway(self, row: Any, counts: PerGateway, lost: PerGateway, dropped: PerGateway, keys: Keys) -> Document:
        key = (row["site"], row["gateway"])
        whole = self._reach.sees(*key)  # who sees some of its cameras learns nothing of the others, not even sums
        health, breaks = (row["health"], row["chain_breaks"] or 0) if whole else (None, 0)
        seen = keys.get(key, [])
        depth = health["outbox"] if health else None
        return {
            "site": row["site"],
            "gateway": row["gateway"],
            "online": self._online(row),
            "since": _time(row["since_ns"]),
            "last_seen": _time(row["seen_ns"]),
            "version": row["version"] or "",
            "session": row["session"],
            "health": health,
            "outbox": depth and {name: depth[name] for name in ("messages", "media", "media_bytes")},
            "timezone": (row["health"] or {}).get("timezone") or None,
            "problems": [*(health["problems"] if health else []), *_doubts(seen, breaks)],
            "keys": seen,
            "chain_breaks": breaks,
            "cameras": counts.get(key, 0),
            "lost": lost.get(key, 0) if whole else 0,
            "dropped": dropped.get(key, 0) if whole else 0,
        }


def _narrow(table: sa.Table, **equal: str | None) -> Any:
    """Of rows of any table that has some of these columns."""
    wanted = {name: value for name, value in equal.items() if value is not None and name in table.c}
    return sa.and_(sa.true(), *(table.c[name] == value for name, value in wanted.items()))


def _named(table: sa.Table, keys: Collection[tuple[str, ...]]) -> Any:
    """The same, by site, gateway and perhaps camera."""
    columns = [table.c[name] for name in ("site", "gateway", "camera") if name in table.c]
    cut = sorted({key[: len(columns)] for key in keys})
    return sa.or_(*(sa.tuple_(*columns[:length]).in_([key for key in cut if len(key) == length]) for length in (2, 3)))


def _per_gateway(connection: sa.Connection, what: Any, table: sa.Table, *where: Any) -> PerGateway:
    query = sa.select(table.c.site, table.c.gateway, what).where(*where).group_by(table.c.site, table.c.gateway)
    return {(site, gateway): int(value or 0) for site, gateway, value in connection.execute(query).all()}


def _keys(connection: sa.Connection, some: Any) -> Keys:
    """The public keys of each gateway, the one that was seen last first."""
    table, found = gateway_key, Keys()
    query = sa.select(table).where(some).order_by(table.c.last_ns.desc(), table.c.first_ns.desc())
    for row in connection.execute(query):
        times = {"first_seen": rfc3339(row.first_ns), "last_seen": rfc3339(row.last_ns)}
        found.setdefault((row.site, row.gateway), []).append({"id": row.key_id, "key": row.key, **times})
    return found


def _doubts(keys: list[Document], breaks: int) -> list[str]:
    """What speaks against a gateway's footage, as far as it can be seen from here."""
    found = []
    if len(keys) > 1:
        found.append(
            f"{len(keys)} keys have signed its footage; the newest, {keys[0]['id']}, since {keys[0]['first_seen']}"
        )
    if breaks:
        found.append(f"numbers of its chains of footage were given again, {breaks} times: footage was replaced")
    return found


def _empty_site(site: str) -> Document:
    return {"site": site, "gateways": 0, "cameras": 0, "online": 0}


def _camera(row: Any, *, online: bool) -> Document:
    info, state = row["info"] or {}, row["state"] or {}
    names = ("latitude", "longitude", "bearing", "field_of_view")
    return {
        **{name: row[name] for name in ("site", "gateway", "camera")},
        **{name: info.get(name) for name in names},
        "name": info.get("name") or row["camera"],
        "streams": info.get("streams", []),
        "shapes": info.get("shapes", []),
        "abilities": info.get("abilities", []),
        "online": bool(online and state.get("online", False)),
        "gateway_online": online,
        "recording": bool(online and state.get("recording", False)),
        "analysing": bool(online and state.get("analysing", False)),
        "fps": state.get("fps"),
        "since": state.get("since"),
        "error": state.get("error", "") if online else "the gateway is offline",
        "snapshot": _snapshot(row),
    }


def _snapshot(row: Any) -> Document | None:
    if row["snapshot"] is None:
        return None
    return {"media": row["snapshot"], "url": media_url(row["snapshot"]), "time": rfc3339(row["snapshot_ns"])}


def _segment(row: Any) -> Document:
    names = ("id", "bytes", "epoch", "reason", "number", "link", "shift_ms")
    times = {"start": rfc3339(row["start_ns"]), "end": rfc3339(row["end_ns"])}
    return {name: row[name] for name in names} | times


def _spans(rows: Any) -> list[Document]:
    """Segments that touch, or miss each other by less than two seconds, are one span for the eye."""
    spans: list[tuple[int, int, int, int, str]] = []
    for row in rows:
        start_ns, end_ns, size, reason = row["start_ns"], row["end_ns"], row["bytes"], row["reason"]
        if spans and start_ns - spans[-1][1] <= _JOIN_NS:
            begun_ns, ended_ns, count, before, _ = spans.pop()
            spans.append((begun_ns, max(ended_ns, end_ns), count + 1, before + size, reason))
        else:
            spans.append((start_ns, end_ns, 1, size, reason))
    return [
        {"start": rfc3339(start), "end": rfc3339(end), "segments": count, "bytes": size, "reason": reason}
        for start, end, count, size, reason in spans
    ]


def media_url(key: str) -> str:
    """Where the API serves a medium."""
    return f"/api/v1/media/{key}"


def _time(wall_ns: int | None) -> str | None:
    return None if wall_ns is None else rfc3339(wall_ns)
