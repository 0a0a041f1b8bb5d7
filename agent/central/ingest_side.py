"""The side of the centre that hears gateways: takes what they send, and does what needs doing once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.central.base import Base
from agent.central.between import MediaRoute
from agent.central.clips import Overdue
from agent.central.hooks import HookRunner
from agent.central.ingest import OnLive, Publish, Reception, Writer
from agent.central.media_intake import MediaIntake
from agent.central.news import News
from agent.central.outgoing import Gate
from agent.central.store.hooks import Hooks
from agent.central.store.retention import Retention
from agent.central.store.searches import Searches
from agent.central.watching import Watcher
from agent.core.ports import Worker


@dataclass(frozen=True)
class IngestSide:
    """`once` are the workers of which there may be one only, in all processes."""

    base: Base
    reception: Reception
    writer: Writer
    media: MediaIntake
    retention: Retention
    once: tuple[Worker, ...]

    def report(self) -> dict[str, Any]:
        """How far it is behind, and what it refused."""
        counts, writer = self.base.counts, self.writer
        media = self.base.media.health() | {"full": self.retention.problem}
        return {
            "queued": writer.queued, "lag_s": round(writer.lag_s, 3), "messages": counts.messages,
            "rejected": counts.reasons(), "error": writer.error, "media": media,
        }  # fmt: skip


def make_ingest(
    base: Base, news: News, publish: Publish, to_live: OnLive, searches: Searches, hooks: Hooks, *,
    owns: Callable[[str, str], bool] = lambda _site, _gateway: True,
    route: MediaRoute | None = None,
) -> IngestSide:  # fmt: skip
    """Build it. `owns(site, gateway)` says whose media are ours; `route` brings those of others to them."""
    config, clock, database, counts = base.config, base.clock, base.database, base.counts
    media = MediaIntake(base.media.folder, database, clock, counts, news, publish, owns=owns)
    to_media = media.on_message if route is None else partial(route.take, media.on_message)
    reception = Reception(clock, counts, base.known, to_live=to_live, to_media=to_media)
    keep_days, audit_days = config.central.keep_days, config.people.audit_days
    watcher = Watcher(searches, clock)
    writer = Writer(reception.queue, database, clock, counts, news, publish, watcher, hooks, keep_days)
    retention = Retention(database, clock, keep_days, base.media.kept.remove, audit_days, config.media.max_bytes)
    once: tuple[Worker, ...] = (
        retention,
        HookRunner(hooks, Gate(config.webhooks.allow), clock),
        Overdue(database, clock, news),
    )
    return IngestSide(base, reception, writer, media, retention, once)
