"""What the centre says of itself: broker, database, ingest, and the processes that it is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent import __version__
from agent.central.base import Base
from agent.central.first_sign_in import FirstSignIn
from agent.central.presence import Presence
from agent.central.store.leases import Leases
from agent.central.store.processes import Peer
from agent.central.store.views import Views
from agent.core.clock import rfc3339
from agent.core.errors import StorageError
from agent.wire.mqtt import MqttLink

_OF_INGEST = ("queued", "lag_s", "messages")


class PeerCounts:
    """What came in at all processes that ingest, together. See `Tally`."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    @property
    def messages(self) -> int:
        """How many came."""
        return sum(peer.report.get("messages", 0) for peer in self._presence.peers("ingest"))

    def reasons(self) -> dict[str, int]:
        """How many were refused, by reason."""
        found = Counter[str]()
        for peer in self._presence.peers("ingest"):
            found.update(peer.report.get("rejected", {}))
        return dict(found)


@dataclass(frozen=True)
class Health:
    """`ingest` is the report of the ingest side when it runs here, else None: then its processes say how they are."""

    base: Base
    link: MqttLink
    views: Views
    presence: Presence
    first: FirstSignIn
    ingest: Callable[[], dict[str, Any]] | None = None

    def report(self) -> dict[str, Any]:
        """See the API's HealthOut."""
        database_ok, broker = self._database_answers(), self.base.broker_state(self.link)
        behind = [self.ingest()] if self.ingest is not None else [one.report for one in self.presence.peers("ingest")]
        media = _media([self.base.media.health(), *(one["media"] for one in behind if "media" in one)])
        well = bool(behind) and not any(one.get("error") for one in behind) and not media["error"]
        return {
            "ok": database_ok and broker["up"] and well,
            "version": __version__,
            "first_start": database_ok and self.first.is_the_only_way,
            "directory": self.base.config.oidc is not None,
            "broker": broker | self._broker_past(),
            "database": {"kind": self.base.database.kind, "ok": database_ok},
            "ingest": {
                "queued": sum(one.get("queued", 0) for one in behind),
                "lag_s": max((one.get("lag_s", 0.0) for one in behind), default=0.0),
                "messages": sum(one.get("messages", 0) for one in behind),
            },
            "media": media,
            "roles": _roles(self.presence.peers()),
        }

    def processes(self) -> list[dict[str, Any]]:
        """See the API's Processes."""
        holders = Leases(self.base.database, "").holders()
        return [_shown(peer, holders) for peer in self.presence.peers()]

    def _broker_past(self) -> dict[str, Any]:
        broker = self.base.broker
        if broker is None or broker.started_ns is None:
            return {"restarts": 0, "since": None, "last_end": ""}
        return {"restarts": broker.restarts, "since": rfc3339(broker.started_ns), "last_end": broker.last_end}

    def _database_answers(self) -> bool:
        try:
            self.views.check()
        except StorageError:
            return False
        return True


def _media(several: list[dict[str, Any]]) -> dict[str, Any]:
    """What waits at all processes together, and the first trouble of each kind."""
    troubles = {name: next((one[name] for one in several if one[name]), "") for name in ("error", "full")}
    return several[0] | {"waiting": sum(one["waiting"] for one in several[1:])} | troubles


def _roles(peers: list[Peer]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for peer in peers:
        role = found.setdefault(peer.role, {"running": 0, "well": 0})
        role["running"] += 1
        role["well"] += not peer.report.get("error")
    return found


def _shown(peer: Peer, holders: dict[str, str]) -> dict[str, Any]:
    return {
        **{name: getattr(peer, name) for name in ("id", "role", "host", "pid")},
        "since": rfc3339(peer.since_ns),
        "seen": rfc3339(peer.seen_ns),
        "well": not peer.report.get("error"),
        "error": peer.report.get("error", ""),
        "duties": sorted(name for name, holder in holders.items() if holder == peer.id),
        **{name: peer.report.get(name) for name in _OF_INGEST},
    }
