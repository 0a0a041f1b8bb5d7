"""Results taken away as files. Evidence leaves the centre here: it takes the role for it, and a line in the log."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from agent.central.api.asking import OfEvents, OfTracks
from agent.central.api.context import Centre, here, note
from agent.central.api.examples import Document, covered, finds
from agent.central.api.export_forms import EVENTS, TRACKS, TYPES, Form, Results, What, example, write
from agent.central.api.finding import note_plate
from agent.central.api.models import REFUSALS, Responses
from agent.core.clock import rfc3339

MOST, USUAL = 1_000_000, 100_000
_LIMIT_MS = 30_000
"""Of a page: how long a search may look before it says how far it came."""


def _files(what: What, found: Document) -> Responses:
    files: Document = {}
    for form, kind in TYPES.items():
        plain, schema = kind.partition(";")[0], {"type": "object" if form == "geojson" else "string"}
        files[plain] = {"schema": schema, "example": covered(example(form, what, found))}
    return {200: {"description": "the file", "content": files}}


router = APIRouter(prefix="/exports", tags=["exports"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]
InForm = Annotated[Form, Query()]
Most = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/tracks", response_class=StreamingResponse, responses=_files(TRACKS, finds.TRACK))
def tracks(
    centre: Here, request: Request, chosen: OfTracks, form: InForm = "csv", most: Most = USUAL
) -> StreamingResponse:
    """All tracks that `GET /tracks` finds with these parameters, as a file.

    `most` rows are in it at the most (`limit` does nothing); one with less than all says so at its end, with the
    `cursor` to go on with.
    """
    note_plate(request, chosen)
    return _file(centre, request, TRACKS, form, Results(partial(centre.finds.tracks, limit_ms=_LIMIT_MS), chosen, most))


@router.get("/events", response_class=StreamingResponse, responses=_files(EVENTS, finds.EVENT))
def events(
    centre: Here, request: Request, chosen: OfEvents, form: InForm = "csv", most: Most = USUAL
) -> StreamingResponse:
    """All events that `GET /events` finds with these parameters, as a file; see there, and `/exports/tracks`."""
    return _file(centre, request, EVENTS, form, Results(partial(centre.finds.events, limit_ms=_LIMIT_MS), chosen, most))


def _file(centre: Centre, request: Request, what: What, form: Form, results: Results) -> StreamingResponse:
    kind = "tracks" if what is TRACKS else "events"
    note(request, f"export.{kind}", f"{form}: {request.url.query}")
    results.begin()
    now = rfc3339(centre.clock.wall_ns())[:19].replace(":", "-")
    headers = {"Content-Disposition": f'attachment; filename="{kind}-{now}.{form}"'}
    body = write(form, what, results, centre.views.positions())
    return StreamingResponse(body, media_type=TYPES[form], headers=headers)
