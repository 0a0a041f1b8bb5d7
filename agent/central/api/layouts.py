"""Layouts of the live wall, saved and shared."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found, there
from agent.central.api.examples import kept, shown
from agent.central.api.models import CONFLICT, REFUSALS, Body, CameraName, not_there
from agent.central.store.layouts import MOST_OF_ONE
from agent.central.store.pack import Document
from agent.config.base import Id

router = APIRouter(prefix="/layouts", tags=["layouts"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


class LayoutIn(Body):
    """`cameras` in their order, `site/gateway/camera`; `columns` of null: as many as fill the screen best.

    `large`: the first one is larger. `shared`: others see it, too.
    """

    model_config = shown(kept.LAYOUT_IN)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$", examples=["Night shift"])]
    shared: bool = False
    cameras: Annotated[
        list[CameraName], Field(min_length=1, max_length=36, examples=[["hartford/pole-17/main-and-park"]])
    ]
    columns: Annotated[int | None, Field(ge=1, le=8, examples=[3])] = None
    large: bool = False


class LayoutOut(BaseModel):
    """A layout. Cameras that one may not see are left out."""

    model_config = shown(kept.LAYOUT)

    id: str
    owner: str
    name: str
    shared: bool
    cameras: list[str]
    columns: int | None
    large: bool


class LayoutsOut(BaseModel):
    """One's own and the shared ones, by name."""

    model_config = shown(kept.LAYOUTS)

    items: list[LayoutOut]


@router.get("")
def layouts(request: Request, centre: Here) -> LayoutsOut:
    """One's own layouts, and those that others share."""
    person = person_of(request)
    return LayoutsOut.model_validate({"items": centre.layouts.of(person.name, person.reach)})


@router.post("", status_code=201, responses=CONFLICT)
def save_layout(body: LayoutIn, request: Request, centre: Here) -> LayoutOut:
    """Keep a layout."""
    person = person_of(request)
    note(request, "layout.save", _told(body))
    key = centre.layouts.add(person.name, **body.model_dump())
    if key is None:
        raise ApiError(409, "too_many", f"at most {MOST_OF_ONE} layouts each; remove some")
    return LayoutOut.model_validate(there(centre.layouts.one(key, person.reach), "layout"))


@router.put("/{layout}", responses=not_there("layout"))
def change_layout(layout: Id, body: LayoutIn, request: Request, centre: Here) -> LayoutOut:
    """Make one's own so."""
    _own(layout, request, centre)
    note(request, "layout.change", _told(body))
    centre.layouts.change(layout, **body.model_dump())
    return LayoutOut.model_validate(there(centre.layouts.one(layout, person_of(request).reach), "layout"))


@router.delete("/{layout}", status_code=204, responses=not_there("layout"))
def remove_layout(layout: Id, request: Request, centre: Here) -> None:
    """Remove one's own; an admin of the whole centre anybody's that is shared."""
    person = person_of(request)
    found = centre.layouts.one(layout, person.reach)
    over = person.role == "admin" and person.reach.everything and found is not None and found["shared"]
    if not over or found is None:
        found = _own(layout, request, centre)
    note(request, "layout.remove", f"{found['name']} of {found['owner']}")
    centre.layouts.remove(layout)


def _told(body: LayoutIn) -> str:
    return f"{body.name}, {'shared' if body.shared else 'own'}: {', '.join(body.cameras)}"


def _own(layout: str, request: Request, centre: Centre) -> Document:
    person = person_of(request)
    found = centre.layouts.one(layout, person.reach)
    if found is None or (found["owner"] != person.name and not found["shared"]):
        raise not_found("layout")
    if found["owner"] != person.name:
        raise ApiError(403, "forbidden", f"this layout is {found['owner']}'s; save a copy of your own")
    return found
