"""Searches that are kept, and watched for. They are named by the very parameters with which one searches."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, model_validator

from agent.central.api.asking import OfEvents, OfTracks
from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found, there
from agent.central.api.examples import kept, shown
from agent.central.api.finding import note_plate
from agent.central.api.models import CONFLICT, REFUSALS, Body, not_there
from agent.central.store.filters import Filters
from agent.central.store.searches import MOST_OF_ONE, MOST_WATCHED
from agent.config.base import Id

router = APIRouter(prefix="/searches", tags=["saved searches"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$", examples=["Green shirts, plaza"])]

_PAGING = frozenset({"cursor", "limit", "limit_ms", "facets", "reason"})
_TIMES = frozenset({"since", "until", "within"})
"""`within` is the viewer's: a span that ends now. What is watched for has no time span."""
_MOST_QUERY = 20_000
_NO_WATCH = ApiError(422, "invalid", "watch: what looks like a track is ranked, and nothing says from where on it fits")


class SearchIn(Body):
    """`shared`: others may use it, too. `watch`: every track that comes and fits raises an alarm."""

    model_config = shown(kept.SEARCH_IN)

    name: Name
    shared: bool = False
    watch: bool = False


class SearchChange(Body):
    """What shall be otherwise; what is not named stays."""

    model_config = shown(kept.SEARCH_CHANGE)

    name: Name = "-"
    shared: bool = False
    watch: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what shall be otherwise: name, shared or watch")
        return self


class SearchOut(BaseModel):
    """A saved search. `query` goes behind `/tracks?` or `/events?`.

    `raised` alarms came of it; `held_back` were more than 30 in a minute. Both lag a few seconds.
    """

    model_config = shown(kept.SEARCH)

    id: str
    owner: str
    name: str
    kind: Literal["tracks", "events"]
    query: str
    shared: bool
    watch: bool
    raised: int
    held_back: int
    created: str


class SearchesOut(BaseModel):
    """One's own and the shared ones, by name."""

    model_config = shown(kept.SEARCHES)

    items: list[SearchOut]


@router.get("")
def searches(request: Request, centre: Here) -> SearchesOut:
    """One's own saved searches, and those that others share and that name no camera one may not see."""
    person = person_of(request)
    return SearchesOut.model_validate({"items": centre.searches.of(person.name, person.reach)})


@router.post("/tracks", status_code=201, responses=not_there("camera") | CONFLICT)
def save_track_search(body: SearchIn, chosen: OfTracks, request: Request, centre: Here) -> SearchOut:
    """Keep a search for tracks: what is in the address, as in `GET /tracks`. What is watched for has no time span."""
    return _save(body, "tracks", chosen, request, centre)


@router.post("/events", status_code=201, responses=not_there("camera") | CONFLICT)
def save_event_search(body: SearchIn, chosen: OfEvents, request: Request, centre: Here) -> SearchOut:
    """Keep a search for events: what is in the address, as in `GET /events`. Events cannot be watched for."""
    if body.watch:
        raise ApiError(422, "invalid", "watch: events tell of themselves; only tracks are watched for")
    return _save(body, "events", chosen, request, centre)


@router.patch("/{search}", responses=not_there("saved search") | CONFLICT)
def change_search(search: Id, body: SearchChange, request: Request, centre: Here) -> SearchOut:
    """Another name; shared or not; watched for or not. One's own."""
    found = _own(search, request, centre)
    changes = body.model_dump(include=body.model_fields_set)
    if changes.get("watch"):
        if found["kind"] != "tracks":
            raise ApiError(422, "invalid", "watch: events tell of themselves; only tracks are watched for")
        chosen = centre.searches.filters(search)
        if chosen is None:
            raise not_found("saved search")
        if chosen.like is not None:
            raise _NO_WATCH
        _must_have_room(centre)
        note_plate(request, chosen, str(found["query"]))
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    note(request, "search.change", f"{found['name']}: {told}")
    centre.searches.change(search, **changes)
    return SearchOut.model_validate(there(centre.searches.one(search), "saved search"))


@router.delete("/{search}", status_code=204, responses=not_there("saved search"))
def remove_search(search: Id, request: Request, centre: Here) -> None:
    """Remove one's own; an admin of the whole centre anybody's."""
    found = _own(search, request, centre)
    note(request, "search.remove", f"{found['name']} of {found['owner']}")
    centre.searches.remove(search)


def _save(body: SearchIn, kind: str, chosen: Filters, request: Request, centre: Here) -> SearchOut:
    person, query = person_of(request), _kept(request, _PAGING | _TIMES if body.watch else _PAGING)
    if body.watch and chosen.like is not None:
        raise _NO_WATCH
    if not centre.searches.may_know(chosen, person.reach):
        raise not_found("camera")
    if len(query) > _MOST_QUERY:
        raise ApiError(422, "invalid", "the search is too long to be kept")
    if centre.searches.count(owner=person.name) >= MOST_OF_ONE:
        raise ApiError(409, "too_many", f"nobody keeps more than {MOST_OF_ONE} searches: remove some")
    if body.watch:
        _must_have_room(centre)
        note_plate(request, chosen)
    action = "search.watch" if body.watch else "search.save"
    note(request, action, f"{body.name}: {query}")
    key = centre.searches.save(
        person.name, body.name, kind, query, chosen, shared=body.shared, watch=body.watch
    )  # fmt: skip
    return SearchOut.model_validate(there(centre.searches.one(key), "saved search"))


def _kept(request: Request, passing: frozenset[str]) -> str:
    return urlencode([pair for pair in parse_qsl(request.url.query) if pair[0] not in passing])


def _must_have_room(centre: Centre) -> None:
    if centre.searches.count(watch=True) >= MOST_WATCHED:
        raise ApiError(409, "too_many", f"{MOST_WATCHED} searches are watched for, and no more can be")


def _own(key: str, request: Request, centre: Centre) -> dict[str, object]:
    """One's own, or for an admin of the whole centre anybody's; what is somebody else's does not exist."""
    found, person = centre.searches.one(key), person_of(request)
    over_all = person.role == "admin" and person.reach.everything
    if found is None or not (found["owner"] == person.name or over_all):
        raise not_found("saved search")
    return found
