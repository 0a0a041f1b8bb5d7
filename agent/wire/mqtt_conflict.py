"""Another machine with our client id: each throws the other off. It is said, and not fought."""

from __future__ import annotations

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock, rfc3339

_FIRST_S, _MOST_S = 30.0, 900.0
_REMEMBERED_S = 3600.0
_SHORT_S, _SUSPECT_AFTER = 5.0, 3
"""MQTT 3.1.1 has no word for it, and mosquitto 2.0.11 does not say it in MQTT 5 either: it hangs up on the elder. Three
connections in a row that are closed in order before they are so old tell of a rival."""


class Conflict:
    """What one connection knows of a rival."""

    def __init__(self, client_id: str, clock: Clock, wait: Backoff | None = None) -> None:
        self._client_id, self._clock = client_id, clock
        self._wait = wait or Backoff(_FIRST_S, _MOST_S)
        self._up_ns = self._last_ns = 0
        self._short = self.times = 0
        self._lost_to_it = False
        self._said_at = ""

    @property
    def warning(self) -> str:
        """One line for an hour after the last time; else empty."""
        if not self.times or self._clock.mono_ns() - self._last_ns > _REMEMBERED_S * NS:
            return ""
        return (
            f"another machine connects with our id {self._client_id!r} and throws us off the broker ({self.times} "
            f"times, last at {self._said_at}): gateways need ids of their own"
        )

    def came_up(self) -> None:
        """A connection stands."""
        self._up_ns = self._clock.mono_ns()

    def went_down(self, *, taken_over: bool, hung_up: bool) -> None:
        """It ended: `taken_over` as the broker says, or `hung_up` by one that did not say why."""
        now_ns = self._clock.mono_ns()
        held_ns = now_ns - self._up_ns
        self._short = self._short + 1 if hung_up and held_ns < _SHORT_S * NS else 0
        self._lost_to_it = taken_over or self._short >= _SUSPECT_AFTER
        if self._lost_to_it:
            self.times += 1
            self._last_ns, self._said_at = now_ns, rfc3339(self._clock.wall_ns())
        elif held_ns > _REMEMBERED_S * NS:
            self._wait.reset()

    def wait_s(self) -> float:
        """How long to leave the place to the rival; 0 when there is none."""
        return self._wait.next_s() if self._lost_to_it else 0.0
