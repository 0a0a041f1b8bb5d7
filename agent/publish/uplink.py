"""The gateway's end of the wire: empties the outbox towards the centre, keeps the retained state, hears the centre.

The promise: a message leaves the outbox when the centre says that it is stored, and for no other reason but the
outbox's own bound. A PUBACK means nothing here; a message without the centre's word goes again after `RESEND_S` and
after every reconnect.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError, WireError
from agent.core.ids import new_id
from agent.core.ports import Worker
from agent.core.queues import BoundedQueue
from agent.core.sparing import SparingLog
from agent.core.stop import StopToken
from agent.publish.budget import Budget
from agent.publish.commands import CommandDesk
from agent.publish.media_uplink import Heard, MediaUplink
from agent.publish.message_sender import RESEND_S, SLOW_BYTES, MessageSender
from agent.publish.outbox import Outbox
from agent.wire.messages import DURABLE_CLASSES, Ack, DurableClass, Message, Reply, Status, decode, encode, squeeze
from agent.wire.mqtt import LinkSettings, MqttLink, client_id
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

LATE_REPLIES = 64
"""Replies kept while there is no connection; of more, the oldest go: their askers have given up."""
TURN_S = 0.25
GATHER_S = 0.01
"""After something was sent: what comes meanwhile shares an envelope."""
SYNC_EVERY_S = 1.0
DISK_AGAIN_S = 1.0
MEDIA_QUEUE_S = 0.25
"""Less than messages may build: media yield."""
SESSION_EXPIRY_S = 3600
"""So long a broker keeps acknowledgements and commands for a gateway that is away."""


@dataclass(frozen=True, slots=True)
class UplinkHealth:
    """How the uplink is. The errors are one clear line each while a connection is missing.

    `broker` is where it is connected, empty while it is not. `heard` counts what the broker handed us, `refused` what
    of it was broken, `commands_refused` those that were not surely the centre's and for us, by reason.
    """

    connected: bool
    protocol: int
    error: str
    media_error: str
    heard: int
    refused: int
    commands_refused: dict[str, int]
    broker: str


class Uplink:
    """A worker; `link` and the command desk are workers of their own beside it: start all of `workers`.

    `settings` carries the broker's address and credentials; client id, Will and subscriptions are set here. `key` is
    the public key that signs footage, for the status.
    """

    def __init__(
        self,
        site: str,
        gateway: str,
        outbox: Outbox,
        settings: LinkSettings,
        clock: Clock,
        *,
        commands: CommandDesk,
        version: str,
        key: str = "",
        resend_s: float = RESEND_S,
        compress: bool = True,
        backoff: Backoff | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.name = "uplink"
        self.session = new_id(clock.wall_ns())
        self._site, self._gateway, self._outbox, self._clock = site, gateway, outbox, clock
        self._commands = commands
        self._since, self._version = rfc3339(clock.wall_ns()), version
        self._key, self._compress, self._budget = key, compress, budget
        self._topics = GatewayTopics(site, gateway)
        self._inbox: BoundedQueue[Heard] = BoundedQueue(2048, 8 << 20, lambda heard: len(heard.payload))
        self._lock = threading.Lock()
        self._states: dict[str, bytes] = {self._topics.status: self._status("online")}
        self._stale: dict[str, None] = {}
        self._late_replies: deque[Reply] = deque(maxlen=LATE_REPLIES)
        self._nudged = self._new_connection = False
        self._sync_ns = 0
        self._heard = self._refused = 0
        self._grumble = SparingLog(log, clock)
        self.link = MqttLink(
            self._settings(settings), on_message=self.on_message, on_up=self._up, on_down=self._down, clock=clock,
            on_room=self._nudge, backoff=backoff,
        )  # fmt: skip
        self._messages = MessageSender(
            site, gateway, outbox, self.link, clock, resend_s=resend_s, compress=compress, budget=budget
        )
        self.media = MediaUplink(
            outbox, self._topics, self._media_settings(settings), clock, learn=commands.centre_clock.learn,
            backoff=backoff.copy() if backoff else None, budget=budget, busy=lambda: self._messages.busy,
        )  # fmt: skip
        outbox.on_put = self._nudge
        outbox.on_put_media = self.media.nudge
        commands.on_reply = self._reply

    @property
    def workers(self) -> tuple[Worker, ...]:
        """What the supervisor has to start."""
        return self.link, self, self._commands, *self.media.workers

    def state(self, topic: str, message: Message) -> None:
        """Set a retained topic: published now, and again at every connect. The newest wins."""
        with self._lock:
            self._states[topic] = encode(message)
            self._stale[topic] = None
        self._nudge()

    def say(self, topic: str, payload: bytes) -> bool:
        """Live pictures and boxes: sent at QoS 0 over the second connection, or not at all (False)."""
        return self.media.say(topic, payload)

    def health(self) -> UplinkHealth:
        """For the health message and the status page."""
        link = self.link
        heard, refused = self._heard + self.media.heard, self._refused + self.media.refused
        return UplinkHealth(
            link.connected,
            link.protocol,
            link.error,
            self.media.link.error,
            heard,
            refused,
            dict(self._commands.reasons),
            link.broker if link.connected else "",
        )

    def run(self, stop: StopToken) -> None:
        """Send what waits and hear what comes, until `stop`."""
        while not stop.is_set():
            try:
                self._turn(stop)
            except StorageError as error:  # a full disk: what is acknowledged meanwhile is sent again
                self._grumble.warning("%s", error)
                stop.wait(DISK_AGAIN_S)
        self._outbox.sync()

    def _turn(self, stop: StopToken) -> None:
        first = self._inbox.get(timeout_s=TURN_S)
        self._nudged = False
        self._hear([first] if first else [])
        if self.link.connected and self._send():
            stop.wait(GATHER_S)
        self._chores()

    # -- what the connection calls, on its thread ---------------------------------------------------------------

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whatever the broker hands us; commands at once, the rest on our own thread."""
        self._heard += 1
        if topic.startswith(self._topics.root + "/command/"):
            reply = self._commands.handle(topic, payload, retained)
            if reply is not None:
                self._reply(reply)
        elif retained or not self._inbox.put(Heard(topic, payload)):
            self._refused += 1  # the centre says it again when we send again
        return True

    def _up(self) -> None:
        with self._lock:
            self._new_connection = True
            self._stale = dict.fromkeys(self._states)
        self._nudge()

    def _down(self, reason: str) -> None:
        log.info("the uplink is down: %s", reason)

    def _reply(self, reply: Reply) -> None:
        if not self._send_reply(reply):
            self._late_replies.append(reply)  # a clip is cut for seconds: the broker may be away just then

    def _send_reply(self, reply: Reply) -> bool:
        body = encode(reply)
        went = self.link.publish(self._topics.reply(reply.id), body, urgent=True)
        if went:
            self._spend(len(body))
        return went

    def _nudge(self) -> None:
        if not self._nudged:
            self._nudged = True
            self._inbox.put(Heard("", b""))

    # -- hearing ------------------------------------------------------------------------------------------------

    def _hear(self, heard: list[Heard]) -> None:
        acks: defaultdict[DurableClass, list[Ack]] = defaultdict(list)
        for one in [*heard, *self._inbox.drain(1024)]:
            if one.topic:
                with self._refusing():
                    kind, ack = self._kind(one.topic), decode(Ack, one.payload)
                    acks[kind].append(ack)
        for kind, spoken in acks.items():
            with self._refusing():
                self._messages.acknowledged(kind, spoken)
                self._commands.centre_clock.learn(spoken[-1].now)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except WireError as error:
            self._refused += 1
            self._grumble.warning("a message of the centre is refused: %s", error)

    def _kind(self, topic: str) -> DurableClass:
        for kind in DURABLE_CLASSES:
            if topic == self._topics.ack(kind):
                return kind
        raise WireError(f"nothing is expected on {topic[:120]!r}")

    # -- sending ------------------------------------------------------------------------------------------------

    def _send(self) -> bool:
        """True when messages went."""
        with self._lock:
            fresh, self._new_connection = self._new_connection, False
        if fresh:
            self._messages.begin_again()
        self._send_states()
        while self._late_replies and self._send_reply(self._late_replies[0]):
            self._late_replies.popleft()
        return self._messages.step()

    def _send_states(self) -> None:
        with self._lock:
            stale = [(topic, self._states[topic]) for topic in self._stale]
        for topic, payload in stale:
            body = squeeze(payload) if self._thrifty else payload
            if not self.link.publish(topic, body, retain=True):
                return
            self._spend(len(body))
            with self._lock:
                if self._states[topic] is payload:
                    self._stale.pop(topic, None)

    @property
    def _thrifty(self) -> bool:
        limited = self._budget is not None and self._budget.limited
        return self._compress and (limited or self.link.window < SLOW_BYTES)

    def _spend(self, size: int) -> None:
        if self._budget is not None:
            self._budget.spend("state", size)

    # -- chores -------------------------------------------------------------------------------------------------

    def _chores(self) -> None:
        now_ns = self._clock.mono_ns()
        if now_ns >= self._sync_ns:
            self._sync_ns = now_ns + int(SYNC_EVERY_S * NS)
            self._outbox.sync()

    def _settings(self, broker: LinkSettings) -> LinkSettings:
        return replace(
            broker,
            client_id=self._client_id(broker),
            will=(self._topics.status, self._status("offline")),
            subscriptions=((self._topics.commands, 1), *((self._topics.ack(kind), 1) for kind in DURABLE_CLASSES)),
            clean=False,
            session_expiry_s=SESSION_EXPIRY_S,
        )

    def _client_id(self, broker: LinkSettings) -> str:
        return broker.client_id or client_id(f"lamppost-{self._site}-{self._gateway}", broker)

    def _media_settings(self, broker: LinkSettings) -> LinkSettings:
        return replace(
            broker,
            client_id=self._client_id(broker) + "-media",
            subscriptions=((self._topics.ack("media"), 1),),
            hasty_first=True,
            queue_s=MEDIA_QUEUE_S,
        )

    def _status(self, state: Literal["online", "offline"]) -> bytes:
        said = Status(state=state, session=self.session, since=self._since, version=self._version, key=self._key)
        return encode(said)
