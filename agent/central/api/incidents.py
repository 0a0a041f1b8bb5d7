"""Incidents: what happened at a place and time. Who told of one, changed, closed and opened it is audited."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from agent.central.api.asking import Area, Limit, area_of
from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, there
from agent.central.api.incident_models import (
    Incident,
    IncidentBody,
    IncidentChange,
    IncidentPage,
    IncidentThere,
    Placed,
)
from agent.central.api.models import OVER, REFUSALS, SLOWED, Moment, Responses, not_there, refused
from agent.central.news import Item
from agent.central.store.ground import Spot
from agent.central.store.incidents import MOST_A_MINUTE, State, Wanted
from agent.config.base import Id
from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.core.ids import new_id

router = APIRouter(prefix="/incidents", tags=["incidents"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]

_AHEAD_NS = 3600 * NS
"""A source's clock may be wrong; a time further ahead is a mistake."""
_ELSEWHERE = "there is one of that source and name, at a place that you do not see"
_KNOWN: Responses = {200: {"model": Incident, "description": "it was told before, and is as it was then or later"}}


@router.get("")
def incidents(
    centre: Here,
    state: State | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    area: Area = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-8]?\d{1,18}-[0-9a-f]{32}$")] = None,
) -> IncidentPage:
    """What happened, the newest first; `since` and `until` are about its own time.

    Who sees some cameras sees what happened within 1 km of one of them.
    """
    wanted = Wanted(state, _ns(since), _ns(until), area_of(area) if area else (), limit, cursor)
    return IncidentPage.model_validate(centre.incidents.page(wanted))


@router.post("", status_code=201, responses=_KNOWN | refused(409, "out of sight", "conflict", _ELSEWHERE) | SLOWED)
def tell(body: IncidentBody, request: Request, response: Response, centre: Here) -> Incident:
    """Tell of something that happened. The same `source` and `external` twice is one incident, and the first stays."""
    source, spot = body.source or person_of(request).name, _spot(body, centre)
    known = centre.incidents.known(source, body.external) if body.external else None
    key = new_id(centre.clock.wall_ns())
    kept = known or _made(key, body, source, spot, request, centre)
    response.status_code = 201 if kept == key else 200
    found = centre.incidents.one(kept)
    if found is None:
        raise ApiError(409, "conflict", _ELSEWHERE)
    return Incident.model_validate(found)


@router.get("/{incident}", responses=not_there("incident"))
def one_incident(incident: Id, centre: Here) -> IncidentThere:
    """One incident, and the cameras around it."""
    return IncidentThere.model_validate(there(centre.incidents.one(incident), "incident"))


@router.patch("/{incident}", responses=not_there("incident") | OVER)
def change_incident(incident: Id, body: IncidentChange, request: Request, centre: Here) -> IncidentThere:
    """Say more of it, put it elsewhere, close it or open it again."""
    there(centre.incidents.one(incident), "incident")
    what: dict[str, Any] = body.model_dump(include={"kind", "text", "severity", "note"}, exclude_none=True)
    if body.says_where:
        what |= _spot(body, centre)._asdict()
    deed = {"closed": "close", "open": "open", None: "change"}[body.state]
    note(request, f"incident.{deed}", f"incident {incident}{_told(what)}", what.get("note", ""))
    is_done = centre.incidents.change(incident, body.state, person_of(request).signature, **what)
    found = there(centre.incidents.one(incident), "incident")
    if not is_done:
        raise ApiError(409, "over", f"it is {body.state} already; look at it again")
    centre.news.tell(Item("incident", (incident,)))
    return IncidentThere.model_validate(found)


def _made(key: str, body: IncidentBody, source: str, spot: Spot, request: Request, centre: Centre) -> str:
    """The id of the incident: another one, when somebody else has told of it a moment ago."""
    time_ns = _not_ahead(body.time, centre)
    note(request, "incident.make", f"incident {key}: {body.kind} at {_where(spot)}, {rfc3339(time_ns)}, from {source}")
    what = body.model_dump(include={"kind", "text", "severity", "external"}) | spot._asdict()
    by = person_of(request).signature
    kept = centre.incidents.make(key, **what, time_ns=time_ns, source=source, made_by=by)
    if kept is None:
        raise ApiError(429, "too_many", f"at most {MOST_A_MINUTE} incidents a minute each", {"Retry-After": "60"})
    if kept == key:
        centre.news.tell(Item("incident", (key,)))
    return kept


def _ns(moment: str | None) -> int | None:
    return None if moment is None else parse_rfc3339(moment)


def _not_ahead(moment: str | None, centre: Centre) -> int:
    now_ns = centre.clock.wall_ns()
    time_ns = now_ns if moment is None else parse_rfc3339(moment)
    if time_ns > now_ns + _AHEAD_NS:
        raise ApiError(422, "invalid", "time: is yet to come")
    return time_ns


def _spot(body: Placed, centre: Centre) -> Spot:
    """The place that the body tells of."""
    if body.latitude is not None and body.longitude is not None:
        spot = Spot(body.latitude, body.longitude)
        if not centre.incidents.has_place(spot):
            raise ApiError(403, "forbidden", "none of your cameras is within 1 km of that place")
        return spot
    found = centre.incidents.place_of((body.camera or "").split("/"))
    if found is None:
        raise ApiError(422, "invalid", "camera: is not there, or nobody knows where it hangs")
    return found


def _where(spot: Spot) -> str:
    return f"{spot.latitude:.6f},{spot.longitude:.6f}"


def _told(what: dict[str, Any]) -> str:
    """What a line of the audit log says of a change; a note is its reason."""
    said = [f"{name} {value}" for name, value in what.items() if name not in {"text", "note"}]
    said += ["text"] if "text" in what else []
    return f": {', '.join(said)}" if said else ""
