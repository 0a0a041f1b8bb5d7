"""The gateway's end of the wire: empties the outbox towards the centre, keeps the retained state, hears the centre.

The promise: a message leaves the outbox when the centre says that it is stored, and for no other reason but the
outbox's own bound. A PUBACK means nothing here; a message without the centre's word goes again after `RESEND_S` and
after every reconnect.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import WireError
from agent.core.ids import new_id
from agent.core.ports import Worker
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.publish.commands import CommandDesk
from agent.publish.media_uplink import MediaUplink
from agent.publish.outbox import Outbox, Waiting
from agent.wire import topics as wire_topics
from agent.wire.messages import DURABLE_CLASSES, Ack, Message, Reply, Status, decode, encode, leaf_of
from agent.wire.mqtt import LinkSettings, MqttLink, client_id
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

WINDOW = 64
"""Messages without the centre's word, at most."""
URGENT_WINDOW = 96
"""Alarms may go beyond `WINDOW`, up to this."""
RESEND_S = 10.0
LATE_REPLIES = 64
"""Replies kept while there is no connection; of more, the oldest go: their askers have given up."""
TURN_S = 0.25
SYNC_EVERY_S = 1.0


class Heard(NamedTuple):
    """What the centre said, still to be looked at; `topic` empty is a mere nudge."""

    topic: str
    payload: bytes


