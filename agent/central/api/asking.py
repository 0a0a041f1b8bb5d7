"""How a search is asked for in a query string: the parameters that events and tracks share, and those of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Depends, Query

from agent.central.api.errors import ApiError
from agent.central.api.models import Moment
from agent.central.store.drawn import NEAR, Drawn, Way
from agent.central.store.filters import Filters, Near, Range
from agent.central.store.plates import Match, Plate
from agent.config.base import Id
from agent.core.clock import parse_rfc3339
from agent.core.geometry import Point
from agent.core.ids import is_id
from agent.wire.messages import COLOURED_PARTS, COLOURS

Word = Annotated[str, Query(max_length=400, pattern=r"^[^\x00]*$")]
Words = Annotated[list[Word], Query(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]
Colour = Annotated[str, Query(pattern=f"^(({'|'.join(COLOURED_PARTS)}):)?({'|'.join(COLOURS)})$")]
ColourOfPart = Annotated[str, Query(pattern=f"^({'|'.join(COLOURED_PARTS)}):({'|'.join(COLOURS)})$")]
Colours = Annotated[list[Colour], Query(max_length=33, examples=[["upper:green"]])]
Share = Annotated[float | None, Query(ge=0, le=1)]
Number = Annotated[float | None, Query(ge=0, le=1e9)]
Cameras = Annotated[list[str], Query(max_length=2000, examples=[["hartford/pole-17/main-and-park"]])]
Area = Annotated[str | None, Query(max_length=4000, examples=["41.76,-72.69 41.77,-72.69 41.77,-72.67"])]
Close = Annotated[str | None, Query(max_length=80, examples=["41.7637,-72.6851,50"])]
PlateText = Annotated[str | None, Query(max_length=40, examples=["AB?12*"])]
Assigned = Annotated[Id | Literal["-"] | None, Query(examples=["ann"])]
NoteText = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]
Region = Annotated[str | None, Query(max_length=1000, examples=["0.1,0.5 0.9,0.5 0.9,1 0.1,1"])]
Line = Annotated[str | None, Query(max_length=1000, examples=["0.2,0.6 0.8,0.6"])]
Path = Annotated[str | None, Query(max_length=1000, examples=["0.1,0.9 0.5,0.6 0.9,0.55"])]
LimitMs = Annotated[int, Query(ge=20, le=10_000)]
WithFacets = Annotated[bool, Query()]

_CORNERS = re.compile(r"[\s;]+")
_MOST_CORNERS = 100
_MOST_POINTS = 32


def filters(
    site: Id | None = None,
    gateway: Id | None = None,
    camera: Cameras = [],  # noqa: B006 - FastAPI copies defaults
    area: Area = None,
    near: Close = None,
    label: Words = [],  # noqa: B006
    colour: Colours = [],  # noqa: B006
    share: Annotated[float, Query(ge=0, le=1)] = 0.25,
    min_score: Share = None,
    direction: Words = [],  # noqa: B006
    zone: Words = [],  # noqa: B006
    since: Moment | None = None,
    until: Moment | None = None,
    sort: Literal["time", "oldest", "fit"] = "time",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Filters:
    """The filters that events and tracks share."""
    return Filters(
        site=site,
        gateway=gateway,
        camera=[_camera(name) for name in camera],
        area=area_of(area) if area else (),
        near=_near(near) if near else None,
        label=label,
        colour=[part_and_name(one) for one in colour],
        share=share,
        score=Range(min_score),
        direction=direction,
        zone=zone,
        since_ns=None if since is None else parse_rfc3339(since),
        until_ns=None if until is None else parse_rfc3339(until),
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


Shared = Annotated[Filters, Depends(filters)]


def event_filters(
    shared: Shared,
    kind: Annotated[list[str], Query(max_length=50, examples=[["line_crossed"]])] = [],  # noqa: B006
    phase: Literal["start", "update", "end"] | None = None,
    severity: Literal["info", "alarm"] | None = None,
    line: Words = [],  # noqa: B006
    acknowledged: bool | None = None,
    assigned: Assigned = None,
    words: NoteText = None,
) -> Filters:
    """Those and the ones of events alone."""
    return replace(
        shared,
        kind=kind,
        phase=phase,
        severity=severity,
        line=line,
        acknowledged=acknowledged,
        assigned=assigned,
        words=words or None,
    )


def track_filters(
    shared: Shared,
    kind: Words = [],  # noqa: B006
    plate: PlateText = None,
    plate_match: Match | None = None,
    min_size: Share = None,
    max_size: Share = None,
    min_speed: Number = None,
    max_speed: Number = None,
    speed_unit: Literal["m/s", "heights/s"] = "m/s",
    min_dwell_s: Number = None,
    max_dwell_s: Number = None,
    like: Id | None = None,
    min_likeness: Share = None,
    region: Region = None,
    crossed: Line = None,
    crossed_way: Way = "both",
    along: Path = None,
    along_within: Annotated[float, Query(ge=0.01, le=0.5)] = NEAR,
) -> Filters:
    """Those and the ones of tracks alone."""
    return replace(
        shared,
        kind=kind,
        plate=_plate(plate, plate_match) if plate else None,
        size=Range(min_size, max_size),
        speed=Range(min_speed, max_speed),
        speed_unit=speed_unit,
        dwell_s=Range(min_dwell_s, max_dwell_s),
        like=like,
        likeness=min_likeness or 0.0,
        drawn=_drawn(region, crossed, crossed_way, along, along_within),
    )


def place_filters(
    site: Id | None = None,
    gateway: Id | None = None,
    camera: Cameras = [],  # noqa: B006
    area: Area = None,
) -> Filters:
    """Where alone."""
    return Filters(site, gateway, camera=[_camera(name) for name in camera], area=area_of(area) if area else ())


OfPlaces = Annotated[Filters, Depends(place_filters)]
OfEvents = Annotated[Filters, Depends(event_filters)]
OfTracks = Annotated[Filters, Depends(track_filters)]


def _camera(name: str) -> str:
    parts = name.split("/")
    if len(parts) not in {1, 3} or not all(is_id(part) for part in parts):
        raise _wrong("camera", f"{name[:80]!r} is none; write id or site/gateway/id")
    return name


def part_and_name(text: str) -> tuple[str | None, str]:
    """Of a `Colour`."""
    part, _, name = text.rpartition(":")
    return part or None, name


def area_of(text: str) -> list[tuple[float, float]]:
    """The corners of an `Area`.

    Raises:
        ApiError: it is none.
    """
    corners = [_numbers("area", one, 2) for one in _CORNERS.split(text.strip())]
    if not 3 <= len(corners) <= _MOST_CORNERS:
        raise _wrong("area", f"a polygon has 3 to {_MOST_CORNERS} corners, each latitude,longitude")
    return [(latitude, longitude) for latitude, longitude in corners]


def _drawn(region: str | None, line: str | None, way: Way, path: str | None, near: float) -> Drawn | None:
    if not (region or line or path):
        return None
    return Drawn(
        _shape("region", region, 3, "a polygon"), _shape("crossed", line, 2, "a line"), way,
        _shape("along", path, 2, "a path"), near,
    )  # fmt: skip


def _shape(name: str, text: str | None, least: int, what: str) -> list[Point]:
    points = [_point(name, one) for one in _CORNERS.split(text.strip())] if text else []
    if text and not least <= len(points) <= _MOST_POINTS:
        raise _wrong(name, f"{what} has {least} to {_MOST_POINTS} points, each x,y")
    if text and len(set(points)) < least:
        raise _wrong(name, f"these points make no {what.removeprefix('a ')}: some are the same")
    return points


def _point(name: str, text: str) -> Point:
    try:
        values = [float(one) for one in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 2 or not all(0 <= value <= 1 for value in values):
        raise _wrong(name, f"{text[:40]!r} is no point; write x,y as shares of the picture, 0..1 from its top left")
    return values[0], values[1]


def _near(text: str) -> Near:
    latitude, longitude, metres = _numbers("near", text, 3)
    if not 0 < metres <= 20_000:
        raise _wrong("near", "the distance is more than 0 and at most 20,000 metres")
    return Near(latitude, longitude, metres)


def _numbers(name: str, text: str, count: int) -> Sequence[float]:
    try:
        values = [float(one) for one in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not (abs(values[0]) <= 90 and abs(values[1]) <= 180):
        raise _wrong(name, f"{text[:40]!r} is no place; write latitude,longitude" + (",metres" if count == 3 else ""))
    return values


def _plate(text: str, match: Match | None) -> Plate:
    try:
        return Plate.read(text, match)
    except ValueError as error:
        raise _wrong("plate", str(error)) from error


def _wrong(name: str, message: str) -> ApiError:
    return ApiError(422, "invalid", f"{name}: {message}")
