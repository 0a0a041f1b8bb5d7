"""What the routes need, put together by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

from agent.central.api.errors import ApiError
from agent.central.api.lately import Lately
from agent.central.clips import Clips
from agent.central.commands import Commander
from agent.central.counts import Tally
from agent.central.directory import Directory
from agent.central.first_sign_in import FirstSignIn
from agent.central.live import LiveHub
from agent.central.media_kept import Media
from agent.central.news import News
from agent.central.settings import Settings
from agent.central.store.audit import Audit
from agent.central.store.finds import Finds
from agent.central.store.health import HealthHistory
from agent.central.store.holds import Holds
from agent.central.store.hooks import Hooks
from agent.central.store.incidents import Incidents
from agent.central.store.layouts import Layouts
from agent.central.store.links import Links
from agent.central.store.lockout import Lockout
from agent.central.store.people import People, Person
from agent.central.store.reach import NOTHING, Reach
from agent.central.store.reviews import Reviews
from agent.central.store.searches import Searches
from agent.central.store.sessions import Sessions
from agent.central.store.sums import Sums
from agent.central.store.tokens import Tokens
from agent.central.store.views import Views
from agent.config.central import Map
from agent.core.clock import Clock
from agent.core.stop import StopToken

REASON_HEADER = "X-Lamppost-Reason"


@dataclass(frozen=True, slots=True)
class Centre:
    """The services behind the API; `local_only`: see the guard.

    `health` reports on broker, database and ingest, `processes` on each process that the centre is made of.

    `ask_reason` are the actions that nobody takes without saying why; `ground` is what lies under the map.
    """

    clock: Clock
    stop: StopToken
    settings: Settings
    views: Views
    finds: Finds
    sums: Sums
    history: HealthHistory
    people: People
    sessions: Sessions
    tokens: Tokens
    searches: Searches
    hooks: Hooks
    lockout: Lockout
    audit: Audit
    first: FirstSignIn
    reviews: Reviews
    layouts: Layouts
    links: Links
    holds: Holds
    incidents: Incidents
    clips: Clips
    commander: Commander
    live: LiveHub
    news: News
    media: Media
    counts: Tally
    started_ns: int
    health: Callable[[], dict[str, Any]]
    processes: Callable[[], list[dict[str, Any]]]
    static: Path
    local_only: bool
    lately: Lately
    ask_reason: frozenset[str] = frozenset()
    ground: Map = field(default_factory=Map)
    directory: Directory | None = None

    def limited(self, reach: Reach, *, evidence: bool) -> Centre:
        """The same, for somebody who sees no more than that; with `evidence` what was taken out as such, too."""
        if reach.everything and evidence:
            return self
        finds = self.finds.limited(reach, evidence=evidence)
        views, clips = self.views.limited(reach, evidence=evidence), self.clips.limited(finds)
        sums, history = self.sums.limited(reach), self.history.limited(reach)
        holds, incidents = self.holds.limited(reach), self.incidents.limited(reach)
        return replace(
            self, views=views, finds=finds, clips=clips, sums=sums, history=history, holds=holds, incidents=incidents
        )


def centre_of(connection: HTTPConnection) -> Centre:
    """The services: nothing but what is within reach of who asks can be had from them."""
    centre: Centre = connection.app.state.centre
    person: Person | None = connection.scope.get("person")
    if person is None:
        return centre.limited(NOTHING, evidence=False)
    return centre.limited(person.reach, evidence=person.sees_evidence)


async def here(connection: HTTPConnection) -> Centre:
    """`centre_of` as a route's dependency: it waits for nothing, and so takes no thread."""
    return centre_of(connection)


def origin_of(connection: HTTPConnection) -> str:
    """Where a request comes from, for the audit log."""
    return connection.client.host if connection.client else "unknown"


def note(connection: HTTPConnection, action: str, what: str, why: str = "") -> None:
    """Write down that who asks does this, with the reason: `why`, the request's own, or the one given for the session.

    Raises:
        ApiError: a reason must be given, and there is none.
    """
    centre, person = centre_of(connection), person_of(connection)
    why = why or why_of(connection)
    if not why and asks_reason(centre, action):
        raise ApiError(403, "reason_needed", f"say why, with the header {REASON_HEADER} or once for the session")
    centre.audit.write(person.signature, action, what, origin_of(connection), why)


def asks_reason(centre: Centre, action: str) -> bool:
    """Must a reason be given for this? `media` in the configuration means every action of that family."""
    return bool({action, action.partition(".")[0]} & centre.ask_reason)


def reason_of(connection: HTTPConnection) -> str:
    """Why, as the request says: a header, or `reason` in the address where no header can be sent."""
    text = connection.headers.get(REASON_HEADER) or connection.query_params.get("reason") or ""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]


def why_of(connection: HTTPConnection) -> str:
    """The request's own reason, or the one given for the session; empty: none."""
    return reason_of(connection) or person_of(connection).reason


def person_of(connection: HTTPConnection) -> Person:
    """Who asks; the guard has put it there."""
    person: Person = connection.scope["person"]
    return person
