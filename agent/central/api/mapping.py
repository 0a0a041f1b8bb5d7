"""What lies under the cameras on the map: streets, a plan, tiles of another server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import FileResponse

from agent.central.api.context import Centre, here
from agent.central.api.errors import ApiError, not_found
from agent.central.api.examples import places, shown
from agent.central.api.models import REFUSALS, Responses, not_there

router = APIRouter(tags=["map"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]

_MOST_BYTES = 20 << 20
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_GEOJSON = "application/geo+json"
_STREETS: Responses = {200: {"content": {_GEOJSON: {"schema": {"type": "object"}, "example": places.STREETS}}}}
_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_PLAN: Responses = {200: {"content": dict.fromkeys(_PICTURES.values(), _PICTURE)}}

Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class MapOut(BaseModel):
    """Whether `/map/streets` and `/map/plan` have something; corners are latitude, longitude."""

    model_config = shown(places.MAP)

    streets: bool
    plan: bool
    plan_corners: Annotated[list[Pair], Field(min_length=2, max_length=2)] | None
    tiles: str | None
    attribution: str


@router.get("/map")
def what_is_there(centre: Here) -> MapOut:
    """What the centre's configuration has for the map."""
    ground = centre.ground
    return MapOut(
        streets=_is_there(ground.streets), plan=_is_there(ground.plan),
        plan_corners=None if ground.plan_corners is None else [*map(list, ground.plan_corners)],
        tiles=ground.tiles, attribution=ground.attribution,
    )  # fmt: skip


@router.get("/map/streets", responses=not_there("map") | _STREETS, response_class=FileResponse)
def streets(centre: Here) -> FileResponse:
    """Streets, buildings and areas as GeoJSON (RFC 7946)."""
    return _file(centre.ground.streets, _GEOJSON)


@router.get("/map/plan", responses=not_there("map") | _PLAN, response_class=FileResponse)
def plan(centre: Here) -> FileResponse:
    """The picture that lies under the cameras."""
    path = centre.ground.plan
    return _file(path, _PICTURES.get(path.suffix.lower(), "") if path else "")


def _is_there(path: Path | None) -> bool:
    return path is not None and path.is_file()


def _file(path: Path | None, kind: str) -> FileResponse:
    if path is None or not kind or not path.is_file():
        raise not_found("map")
    if path.stat().st_size > _MOST_BYTES:
        raise ApiError(413, "too_large", f"{path.name} is larger than {_MOST_BYTES} bytes")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=60"})
