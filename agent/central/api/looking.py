"""What can be looked at: gateways, cameras, events, tracks, recordings, numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from agent.central.api.context import Centre, centre_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.guard import require
from agent.central.api.models import (
    NOT_THERE,
    REFUSALS,
    AuditPage,
    CameraOut,
    Cameras,
    EventOut,
    Events,
    GatewayOut,
    Gateways,
    HealthOut,
    Moment,
    Neighbours,
    Recordings,
    Sites,
    Stats,
    TrackOut,
    Tracks,
)
from agent.central.store.filters import Filters
from agent.config.base import Id
from agent.core.clock import parse_rfc3339, rfc3339
from agent.wire.messages import COLOURED_PARTS, COLOURS

router = APIRouter(responses=REFUSALS)

Here = Annotated[Centre, Depends(centre_of)]
Word = Annotated[str, Query(max_length=400, pattern=r"^[^\x00]*$")]
Ids = Annotated[list[Id], Query(max_length=100)]
Words = Annotated[list[Word], Query(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]
Colour = Annotated[str, Query(pattern=f"^(({'|'.join(COLOURED_PARTS)}):)?({'|'.join(COLOURS)})$")]


@router.get("/health", tags=["centre"])
def health(centre: Here) -> HealthOut:
    """Is the centre well? Open to everybody."""
    return HealthOut.model_validate(centre.health())


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


@router.get("/audit", tags=["centre"], dependencies=[Depends(require("admin"))])
def audit(centre: Here, limit: Limit = 100, cursor: Annotated[int | None, Query(ge=1, lt=1 << 62)] = None) -> AuditPage:
    """Who did what, newest first."""
    return AuditPage.model_validate({**centre.audit.page(limit, cursor), "verified": centre.audit.verify()})


@router.get("/sites", tags=["gateways"])
def sites(centre: Here) -> Sites:
    """All sites."""
    return Sites.model_validate({"items": centre.views.sites()})


@router.get("/gateways", tags=["gateways"])
def gateways(centre: Here, site: Id | None = None) -> Gateways:
    """All gateways."""
    return Gateways.model_validate({"items": centre.views.gateways(site)})


@router.get("/gateways/{site}/{gateway}", tags=["gateways"], responses=NOT_THERE)
def gateway(centre: Here, site: Id, gateway: Id) -> GatewayOut:
    """One gateway."""
    return GatewayOut.model_validate(_one(centre.views.gateways(site, gateway), "gateway"))


@router.get("/cameras", tags=["cameras"])
def cameras(centre: Here, site: Id | None = None, gateway: Id | None = None) -> Cameras:
    """All cameras, or those of a site or gateway."""
    return Cameras.model_validate({"items": centre.views.cameras(site, gateway)})


@router.get("/cameras/{site}/{gateway}/{camera}", tags=["cameras"], responses=NOT_THERE)
def camera(centre: Here, site: Id, gateway: Id, camera: Id) -> CameraOut:
    """One camera."""
    return CameraOut.model_validate(_one(centre.views.cameras(site, gateway, camera), "camera"))


def filters(
    site: Id | None = None,
    gateway: Id | None = None,
    camera: Ids = [],  # noqa: B006 - FastAPI copies defaults
    label: Words = [],  # noqa: B006
    colour: Annotated[list[Colour], Query(max_length=33)] = [],  # noqa: B006
    share: Annotated[float, Query(ge=0, le=1)] = 0.25,
    since: Moment | None = None,
    until: Moment | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Filters:
    """The filters that events and tracks share.

    `colour` is a name (`green`: of any part) or a part and a name (`upper:green`, `lower:blue`, `vehicle:white`); of
    several for one part any will do, and every part that is named must have one. `share` is how much of the part must
    be of that colour, 0..1.
    """
    return Filters(
        site=site,
        gateway=gateway,
        camera=camera,
        label=label,
        colour=[_part_and_name(one) for one in colour],
        share=share,
        since_ns=None if since is None else parse_rfc3339(since),
        until_ns=None if until is None else parse_rfc3339(until),
        limit=limit,
        cursor=cursor,
    )


Shared = Annotated[Filters, Depends(filters)]


def event_filters(
    shared: Shared,
    kind: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006
    phase: Literal["start", "update", "end"] | None = None,
    severity: Literal["info", "alarm"] | None = None,
) -> Filters:
    """Those and the ones of events alone."""
    return replace(shared, kind=kind, phase=phase, severity=severity)


OfEvents = Annotated[Filters, Depends(event_filters)]


@router.get("/events", tags=["events"])
def events(centre: Here, chosen: OfEvents) -> Events:
    """Events, newest first."""
    return Events.model_validate(centre.finds.events(chosen))


@router.get("/events/{event}/neighbours", tags=["events"], responses=NOT_THERE)
def neighbours(centre: Here, event: Id, chosen: OfEvents) -> Neighbours:
    """The next older and the next newer event among those that the filters find (`limit` and `cursor` do nothing)."""
    return Neighbours.model_validate(_there(centre.finds.neighbours(event, chosen), "event"))


@router.get("/events/{event}", tags=["events"], responses=NOT_THERE)
def event(centre: Here, event: Id) -> EventOut:
    """One event."""
    return EventOut.model_validate(_there(centre.finds.event(event), "event"))


@router.get("/tracks", tags=["tracks"])
def tracks(centre: Here, shared: Shared) -> Tracks:
    """Tracks, newest first."""
    return Tracks.model_validate(centre.finds.tracks(shared))


@router.get("/tracks/{track}", tags=["tracks"], responses=NOT_THERE)
def track(centre: Here, track: Id) -> TrackOut:
    """One track."""
    return TrackOut.model_validate(_there(centre.finds.track(track), "track"))


@router.get("/recordings", tags=["recordings"])
def recordings(
    centre: Here,
    site: Id,
    gateway: Id,
    camera: Id,
    start: Moment,
    end: Moment,
    *,
    segments: Annotated[bool, Query()] = True,
) -> Recordings:
    """What a camera's gateway has recorded between two times; without `segments` the spans alone, for a timeline."""
    start_ns, end_ns = parse_rfc3339(start), parse_rfc3339(end)
    if end_ns <= start_ns:
        raise ApiError(422, "invalid", "end: must be after start")
    return Recordings.model_validate(
        centre.views.recordings((site, gateway, camera), start_ns, end_ns, segments=segments)
    )


def _part_and_name(text: str) -> tuple[str | None, str]:
    part, _, name = text.rpartition(":")
    return part or None, name


def _one(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    return _there(next(iter(found), None), what)


def _there(found: dict[str, Any] | None, what: str) -> dict[str, Any]:
    if found is None:
        raise not_found(what)
    return found
