"""What can be asked for, and the conditions that it makes on the rows of a day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.day_schema import event, event_review
from agent.central.store.drawn import Drawn, near_tiles
from agent.central.store.ground import METRES_A_DEGREE
from agent.central.store.looks import USUAL_SHARE, Wanted, looks_like
from agent.central.store.places import Place, number_of
from agent.central.store.plates import Plate
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.reviews import reviewed
from agent.central.store.rows import listed
from agent.central.store.schema import camera as cameras
from agent.central.store.schema import place as places
from agent.core.geometry import inside

_IN_FULL = len(Place._fields)
_SEVERAL = 100
NOBODY = "-"
"""In place of the name of whom an event is assigned to: no name begins so."""
"""Cameras, up to which it costs nothing to name them though there are no others."""


class Near(NamedTuple):
    """A circle on the map."""

    latitude: float
    longitude: float
    metres: float


class Range(NamedTuple):
    """Both ends in; None: no end."""

    least: float | None = None
    most: float | None = None


ANY = Range()


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; an empty tuple or None means any. Times are on `start`, `since` in, `until` out.

    Of the colours of one part any will do; every part that is named must have one, with `share` of it at least.
    `camera` names cameras as `id` or `site/gateway/id`; `area` is a polygon (latitude, longitude) in which they stand.
    `like` is the id of a track: those that look like it come first, see `alike`; by `likeness`, 0..1, at least.
    """

    site: str | None = None
    gateway: str | None = None
    phase: str | None = None
    severity: str | None = None
    camera: Sequence[str] = ()
    area: Sequence[tuple[float, float]] = ()
    near: Near | None = None
    kind: Sequence[str] = ()
    label: Sequence[str] = ()
    colour: Sequence[Wanted] = ()
    share: float = USUAL_SHARE
    size: Range = ANY
    speed: Range = ANY
    speed_unit: Literal["m/s", "heights/s"] = "m/s"
    dwell_s: Range = ANY
    score: Range = ANY
    direction: Sequence[str] = ()
    zone: Sequence[str] = ()
    line: Sequence[str] = ()
    plate: Plate | None = None
    like: str | None = None
    likeness: float = 0.0
    drawn: Drawn | None = None
    acknowledged: bool | None = None
    assigned: str | None = None
    words: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    sort: Literal["time", "oldest", "fit"] = "time"
    limit: int = 50
    cursor: str | None = None

    def is_counted(self) -> bool:
        """Do the counts that are kept beside the tracks answer this (but for broken hours)?"""
        shares = not self.colour or (
            self.share == USUAL_SHARE and len(self.colour) == 1 and self.colour[0][0] is not None
        )
        return shares and self.plate is None and not self.kind and not uncounted(self)


def uncounted(filters: Filters) -> bool:
    """Is something asked for that no counts know?"""
    ranges = (filters.size, filters.speed, filters.dwell_s, filters.score)
    words = (filters.direction, filters.zone, filters.line)
    places = (filters.near, filters.drawn)
    return any(one != ANY for one in ranges) or any(words) or any(one is not None for one in places)


def conditions(table: sa.Table, filters: Filters) -> list[Any]:
    """Of everything but time and cameras, on `track` or `event`; what a table does not know it has none of.

    Of what is drawn only roughly: see `drawn`. Of plates and severities nothing: see `picks`.
    """
    columns = table.c
    found = [columns.phase == filters.phase] if filters.phase is not None else []
    found += _reviewed(filters) if table is event else []
    several = {name: getattr(filters, name) for name in ("kind", "label", "direction", "line")}
    found += [columns[name].in_(values) for name, values in several.items() if values and name in columns]
    found += [
        _within(columns[name], getattr(filters, name)) for name in ("size", "dwell_s", "score") if name in columns
    ]
    if filters.speed != ANY and "speed" in columns:
        found += [columns.speed_unit == filters.speed_unit, _within(columns.speed, filters.speed)]
    if filters.zone:
        found.append(_in_zone(table, filters.zone))
    if filters.near is not None:
        found.append(_near(table, filters.near))
    if filters.drawn is not None and "tiles" in columns:
        found += near_tiles(filters.drawn)
    return [one for one in found if one is not None] + looks_like(table, filters.colour, filters.share)


