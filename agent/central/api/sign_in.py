"""First account, one-time links, sign-in, sign-out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from agent.central.api.context import Centre, here, origin_of, person_of
from agent.central.api.errors import ApiError
from agent.central.api.guard import COOKIE, CSRF_HEADER
from agent.central.api.models import CONFLICT, REFUSALS, SLOWED, FirstIn, SignIn
from agent.central.api.people_models import JoinIn, Me
from agent.central.store.lockout import network_of
from agent.central.store.people import NotSo, Person

router = APIRouter(tags=["sign-in"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


@router.post("/first", responses=CONFLICT | SLOWED)
def make_first_account(body: FirstIn, request: Request, response: Response, centre: Here) -> Me:
    """Make the first account, an admin, with the one-time link's token; signs in at once."""
    slow_down(centre, request, "")
    good = centre.first.is_good(body.token)
    if good:  # first: what cannot be written down does not happen
        centre.audit.write(body.username, "account.first", body.username, origin_of(request))
    if not good or not _first_used(centre, request, body):
        _first_refused(centre, request, body)
        raise ApiError(
            403, "token_used", "this link was used or is not ours; the centre's data folder has the right one"
        )
    return signed_in(Person(body.username, "admin"), request, response, centre)


@router.post("/join", responses=SLOWED)
def join(body: JoinIn, request: Request, response: Response, centre: Here) -> Me:
    """Set a password with the one-time link that an admin gave; signs in at once, unless a second factor is on."""
    slow_down(centre, request, "")
    name = centre.people.invited(body.token)
    if name is not None:
        centre.audit.write(name, "account.join", "", origin_of(request))
    person = None if name is None else centre.people.join(body.token, body.password)
    if person is None:
        centre.audit.write(name or "", "account.refused", "password link", origin_of(request))
        raise ApiError(403, "token_used", "this link was used, is too old, or is not ours: ask for another")
    account = centre.people.one(person.name)
    if account is not None and account["second_factor"]:
        raise ApiError(401, "second_factor", "the password is set; sign in with it and the code of now")
    return signed_in(person, request, response, centre)


@router.post("/sign-in", responses=SLOWED)
def sign_in(body: SignIn, request: Request, response: Response, centre: Here) -> Me:
    """Name and password, and the code where a second factor is on, for a session cookie."""
    slow_down(centre, request, body.username)
    found = centre.people.check_password(body.username, body.password)
    if found is None:
        _refused(centre, request, body.username, "")
        raise ApiError(401, "wrong_credentials", "wrong user name or password")
    if found["totp_on"]:
        _check_code(centre, request, found["name"], body.code)
    person = centre.people.person(found["name"])
    if person is None:
        raise ApiError(401, "wrong_credentials", "wrong user name or password")
    centre.audit.write(person.name, "sign-in", "", origin_of(request))
    return signed_in(person, request, response, centre)


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, response: Response, centre: Here) -> None:
    """End this session."""
    token = request.cookies.get(COOKIE)
    if token:
        centre.sessions.close(token)
    centre.audit.write(person_of(request).signature, "sign-out", "", origin_of(request))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")


def _first_used(centre: Centre, request: Request, body: FirstIn) -> bool:
    try:
        return centre.first.use(body.token, body.username, body.password)
    except NotSo:
        _first_refused(centre, request, body)
        raise


def _first_refused(centre: Centre, request: Request, body: FirstIn) -> None:
    centre.audit.write("", "account.refused", f"first account, as {body.username}", origin_of(request))


def slow_down(centre: Centre, request: Request, name: str | None) -> None:
    """Refuse who tried too often of late; that is written down, but not for every try that is refused so.

    Without a name (empty) a one-time link is tried; None is a way through a directory, see `Lockout`.
    """
    origin = origin_of(request)
    wait_s = centre.lockout.attempt(name, origin)
    if wait_s:
        slowed = ("slowed", network_of(origin))
        if not centre.lately.has(slowed):
            centre.audit.write(name or "", "sign-in.slowed", f"for {wait_s} s", origin)
            centre.lately.happened(slowed)
        text = f"too many attempts; try again in {wait_s} s"
        raise ApiError(429, "too_many", text, {"Retry-After": str(wait_s)})


def signed_in(person: Person, request: Request, response: Response, centre: Centre) -> Me:
    """Open a session, and give the browser its cookie."""
    origin = origin_of(request)
    centre.lockout.succeeded(person.name, origin)
    response.set_cookie(
        COOKIE,
        centre.sessions.open(person.name, origin, request.headers.get("user-agent", "")),
        max_age=centre.sessions.most_s,  # the centre decides when it is over; the cookie must only not end before
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return shown(centre, person)


def shown(centre: Centre, person: Person) -> Me:
    """Who that is, in the API's shape."""
    account = centre.people.one(person.name) or {"second_factor": False, "elsewhere": False}
    return Me(
        name=person.name,
        role=person.role,
        csrf_header=CSRF_HEADER,
        places=person.reach.places,
        scopes=None if person.scopes is None else sorted(person.scopes),
        second_factor=account["second_factor"],
        elsewhere=account["elsewhere"],
        reason=person.reason,
        asks_reason=bool(centre.ask_reason),
    )


def _check_code(centre: Centre, request: Request, name: str, code: str | None) -> None:
    if not code:
        raise ApiError(401, "second_factor", "send the code of now, or a recovery code, too")
    if not centre.people.use_second_factor(name, code):
        _refused(centre, request, name, "wrong code")
        raise ApiError(401, "wrong_code", "this code is wrong, or was used before")


def _refused(centre: Centre, request: Request, name: str, what: str) -> None:
    centre.audit.write(name, "sign-in.refused", what, origin_of(request))
