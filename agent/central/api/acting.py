"""Footage: stored media, and clips fetched from gateways. Every look and every request is audited."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from agent.central.api.context import Centre, here, note, person_of, why_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.examples import content, finds
from agent.central.api.media_models import ClipIn, ClipOut, FootageExportIn, PreviewsIn
from agent.central.api.models import NO_GATEWAY, OVER, REFUSALS, SLOWED, Responses, not_there
from agent.central.api.sending import BYTES, send
from agent.central.clips import MOST_S, TooManySheets, Wanted
from agent.config.base import Id
from agent.core.clock import NS, parse_rfc3339
from agent.wire.messages import STILL_KINDS, BelongsArgs

router = APIRouter(responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


def _asked_before(example: dict[str, Any]) -> Responses:
    return {200: {"model": ClipOut, "description": "it was asked for before", **content(example)}}


_AGAIN = _asked_before(finds.CLIP_READY)
_EXPORT: Responses = {202: content(finds.EXPORT)}
_SHEET: Responses = {202: content(finds.SHEET), **_asked_before(finds.SHEET_READY)}


@router.get(
    "/media/{media}",
    tags=["media"],
    response_class=StreamingResponse,
    responses=not_there("medium here; it may still rest at the gateway") | BYTES,
)
def get_media(centre: Here, request: Request, media: Id, *, download: Annotated[bool, Query()] = False) -> Response:
    """The bytes of a picture or clip, whole or in part (Range)."""
    row = centre.views.medium(media)
    if row is None:
        raise not_found("medium here; it may still rest at the gateway")
    headers = {"ETag": f'"{row["sha256"]}"', "Cache-Control": "private, max-age=31536000, immutable"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    person = person_of(request)
    who = (person.signature, person.session, why_of(request))
    return send(centre, row, request, who, partial(note, request, "media.view"), headers, download=download)


@router.post("/clips", status_code=202, tags=["clips"], responses=not_there("camera") | _AGAIN | NO_GATEWAY)
def ask_for_clip(centre: Here, request: Request, response: Response, body: ClipIn) -> ClipOut:
    """Ask a gateway for a clip; follow it at `/clips/{id}` or on the stream. One that is there is given again (200).

    So is one of a longer time, there or on its way, unless it must be `exact`: it has what is asked for here, and its
    medium begins at `actual_start`.
    """
    start_ns, end_ns = _span(centre, body)
    note(request, "clip.request", f"{body.site}/{body.gateway}/{body.camera} {body.start} {body.end}")
    place = (body.site, body.gateway, body.camera)
    clip, fresh = centre.clips.of_span(
        place, start_ns, end_ns, body.quality, by=person_of(request).signature, exact=body.exact
    )
    response.status_code = 202 if fresh else 200
    return ClipOut.model_validate(clip)


@router.post("/exports", status_code=202, tags=["clips"], responses=not_there("camera") | _EXPORT | NO_GATEWAY)
def export_footage(centre: Here, request: Request, body: FootageExportIn) -> ClipOut:
    """Take footage out as evidence: a ZIP file with the clip as it was recorded, and what its gateway states and signs.

    The manifest has the clip's hash, the chain of the segments that it was cut from, what is missing, who took it out
    and why; `verify.py`, beside it, checks all that anywhere. Cut anew for each who asks; followed like a clip.
    """
    start_ns, end_ns = _span(centre, body)
    reason = " ".join(body.reason.split()) or why_of(request)
    if not reason:
        raise ApiError(422, "invalid", "reason: say why this is taken out; it stands in the manifest")
    note(request, "footage.export", f"{body.site}/{body.gateway}/{body.camera} {body.start} {body.end}: {reason}")
    place = (body.site, body.gateway, body.camera)
    return ClipOut.model_validate(centre.clips.export(place, start_ns, end_ns, person_of(request), reason))


def _span(centre: Centre, body: ClipIn | FootageExportIn) -> tuple[int, int]:
    """Of a clip of a camera that is there, wall ns.

    Raises:
        ApiError: it is not, or the clip would be too long.
    """
    start_ns, end_ns = parse_rfc3339(body.start), parse_rfc3339(body.end)
    if not 0 < end_ns - start_ns <= MOST_S * NS:
        raise ApiError(422, "invalid", f"end: must be after start, by at most {MOST_S} s")
    if not centre.views.camera_exists(body.site, body.gateway, body.camera):
        raise not_found("camera")
    return start_ns, end_ns


@router.post("/previews", status_code=202, tags=["clips"], responses=not_there("camera") | _SHEET | NO_GATEWAY | SLOWED)
def ask_for_previews(centre: Here, request: Request, response: Response, body: PreviewsIn) -> ClipOut:
    """Ask a gateway for a sheet of 24 small pictures, `step_s` apart: the one that has the moment `at`.

    Followed like a clip; one that is there is given again (200). The sheet is a JPEG that begins with a comment, `LMPP`
    and JSON: the columns, the width and height of a picture, and of each the milliseconds since 1970. Moments of which
    nothing was recorded are left out.
    """
    if not centre.views.camera_exists(body.site, body.gateway, body.camera):
        raise not_found("camera")
    note(request, "previews.request", f"{body.site}/{body.gateway}/{body.camera} {body.at} {body.step_s} s")
    place = (body.site, body.gateway, body.camera)
    try:
        sheet, fresh = centre.clips.sheet(place, parse_rfc3339(body.at), body.step_s, person_of(request).signature)
    except TooManySheets as error:
        raise ApiError(429, "too_many", str(error), {"Retry-After": "2"}) from error
    response.status_code = 202 if fresh else 200
    return ClipOut.model_validate(sheet)


@router.get("/clips/{clip}", tags=["clips"], responses=not_there("clip"))
def get_clip(centre: Here, clip: Id) -> ClipOut:
    """How far a clip is."""
    found = centre.finds.clip(clip)
    if found is None:
        raise not_found("clip")
    return ClipOut.model_validate(found)


@router.delete("/clips/{clip}", tags=["clips"], responses=not_there("clip"))
def call_clip_off(centre: Here, request: Request, clip: Id) -> ClipOut:
    """Who asks wants it no more; when nobody else who asked for it does, the gateway stops. One that is ready stays."""
    if centre.finds.clip(clip) is None:
        raise not_found("clip")
    note(request, "clip.cancel", f"clip {clip}")
    found = centre.clips.call_off(clip, person_of(request).signature)
    return ClipOut.model_validate(found)


@router.post(
    "/events/{event}/clip", status_code=202, tags=["events"], responses=not_there("event") | _AGAIN | NO_GATEWAY
)
def ask_for_event_clip(
    centre: Here, request: Request, response: Response, event: Id,
    quality: Annotated[Wanted, Query()] = "auto",
) -> ClipOut:  # fmt: skip
    """The event's clip, five seconds more on either side; one that was asked for before is given again (200).

    `auto` gives the best there is; where there is none, it asks for a proxy if the gateway's uplink is limited. A
    longer one of that time, two minutes at most, does as well: its medium begins at `actual_start`.
    """
    found = centre.finds.event(event)
    if found is None:
        raise not_found("event")
    note(request, "clip.request", f"event {event} {quality}")
    clip, fresh = centre.clips.of_event(found, quality, by=person_of(request).signature)
    response.status_code = 202 if fresh else 200
    return ClipOut.model_validate(clip)


@router.post(
    "/events/{event}/belongs", status_code=204, tags=["events"], responses=not_there("event") | NO_GATEWAY | OVER
)
def belongs_there(centre: Here, request: Request, event: Id) -> None:
    """What an event of a thing left or taken tells of belongs there: background at once. The event's end follows."""
    found = centre.finds.event(event)
    if found is None:
        raise not_found("event")
    if found.get("end") or found["kind"] not in STILL_KINDS:
        raise ApiError(409, "over", "the event is over, or tells of nothing that lies there")
    note(request, "event.belongs", f"event {event}")
    args = BelongsArgs(camera=found["camera"], event=event, by=person_of(request).name)
    centre.commander.ask(found["site"], found["gateway"], "belongs", args)
