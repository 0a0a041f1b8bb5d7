"""How many were seen: by camera and hour, and where in the picture. What charts and heat maps are drawn from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from agent.central.api.asking import ColourOfPart, OfPlaces, Words, part_and_name
from agent.central.api.context import Centre, here
from agent.central.api.errors import ApiError
from agent.central.api.examples import finds, shown
from agent.central.api.models import REFUSALS, Moment
from agent.central.store.heat import COLUMNS, ROWS
from agent.central.store.sums import Hours
from agent.core.clock import NS, parse_rfc3339

router = APIRouter(tags=["counts"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]

_DAY_NS = 86_400 * NS
_MOST_COUNTS, _MOST_PICTURES, _MOST_HEAT_HOURS = 250_000, 200, 20_000
"""Cameras times hours in one answer; cameras; and cameras times hours that are added up."""


class CameraCounts(BaseModel):
    """Tracks of a camera that began in each hour."""

    site: str
    gateway: str
    camera: str
    total: int
    counts: list[int]


class CountsOut(BaseModel):
    """By camera, the most first; those without any are left out. `counts` begin with the hour of `since`."""

    model_config = shown(finds.COUNTS)

    since: str
    until: str
    items: list[CameraCounts]


class CameraHeat(BaseModel):
    """How many tracks stood in each cell, row by row from the upper left."""

    site: str
    gateway: str
    camera: str
    cells: Annotated[list[int], Field(min_length=COLUMNS * ROWS, max_length=COLUMNS * ROWS)]


class HeatOut(BaseModel):
    """By camera; those without any are left out. The picture has `columns` times `rows` cells."""

    model_config = shown(finds.HEAT)

    since: str
    until: str
    columns: int
    rows: int
    items: list[CameraHeat]


def hours(centre: Here, since: Moment | None = None, until: Moment | None = None) -> Hours:
    """Whole hours; the last day, where nothing is said."""
    until_ns = parse_rfc3339(until) if until else centre.clock.wall_ns()
    since_ns = parse_rfc3339(since) if since else max(0, until_ns - _DAY_NS)
    if until_ns <= since_ns:
        raise ApiError(422, "invalid", "until: must be after since")
    return Hours.around(since_ns, until_ns)


When = Annotated[Hours, Depends(hours)]


@router.get("/counts")
def counts(
    centre: Here,
    when: When,
    chosen: OfPlaces,
    label: Words = [],  # noqa: B006 - FastAPI copies defaults
    colour: Annotated[ColourOfPart | None, Query(examples=["upper:green"])] = None,
) -> CountsOut:
    """How many tracks began at each camera in each hour, exact; cameras and places are asked for as in `GET /tracks`.

    `colour` is a part and a name: tracks of which at least a quarter of that part has it. The hours that `since` and
    `until` touch are counted whole.
    """
    cameras = centre.sums.cameras(chosen)
    _bounded(len(cameras), when, _MOST_COUNTS)
    part = None if colour is None else part_and_name(colour)
    return CountsOut.model_validate(centre.sums.counts(cameras, when, label, part))


@router.get("/heat")
def heat(
    centre: Here,
    when: When,
    chosen: OfPlaces,
    label: Words = [],  # noqa: B006
) -> HeatOut:
    """Where in the pictures tracks have stood with their feet, each once in a cell an hour; see `GET /counts`."""
    cameras = centre.sums.cameras(chosen)
    if len(cameras) > _MOST_PICTURES:
        raise ApiError(422, "invalid", f"camera: at most {_MOST_PICTURES} pictures in one answer, not {len(cameras)}")
    _bounded(len(cameras), when, _MOST_HEAT_HOURS)
    return HeatOut.model_validate(centre.sums.heat(cameras, when, label))


def _bounded(cameras: int, when: Hours, most: int) -> None:
    much = max(1, cameras) * when.many
    if much > most:
        raise ApiError(422, "invalid", f"since: cameras times hours are {much} here, and {most} at the most")
