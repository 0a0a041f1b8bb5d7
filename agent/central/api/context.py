"""What the routes need, put together by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request

from agent.central.clips import Clips
from agent.central.commands import Commander
from agent.central.counts import Counts
from agent.central.first_sign_in import FirstSignIn
from agent.central.limiter import Limiter
from agent.central.live import LiveHub
from agent.central.media_store import MediaFolder
from agent.central.news import News
from agent.central.settings import Settings
from agent.central.store.finds import Finds
from agent.central.store.people import Audit, People, Person
from agent.central.store.views import Views
from agent.core.clock import Clock
from agent.core.stop import StopToken


@dataclass(frozen=True, slots=True)
class Centre:
    """The services behind the API. `health` reports on broker, database and ingest; `local_only`: see the guard."""

    clock: Clock
    stop: StopToken
    settings: Settings
    views: Views
    finds: Finds
    people: People
    audit: Audit
    first: FirstSignIn
    limiter: Limiter
    clips: Clips
    commander: Commander
    live: LiveHub
    news: News
    media: MediaFolder
    counts: Counts
    started_ns: int
    health: Callable[[], dict[str, Any]]
    static: Path
    local_only: bool


def centre_of(request: Request) -> Centre:
    """The services, for a route's dependency."""
    centre: Centre = request.app.state.centre
    return centre


def origin_of(request: Request) -> str:
    """Where a request comes from, for the audit log."""
    return request.client.host if request.client else "unknown"


def person_of(request: Request) -> Person:
    """Who asks; the guard has put it there."""
    person: Person = request.scope["person"]
    return person
