"""One connection to a broker, from CONNECT to its end: one thread owns the paho client and its socket.

paho's own threads are not used: with `publish` called from several threads its writes can interleave, and a reader
that must pause (the store behind us is full) cannot be told to. Here everything goes through one loop.
"""

from __future__ import annotations

import logging
import select
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.core.clock import NS, Clock
from agent.core.stop import StopToken
from agent.wire.mqtt_outgoing import Bell, Outgoing, OutgoingQueue
from agent.wire.mqtt_pace import Pace
from agent.wire.mqtt_progress import Progress
from agent.wire.mqtt_settings import LinkSettings

log = logging.getLogger(__name__)

WINDOW = 64
"""QoS 1 messages on the way to the broker without its PUBACK, at most."""
HELD_ITEMS, HELD_BYTES = 128, 8 << 20
ANSWER_TIMEOUT_S = 30.0
"""A broker that leaves CONNECT, SUBSCRIBE or PUBLISH unanswered for so long is treated as gone."""
FIRST_ANSWER_TIMEOUT_S = 4.0
"""For CONNECT in MQTT 5: amqtt, which speaks only 3.1.1, takes it for a longer one and waits for its end for ever."""
TURN_S = 0.25
HELD_RETRY_S = 0.05
_READ_AT_ONCE = 32
_LARGEST_PACKET = 268_435_455  # MQTT 5 section 2.1.4
_HEAD_BYTES = 32  # fixed header, packet id, lengths and properties of a PUBLISH, generously

OnMessage = Callable[[str, bytes, bool], bool | None]


class Pending(NamedTuple):
    """A message without the broker's confirmation; `full`: it filled the window, or more waited behind it."""

    topic: str
    at_ns: int
    size: int
    full: bool


class Held(NamedTuple):
    """A message from the broker that nobody took yet."""

    mid: int
    topic: str
    payload: bytes
    retained: bool


