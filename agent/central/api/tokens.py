"""Tokens for programs: made by a person, for no more than that person may, shown once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.models import CANNOT, REFUSALS, not_there, refused
from agent.central.api.people_models import TokenIn, TokenMade, TokensOut
from agent.central.store.reach import Reach
from agent.config.base import Id
from agent.core.clock import parse_rfc3339

router = APIRouter(prefix="/tokens", tags=["tokens"], responses=REFUSALS)

_CONFIGURED = refused(409, CANNOT, "configured", "this token is in the configuration: service_token_file")

Here = Annotated[Centre, Depends(here)]


@router.get("")
def tokens(request: Request, centre: Here, *, everybody: Annotated[bool, Query()] = False) -> TokensOut:
    """One's own tokens; with `everybody` those of all, for admins of the whole centre."""
    if everybody and not _is_over_all(request):
        raise ApiError(403, "forbidden", "only an admin who sees everything sees the tokens of others")
    items = centre.tokens.all(None if everybody else person_of(request).name)
    return TokensOut.model_validate({"items": items})


@router.post("", status_code=201)
def make_token(body: TokenIn, request: Request, centre: Here) -> TokenMade:
    """Make a token (`Authorization: Bearer ...`). It is shown in this answer and never again."""
    person, expires_ns = person_of(request), parse_rfc3339(body.expires) if body.expires else None
    if "admin" in body.scopes and person.role != "admin":
        raise ApiError(403, "forbidden", "only an admin's token can have the scope admin")
    if expires_ns is not None and expires_ns <= centre.clock.wall_ns():
        raise ApiError(422, "invalid", "expires: is past")
    wanted = Reach.of(body.places)
    if body.places is not None and not person.reach.covers(wanted):
        raise ApiError(403, "forbidden", "a token cannot see more than its owner")
    note(request, "token.make", f"{body.name}: {' '.join(sorted(body.scopes))}")
    token, kept = centre.tokens.make(person.name, body.name, set(body.scopes), wanted, expires_ns)
    return TokenMade(**kept, token=token)


@router.delete("/{token}", status_code=204, responses=not_there("token") | _CONFIGURED)
def revoke_token(token: Id, request: Request, centre: Here) -> None:
    """It is void at once. One's own, or for admins of the whole centre anybody's."""
    found = centre.tokens.one(token)
    if found is None or not (found["owner"] == person_of(request).name or _is_over_all(request)):
        raise not_found("token")
    if found["owner"] is None:
        raise ApiError(409, "configured", "this token is in the configuration: service_token_file")
    note(request, "token.revoke", f"{found['name']} of {found['owner']}")
    centre.tokens.revoke(token)


def _is_over_all(request: Request) -> bool:
    person = person_of(request)
    return person.role == "admin" and person.reach.everything
