"""Signing in through the directory of an organisation (OpenID Connect): out to it, and back with who it is."""

from __future__ import annotations

import json
import logging
from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse

from agent.central.api.access import PREFIX
from agent.central.api.context import Centre, here, origin_of
from agent.central.api.errors import not_found
from agent.central.api.models import REFUSALS, SLOWED, not_there
from agent.central.api.people import told
from agent.central.api.sign_in import signed_in, slow_down
from agent.central.directory import Arrival, Asked, Directory, Refused
from agent.central.store.people import NotSo

log = logging.getLogger(__name__)

_NO_DIRECTORY = not_there("directory: [oidc] is not configured")

router = APIRouter(prefix="/oidc", tags=["sign-in"], responses=REFUSALS | _NO_DIRECTORY)

Here = Annotated[Centre, Depends(here)]

_COOKIE = "lamppost_oidc"
_PATH = f"{PREFIX}/oidc"
_GOOD_S = 600


@router.get("/start", response_class=RedirectResponse, status_code=303)
def start(request: Request, centre: Here) -> RedirectResponse:
    """Off to the directory."""
    try:
        address, asked = _directory(centre).leave(_back(request))
    except Refused as refused:
        return _turned_away(refused)
    response = RedirectResponse(address, 303)
    response.set_cookie(
        _COOKIE, json.dumps(asked), max_age=_GOOD_S, path=_PATH, httponly=True, secure=_is_secure(request),
        samesite="lax",  # the way back begins elsewhere
    )  # fmt: skip
    return response


@router.get("/back", response_class=RedirectResponse, status_code=303, responses=SLOWED)
def back(request: Request, centre: Here) -> RedirectResponse:
    """Back from the directory, with a code that says who it is."""
    directory = _directory(centre)
    try:
        asked = _asked(request)
    except Refused as refused:  # nobody tried anything: that counts against nobody, and is in no log of deeds
        return _turned_away(refused)
    if "code" in request.query_params:
        slow_down(centre, request, None)
    try:
        arrival = directory.arrive(_back(request), str(request.url), asked)
        _write_down(centre, request, arrival)
        person = centre.people.enter_by_subject(*arrival)
    except (Refused, NotSo) as refused:
        return _refused(centre, request, refused)
    centre.audit.write(person.name, "sign-in", "through the directory", origin_of(request))
    response = RedirectResponse("/", 303)
    signed_in(person, request, response, centre)
    response.delete_cookie(_COOKIE, path=_PATH)
    return response


def _directory(centre: Centre) -> Directory:
    if centre.directory is None:
        raise not_found("directory: [oidc] is not configured")
    return centre.directory


def _asked(request: Request) -> Asked:
    """What this browser left with, for this very answer.

    Raises:
        Refused: it did not leave from here, or this answers something else.
    """
    try:
        asked = Asked(*json.loads(request.cookies.get(_COOKIE, "")))
    except (ValueError, TypeError) as error:
        raise Refused("again", "the browser kept nothing of an earlier start: begin again") from error
    if not all(isinstance(one, str) and one for one in asked):
        raise Refused("again", "what the browser kept is none of ours: begin again")
    if not compare_digest(asked.state.encode(), request.query_params.get("state", "").encode()):
        raise Refused("directory", "the directory's answer is not to what this browser asked")
    return asked


def _write_down(centre: Centre, request: Request, arrival: Arrival) -> None:
    """An account that the directory makes or changes, as if an admin did."""
    account = centre.people.by_subject(arrival.subject, arrival.name)
    now = (arrival.role, arrival.reach.places)
    if account is None or (account["role"], account["places"]) != now:
        name, action = (arrival.name, "account.make") if account is None else (account["name"], "account.change")
        what = f"{name}: {arrival.role}, {told(arrival.reach.places)}, by the directory"
        centre.audit.write(name, action, what, origin_of(request))


def _refused(centre: Centre, request: Request, refused: Refused | NotSo) -> RedirectResponse:
    centre.audit.write("", "sign-in.refused", f"directory: {refused}", origin_of(request))
    return _turned_away(refused)


def _turned_away(refused: Refused | NotSo) -> RedirectResponse:
    """A person stands at the other end: back to the sign-in page, which says why."""
    log.warning("sign-in through the directory: %s", refused)
    return RedirectResponse(f"/?{urlencode({'refused': refused.code})}", 303)


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_PATH}/back"


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
