"""What can be looked at: gateways, cameras, recordings, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from agent.central.api.context import Centre, here
from agent.central.api.errors import ApiError, there
from agent.central.api.models import (
    REFUSALS,
    CameraOut,
    Cameras,
    GatewayOut,
    Gateways,
    HealthOut,
    Moment,
    Processes,
    Sites,
    Stats,
    not_there,
)
from agent.central.api.recording_models import MOST_POINTS, Recordings
from agent.config.base import Id
from agent.core.clock import parse_rfc3339, rfc3339

router = APIRouter(responses=REFUSALS)

_COVERED = "sign in to read what is wrong"

Here = Annotated[Centre, Depends(here)]


@router.get("/health", tags=["centre"])
def health(centre: Here, request: Request) -> HealthOut:
    """Is the centre well? Open to everybody; what is wrong, and where, is said to whoever has signed in."""
    report = centre.health()
    if "person" not in request.scope:
        report |= {name: report[name] | _without(report[name]) for name in ("broker", "media")}
    return HealthOut.model_validate(report)


def _without(part: Mapping[str, Any]) -> dict[str, str]:
    """Its sentences, which name addresses, covered."""
    return {name: _COVERED for name in ("error", "last_end") if part.get(name)}


@router.get("/processes", tags=["centre"])
def processes(centre: Here) -> Processes:
    """What the centre is made of: one process, or several that ingest and serve."""
    return Processes.model_validate({"items": centre.processes()})


@router.get("/stats", tags=["centre"])
def stats(centre: Here) -> Stats:
    """Numbers for summaries."""
    rejected = centre.counts.reasons()
    counts = {
        "messages": {"received": centre.counts.messages, "rejected": sum(rejected.values())},
        "rejected": rejected,
        "since": rfc3339(centre.started_ns),
    }
    return Stats.model_validate(counts | centre.views.stored())


@router.get("/sites", tags=["gateways"])
def sites(centre: Here) -> Sites:
    """All sites."""
    return Sites.model_validate({"items": centre.views.sites()})


@router.get("/gateways", tags=["gateways"])
def gateways(centre: Here, site: Id | None = None) -> Gateways:
    """All gateways."""
    return Gateways.model_validate({"items": centre.views.gateways(site)})


@router.get("/gateways/{site}/{gateway}", tags=["gateways"], responses=not_there("gateway"))
def gateway(centre: Here, site: Id, gateway: Id) -> GatewayOut:
    """One gateway."""
    return GatewayOut.model_validate(_one(centre.views.gateways(site, gateway), "gateway"))


@router.get("/cameras", tags=["cameras"])
def cameras(centre: Here, site: Id | None = None, gateway: Id | None = None) -> Cameras:
    """All cameras, or those of a site or gateway."""
    return Cameras.model_validate({"items": centre.views.cameras(site, gateway)})


@router.get("/cameras/{site}/{gateway}/{camera}", tags=["cameras"], responses=not_there("camera"))
def camera(centre: Here, site: Id, gateway: Id, camera: Id) -> CameraOut:
    """One camera."""
    return CameraOut.model_validate(_one(centre.views.cameras(site, gateway, camera), "camera"))


@router.get("/recordings", tags=["recordings"], responses=not_there("camera"))
def recordings(
    centre: Here,
    site: Id,
    gateway: Id,
    camera: Id,
    start: Moment,
    end: Moment,
    *,
    segments: Annotated[bool, Query()] = True,
    motion: Annotated[int, Query(ge=0, le=MOST_POINTS, examples=[600])] = 0,
) -> Recordings:
    """What a camera's gateway has recorded between two times; without `segments` the spans alone, for a timeline.

    With `motion` also how much moved, in at most so many points.
    """
    start_ns, end_ns = parse_rfc3339(start), parse_rfc3339(end)
    if end_ns <= start_ns:
        raise ApiError(422, "invalid", "end: must be after start")
    found = centre.views.recordings((site, gateway, camera), start_ns, end_ns, segments=segments, points=motion)
    return Recordings.model_validate(there(found, "camera"))


def _one(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    return there(next(iter(found), None), what)