def _reviewed(filters: Filters) -> list[Any]:
    """What people have made of an event; how grave it is, a day's reviews tell: see `picks`."""
    found: list[Any] = []
    if filters.acknowledged is not None:
        seen_to = reviewed(event_review.c.acknowledged_ns.is_not(None))
        found.append(seen_to if filters.acknowledged else ~seen_to)
    if filters.assigned == NOBODY:
        found.append(~reviewed(event_review.c.assigned.is_not(None)))
    elif filters.assigned is not None:
        found.append(reviewed(event_review.c.assigned == filters.assigned))
    if filters.words is not None:
        found.append(reviewed(event_review.c.words.contains(filters.words.casefold(), autoescape=True)))
    return found


def numbers_of(main: sa.Connection, filters: Filters, reach: Reach = EVERYTHING) -> list[int] | None:
    """The cameras that are asked for and within reach; None: all of them."""
    equal = (("site", filters.site), ("gateway", filters.gateway))
    where = [places.c[name] == value for name, value in equal if value is not None]
    where += [_named(main, filters.camera)] if filters.camera else []
    where += [] if reach.everything else [reach.condition(places)]
    if not where and not filters.area:
        return None
    found = sorted(_standing_in(main, where, filters.area) if filters.area else main.scalars(_numbers(where)))
    if len(found) <= _SEVERAL:
        return found
    return None if len(found) == main.scalar(sa.select(sa.func.count()).select_from(places)) else found


def _numbers(where: Sequence[Any]) -> sa.Select[Any]:
    return sa.select(places.c.number).where(*where)


def _named(main: sa.Connection, names: Sequence[str]) -> Any:
    """Cameras by their names in full, or by their own names alone, at whatever gateways."""
    parts = [tuple(name.split("/")) if name.count("/") == _IN_FULL - 1 else (name,) for name in names]
    numbers = [number_of(Place(*one)) for one in parts if len(one) == _IN_FULL]
    own = [one[0] for one in parts if len(one) < _IN_FULL]
    return sa.or_(one_of(main, places.c.number, numbers), *([places.c.camera.in_(own)] if own else []))


def _standing_in(main: sa.Connection, where: Sequence[Any], area: Sequence[tuple[float, float]]) -> list[int]:
    same = sa.and_(*(cameras.c[name] == places.c[name] for name in ("site", "gateway", "camera")))
    query = _numbers(where).add_columns(cameras.c.info).join_from(places, cameras, same)
    return [number for number, info in main.execute(query) if _stands_in(info, area)]


def _stands_in(info: Any, area: Sequence[tuple[float, float]]) -> bool:
    latitude, longitude = (info or {}).get("latitude"), (info or {}).get("longitude")
    return latitude is not None and longitude is not None and inside((latitude, longitude), area)


def _within(column: Any, wanted: Range) -> Any:
    ends = [column >= wanted.least] if wanted.least is not None else []
    ends += [column <= wanted.most] if wanted.most is not None else []
    return sa.and_(*ends) if ends else None


def _in_zone(table: sa.Table, zones: Sequence[str]) -> Any:
    if "zone" in table.c:
        return table.c.zone.in_(zones)
    return sa.or_(*(table.c.zones.contains(listed([zone]) or "", autoescape=True) for zone in zones))


def _near(table: sa.Table, near: Near) -> Any:
    """A plane is good enough for some kilometres; the box in front saves the arithmetic for most rows."""
    wide = METRES_A_DEGREE * max(0.01, math.cos(math.radians(near.latitude)))
    up = (table.c.latitude - near.latitude) * METRES_A_DEGREE
    right = (table.c.longitude - near.longitude) * wide
    box = table.c.latitude.between(
        near.latitude - near.metres / METRES_A_DEGREE, near.latitude + near.metres / METRES_A_DEGREE
    )
    return sa.and_(box, up * up + right * right <= near.metres**2)
