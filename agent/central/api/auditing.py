"""The audit log: searched, verified, taken away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from agent.central.api.context import Centre, here, note
from agent.central.api.examples import people
from agent.central.api.models import REFUSALS, Moment, Responses
from agent.central.api.people_models import AuditPage, AuditVerdict
from agent.central.api.sheet import line as sheet_line
from agent.central.store.audit import Sought
from agent.core.clock import parse_rfc3339

router = APIRouter(prefix="/audit", tags=["audit"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]
Text = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]

COLUMNS = ("seq", "time", "who", "action", "what", "why", "from", "salt", "said", "hash")


def as_json(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON object a line."""
    for line in lines:
        yield json.dumps({name: line[name] for name in COLUMNS}) + "\n"


def as_csv(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """With a head; see `sheet`."""
    yield sheet_line(COLUMNS)
    for line in lines:
        yield sheet_line(line[name] for name in COLUMNS)


def _file(write: Callable[[Iterable[dict[str, Any]]], Iterator[str]]) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "example": "".join(write([people.AUDIT_LINE]))}


_FILES: Responses = {200: {"content": {"text/csv": _file(as_csv), "application/x-ndjson": _file(as_json)}}}


def sought(
    who: Text = None,
    action: Annotated[str | None, Query(max_length=64, examples=["media.view"])] = None,
    text: Text = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> Sought:
    """By who (with all their tokens), action (`media` finds all of that family), text in what or why, and time."""
    times = [None if one is None else parse_rfc3339(one) for one in (since, until)]
    return Sought(who, action and action.replace("\x00", ""), text, *times)


Wanted = Annotated[Sought, Depends(sought)]


@router.get("")
def audit(
    centre: Here,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Annotated[int | None, Query(ge=1, lt=1 << 62)] = None,
) -> AuditPage:
    """Who did what, why, from where; newest first."""
    return AuditPage.model_validate(centre.audit.page(limit, cursor, wanted))


@router.get("/verify")
def verify(centre: Here) -> AuditVerdict:
    """Is the chain of hashes unbroken from the first line to the last? Reads all of it."""
    return AuditVerdict.model_validate(centre.audit.verify())


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
def export(
    centre: Here, request: Request, wanted: Wanted, form: Annotated[Literal["csv", "jsonl"], Query()] = "jsonl"
) -> StreamingResponse:
    """All lines that are sought, the oldest first, with all that it takes to verify them elsewhere."""
    note(request, "audit.export", f"{form}: {request.url.query}")
    lines = centre.audit.lines(wanted)
    body, kind = (as_csv(lines), "text/csv") if form == "csv" else (as_json(lines), "application/x-ndjson")
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    return StreamingResponse(body, media_type=kind, headers=headers)
