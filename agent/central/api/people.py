"""Who has an account: for admins, each among the accounts that see no more than they do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found, there
from agent.central.api.models import CANNOT, REFUSALS, not_there, refused
from agent.central.api.people_models import LinkOut, PeopleOut, PersonChange, PersonIn, PersonOut
from agent.central.store.people import LINK_S
from agent.central.store.reach import Reach
from agent.config.base import Id
from agent.core.clock import NS, rfc3339

router = APIRouter(prefix="/people", tags=["people"], responses=REFUSALS)

_TAKEN = refused(409, CANNOT, "taken", "there is somebody called bob already")
_LAST = refused(409, CANNOT, "last_admin", "this is the last admin who sees everything: make another first")
_ELSEWHERE = refused(409, CANNOT, "elsewhere", "this account signs in through the directory: it has no password here")

Here = Annotated[Centre, Depends(here)]


@router.get("")
def people(request: Request, centre: Here) -> PeopleOut:
    """All accounts."""
    return PeopleOut.model_validate({"items": [one for one in centre.people.all() if _manages(request, one)]})


@router.post("", status_code=201, responses=_TAKEN)
def make_person(body: PersonIn, request: Request, centre: Here) -> LinkOut:
    """Make an account; whoever gets the link sets the password."""
    _must_cover(request, body.places)
    note(request, "account.make", f"{body.name}: {body.role}, {told(body.places)}")
    token = centre.people.create(body.name, body.role, Reach.of(body.places))
    return _link(centre, body.name, token)


@router.get("/{name}", responses=not_there("person"))
def person(name: Id, request: Request, centre: Here) -> PersonOut:
    """One account."""
    return PersonOut.model_validate(_managed(request, centre, name))


@router.patch("/{name}", responses=not_there("person") | _LAST)
def change_person(name: Id, body: PersonChange, request: Request, centre: Here) -> PersonOut:
    """Another role, other places, or disable: a disabled account is signed out everywhere, and its tokens are void."""
    _managed(request, centre, name)
    if "places" in body.model_fields_set:
        _must_cover(request, body.places)
    changes = body.model_dump(include=body.model_fields_set)
    note(request, "account.change", f"{name}: {', '.join(_changes(changes))}")
    return PersonOut.model_validate(there(centre.people.change(name, **changes), "person"))


@router.delete("/{name}", status_code=204, responses=not_there("person") | _LAST)
def remove_person(name: Id, request: Request, centre: Here) -> None:
    """Remove an account with its sessions and tokens. What it did stays in the audit log."""
    _managed(request, centre, name)
    note(request, "account.remove", name)
    centre.people.remove(name)


@router.post("/{name}/link", responses=not_there("person") | _ELSEWHERE)
def reset_password(name: Id, request: Request, centre: Here) -> LinkOut:
    """A one-time link to set a new password with; the present one is good until then."""
    account = _managed(request, centre, name)
    if account["elsewhere"]:
        raise ApiError(409, "elsewhere", "this account signs in through the directory: it has no password here")
    note(request, "account.link", name)
    token = centre.people.link(name)
    if token is None:
        raise not_found("person")
    return _link(centre, name, token)


@router.delete("/{name}/second-factor", status_code=204, responses=not_there("person"))
def take_off_second_factor(name: Id, request: Request, centre: Here) -> None:
    """For who lost both telephone and recovery codes."""
    _managed(request, centre, name)
    note(request, "account.second-factor", f"off for {name}")
    centre.people.drop_second_factor(name)


@router.delete("/{name}/sessions", status_code=204, responses=not_there("person"))
def sign_out_everywhere(name: Id, request: Request, centre: Here) -> None:
    """End all sessions of an account."""
    _managed(request, centre, name)
    note(request, "account.sessions-ended", f"all of {name}")
    centre.sessions.end_all(name)


def _managed(request: Request, centre: Centre, name: str) -> dict[str, Any]:
    """The account; to an admin of a part of the centre nobody else exists."""
    found = centre.people.one(name)
    if found is None or not _manages(request, found):
        raise not_found("person")
    return found


def _manages(request: Request, account: dict[str, Any]) -> bool:
    return person_of(request).reach.covers(Reach.of(account["places"]))


def _must_cover(request: Request, places: list[str] | None) -> None:
    if not person_of(request).reach.covers(Reach.of(places)):
        raise ApiError(403, "forbidden", "nobody can let others see more than they do")


def _link(centre: Centre, name: str, token: str) -> LinkOut:
    expires = rfc3339(centre.clock.wall_ns() + LINK_S * NS)
    account = PersonOut.model_validate(centre.people.one(name))
    return LinkOut(person=account, link=f"/join?token={token}", expires=expires)


def told(places: list[str] | None) -> str:
    """What somebody sees, for the audit log."""
    return "sees everything" if places is None else f"sees {', '.join(places) or 'nothing'}"


def _changes(changes: dict[str, Any]) -> list[str]:
    return [told(value) if name == "places" else f"{name} {str(value).lower()}" for name, value in changes.items()]
