"""Delivers an outbox once, to its end, over a connection of its own: for one that came on a stick.

No Will, no state, no commands: the gateway itself is elsewhere. What is acknowledged leaves the outbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from agent.core.clock import NS, Clock
from agent.core.errors import LinkError, WireError
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.publish.media_uplink import MediaUplink
from agent.publish.message_sender import MessageSender
from agent.publish.outbox import Outbox
from agent.wire.messages import DURABLE_CLASSES, Ack, DurableClass, decode
from agent.wire.mqtt import LinkSettings, MqttLink, client_id
from agent.wire.topics import GatewayTopics

_TURN_S = 0.05
_RESEND_S = 5.0
PATIENCE_S = 60.0


class Delivery:
    """`run` it on a thread that may wait."""

    def __init__(self, site: str, gateway: str, outbox: Outbox, settings: LinkSettings, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock
        self._topics = GatewayTopics(site, gateway)
        self._heard: BoundedQueue[tuple[DurableClass, bytes]] = BoundedQueue(2048, 8 << 20, lambda one: len(one[1]))
        self._kinds: dict[str, DurableClass] = {self._topics.ack(kind): kind for kind in DURABLE_CLASSES}
        self._fresh = False
        name = client_id(f"lamppost-{site}-{gateway}-stick", settings)
        own = replace(settings, client_id=name, subscriptions=tuple((topic, 1) for topic in self._kinds))
        self._link = MqttLink(own, on_message=self._hear, on_up=self._up, on_down=lambda _: None, clock=clock)
        self._messages = MessageSender(site, gateway, outbox, self._link, clock, resend_s=_RESEND_S)
        media = replace(settings, client_id=name + "-media", subscriptions=((self._topics.ack("media"), 1),))
        self._media = MediaUplink(outbox, self._topics, media, clock, learn=lambda _: None)

    def run(
        self, stop: StopToken, progress: Callable[[int, int], None] = lambda *_: None, patience_s: float = PATIENCE_S
    ) -> None:
        """Until nothing waits, or `stop`. `progress` is told what still does: messages and media.

        Raises:
            LinkError: the broker or the centre did not take anything for `patience_s`.
        """
        ending = StopToken()
        workers = (self._link, *self._media.workers)
        threads = [threading.Thread(target=worker.run, args=(ending,), name=worker.name) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            self._deliver(stop, progress, patience_s)
        finally:
            ending.set()
            for thread in threads:
                thread.join()

    def _deliver(self, stop: StopToken, progress: Callable[[int, int], None], patience_s: float) -> None:
        waits, since_ns = self._waits(), self._clock.mono_ns()
        while waits != (0, 0) and not stop.is_set():
            progress(*waits)
            self._turn(stop)
            now_waits = self._waits()
            if now_waits != waits or self._link.backlog + self._media.link.backlog:
                waits, since_ns = now_waits, self._clock.mono_ns()
            elif self._clock.mono_ns() - since_ns > patience_s * NS:
                why = self._link.error or self._media.link.error or "the centre does not acknowledge: does it run?"
                raise LinkError(f"{waits[0]} messages and {waits[1]} media are not taken: {why}")

    def _waits(self) -> tuple[int, int]:
        depth = self._outbox.depth()
        return depth.messages, depth.media

    def _turn(self, stop: StopToken) -> None:
        first = self._heard.get(_TURN_S)
        for kind, payload in [*([first] if first else []), *self._heard.drain(1024)]:
            with suppress(WireError):  # of the gateway's own outbox, perhaps: it may be connected, too
                self._messages.acknowledged(kind, [decode(Ack, payload)])
        if self._link.connected and not stop.is_set():
            if self._fresh:
                self._fresh = False
                self._messages.begin_again()
            self._messages.step()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> bool:  # noqa: ARG002 - the link's signature
        if (kind := self._kinds.get(topic)) is not None:
            self._heard.put((kind, payload))
        return True

    def _up(self) -> None:
        self._fresh = True
