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
from agent.wire.mqtt_outgoing import Bell, Outgoing, OutgoingQueue
from agent.wire.mqtt_session import OnMessage, Session
from agent.wire.mqtt_settings import LinkSettings, client_id, make_client, open_client

__all__ = ["LinkSettings", "MqttLink", "client_id"]

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
STEADY_S = 10.0
"""A connection that held so long was good: the next loss starts again from the shortest wait."""


class MqttLink:
    """A worker that keeps one connection to a broker.

    Callbacks run on the worker's thread and must be quick. `on_up()` comes when the broker has accepted the
    connection and every subscription; `on_down(reason)` when that ends. `on_message(topic, payload, retained)`: in
    `manual_ack` mode a False for a QoS 1 message means "not taken": it is not acknowledged, it is offered again until
    it is taken, those behind it wait, and once enough wait nothing more is read. An exception counts as taken.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        on_message: OnMessage,
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        clock: Clock,
        name: str = "mqtt",
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self._settings, self._clock = settings, clock
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._backoff = backoff or Backoff(first_s=0.5, most_s=30.0)
        self._outgoing = OutgoingQueue()
        self._session: Session | None = None
        self._bell: Bell | None = None
        self._protocol = settings.protocol
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
    def error(self) -> str:
        """Why there is no connection, one line; empty while there is one."""
        return "" if self.connected else self._error

    @property
    def backlog(self) -> int:
        """QoS 1 messages that `publish` accepted and the broker has not confirmed yet."""
        session = self._session
        return self._outgoing.sure + (session.unconfirmed if session is not None else 0)

    def fits(self, topic: str, payload: bytes) -> bool:
        """Would the broker take a message of this size? `publish` refuses one that does not fit, for ever."""
        session = self._session
        return session is None or session.fits(topic, payload)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Queue a message; False when not connected, the queue is full, or it is larger than the broker takes.

        From any thread, never blocks. True promises only that this connection will try.
        """
        session, bell = self._session, self._bell
        if session is None or bell is None or not self.connected or not session.fits(topic, payload):
            return False
        if not self._outgoing.put(Outgoing(topic, payload, qos, retain)):
            return False
        bell.ring()
        return True

    def run(self, stop: StopToken) -> None:
        """Connect, serve, and connect again after a jittered wait, until `stop`."""
        bell = Bell()
        self._bell = bell
        try:
            while not stop.is_set():
                if not self._connection(bell, stop):
                    stop.wait(self._backoff.next_s())
        finally:
            self._bell = None
            bell.close()

    def _connection(self, bell: Bell, stop: StopToken) -> bool:
        """One connection from first to last; True when the next attempt should follow at once."""
        self._outgoing.clear()
        try:
            session = self._open(bell)
        except LinkError as error:
            self._note(str(error))
            return False
        began_ns = self._clock.mono_ns()
        self._session = session
        session.run(stop)
        self._session = None
        self._outgoing.clear()
        return self._after(session, began_ns)

    def _open(self, bell: Bell) -> Session:
        client = make_client(self._settings, self._protocol)
        session = Session(
            client,
            self._settings,
            self._outgoing,
            bell,
            clock=self._clock,
            on_message=self._on_message,
            on_up=self._came_up,
        )
        open_client(client, self._settings, CONNECT_TIMEOUT_S)
        return session

    def _came_up(self) -> None:
        log.info("connected to the broker at %s (MQTT %s)", self._settings.place, {5: "5", 4: "3.1.1"}[self._protocol])
        self._said = ""
        self._on_up()

    def _after(self, session: Session, began_ns: int) -> bool:
        if session.up:
            if self._clock.mono_ns() - began_ns > STEADY_S * NS:
                self._backoff.reset()
            self._note(session.ended)
            self._tell_down(session.ended or "stopped")
            return False
        return self._try_other_version(session) or self._fail(session.ended)

    def _try_other_version(self, session: Session) -> bool:
        """A 3.1.1 broker answers MQTT 5 with a refusal, hangs up, or is silent: ask again at once, in its language."""
        hung_up = not session.answered
        if self._protocol == 5 and (session.version_refused or hung_up) and session.ended:
            self._protocol = 4
            return True
        if self._protocol == 4 and hung_up:
            self._protocol = 5
        return False

    def _fail(self, reason: str) -> bool:
        self._note(reason)
        return False

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
