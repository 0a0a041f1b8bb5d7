"""First account, sign-in, sign-out, who am I."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from agent.central.api.context import Centre, centre_of, origin_of, person_of
from agent.central.api.errors import ApiError
from agent.central.api.guard import COOKIE, CSRF_HEADER
from agent.central.api.models import REFUSALS, FirstIn, Me, SignIn
from agent.central.store.people import Person

router = APIRouter(tags=["sign-in"], responses=REFUSALS)

Here = Annotated[Centre, Depends(centre_of)]

_COOKIE_S = 30 * 86_400
"""The centre decides when a session is over, and use prolongs it: the cookie must only not end before."""


@router.post("/first")
def make_first_account(body: FirstIn, request: Request, response: Response, centre: Here) -> Me:
    """Make the first account, an admin, with the one-time link's token; signs in at once."""
    _slow_down(centre, request)
    if not centre.first.use(body.token, body.username, body.password):
        raise ApiError(
            403, "token_used", "this link was used or is not ours; the centre's data folder has the right one"
        )
    centre.limiter.give_back(origin_of(request))
    centre.audit.write(body.username, "account.first", body.username, origin_of(request))
    return _signed_in(Person(body.username, "admin"), request, response, centre)


@router.post("/sign-in")
def sign_in(body: SignIn, request: Request, response: Response, centre: Here) -> Me:
    """Name and password for a session cookie."""
    _slow_down(centre, request)
    person = centre.people.check_password(body.username, body.password)
    if person is None:
        centre.audit.write(body.username, "sign-in.refused", "", origin_of(request))
        raise ApiError(401, "wrong_credentials", "wrong user name or password")
    centre.limiter.give_back(origin_of(request))
    centre.audit.write(person.name, "sign-in", "", origin_of(request))
    return _signed_in(person, request, response, centre)


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, response: Response, centre: Here) -> None:
    """End this session."""
    token = request.cookies.get(COOKIE)
    if token:
        centre.people.close_session(token)
    centre.audit.write(person_of(request).name, "sign-out", "", origin_of(request))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")


@router.get("/me")
def who_am_i(request: Request) -> Me:
    """Who is signed in."""
    return _me(person_of(request))


def _slow_down(centre: Centre, request: Request) -> None:
    wait_s = centre.limiter.attempt(origin_of(request))
    if wait_s:
        text = f"too many attempts; try again in {wait_s} s"
        raise ApiError(429, "too_many", text, {"Retry-After": str(wait_s)})


def _signed_in(person: Person, request: Request, response: Response, centre: Centre) -> Me:
    response.set_cookie(
        COOKIE,
        centre.people.open_session(person.name),
        max_age=_COOKIE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _me(person)


def _me(person: Person) -> Me:
    return Me(name=person.name, role=person.role, csrf_header=CSRF_HEADER)
