"""Links that open one picture or clip for somebody without an account: a lawyer, a neighbour, another agency."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from agent.central.api.context import Centre, here, note, origin_of, person_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.examples import kept, shown
from agent.central.api.models import CONFLICT, NO_NUL, REFUSALS, Body, not_there
from agent.central.api.sending import BYTES, send
from agent.central.store.links import MOST_OF_ONE
from agent.central.store.people import ROLES, Role
from agent.config.base import Id

router = APIRouter(tags=["links"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]

LEAST: Role = "investigator"
"""To make a link, and for one that was made to go on working."""
SHARED = "/shared/"
_HEADERS = {
    "Cache-Control": "no-store",
    # what a browser makes around a picture has styles of its own, and nothing here can run
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
}
Token = Annotated[str, Path(pattern=r"^[0-9a-z-]{1,64}\.[A-Za-z0-9_-]{43}$")]


class LinkIn(Body):
    """How long it is good, and for whom or what: that is shown in the list."""

    model_config = shown(kept.LINK_IN)

    days: Annotated[int, Field(ge=1, le=30, examples=[7])] = 7
    note: Annotated[str, Field(max_length=200, pattern=NO_NUL, examples=["Case 4711, public prosecutor"])] = ""


class MediaLinkOut(BaseModel):
    """A link; `uses` counts how often it was opened, `used` is when last."""

    id: str
    media: str
    owner: str
    note: str
    uses: int
    created: str
    expires: str
    used: str | None


class MediaLinkMade(MediaLinkOut):
    """With the address below the centre's own, which is not shown again."""

    model_config = shown(kept.LINK_MADE)

    link: str


class MediaLinks(BaseModel):
    """The newest first."""

    model_config = shown(kept.LINKS)

    items: list[MediaLinkOut]


@router.post("/media/{media}/links", status_code=201, responses=not_there("medium here; fetch it first") | CONFLICT)
def make_link(media: Id, body: LinkIn, request: Request, centre: Here) -> MediaLinkMade:
    """Make a link to a picture or clip. Whoever has it sees that, without an account, until it is over or taken back.

    It goes on working while its maker may see the camera and take evidence out. What leaves with its time leaves.
    """
    if centre.views.medium(media) is None:
        raise not_found("medium here; fetch it first")
    note(request, "media.share", f"{media} for {body.days} days: {body.note}")
    made = centre.links.make(person_of(request).name, media, body.days, body.note)
    if made is None:
        raise ApiError(409, "too_many", f"nobody has more than {MOST_OF_ONE} links: take some back")
    token, kept = made
    return MediaLinkMade(**kept, link=f"/api/v1{SHARED}{token}")


@router.get("/links")
def links(request: Request, centre: Here, *, everybody: Annotated[bool, Query()] = False) -> MediaLinks:
    """One's own links; with `everybody` those of all, for admins of the whole centre."""
    if everybody and not _is_over_all(request):
        raise ApiError(403, "forbidden", "only an admin who sees everything sees the links of others")
    return MediaLinks.model_validate({"items": centre.links.all(None if everybody else person_of(request).name)})


@router.delete("/links/{link}", status_code=204, responses=not_there("link"))
def take_back(link: Id, request: Request, centre: Here) -> None:
    """It is void at once. One's own, or for admins of the whole centre anybody's."""
    found = centre.links.one(link)
    if found is None or not (found["owner"] == person_of(request).name or _is_over_all(request)):
        raise not_found("link")
    note(request, "media.unshare", f"{found['media']} of {found['owner']}: {found['note']}")
    centre.links.remove(link)


@router.get(SHARED + "{token}", response_class=StreamingResponse, responses=not_there("link") | BYTES)
def shared(token: Token, request: Request, *, download: Annotated[bool, Query()] = False) -> Response:
    """What a link opens. Open to everybody who has it; each look is in the audit log under its maker's name."""
    whole: Centre = request.app.state.centre
    link = whole.links.find(token)
    maker = None if link is None else whole.people.person(link["owner"])
    if link is None or maker is None or ROLES.index(maker.role) < ROLES.index(LEAST):
        raise _void()
    row = whole.limited(maker.reach, evidence=maker.sees_evidence).views.medium(link["media"])
    if row is None:
        raise _void()

    def look(what: str) -> None:
        whole.audit.write(f"{maker.name}/link {link['id'][:64]}", "media.shared", what, origin_of(request))
        whole.links.used(link["id"])

    who = (link["id"], origin_of(request))
    return send(whole, row, request, who, look, _HEADERS, download=download)


def _void() -> ApiError:
    return ApiError(404, "not_found", "this link is over, or was taken back; ask for another")


def _is_over_all(request: Request) -> bool:
    person = person_of(request)
    return person.role == "admin" and person.reach.everything
