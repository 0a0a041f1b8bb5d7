"""What comes from the broker to a process that only ingests, or only serves: sorted by topic."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.central.base import Base
from agent.central.between import CENTRE, SharedNews
from agent.central.ingest import OnLive, Reception
from agent.central.media_intake import MediaIntake
from agent.core.errors import WireError
from agent.core.ids import is_id
from agent.wire.topics import Address, parse

log = logging.getLogger(__name__)

_LEVELS = CENTRE.count("/") + 1


class IngestEar:
    """The link's `on_message` where there is no web side. Never raises, never waits."""

    def __init__(self, reception: Reception, media: MediaIntake, owns: Callable[[str, str], bool]) -> None:
        self._reception, self._media, self._owns = reception, media, owns

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:
        """False: no room now, offer it again."""
        if not topic.startswith(f"{CENTRE}/"):
            return self._reception.on_message(topic, payload, retained)
        kind, *levels = topic.split("/")[_LEVELS:]
        if not all(map(is_id, levels)):
            return True
        match kind, levels:
            case "media", [_, _, _, "media", *_]:
                return self._passed_on(levels, payload)
            case "cancel", [site, gateway, media] if self._owns(site, gateway):
                self._media.cancel(site, gateway, media)
        return True

    def _passed_on(self, levels: list[str], payload: bytes) -> bool:
        """By another process, which thinks that it is for us; it is taken even if it is not any more."""
        _, site, gateway, *path = levels
        try:
            return self._media.on_message(Address(site, gateway, tuple(path)), payload)
        except WireError as error:
            log.debug("refused what was passed on of %s: %s", "/".join(levels), error)
            return True


class WebEar:
    """The link's `on_message` where nothing is ingested. Never raises, never waits."""

    def __init__(self, base: Base, news: SharedNews, to_live: OnLive) -> None:
        self._known, self._news, self._to_live = base.known, news, to_live

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:  # noqa: ARG002 - the link's signature
        """Always taken: nobody sends it again."""
        if topic.startswith(f"{CENTRE}/news/"):
            self._news.hear(topic, payload)
            return True
        try:
            address = parse(topic)
            if self._known is None or (address.site, address.gateway) in self._known:
                self._to_live(address, payload)
        except WireError as error:
            log.debug("refused %s: %s", topic[:120], error)
        return True
