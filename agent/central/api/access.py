"""Who may use which route: one table, and one dependency of the whole app that asks it.

A route that is not in the table is refused to everybody. Which cameras a route shows is settled elsewhere, just as once
for all: `centre_of` gives a route nothing but what is within reach of who asks.
"""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import HTTPConnection

from agent.central.api.errors import ApiError
from agent.central.store.people import ROLES, Person, Role, Scope

PREFIX = "/api/v1"


class Need(NamedTuple):
    """The least role, and the scope that a token needs; None: a token is not enough, it takes a person.

    `whole`: what a route tells or changes is the whole centre's, and only for who sees all of it.
    """

    role: Role
    scope: Scope | None
    whole: bool = False


_OPEN = None
_READ, _SEARCH, _MEDIA, _LIVE = (Need("viewer", scope) for scope in ("read", "search", "media", "live"))
_COMMAND, _MANAGE = Need("operator", "command"), Need("admin", "admin")
_EXPORT, _SHARE = Need("investigator", "search"), Need("investigator", "media")
_KEEP = Need("investigator", "command")
_SELF, _ALL = Need("viewer", None), Need("admin", "admin", whole=True)

RULES: dict[str, Need | None] = {
    "GET /{path:path}": _OPEN,  # the viewer's files
    "GET /docs": _OPEN,
    "GET /health": _OPEN,
    "POST /first": _OPEN,
    "POST /join": _OPEN,
    "POST /sign-in": _OPEN,
    "GET /oidc/start": _OPEN,
    "GET /oidc/back": _OPEN,
    "POST /sign-out": _SELF,
    "GET /me": _READ,
    "POST /me/password": _SELF,
    "POST /me/reason": _SELF,
    "GET /me/sessions": _SELF,
    "DELETE /me/sessions": _SELF,
    "DELETE /me/sessions/{session}": _SELF,
    "POST /me/second-factor": _SELF,
    "POST /me/second-factor/confirm": _SELF,
    "POST /me/second-factor/off": _SELF,
    "GET /people": _MANAGE,
    "POST /people": _MANAGE,
    "GET /people/{name}": _MANAGE,
    "PATCH /people/{name}": _MANAGE,
    "DELETE /people/{name}": _MANAGE,
    "POST /people/{name}/link": _MANAGE,
    "DELETE /people/{name}/second-factor": _MANAGE,
    "DELETE /people/{name}/sessions": _MANAGE,
    "GET /tokens": _SELF,
    "POST /tokens": _SELF,
    "DELETE /tokens/{token}": _SELF,
    "GET /searches": _SEARCH,
    "POST /searches/tracks": _SEARCH,
    "POST /searches/events": _SEARCH,
    "PATCH /searches/{search}": _SEARCH,
    "DELETE /searches/{search}": _SEARCH,
    "GET /stats": Need("viewer", "read", whole=True),
    "GET /processes": Need("viewer", "read", whole=True),
    "GET /audit": _ALL,
    "GET /audit/verify": _ALL,
    "GET /audit/export": _ALL,
    "GET /webhooks": _ALL,
    "POST /webhooks": _ALL,
    "GET /webhooks/{webhook}": _ALL,
    "PATCH /webhooks/{webhook}": _ALL,
    "DELETE /webhooks/{webhook}": _ALL,
    "POST /webhooks/{webhook}/secret": _ALL,
    "POST /webhooks/{webhook}/test": _ALL,
    "GET /webhooks/{webhook}/deliveries": _ALL,
    "POST /webhooks/{webhook}/deliveries/{delivery}/again": _ALL,
    "GET /sites": _READ,
    "GET /gateways": _READ,
    "GET /gateways/{site}/{gateway}": _READ,
    "GET /gateways/{site}/{gateway}/health": _READ,
    "GET /cameras": _READ,
    "GET /cameras/{site}/{gateway}/{camera}": _READ,
    "GET /cameras/{site}/{gateway}/{camera}/health": _READ,
    "GET /cameras/{site}/{gateway}/{camera}/settings": Need("operator", "read"),
    "PUT /cameras/{site}/{gateway}/{camera}/settings": _MANAGE,
    "GET /map": _READ,
    "GET /map/streets": _READ,
    "GET /map/plan": _READ,
    "GET /recordings": _READ,
    "GET /stream": _READ,
    "GET /events": _SEARCH,
    "GET /events/{event}": _READ,
    "GET /events/{event}/neighbours": _SEARCH,
    "GET /events/{event}/tracks": _READ,
    "GET /counts": _SEARCH,
    "GET /heat": _SEARCH,
    "GET /layouts": _READ,
    "POST /layouts": _SELF,
    "PUT /layouts/{layout}": _SELF,
    "DELETE /layouts/{layout}": _SELF,
    "POST /reviews": _COMMAND,
    "GET /reviewers": Need("operator", "read"),
    "POST /events/{event}/clip": _COMMAND,
    "POST /events/{event}/belongs": _COMMAND,
    "GET /tracks": _SEARCH,
    "GET /tracks/{track}": _READ,
    "GET /exports/events": _EXPORT,
    "GET /exports/tracks": _EXPORT,
    "GET /media/{media}": _MEDIA,
    "POST /media/{media}/links": _SHARE,
    "GET /links": _SHARE,
    "DELETE /links/{link}": _SHARE,
    "GET /shared/{token}": _OPEN,  # the link is what it takes
    "POST /clips": _COMMAND,
    "POST /previews": _COMMAND,
    "POST /exports": _KEEP,
    "GET /clips/{clip}": _READ,
    "DELETE /clips/{clip}": _COMMAND,
    "GET /holds": _READ,
    "POST /holds": _KEEP,
    "GET /holds/{hold}": _READ,
    "POST /holds/{hold}/release": _KEEP,
    "GET /incidents": _READ,
    "POST /incidents": _COMMAND,
    "GET /incidents/{incident}": _READ,
    "PATCH /incidents/{incident}": _COMMAND,
    "LIVE /live/{site}/{gateway}/{camera}": _LIVE,
}
"""By method (LIVE is a WebSocket) and path below PREFIX."""


async def may(connection: HTTPConnection) -> None:
    """Refuse who lacks the role, or whose token lacks the scope; a dependency of the whole app."""
    rule = rule_of(connection)
    if rule not in RULES:
        raise ApiError(403, "forbidden", "nobody may do this: the route has no rule")
    need = RULES[rule]
    if need is None:
        return
    person: Person = connection.scope["person"]
    if person.scopes is not None and need.scope not in person.scopes:
        raise ApiError(403, "forbidden", _lacking(need))
    if ROLES.index(person.role) < ROLES.index(need.role):
        raise ApiError(403, "forbidden", f"this needs the role {need.role}; you are {person.role}")
    if need.whole and not person.reach.everything:
        raise ApiError(403, "forbidden", "this is of the whole centre, of which you see a part")


def rule_of(connection: HTTPConnection) -> str:
    """The key in RULES of the route that a request came to."""
    method = "LIVE" if connection.scope["type"] == "websocket" else connection.scope["method"]
    path: str = connection.scope["route"].path
    return f"{method} {path.removeprefix(PREFIX)}"


def _lacking(need: Need) -> str:
    return f"this token lacks the scope {need.scope}" if need.scope else "a person must do this: a token is not enough"