class Session:
    """Runs one connection. `up` turns true once the broker accepted us and every subscription, and stays so."""

    def __init__(
        self,
        client: paho.Client,
        settings: LinkSettings,
        outgoing: OutgoingQueue,
        bell: Bell,
        *,
        clock: Clock,
        on_message: OnMessage,
        on_up: Callable[[], None],
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._settings, self._outgoing, self._bell, self._clock = client, settings, outgoing, bell, clock
        self._on_message, self._on_up, self._on_room = on_message, on_up, on_room
        self._pending: dict[int, Pending] = {}
        self._pending_bytes = 0
        self._pace = Pace(settings.queue_s)
        self._progress = Progress(clock)
        self._subscribing: dict[int, str] = {}
        self._held: deque[Held] = deque()
        self._held_bytes = 0
        self._window = WINDOW
        self._heard = 0
        self._asked_ns = clock.mono_ns()
        self.up = False
        self.answered = False
        self.version_refused = False
        self.taken_over = self.hung_up = False
        """`hung_up`: the other side closed the connection in order, without a word."""
        self.refusal = ""
        self.ended = ""
        self.max_packet_bytes = _LARGEST_PACKET
        self._attach()

    def run(self, stop: StopToken, may_return: Callable[[], bool] = lambda: False) -> None:
        """Serve the connection until it is lost (`ended` says why) or `stop` is set (then it says goodbye).

        It says goodbye, too, when `may_return` says that a better broker is there.
        """
        while not self.ended and not stop.is_set() and not may_return():
            self._turn()
        if not self.ended:
            self._say_goodbye()
        self._client.on_disconnect = None
        if not self.ended:
            self._client.disconnect()
            self._client.loop_write()
        if (sock := self._client.socket()) is not None:
            sock.close()

    @property
    def unconfirmed(self) -> int:
        """QoS 1 messages that the broker has not confirmed yet."""
        return len(self._pending)

    @property
    def window(self) -> int:
        """Bytes of QoS 1 that may be unconfirmed now, without a queue worth the name before them."""
        return self._pace.window(self._clock.mono_ns())

    @property
    def room(self) -> int:
        """How much of the window is free, what waits to be written counted in."""
        if len(self._pending) + self._outgoing.sure >= self._window:
            return 0
        return max(0, self.window - self._pending_bytes - self._outgoing.sure_bytes)

    def max_payload(self, topic: str) -> int:
        """The largest payload that the broker takes on that topic."""
        return self.max_packet_bytes - len(topic.encode()) - _HEAD_BYTES

    def fits(self, topic: str, payload: bytes) -> bool:
        """Does the broker take a packet of that size?"""
        return len(payload) <= self.max_payload(topic)

    def _attach(self) -> None:
        client = self._client
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_subscribe, client.on_publish, client.on_message = self._subscribed, self._published, self._received
        client.on_socket_register_write = lambda *_: None  # else paho writes from inside publish()

    # -- the loop -----------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._offer_held()
        self._pump()
        sock = self._client.socket()
        if sock is None:
            self._end(f"the connection to the broker at {self._settings.place} was lost")
            return
        readable, writable = self._wait(sock)
        if readable:
            self._read()
        if writable:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())
        self._check_answers()

    def _wait(self, sock: Any) -> tuple[bool, bool]:
        reading = len(self._held) < HELD_ITEMS and self._held_bytes < HELD_BYTES
        if reading and hasattr(sock, "pending") and sock.pending():
            return True, self._client.want_write()
        poll = select.poll()
        poll.register(self._bell.socket, select.POLLIN)
        writing = select.POLLOUT if self._client.want_write() else 0
        poll.register(sock, (select.POLLIN if reading else 0) | writing | select.POLLRDHUP)
        ready = dict(poll.poll(1000 * (HELD_RETRY_S if self._held else TURN_S)))
        if self._bell.socket.fileno() in ready:
            self._bell.hush()
        seen = ready.get(sock.fileno(), 0)
        self.hung_up = bool(seen & select.POLLRDHUP) and not seen & (select.POLLHUP | select.POLLERR)
        return bool(seen & ~select.POLLOUT), bool(seen & select.POLLOUT)

    def _read(self) -> None:
        """Some of what has come: paho reads a packet at a time, and to look around after each costs a quarter of it."""
        for _ in range(_READ_AT_ONCE):
            heard = self._heard
            self._check(self._client.loop_read())
            if self.ended or self._held or self._heard == heard:
                return

    def _pump(self) -> None:
        """Hand waiting messages to paho, only as fast as the socket takes them: the bound is in our queue."""
        while self.up and not self.ended and not self._client.want_write():
            room = not self._pending or self._pending_bytes < self.window
            item = self._outgoing.take(place=len(self._pending) < self._window, room=room)
            if item is None:
                return
            self._send(item)

    def _send(self, item: Outgoing) -> None:
        if not self.fits(item.topic, item.payload):
            log.error("%s: %d bytes are more than the broker takes; not sent", item.topic, len(item.payload))
            return
        info = self._client.publish(item.topic, item.payload, qos=item.qos, retain=item.retain)
        if item.qos:
            size = len(item.payload)
            self._pending_bytes += size
            full = self._outgoing.sure > 0 or 2 * self._pending_bytes >= self.window
            self._pending[info.mid] = Pending(item.topic, self._clock.mono_ns(), size, full)
        self._check(self._client.loop_write())

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._end(
                f"the connection to {self._settings.place} was lost ({paho.error_string(code).rstrip('.').lower()})"
            )

    def _check_answers(self) -> None:
        if self.up:
            silent_s = self._progress.silent_s(self._client.socket(), len(self._pending))
        else:
            silent_s = (self._clock.mono_ns() - self._asked_ns) / NS
        first = not self.answered and self._client.protocol == MQTTProtocolVersion.MQTTv5
        if silent_s > (FIRST_ANSWER_TIMEOUT_S if first else ANSWER_TIMEOUT_S):
            self._end(f"the broker at {self._settings.place} does not answer")

    def _end(self, reason: str) -> None:
        self.ended = self.ended or reason

    def _say_goodbye(self) -> None:
        """What is queued, then our Will by our own hand, within two seconds."""
        deadline_ns = self._clock.mono_ns() + 2 * NS
        if self.up and self._settings.will is not None:
            self._outgoing.put(Outgoing(*self._settings.will, qos=1, retain=True))
        while self.up and not self.ended and (self._outgoing.sure or self._pending):
            self._turn()
            if self._clock.mono_ns() > deadline_ns:
                return

    # -- what paho tells us -------------------------------------------------------------------------------------

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, found: Properties | None) -> None:
        self.answered = True
        if reason.is_failure:
            self.version_refused = "protocol version" in str(reason)
            self._end(self._refusal(reason))
            return
        self._window = min(WINDOW, getattr(found, "ReceiveMaximum", WINDOW))
        self.max_packet_bytes = getattr(found, "MaximumPacketSize", _LARGEST_PACKET)
        for wanted, qos in self._settings.subscriptions:
            code, mid = self._client.subscribe(wanted, qos)
            if code == MQTTErrorCode.MQTT_ERR_SUCCESS and mid is not None:
                self._subscribing[mid] = wanted
        self._asked_ns = self._clock.mono_ns()
        if not self._subscribing:
            self._stand_up()

    def _refusal(self, reason: ReasonCode) -> str:
        if str(reason) in {"Bad user name or password", "Not authorized"}:
            who = f"user {self._settings.username!r}" if self._settings.username else "us without a user name"
            return f"the broker at {self._settings.place} refuses {who}: check username and password_file"
        return f"the broker at {self._settings.place} refuses the connection: {str(reason).lower()}"

    def _subscribed(self, _client: Any, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Any) -> None:
        wanted = self._subscribing.pop(mid, "")
        if any(reason.is_failure for reason in reasons):
            self._end(f"the broker at {self._settings.place} refuses the subscription {wanted!r}: check its ACL")
        elif not self._subscribing and not self.up:
            now_ns = self._clock.mono_ns()
            self._pace.answered(now_ns - self._asked_ns, now_ns)
            self._stand_up()

    def _stand_up(self) -> None:
        self.up = True
        self._progress.made()
        self._call(self._on_up)

    def _call(self, owner: Callable[[], None]) -> None:
        try:
            owner()
        except Exception:  # a border: the owner's mistake must not end the connection
            log.exception("the owner of the connection fell")

    def _disconnected(self, _client: Any, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if not flags.is_disconnect_packet_from_server:
            self._end(f"the connection to the broker at {self._settings.place} was lost")
        elif str(reason) == "Session taken over":
            self.taken_over = True
            self._end(f"another client uses our id {self._settings.client_id!r}: ids must differ")
        else:
            self._end(f"the broker at {self._settings.place} ended the connection: {str(reason).lower()}")

    def _published(self, _client: Any, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._heard += 1
        sent = self._pending.pop(mid, None)
        if sent is None:
            return
        now_ns = self._clock.mono_ns()
        self._pending_bytes -= sent.size
        self._progress.made()
        self._pace.confirmed(sent.size, now_ns - sent.at_ns, now_ns, full=sent.full)
        if reason.is_failure:
            self._refused(f"the broker refuses what we publish to {sent.topic}: {str(reason).lower()}; check its ACL")
        else:
            self.refusal = ""
        self._call(self._on_room)

    def _refused(self, refusal: str) -> None:
        if refusal != self.refusal:
            log.warning("%s", refusal)
        self.refusal = refusal

    # -- messages from the broker -------------------------------------------------------------------------------

    def _received(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self._heard += 1
        try:
            held = Held(message.mid if message.qos else 0, message.topic, bytes(message.payload), message.retain)
        except UnicodeDecodeError:
            self._acknowledge(message.mid if message.qos else 0)
            return
        if (self._held and held.mid) or not self._deliver(held):
            self._hold(held)
        else:
            self._acknowledge(held.mid)

    def _hold(self, held: Held) -> None:
        if held.mid and self._settings.manual_ack:  # QoS 0 promises nothing: what is not taken is gone
            self._held.append(held)
            self._held_bytes += len(held.payload)

    def _offer_held(self) -> None:
        while self._held and self._deliver(self._held[0]):
            held = self._held.popleft()
            self._held_bytes -= len(held.payload)
            self._acknowledge(held.mid)

    def _deliver(self, held: Held) -> bool:
        try:
            return self._on_message(held.topic, held.payload, held.retained) is not False
        except Exception:  # a border: one message that its taker cannot bear must not come back for ever
            log.exception("the taker of %s fell; the message is dropped", held.topic)
            return True

    def _acknowledge(self, mid: int) -> None:
        if mid and self._settings.manual_ack:
            self._client.ack(mid, 1)
