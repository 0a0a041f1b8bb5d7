"""One's own account: who am I, password, second factor, sessions, and why one looks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from agent.central.api.context import Centre, here, note, origin_of, person_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.models import CANNOT, REFUSALS, SLOWED, not_there, refused
from agent.central.api.people_models import (
    CodeIn,
    Me,
    PasswordIn,
    ProofIn,
    ReasonIn,
    RecoveryCodes,
    SecondFactorOut,
    SessionOut,
    SessionsOut,
)
from agent.central.api.sign_in import shown, signed_in, slow_down
from agent.central.store.second_factor import address, picture
from agent.config.base import Id

router = APIRouter(prefix="/me", tags=["myself"], responses=REFUSALS)

_ALREADY_ON = refused(409, CANNOT, "already_on", "there is a second factor already; take it off first")

Here = Annotated[Centre, Depends(here)]

_WRONG_CODE = ApiError(403, "wrong_code", "this is not the code of now: is the clock of the telephone right?")


@router.get("")
def who_am_i(request: Request, centre: Here) -> Me:
    """Who is signed in, or whose token this is."""
    return shown(centre, person_of(request))


@router.post("/password", responses=SLOWED)
def change_password(body: PasswordIn, request: Request, response: Response, centre: Here) -> Me:
    """Another password. All sessions end; whoever asks gets a new one at once."""
    person = person_of(request)
    _prove(centre, request, body.old)
    note(request, "account.password", "")
    centre.people.set_password(person.name, body.new)
    return signed_in(person, request, response, centre)


@router.post("/reason")
def give_reason(body: ReasonIn, request: Request, centre: Here) -> Me:
    """Why one looks from now on; every line of the audit log of this session says so."""
    session, reason = person_of(request).session, " ".join(body.reason.replace("\x00", " ").split())
    if session is not None:
        centre.sessions.set_reason(session, reason)
    centre.audit.write(person_of(request).signature, "account.reason", "", origin_of(request), reason)
    return shown(centre, person_of(request)).model_copy(update={"reason": reason})


@router.get("/sessions")
def sessions(request: Request, centre: Here) -> SessionsOut:
    """Where one is signed in."""
    person = person_of(request)
    items = centre.sessions.of(person.name)
    return SessionsOut(items=[SessionOut(**item, here=item["id"] == person.session) for item in items])


@router.delete("/sessions", status_code=204)
def end_other_sessions(request: Request, centre: Here) -> None:
    """Sign out everywhere else."""
    person = person_of(request)
    note(request, "account.sessions-ended", f"all but this of {person.name}")
    centre.sessions.end_all(person.name, but=person.session)


@router.delete("/sessions/{session}", status_code=204, responses=not_there("session"))
def end_session(session: Id, request: Request, centre: Here) -> None:
    """Sign out there."""
    note(request, "account.sessions-ended", f"one of {person_of(request).name}")
    if not centre.sessions.end(person_of(request).name, session):
        raise not_found("session")


@router.post("/second-factor", responses=_ALREADY_ON | SLOWED)
def begin_second_factor(body: ProofIn, request: Request, centre: Here) -> SecondFactorOut:
    """A secret for an app that shows codes (TOTP, RFC 6238); it counts once a code of it was confirmed."""
    person = person_of(request)
    _prove(centre, request, body.password)
    secret = centre.people.begin_second_factor(person.name)
    where = address(secret, person.name)
    return SecondFactorOut(secret=secret, address=where, picture=picture(where))


@router.post("/second-factor/confirm", responses=SLOWED)
def confirm_second_factor(body: CodeIn, request: Request, centre: Here) -> RecoveryCodes:
    """Switch it on with the code of now; gives the recovery codes, once."""
    person = person_of(request)
    slow_down(centre, request, person.name)
    if not centre.people.is_first_code(person.name, body.code):
        centre.audit.write(person.signature, "account.refused", "second factor: wrong code", origin_of(request))
        raise _WRONG_CODE
    centre.lockout.succeeded(person.name, origin_of(request))
    note(request, "account.second-factor", "on")  # first: were it on, the codes must be shown
    codes = centre.people.confirm_second_factor(person.name, body.code)
    if codes is None:
        raise _WRONG_CODE
    return RecoveryCodes(codes=codes)


@router.post("/second-factor/off", status_code=204, responses=SLOWED)
def drop_second_factor(body: ProofIn, request: Request, centre: Here) -> None:
    """Password alone will do again."""
    _prove(centre, request, body.password)
    note(request, "account.second-factor", "off")
    centre.people.drop_second_factor(person_of(request).name)


def _prove(centre: Centre, request: Request, password: str) -> None:
    """A session that was left open is not enough: whoever sits there must know the password."""
    name = person_of(request).name
    slow_down(centre, request, name)
    if centre.people.check_password(name, password) is None:
        centre.audit.write(person_of(request).signature, "account.refused", "wrong password", origin_of(request))
        raise ApiError(403, "wrong_password", "this is not the password")
    centre.lockout.succeeded(name, origin_of(request))
