"""The MQTT connection, one for both ends: stays up, says clearly why it is not, never blocks who publishes.

MQTT 5 first, 3.1.1 when the broker does not speak it. The promise of delivery is not kept here: what `publish`
accepted dies with its connection, and a PUBACK says nothing about the reader behind the broker. The gateway's outbox
and the centre's acknowledgements keep it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.core.errors import LinkError
from agent.core.stop import StopToken
from agent.wire.mqtt_brokers import Brokers
from agent.wire.mqtt_conflict import Conflict
from agent.wire.mqtt_outgoing import Bell, Outgoing, OutgoingQueue
from agent.wire.mqtt_pace import START_BYTES
from agent.wire.mqtt_session import OnMessage, Session
from agent.wire.mqtt_settings import LinkSettings, client_id, make_client, open_client

__all__ = ["LinkSettings", "MqttLink", "client_id"]

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
STEADY_S = 2.0
"""A connection that held so long was good: the next loss starts again from the shortest wait."""
UNKNOWN_ROOM = 1 << 30
GUESS_S = 600
"""So long a broker that was silent is taken for one of MQTT 3.1.1: at one that is, each try of 5 costs seconds."""


class MqttLink:
    """A worker that keeps one connection to a broker, or to the first of several that answers.

    Callbacks run on the worker's thread and must be quick. `on_up()` comes when the broker has accepted the
    connection and every subscription; `on_down(reason)` when that ends; `on_room()` when the broker confirmed
    something. `on_message(topic, payload, retained)`: in `manual_ack` mode a False for a QoS 1 message means "not
    taken": it is not acknowledged, it is offered again until it is taken, those behind it wait, and once enough wait
    nothing more is read. An exception counts as taken.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        on_message: OnMessage,
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        clock: Clock,
        on_room: Callable[[], None] = lambda: None,
        name: str = "mqtt",
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self._settings, self._clock = settings, clock
        self._on_message, self._on_up, self._on_down, self._on_room = on_message, on_up, on_down, on_room
        self._backoff = backoff or Backoff(first_s=0.5, most_s=30.0)
        self._brokers = Brokers(settings, clock)
        self._conflict = Conflict(settings.client_id, clock)
        self._outgoing = OutgoingQueue(hasty_first=settings.hasty_first)
        self._session: Session | None = None
        self._bell: Bell | None = None
        self._protocol = settings.protocol
        self._guessed_ns: int | None = None
        self._error = ""
        self._said = ""

    @property
    def connected(self) -> bool:
        """Did the broker accept the connection and every subscription, and is it still there?"""
        session = self._session
        return session is not None and session.up and not session.ended

    @property
    def protocol(self) -> int:
        """5, or 4 for MQTT 3.1.1: of this connection, or of the next attempt."""
        return self._protocol

    @property
    def broker(self) -> str:
        """`host:port` of the broker that is connected, or tried."""
        return self._brokers.now.place

    @property
    def error(self) -> str:
        """Why there is no connection, or what is wrong with it (a refusal, a rival with our id); else empty."""
        session = self._session
        if session is None or not self.connected:
            return self._error
        return session.refusal or self._conflict.warning

    @property
    def backlog(self) -> int:
        """QoS 1 messages that `publish` accepted and the broker has not confirmed yet."""
        session = self._session
        return self._outgoing.sure + (session.unconfirmed if session is not None else 0)

    @property
    def room(self) -> int:
        """Bytes that may be published now without building a queue; 0 while there is no connection."""
        session = self._session
        return session.room if session is not None and self.connected else 0

    @property
    def window(self) -> int:
        """Bytes that the link bears unconfirmed: small on a slow one. What is made to measure is measured by it."""
        session = self._session
        return session.window if session is not None else START_BYTES

    def max_payload(self, topic: str) -> int:
        """The largest payload that the broker takes on that topic; a large number while there is no connection."""
        session = self._session
        return session.max_payload(topic) if session is not None else UNKNOWN_ROOM

    def fits(self, topic: str, payload: bytes) -> bool:
        """Would the broker take a message of this size? `publish` refuses one that does not fit, for ever."""
        return len(payload) <= self.max_payload(topic)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, urgent: bool = False) -> bool:
        """Queue a message; False when not connected, the queue is full, or it is larger than the broker takes.

        From any thread, never blocks. True promises only that this connection will try. What is `urgent` (QoS 1) goes
        before the rest. QoS 0 is refused, too, while the socket is slower than what came before.
        """
        session, bell, now_ns = self._session, self._bell, self._clock.mono_ns()
        if session is None or bell is None or not self.connected or not session.fits(topic, payload):
            return False
        if not qos and self._outgoing.hasty_waits_ns(now_ns) > self._settings.queue_s * NS:
            return False
        if not self._outgoing.put(Outgoing(topic, payload, qos, retain, urgent, now_ns)):
            return False
        bell.ring()
        return True

    def run(self, stop: StopToken) -> None:
        """Connect, serve, and connect again after a jittered wait, until `stop`."""
        bell = Bell()
        self._bell = bell
        try:
            while not stop.is_set():
                stop.wait(self._connection(bell, stop))
        finally:
            self._bell = None
            bell.close()

    def _connection(self, bell: Bell, stop: StopToken) -> float:
        """One connection from first to last; returns how long to wait before the next attempt."""
        self._outgoing.clear()
        try:
            session = self._open(bell)
        except LinkError as error:
            self._note(str(error))
            return self._next_broker()
        began_ns = self._clock.mono_ns()
        self._session = session
        session.run(stop, self._brokers.may_return)
        self._session = None
        self._outgoing.clear()
        return self._after(session, began_ns)

    def _open(self, bell: Bell) -> Session:
        settings = self._brokers.now
        client = make_client(settings, self._protocol)
        session = Session(
            client,
            settings,
            self._outgoing,
            bell,
            clock=self._clock,
            on_message=self._on_message,
            on_up=self._came_up,
            on_room=self._on_room,
        )
        open_client(client, settings, CONNECT_TIMEOUT_S)
        return session

    def _came_up(self) -> None:
        log.info("connected to the broker at %s (MQTT %s)", self.broker, {5: "5", 4: "3.1.1"}[self._protocol])
        self._said = ""
        self._brokers.came_up()
        self._conflict.came_up()
        self._on_up()

    def _after(self, session: Session, began_ns: int) -> float:
        if not session.up:
            return 0.0 if self._try_other_version(session) else self._failed(session.ended)
        if self._clock.mono_ns() - began_ns > STEADY_S * NS:
            self._backoff.reset()
        if self._guessed_ns is not None and self._clock.mono_ns() - self._guessed_ns > GUESS_S * NS:
            self._protocol, self._guessed_ns = 5, None
        hung_up = session.hung_up and not session.refusal
        self._conflict.went_down(taken_over=session.taken_over, hung_up=hung_up)
        self._note(session.refusal or session.ended)
        self._tell_down(session.ended or "stopped, or a better broker is there")
        return self._conflict.wait_s() or (self._backoff.next_s() if session.ended else 0.0)

    def _try_other_version(self, session: Session) -> bool:
        """A 3.1.1 broker answers MQTT 5 with a refusal, hangs up, or is silent: ask again at once, in its language.

        Without a word it is a guess, since a busy broker is silent, too: after a while 5 is asked for again.
        """
        silent = not session.answered
        if self._protocol == 5 and (session.version_refused or silent) and session.ended:
            self._protocol, self._guessed_ns = 4, self._clock.mono_ns() if silent else None
            return True
        if self._protocol == 4 and silent:
            self._protocol, self._guessed_ns = 5, None
        return False

    def _failed(self, reason: str) -> float:
        self._note(reason)
        return self._next_broker()

    def _next_broker(self) -> float:
        return 0.0 if self._brokers.failed() else self._backoff.next_s()

    def _tell_down(self, reason: str) -> None:
        try:
            self._on_down(reason)
        except Exception:  # a border: the owner's mistake must not end the connection for good
            log.exception("the owner of the connection fell when it went down")

    def _note(self, error: str) -> None:
        """Remember why, and say it once, not at every attempt."""
        self._error = error
        if error and error != self._said:
            self._said = error
            log.warning("%s", error)
