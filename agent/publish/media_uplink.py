"""The second connection: media and live pictures have one of their own, so that they never stand before an alarm.

It bears no Will and hears nothing but what the centre says of media: the gateway is online by its first connection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.core.errors import WireError
from agent.core.queues import BoundedQueue
from agent.core.sparing import SparingLog
from agent.core.stop import StopToken
from agent.publish.budget import Budget
from agent.publish.outbox import Outbox
from agent.publish.transfer import IDLE_S, MediaSender, Pressure
from agent.wire.messages import MediaAck, decode
from agent.wire.mqtt import LinkSettings, MqttLink
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
EXPIRE_EVERY_S = 60.0
BACKLOG = 500
"""With more messages waiting only those media go that somebody waits for."""
LIVE_NS = NS
"""Media yield to live pictures until none was said for so long."""


class Heard(NamedTuple):
    """What the centre said, still to be looked at; `topic` empty is a mere nudge."""

    topic: str
    payload: bytes


class MediaUplink:
    """A worker beside its `link`: start both of `workers`.

    `settings` is whole but for the subscription; `learn` is told the centre's time. While `busy` says
    that messages go over the first connection, media leave the link to them but for a piece at a time.
    """

    def __init__(
        self,
        outbox: Outbox,
        topics: GatewayTopics,
        settings: LinkSettings,
        clock: Clock,
        *,
        learn: Callable[[str], None],
        backoff: Backoff | None = None,
        budget: Budget | None = None,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = "media"
        self.heard = self.refused = 0
        self._grumble = SparingLog(log, clock)
        self._outbox, self._topics, self._clock, self._learn = outbox, topics, clock, learn
        self._inbox: BoundedQueue[Heard] = BoundedQueue(256, 8 << 20, lambda heard: len(heard.payload))
        self._fresh = self._nudged = False
        self._turn_s = IDLE_S
        self._look_ns = self._expire_ns = 0
        self.link = MqttLink(
            settings, on_message=self.on_message, on_up=self._up, on_down=self._down, clock=clock, name="mqtt-media",
            on_room=self.nudge, backoff=backoff,
        )  # fmt: skip
        self._budget = budget
        self._live_ns = -LIVE_NS
        self._messages_go, self._backlog = busy, False
        self._sender = MediaSender(outbox.media, topics, self.link, clock, budget, self._pressure)

    @property
    def workers(self) -> tuple[MqttLink, MediaUplink]:
        """What the supervisor has to start."""
        return self.link, self

    @property
    def sent(self) -> Mapping[str, int]:
        """What left since the start: `pieces` and their `bytes`, each as often as it went."""
        return self._sender.sent

    @property
    def rate(self) -> float:
        """What media went at of late, bytes a second."""
        return self._sender.flow.rate

    def say(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0 or not at all: False when there is no connection, no room, or the budget does not allow it."""
        self._live_ns = self._clock.mono_ns()
        if self._budget is not None and self._budget.refusal("live"):
            return False
        said = self.link.publish(topic, payload, qos=0)
        if said and self._budget is not None:
            self._budget.spend("live", len(payload))
        return said

    def _pressure(self) -> Pressure:
        if self._backlog:
            return Pressure.MUCH
        live = self._clock.mono_ns() - self._live_ns < LIVE_NS
        return Pressure.SOME if live or self._messages_go() else Pressure.NONE

    def nudge(self) -> None:
        """There may be a new medium."""
        if not self._nudged:
            self._nudged = True
            self._inbox.put(Heard("", b""))

    def run(self, stop: StopToken) -> None:
        """Send what the centre wants and hear what it says, until `stop`."""
        self._outbox.media.sweep()
        while not stop.is_set():
            first = self._inbox.get(timeout_s=self._turn_s)
            self._nudged = False
            self._hear([first] if first else [])
            self._turn_s = self._send() if self.link.connected else IDLE_S
            self._chores()

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whatever the broker hands us, on the connection's thread."""
        self.heard += 1
        if retained or not self._inbox.put(Heard(topic, payload)):
            self.refused += 1  # the centre says it again when a medium is announced again
        return True

    def _up(self) -> None:
        self._fresh = True
        self.nudge()

    def _down(self, reason: str) -> None:
        log.info("the connection for media is down: %s", reason)

    def _hear(self, heard: list[Heard]) -> None:
        for one in [*heard, *self._inbox.drain(256)]:
            if one.topic:
                try:
                    self._hear_one(one)
                except WireError as error:
                    self.refused += 1
                    self._grumble.warning("a message of the centre is refused: %s", error)

    def _hear_one(self, heard: Heard) -> None:
        if heard.topic != self._topics.ack("media"):
            raise WireError(f"nothing is expected on {heard.topic[:120]!r}")
        spoken = decode(MediaAck, heard.payload)
        self._learn(spoken.now)
        self._sender.heard(spoken)

    def _send(self) -> float:
        fresh, self._fresh = self._fresh, False
        if fresh:
            self._sender.begin_again()
        return self._sender.step()

    def _chores(self) -> None:
        now_ns = self._clock.mono_ns()
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + int(LOOK_EVERY_S * NS)
            self._sender.look_again()
            self._backlog = self._outbox.depth().messages > BACKLOG
        if now_ns >= self._expire_ns:
            self._expire_ns = now_ns + int(EXPIRE_EVERY_S * NS)
            self._outbox.media.expire()
        if self._budget is not None:
            self._budget.save()
