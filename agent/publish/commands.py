"""Commands of the centre: only signed, fresh ones for this gateway are done, each once, and each is answered."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from agent.config.base import Id
from agent.core.clock import NS, Clock, parse_rfc3339
from agent.core.errors import LamppostError, WireError
from agent.core.queues import BoundedQueue
from agent.core.signing import Verifier
from agent.core.sparing import SparingLog
from agent.core.stop import StopToken
from agent.publish.centre_clock import CentreClock
from agent.publish.replies import Replies
from agent.wire import topics
from agent.wire.messages import (
    BelongsArgs,
    ClipArgs,
    ConfigureArgs,
    ExportArgs,
    HoldArgs,
    LiveArgs,
    LiveStopArgs,
    Message,
    PreviewsArgs,
    ReleaseArgs,
    Reply,
    Text,
    Time,
    WatchArgs,
    decode,
    validate,
)

log = logging.getLogger(__name__)

Handler = Callable[[Any], dict[str, Any]]
"""Takes the verb's argument model, returns the reply's `result`; a LamppostError becomes the reply's `error`."""

ARGUMENTS: dict[str, type[Message]] = {
    "live": LiveArgs,
    "live_stop": LiveStopArgs,
    "watch": WatchArgs,
    "clip": ClipArgs,
    "previews": PreviewsArgs,
    "export": ExportArgs,
    "belongs": BelongsArgs,
    "configure": ConfigureArgs,
    "hold": HoldArgs,
    "release": ReleaseArgs,
}
SLOW = frozenset({"clip", "export", "configure"})
"""These run on the desk's own thread; the others take no longer than a dictionary needs, or a small file."""
LAST = frozenset({"previews"})
"""These too, while nothing of `SLOW` waits: who looks around must not keep anybody from footage."""

LEASES = frozenset({"live", "live_stop", "watch"})
"""To do these twice changes nothing: their answers need not outlive this run."""

TURN_S = 0.25
REMEMBERED = 512
WAITING = 16
LATE_S = 5.0
"""Tolerance against the centre's clock when it is learnt."""
LATE_UNLEARNT_S = 900.0
"""Tolerance against our own clock before; one that runs behind refuses nothing, and soon learns better."""


class Refused(WireError):
    """A command is not obeyed; `reason` is the word it is counted under."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Asked(Message):
    """A command as it comes in. Unlike the wire's `Command` it bears verbs we do not know, to answer them."""

    v: int
    id: Id
    verb: Id
    site: Id
    gateway: Id
    issued: Time
    expires: Time
    args: dict[str, Any]
    signature: Text

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})


