"""Stands before every request: who asks, from where, how much; and the headers that every answer carries.

No route can forget it: below `/api/` only OPEN_PATHS and what is OPEN_BELOW pass without a sign-in or token. What each
may then do is settled in `access`.
"""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.central.api.context import Centre
from agent.central.api.errors import ApiError, error_response
from agent.central.store.people import Person
from agent.core.errors import StorageError

COOKIE = "lamppost_session"
CSRF_HEADER = "X-Lamppost"
IDLE_HEADER = "X-Lamppost-Idle"
"""Pages say with it that nobody has touched them for a while: what they ask by themselves keeps no session open."""
_UNTOUCHED = tuple(f"/api/v1/{name}" for name in ("health", "stream", "live/", "media/"))
"""What pages open, and browsers fetch for them, without a header of ours: that keeps none open, either."""
_OPEN_NAMES = ("health", "openapi.json", "docs", "first", "join", "sign-in", "oidc/start", "oidc/back")
OPEN_PATHS = frozenset(f"/api/v1/{name}" for name in _OPEN_NAMES)
OPEN_BELOW = "/api/v1/shared/"
"""A link to a medium is what it takes: see `sharing`."""
_MOST_BODY = 64 << 10
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
        "style-src 'self'; script-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the one-time link must not travel in a Referer
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, centre: Centre) -> None:
        self._app, self._centre = app, centre
        self._headers = _headers_for(centre.ground.tiles, centre.media.origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(send, self._headers, secure=scope["scheme"] in {"https", "wss"}, api=_is_api(scope))
        try:
            if self._centre.local_only:
                _check_host(scope)
            if _is_api(scope):
                await self._check(scope)
            await self._app(scope, _bounded(receive), guarded)
        except ApiError as error:
            await _refuse(scope, receive, guarded, error)
        except StorageError:
            away = ApiError(503, "storage", "the centre's store does not answer now; try again")
            await _refuse(scope, receive, guarded, away)

    async def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        _check_origin(scope, headers)
        if int(headers.get("content-length") or 0) > _MOST_BODY:
            raise ApiError(413, "too_large", f"a request may have {_MOST_BODY} bytes")
        use = headers.get(IDLE_HEADER) != "1" and not scope["path"].startswith(_UNTOUCHED)
        person = await identify(self._centre, HTTPConnection(scope), use=use)
        if person is not None:
            scope["person"] = person
        elif scope["path"] not in OPEN_PATHS and not scope["path"].startswith(OPEN_BELOW):
            raise ApiError(401, "not_signed_in", "sign in first", {"WWW-Authenticate": "Bearer"})


async def identify(centre: Centre, connection: HTTPConnection, *, use: bool) -> Person | None:
    """Whose session or token this request carries; `use` keeps a session alive."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return await run_in_threadpool(centre.tokens.person, token.strip())
    session = connection.cookies.get(COOKIE)
    return await run_in_threadpool(partial(centre.sessions.person, session, use=use)) if session else None


async def is_the_same(centre: Centre, connection: HTTPConnection) -> bool:
    """May who opened this long connection still do what it could then? Else it ends, and is opened anew if it may."""
    then: Person = connection.scope["person"]
    now = await identify(centre, connection, use=False)
    return now is not None and (now.role, now.reach, now.scopes) == (then.role, then.reach, then.scopes)


def _check_host(scope: Scope) -> None:
    """On loopback only this machine's own names lead here: any other is a page that had its name rebound to us."""
    host = Headers(scope=scope).get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
        local = name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ApiError(421, "misdirected", "this centre answers to localhost only; behind a proxy set behind_proxy")


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Browsers say where a request comes from: a page of another origin has no business here."""
    origin = headers.get("origin")
    if origin is not None and _place_of(origin) != headers.get("host", "").lower():
        raise ApiError(403, "csrf", "this request comes from another site")
    if scope["type"] == "websocket" or scope["method"] in _SAFE:
        return
    bearer = headers.get("authorization", "").lower().startswith("bearer ")  # unlike Basic, no browser adds it itself
    if origin is None and headers.get(CSRF_HEADER) != "1" and not bearer:
        raise ApiError(403, "csrf", f"send the header {CSRF_HEADER}: 1")


def _place_of(origin: str) -> str | None:
    """Its host and port; None: it is not even an address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _is_api(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == "/api" or path.startswith("/api/")


def _bounded(receive: Receive) -> Receive:
    """A body without a Content-Length is counted as it comes."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        if taken > _MOST_BODY:
            raise ApiError(413, "too_large", f"a request may have {_MOST_BODY} bytes")
        return message

    return bounded


def _headers_for(tiles: str | None, media: str | None = None) -> dict[str, str]:
    """Where tiles or media of another server are configured they may come from there, and from nowhere else."""
    name = "Content-Security-Policy"
    policy = SECURITY_HEADERS[name]
    if tiles is not None:
        parts = urlsplit(tiles)
        policy = _also(policy, ("img-src",), f"{parts.scheme}://{parts.netloc}")
    if media is not None:
        policy = _also(policy, ("img-src", "media-src", "connect-src"), media)
    return SECURITY_HEADERS | {name: policy}


def _also(policy: str, kinds: tuple[str, ...], origin: str) -> str:
    for kind in kinds:
        policy = policy.replace(f"{kind} 'self'", f"{kind} 'self' {origin}")
    return policy


def _with_headers(send: Send, headers: dict[str, str], *, secure: bool, api: bool) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            answer = MutableHeaders(scope=message)
            for name, value in headers.items():
                answer.setdefault(name, value)
            if secure:
                answer.setdefault("Strict-Transport-Security", "max-age=31536000")
            if api:
                answer.setdefault("Cache-Control", "no-store")
        await send(message)

    return guarded


async def _refuse(scope: Scope, receive: Receive, send: Send, error: ApiError) -> None:
    response: Any = error_response(error.status, error.code, error.message, error.headers)
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    await response(scope, receive, send)
