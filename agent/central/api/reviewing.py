"""What people make of events: seen to, whose they are, how grave, and what is written about them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, Field

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError
from agent.central.api.examples import finds, shown
from agent.central.api.found import EventOut
from agent.central.api.models import REFUSALS, Body
from agent.central.news import Item
from agent.central.store.pack import Document
from agent.central.store.people import ROLES, Role
from agent.central.store.places import Place
from agent.central.store.reach import Reach
from agent.central.store.reviews import Wanted
from agent.config.base import Id

router = APIRouter(tags=["events"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]

_LEAST: Role = "operator"
_AT_ONCE = 200
_IN_A_LINE = 8
_SEEN = {"event": "0197c2a4b6f07d3e8a1b2c3d4e5f6071", "version": 0}


def _written(text: str) -> str:
    """What somebody typed, without what cannot be seen."""
    return "".join(one for one in text if one.isprintable() or one == "\n").strip()


class Seen(Body):
    """An event, and the `version` of its review that was seen."""

    event: Annotated[Id, Field(examples=["0197c2a4b6f07d3e8a1b2c3d4e5f6071"])]
    version: Annotated[int, Field(ge=0, examples=[0])]


class ReviewIn(Body):
    """What to make of some events; what is left out stays. `note` is added to those that are there.

    `assigned` of null: nobody's; `severity` of null: as the gateway said.
    """

    model_config = shown(finds.REVIEW_IN)

    events: Annotated[list[Seen], Field(min_length=1, max_length=_AT_ONCE, examples=[[_SEEN]])]
    acknowledged: bool | None = None
    assigned: Annotated[Id | None, Field(examples=["ann"])] = None
    severity: Literal["info", "alarm"] | None = None
    note: Annotated[str, Field(max_length=2000, examples=["A fox, no person."]), AfterValidator(_written)] = ""


class Reviewed(BaseModel):
    """`items` are the events as they are now; of those in `changed_before` somebody else was faster: nothing was done.

    `full` have so many notes that there is no room; `missing` are not there (any more).
    """

    model_config = shown(finds.REVIEWED)

    items: list[EventOut]
    changed_before: list[str]
    full: list[str]
    missing: list[str]


class Reviewer(BaseModel):
    """Somebody who can be given an event."""

    name: str
    role: Role


class Reviewers(BaseModel):
    """All of them, by name."""

    model_config = shown(finds.REVIEWERS)

    items: list[Reviewer]


@router.post("/reviews")
def review(body: ReviewIn, request: Request, centre: Here) -> Reviewed:
    """Acknowledge, assign, set the severity of and write about up to 200 events at once.

    Two people at once: what is in `changed_before` was changed after `version`; look at it again. Notes, and
    acknowledging what is acknowledged already, never meet that.
    """
    seen = {one.event: one.version for one in body.events}
    found = centre.finds.events_of(seen)
    wanted = _wanted(body)
    if body.assigned is not None:
        _must_see(centre, body.assigned, found)
    present = {one["id"]: seen[one["id"]] for one in found}
    _write_down(request, sorted(present), body)
    places = {Place(one["site"], one["gateway"], one["camera"]) for one in found}
    outcome = centre.reviews.change(places, present, wanted, person_of(request).signature)
    centre.news.tell(*(Item("event", (key,)) for key in outcome.done))
    items = [EventOut.model_validate(one) for one in centre.finds.events_of(present)]
    missing = sorted(seen.keys() - present.keys())
    return Reviewed(items=items, changed_before=outcome.changed_before, full=outcome.full, missing=missing)


@router.get("/reviewers")
def reviewers(request: Request, centre: Here) -> Reviewers:
    """Who can be given an event: everybody who may see to one, and sees something of a site of which one does, too."""
    mine = person_of(request).reach
    able = [one for one in centre.people.all() if not one["disabled"] and _is_able(one["role"])]
    able = [one for one in able if mine.shares_site(Reach.of(one["places"]))]
    return Reviewers(items=[Reviewer(name=one["name"], role=one["role"]) for one in able])


def _wanted(body: ReviewIn) -> Wanted:
    names = body.model_fields_set & {"acknowledged", "assigned", "severity"}
    state = {name: getattr(body, name) for name in names if name != "acknowledged" or body.acknowledged is not None}
    if not state and not body.note:
        raise ApiError(422, "invalid", "say what to do: acknowledged, assigned, severity or note")
    return Wanted(state, body.note)


def _must_see(centre: Centre, name: str, events: list[Document]) -> None:
    person = centre.people.person(name)
    if person is None or not _is_able(person.role):
        raise ApiError(422, "invalid", f"assigned: nobody called {name[:64]} can see to events")
    if not all(person.reach.sees(one["site"], one["gateway"], one["camera"]) for one in events):
        raise ApiError(422, "invalid", f"assigned: {name} does not see the camera")


def _is_able(role: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(_LEAST)


def _write_down(request: Request, keys: list[str], body: ReviewIn) -> None:
    """In the audit log, some to a line."""
    told = body.model_dump(include=body.model_fields_set - {"events", "note"})
    deeds = [f"{name} {'nobody' if value is None else value}" for name, value in sorted(told.items())]
    said = ", ".join([*deeds, *(["note"] if body.note else [])])
    for first in range(0, len(keys), _IN_A_LINE):
        note(request, "event.review", f"{said}: {' '.join(keys[first : first + _IN_A_LINE])}")