class CommandDesk:
    """A worker. `handle` is called on the connection's thread and returns at once; late replies go to `on_reply`."""

    def __init__(
        self,
        site: str,
        gateway: str,
        verifier: Verifier | None,
        clock: Clock,
        handlers: Mapping[str, Handler],
        kept: Replies | None = None,
    ) -> None:
        """`kept` outlives this run: a command that comes again after a restart is answered, not done again."""
        self.name = "commands"
        self.centre_clock = CentreClock(clock, kept.centre_ns, kept.keep_centre_ns) if kept else CentreClock(clock)
        self.on_reply: Callable[[Reply], None] = lambda _: None
        self.reasons: Counter[str] = Counter()
        self.repeated = 0
        self._kept = kept
        self._grumble = SparingLog(log, clock)
        self._site, self._gateway, self._verifier, self._clock = site, gateway, verifier, clock
        self._handlers = dict(handlers)
        self._lock = threading.Lock()
        self._replies: OrderedDict[str, Reply | None] = OrderedDict()
        self._slow: BoundedQueue[tuple[Asked, Message]] = BoundedQueue(WAITING)
        self._last: BoundedQueue[tuple[Asked, Message]] = BoundedQueue(WAITING)

    @property
    def refused(self) -> int:
        """Commands that were not the centre's, or not for us, or too old; `reasons` says how many of each."""
        return self.reasons.total()

    @property
    def problem(self) -> str:
        """One line for health when no command can be obeyed; else empty."""
        return "" if self._verifier is not None else "no command key: commands of the centre are refused"

    def handle(self, topic: str, payload: bytes, retained: bool) -> Reply | None:
        """Do what the centre asks; the reply, or None when it comes later or nobody may have one.

        What is retained, unsigned, foreign or expired is counted in `reasons` and not answered: it may be anyone's.
        """
        try:
            asked = self._admitted(topic, payload, retained)
        except WireError as error:
            self.reasons[error.reason if isinstance(error, Refused) else "broken"] += 1
            self._grumble.warning("a command is refused: %s", error)
            return None
        with self._lock:
            if asked.id in self._replies:
                self.repeated += 1
                return self._replies[asked.id]
            known = self._kept.find(asked.id) if self._kept is not None and asked.verb not in LEASES else None
            self._remember(asked.id, known)
        if known is not None:
            self.repeated += 1
            return known
        return self._begin(asked)

    def run(self, stop: StopToken) -> None:
        """Do the slow commands, one after the other."""
        while not stop.is_set():
            waiting = self._slow.get(timeout_s=0 if len(self._last) else TURN_S) or self._last.get(timeout_s=0)
            if waiting is not None:
                self.on_reply(self._do(*waiting))

    def _admitted(self, topic: str, payload: bytes, retained: bool) -> Asked:
        if retained:
            raise Refused("retained", "it is retained")
        if self._verifier is None:
            raise Refused("no_key", "there is no command key")
        asked = decode(Asked, payload)
        address = topics.parse(topic)
        if (asked.site, asked.gateway) != (self._site, self._gateway) or address[:2] != (self._site, self._gateway):
            raise Refused("foreign", "it is for another gateway")
        if address.path != ("command", asked.verb):
            raise Refused("foreign", "its topic names another verb")
        if not self._verifier.verify(asked.signed_part(), asked.signature):
            raise Refused("unsigned", "its signature does not fit")
        self._check_age(asked)
        return asked

    def _check_age(self, asked: Asked) -> None:
        now_ns, expires_ns = self.centre_clock.now_ns(), parse_rfc3339(asked.expires)
        late_s = LATE_S if now_ns is not None else LATE_UNLEARNT_S
        over = expires_ns + late_s * NS < (now_ns if now_ns is not None else self._clock.wall_ns())
        if over or (now_ns is None and expires_ns < self.centre_clock.floor_ns):
            raise Refused("expired", f"it expired at {asked.expires}")
        self.centre_clock.at_least(asked.issued)

    def _begin(self, asked: Asked) -> Reply | None:
        known = ARGUMENTS.get(asked.verb)
        if known is None or asked.verb not in self._handlers:
            reply = Reply(id=asked.id, ok=False, error=f"this gateway does not know the verb {asked.verb}")
            return self._answered(reply, lasting=False)
        try:
            args = validate(known, asked.args)
        except WireError as error:
            return self._answered(Reply(id=asked.id, ok=False, error=str(error)[:400]), lasting=False)
        if asked.verb not in SLOW | LAST:
            return self._do(asked, args)
        if (self._last if asked.verb in LAST else self._slow).put((asked, args)):
            return None
        busy = Reply(id=asked.id, ok=False, error="this gateway has too much to do; ask again later")
        return self._answered(busy, lasting=False)

    def _do(self, asked: Asked, args: Message) -> Reply:
        try:
            reply = Reply(id=asked.id, ok=True, result=self._handlers[asked.verb](args))
        except LamppostError as error:
            reply = Reply(id=asked.id, ok=False, error=str(error)[:400])
        except Exception as error:  # a border: another room's handler must not silence the desk
            log.exception("the command %s fell", asked.verb)
            reply = Reply(id=asked.id, ok=False, error=f"{asked.verb} fell: {type(error).__name__}")
        return self._answered(reply, lasting=asked.verb not in LEASES)

    def _answered(self, reply: Reply, *, lasting: bool) -> Reply:
        with self._lock:
            self._remember(reply.id, reply)
        if lasting and self._kept is not None:
            self._kept.keep(reply)
        return reply

    def _remember(self, command: str, reply: Reply | None) -> None:
        self._replies[command] = reply
        self._replies.move_to_end(command)
        while len(self._replies) > REMEMBERED:
            self._replies.popitem(last=False)