class Sent(NamedTuple):
    """A message on its way: when it left, and which gaps it told of."""

    at_ns: int
    told: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class UplinkHealth:
    """How the uplink is. The errors are one clear line each while a connection is missing.

    `refused` counts broken messages.
    """

    connected: bool
    protocol: int
    error: str
    media_error: str
    refused: int
    commands_refused: int


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
        backoff: Backoff | None = None,
    ) -> None:
        self.name = "uplink"
        self.session = new_id(clock.wall_ns())
        self._site, self._gateway, self._outbox, self._clock = site, gateway, outbox, clock
        self._commands, self._resend_ns = commands, int(resend_s * NS)
        self._since, self._version = rfc3339(clock.wall_ns()), version
        self._key = key
        self._topics = GatewayTopics(site, gateway)
        self._inbox: BoundedQueue[Heard] = BoundedQueue(2048, 8 << 20, lambda heard: len(heard.payload))
        self._lock = threading.Lock()
        self._states: dict[str, bytes] = {self._topics.status: self._status("online")}
        self._stale: dict[str, None] = {}
        self._late_replies: deque[Reply] = deque(maxlen=LATE_REPLIES)
        self._window: dict[tuple[str, int], Sent] = {}
        self._nudged = self._new_connection = False
        self._sync_ns = 0
        self._refused = 0
        self.link = MqttLink(
            self._settings(settings), on_message=self.on_message, on_up=self._up, on_down=self._down, clock=clock,
            backoff=backoff,
        )  # fmt: skip
        self.media = MediaUplink(
            outbox, self._topics, self._media_settings(settings), clock, learn=commands.centre_clock.learn,
            backoff=backoff.copy() if backoff else None,
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
        refused = self._refused + self.media.refused
        return UplinkHealth(
            link.connected, link.protocol, link.error, self.media.link.error, refused, self._commands.refused
        )

    def run(self, stop: StopToken) -> None:
        """Send what waits and hear what comes, until `stop`."""
        while not stop.is_set():
            first = self._inbox.get(timeout_s=TURN_S)
            self._nudged = False
            self._hear([first] if first else [])
            if self.link.connected:
                self._send()
            self._chores()
        self._outbox.sync()

    # -- what the connection calls, on its thread ---------------------------------------------------------------

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whatever the broker hands us; commands at once, the rest on our own thread."""
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
        return self.link.publish(self._topics.reply(reply.id), encode(reply))

    def _nudge(self) -> None:
        if not self._nudged:
            self._nudged = True
            self._inbox.put(Heard("", b""))

    # -- hearing ------------------------------------------------------------------------------------------------

    def _hear(self, heard: list[Heard]) -> None:
        for one in [*heard, *self._inbox.drain(1024)]:
            if one.topic:
                try:
                    self._hear_one(one)
                except WireError as error:
                    self._refused += 1
                    log.warning("a message of the centre is refused: %s", error)

    def _hear_one(self, heard: Heard) -> None:
        address = wire_topics.parse(heard.topic)
        match address.path:
            case ("ack", kind) if kind in DURABLE_CLASSES:
                self._acknowledged(kind, decode(Ack, heard.payload))
            case _:
                raise WireError(f"nothing is expected on {heard.topic[:120]!r}")

    def _acknowledged(self, kind: str, ack: Ack) -> None:
        if ack.outbox != self._outbox.id:
            raise WireError(f"it acknowledges messages of another outbox, {ack.outbox}")
        self._commands.centre_clock.learn(ack.now)
        sent = [self._window.pop((kind, seq), None) for seq in ack.seqs]
        told = {gap for one in sent if one is not None for gap in one.told}
        self._outbox.acknowledge(kind, ack.seqs, told)

    # -- sending ------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        self._begin_connection()
        self._send_states()
        while self._late_replies and self._send_reply(self._late_replies[0]):
            self._late_replies.popleft()
        self._send_messages()

    def _begin_connection(self) -> None:
        with self._lock:
            fresh, self._new_connection = self._new_connection, False
        if fresh:
            self._window.clear()

    def _send_states(self) -> None:
        with self._lock:
            stale = [(topic, self._states[topic]) for topic in self._stale]
        for topic, payload in stale:
            if not self.link.publish(topic, payload, retain=True):
                return
            with self._lock:
                if self._states[topic] is payload:
                    self._stale.pop(topic, None)

    def _send_messages(self) -> None:
        now_ns = self._clock.mono_ns()
        for message in self._outbox.waiting(2 * URGENT_WINDOW):
            sent = self._window.get((message.kind, message.seq))
            if sent is not None and now_ns - sent.at_ns < self._resend_ns:
                continue
            room = URGENT_WINDOW if message.urgent else WINDOW
            if sent is None and len(self._window) >= room:
                break
            if not self._send_message(message, now_ns):
                break
        self._forget_stale(now_ns)

    def _send_message(self, message: Waiting, now_ns: int) -> bool:
        """False when the connection takes no more now."""
        topic = self._topics.camera(message.camera, leaf_of(message.kind))
        told = tuple(self._outbox.gaps(message.kind))
        payload = self._envelope(message, told)
        if not self.link.fits(topic, payload):
            self._outbox.drop(message.kind, message.seq, f"the broker takes no message of {len(payload)} bytes")
            return True
        if not self.link.publish(topic, payload):
            return False
        self._window[message.kind, message.seq] = Sent(now_ns, told)
        self._outbox.mark_sent(message.kind, message.seq)
        return True

    def _envelope(self, message: Waiting, told: tuple[tuple[int, int], ...]) -> bytes:
        """The wire's `Envelope`; the record is JSON already and is not read again."""
        head = {
            "v": 1, "site": self._site, "gateway": self._gateway, "outbox": self._outbox.id, "class": message.kind,
            "seq": message.seq, "dropped": told,
        }  # fmt: skip
        return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"records":[' + message.record + b"]}"

    def _forget_stale(self, now_ns: int) -> None:
        """What was not sent again although it was due is no longer in the outbox."""
        gone = [key for key, sent in self._window.items() if now_ns - sent.at_ns > self._resend_ns]
        for key in gone:
            del self._window[key]

    # -- chores -------------------------------------------------------------------------------------------------

    def _chores(self) -> None:
        now_ns = self._clock.mono_ns()
        if now_ns >= self._sync_ns:
            self._sync_ns = now_ns + int(SYNC_EVERY_S * NS)
            self._outbox.sync()

    def _settings(self, broker: LinkSettings) -> LinkSettings:
        return replace(
            broker,
            client_id=client_id(f"lamppost-{self._site}-{self._gateway}", broker),
            will=(self._topics.status, self._status("offline")),
            subscriptions=((self._topics.commands, 1), *((self._topics.ack(kind), 1) for kind in DURABLE_CLASSES)),
        )

    def _media_settings(self, broker: LinkSettings) -> LinkSettings:
        return replace(
            broker,
            client_id=client_id(f"lamppost-{self._site}-{self._gateway}", broker) + "-media",
            subscriptions=((self._topics.ack("media"), 1),),
            hasty_first=True,
        )

    def _status(self, state: Literal["online", "offline"]) -> bytes:
        said = Status(state=state, session=self.session, since=self._since, version=self._version, key=self._key)
        return encode(said)
