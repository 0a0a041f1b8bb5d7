"""Accounts, sessions, tokens and the audit log as the API tells of them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agent.central.api.examples import people, shown
from agent.central.api.models import Body, LinkToken, Moment, NewPassword, Password
from agent.central.store.people import Role, Scope
from agent.central.store.reach import MOST_GRANTS, Reach
from agent.config.base import Id


def _places(value: list[str]) -> list[str]:
    return Reach.of(value).places or []


Places = Annotated[
    list[str],
    Field(max_length=MOST_GRANTS, examples=[["hartford", "demo/gw-1/plaza"]]),
    AfterValidator(_places),
]
"""What may be seen: `site`, `site/gateway` or `site/gateway/camera` each; null is everything."""
Code = Annotated[str, Field(max_length=40, examples=["123456"])]
Reason = Annotated[str, Field(max_length=200, examples=["case 2026-118"])]


class Me(BaseModel):
    """Who asks; unsafe requests must carry `csrf_header: 1`.

    `places`: what may be seen, null is everything. `scopes`: of a token. `reason`: why, as given for this session;
    `asks_reason` says that some of what one may do here needs one.
    """

    model_config = shown(people.ME)

    name: str
    role: Role
    csrf_header: str
    places: list[str] | None
    scopes: list[Scope] | None
    second_factor: bool
    elsewhere: bool
    reason: str
    asks_reason: bool


class PasswordIn(Body):
    """The old password, and the one that takes its place."""

    model_config = shown(people.PASSWORD)

    old: Password
    new: NewPassword


class ReasonIn(Body):
    """Why; empty takes it back."""

    model_config = shown(people.REASON)

    reason: Reason


class JoinIn(Body):
    """The token of a one-time link, and the password to set."""

    model_config = shown(people.JOIN)

    token: LinkToken
    password: NewPassword


class CodeIn(Body):
    """The code of now."""

    model_config = shown(people.CODE)

    code: Code


class ProofIn(Body):
    """The password, so that a session that was left open is not enough."""

    model_config = shown(people.PROOF)

    password: Password


class SecondFactorOut(BaseModel):
    """What an app needs: the secret, the same as an address, and that as a picture (SVG in a `data:` address)."""

    model_config = shown(people.SECOND_FACTOR)

    secret: str
    address: str
    picture: str


class RecoveryCodes(BaseModel):
    """Each works once in place of a code; they are not shown again."""

    model_config = shown(people.RECOVERY_CODES)

    codes: list[str]


class SessionOut(BaseModel):
    """An open session; `here` is the one that asks."""

    id: str
    origin: str
    agent: str
    created: str
    last_seen: str
    expires: str
    here: bool


class SessionsOut(BaseModel):
    """Open sessions, the one that was used last first."""

    model_config = shown(people.SESSIONS)

    items: list[SessionOut]


class PersonOut(BaseModel):
    """An account. `waiting`: the one-time link has not been used yet; `elsewhere`: signs in through the directory."""

    model_config = shown(people.PERSON)

    name: str
    role: Role
    places: list[str] | None
    disabled: bool
    second_factor: bool
    waiting: bool
    elsewhere: bool
    created: str
    last_seen: str | None


class PeopleOut(BaseModel):
    """All accounts that one may manage, by name."""

    model_config = shown(people.PEOPLE)

    items: list[PersonOut]


class PersonIn(Body):
    """An account to make."""

    model_config = shown(people.PERSON_IN)

    name: Annotated[Id, Field(examples=["bob"])]
    role: Role = "viewer"
    places: Places | None = None


class PersonChange(Body):
    """What shall be otherwise; what is not named stays. `places` of null is everything."""

    model_config = shown(people.PERSON_CHANGE)

    role: Role = "viewer"
    places: Places | None = None
    disabled: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what shall be otherwise: role, places or disabled")
        return self


class LinkOut(BaseModel):
    """A page of the viewer where the person sets a password; it works once, until then. Not shown again."""

    model_config = shown(people.LINK)

    person: PersonOut
    link: Annotated[str, Field(examples=["/join?token=..."])]
    expires: str


class TokenIn(Body):
    """A token to make; what it may is never more than what its owner may."""

    model_config = shown(people.TOKEN_IN)

    name: Annotated[Id, Field(examples=["nightly-report"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=6, examples=[["read", "search"]])]
    places: Places | None = None
    expires: Moment | None = None


class TokenOut(BaseModel):
    """A token, without itself; `owner` of null is the configuration."""

    id: str
    name: str
    owner: str | None
    scopes: list[Scope]
    places: list[str] | None
    created: str
    expires: str | None
    last_used: str | None


class TokensOut(BaseModel):
    """Tokens, the newest first."""

    model_config = shown(people.TOKENS)

    items: list[TokenOut]


class TokenMade(TokenOut):
    """With the token itself, which is not shown again."""

    model_config = shown(people.TOKEN_MADE)

    token: str


class AuditLine(BaseModel):
    """Who did what, why, from where. After the time they are kept the personal parts are null.

    `said` is the SHA-256 of the JSON list [from, salt, what, who, why]; `hash` that of [hash before, seq, time, action,
    said]. The hash before the first line is 64 zeros.
    """

    model_config = ConfigDict(populate_by_name=True)

    seq: int
    time: str
    action: str
    who: str | None
    what: str | None
    why: str | None
    origin: Annotated[str | None, Field(alias="from")]
    salt: str | None
    said: str
    hash: str


class AuditPage(BaseModel):
    """Newest first."""

    model_config = shown(people.AUDIT)

    items: list[AuditLine]
    next: str | None


class AuditVerdict(BaseModel):
    """Is the chain unbroken? `erased` lines have lost their personal parts; `head` is the last hash that fits.

    Whoever keeps `lines` and `head` elsewhere sees later whether the end was cut off.
    """

    model_config = shown(people.VERDICT)

    verified: bool
    lines: int
    erased: int
    head: str
    broken_at: int | None
