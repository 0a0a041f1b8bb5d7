"""Holds: what may not leave, here and at the gateways. Who made and who released one is audited."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found, there
from agent.central.api.hold_models import Hold, HoldBody, HoldPage, ReleaseBody
from agent.central.api.models import CONFLICT, OVER, REFUSALS, CameraName, not_there
from agent.central.news import Item
from agent.central.store.holds import MOST_ACTIVE, MOST_OF_GATEWAY, Camera, State
from agent.config.base import Id
from agent.core.clock import parse_rfc3339
from agent.core.ids import new_id

router = APIRouter(prefix="/holds", tags=["holds"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


@router.get("")
def holds(
    centre: Here,
    state: State | None = None,
    camera: CameraName | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
) -> HoldPage:
    """What is held, and what was: those that name a camera which one may see."""
    of = None if camera is None else _camera(camera)
    return HoldPage.model_validate(centre.holds.page(state, of, limit, cursor))


@router.post("", status_code=201, responses=not_there("camera") | CONFLICT)
def make_hold(body: HoldBody, request: Request, centre: Here) -> Hold:
    """Have nothing of that leave: here at once, and at its gateways as soon as each has been asked.

    Pictures, clips and previews stay, and so do tracks, events, their notes and counts when their day is over.
    """
    now_ns, cameras = centre.clock.wall_ns(), {_camera(one) for one in body.cameras}
    start_ns, end_ns = parse_rfc3339(body.start), parse_rfc3339(body.end)
    until_ns = None if body.until is None else parse_rfc3339(body.until)
    if start_ns >= end_ns:
        raise ApiError(422, "invalid", "end: must be after start")
    if until_ns is not None and until_ns <= now_ns:
        raise ApiError(422, "invalid", "until: is over already")
    if max(Counter(one[:2] for one in cameras).values()) > MOST_OF_GATEWAY:
        raise ApiError(422, "invalid", f"cameras: at most {MOST_OF_GATEWAY} of one gateway")
    known = {(one["site"], one["gateway"], one["camera"]) for one in centre.views.cameras_at(cameras)}
    if not known.issuperset(cameras):
        raise not_found("camera")
    key, until = new_id(now_ns), "until it is released" if body.until is None else f"until {body.until}"
    note(request, "hold.make", f"hold {key} {until}: {body.start} {body.end} {', '.join(body.cameras)}", body.reason)
    by = person_of(request).name
    if not centre.holds.make(key, cameras, start_ns, end_ns, reason=body.reason, by=by, until_ns=until_ns):
        raise ApiError(409, "too_many", f"there are {MOST_ACTIVE} holds, and no more can be; release some")
    return _told(centre, key)


@router.get("/{hold}", responses=not_there("hold"))
def one_hold(hold: Id, centre: Here) -> Hold:
    """One hold, and how far its gateways are."""
    return Hold.model_validate(there(centre.holds.one(hold), "hold"))


@router.post("/{hold}/release", responses=not_there("hold") | OVER)
def release_hold(hold: Id, body: ReleaseBody, request: Request, centre: Here) -> Hold:
    """Let it leave when its time is over, here and at the gateways; who sees all cameras that it names may."""
    there(centre.holds.one(hold), "hold")
    if not centre.holds.covers(hold):
        raise ApiError(403, "forbidden", "it names cameras that you do not see; who sees them all may release it")
    note(request, "hold.release", f"hold {hold}", body.reason)
    if not centre.holds.release(hold, person_of(request).name, body.reason):
        raise ApiError(409, "over", "the hold is over")
    return _told(centre, hold)


def _camera(name: str) -> Camera:
    site, gateway, camera = name.split("/")
    return site, gateway, camera


def _told(centre: Centre, key: str) -> Hold:
    """As it is now, which others hear of, too."""
    centre.news.tell(Item("hold", (key,)))
    return Hold.model_validate(there(centre.holds.one(key), "hold"))
