"""Which broker next: the first of the list while it answers, another while it does not, and back."""

from __future__ import annotations

import logging
import socket
import threading

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.wire.mqtt_settings import LinkSettings

log = logging.getLogger(__name__)

_LOOK_FIRST_S, _LOOK_MOST_S, _LOOK_TIMEOUT_S = 60.0, 3600.0, 5.0


class Brokers:
    """The list of one connection; all calls on its thread."""

    def __init__(self, settings: LinkSettings, clock: Clock, look: Backoff | None = None) -> None:
        self._all = tuple(settings.at(url) for url in (settings.url, *settings.fallbacks))
        self._clock = clock
        self._look = look or Backoff(_LOOK_FIRST_S, _LOOK_MOST_S)
        self._at = 0
        self._look_ns = 0
        self._answers = threading.Event()

    @property
    def now(self) -> LinkSettings:
        """The one to connect to, or that we are connected to."""
        return self._all[self._at]

    @property
    def is_first(self) -> bool:
        """Is it the preferred one?"""
        return self._at == 0

    def failed(self) -> bool:
        """It was no good: take the next; True when another one can be tried at once, False after a whole round."""
        self._at = (self._at + 1) % len(self._all)
        return self._at != 0

    def came_up(self) -> None:
        """Connected: on a broker that is not the first, the first is looked for from time to time."""
        self._answers.clear()
        if self.is_first:
            self._look.reset()
        self._look_ns = self._clock.mono_ns() + int(self._look.next_s() * NS)

    def may_return(self) -> bool:
        """True once the first broker takes connections again; then the next attempt goes there."""
        if self.is_first:
            return False
        if self._answers.is_set():
            self._at = 0
            return True
        if self._clock.mono_ns() >= self._look_ns:
            self._look_ns = self._clock.mono_ns() + int(self._look.next_s() * NS)
            threading.Thread(target=self._knock, name="mqtt-look", daemon=True).start()
        return False

    def _knock(self) -> None:
        first = self._all[0]
        try:
            socket.create_connection((first.host, first.port), timeout=_LOOK_TIMEOUT_S).close()
        except OSError:
            return
        log.info("the broker at %s takes connections again", first.place)
        self._answers.set()
