"""The side of the centre that serves people: API, viewer, live pictures, commands."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from agent.central.api.build import create_app
from agent.central.api.context import Centre
from agent.central.api.lately import Lately
from agent.central.base import Base
from agent.central.broker import LOOPBACK
from agent.central.clips import Clips
from agent.central.commands import Commander
from agent.central.counts import Tally
from agent.central.directory import Directory
from agent.central.first_sign_in import FirstSignIn
from agent.central.holding import Holding
from agent.central.ingest import Publish
from agent.central.live import LiveHub
from agent.central.media_intake import Progress
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
from agent.central.store.overlays import Overlays
from agent.central.store.people import People
from agent.central.store.reviews import Reviews
from agent.central.store.searches import Searches
from agent.central.store.sessions import Sessions
from agent.central.store.sums import Sums
from agent.central.store.tokens import Tokens
from agent.central.store.views import Views
from agent.central.web_server import WebServer
from agent.config.central import Central
from agent.wire.topics import Address

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


class Desk(TypedDict):
    """What of the API's services knows people."""

    people: People
    sessions: Sessions
    tokens: Tokens
    searches: Searches
    hooks: Hooks
    reviews: Reviews
    layouts: Layouts
    links: Links
    holds: Holds
    incidents: Incidents
    lockout: Lockout
    audit: Audit
    directory: Directory | None
    ask_reason: frozenset[str]


@dataclass(frozen=True)
class Reports:
    """What the API says of the centre itself; see `health`."""

    health: Callable[[], dict[str, Any]]
    processes: Callable[[], list[dict[str, Any]]]
    counts: Tally


@dataclass(frozen=True)
class WebSide:
    """`settings` and `holding` look after all gateways, which one process does for all."""

    server: WebServer
    commander: Commander
    live: LiveHub
    settings: Settings
    holding: Holding

    def on_answer(self, address: Address, payload: bytes) -> None:
        """A reply, a live piece or boxes.

        Raises:
            WireError: not what its topic says.
        """
        (self.commander.on_reply if address.path[0] == "reply" else self.live.on_message)(address, payload)


def make_desk(base: Base) -> Desk:
    """The services over the accounts."""
    config, database, clock, sealer = base.config, base.database, base.clock, base.sealer
    people, asked = People(database, clock, sealer), config.people
    return Desk(
        people=people,
        sessions=Sessions(database, clock, asked.session_idle_minutes * 60, asked.session_days * 86_400),
        tokens=Tokens(database, clock),
        searches=Searches(database, clock),
        hooks=Hooks(database, clock, sealer),
        reviews=Reviews(database, clock),
        layouts=Layouts(database, clock),
        links=Links(database, clock, sealer),
        holds=Holds(database, clock),
        incidents=Incidents(database, clock),
        lockout=Lockout(database, clock),
        audit=Audit(database, clock),
        directory=None if config.oidc is None else Directory(config.oidc, clock),
        ask_reason=frozenset(asked.ask_reason),
    )


def make_web(
    base: Base, desk: Desk, news: News, publish: Publish, link_up: Callable[[], bool], *,
    progress: Callable[[str], Progress | None], cancel: Callable[[str, str, str], None], first: FirstSignIn,
    reports: Reports,
) -> WebSide:  # fmt: skip
    """Build it. `progress(media)` and `cancel(site, gateway, media)` are of whoever takes media."""
    config, clock, database = base.config, base.clock, base.database
    central, views = config.central, Views(database, clock)
    finds = Finds(database, clock, progress)
    commander = Commander(base.signer, clock, publish, link_up, views.is_online)
    live = LiveHub(commander, clock)
    settings = Settings(Overlays(database), views, commander, base.signer, clock)
    centre = Centre(
        clock=clock, stop=base.stop, settings=settings, views=views, finds=finds, history=HealthHistory(database),
        first=first, clips=Clips(database, finds, commander, clock, news, is_limited=views.is_limited, cancel=cancel),
        commander=commander, live=live, news=news, media=base.media.kept, counts=reports.counts,
        health=reports.health, processes=reports.processes, static=STATIC,
        local_only=_place(central)[0] in LOOPBACK and not central.behind_proxy,
        started_ns=clock.wall_ns(), lately=Lately(clock), ground=config.map, sums=Sums(database), **desk,
    )  # fmt: skip
    holding = Holding(desk["holds"], desk["audit"], views, commander, clock, news)
    return WebSide(_server(central, centre), commander, live, settings, holding)


def _server(central: Central, centre: Centre) -> WebServer:
    return WebServer(
        lambda: create_app(centre),
        *_place(central),
        cert=central.tls_cert,
        key=central.tls_key,
        proxies=central.proxies if central.behind_proxy else (),
    )


def _place(central: Central) -> tuple[str, int]:
    host, _, port = central.listen.rpartition(":")
    return host.strip("[]"), int(port)
