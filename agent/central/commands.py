"""Asking gateways: signed commands out, replies matched, one clear line when it does not work."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Literal, NamedTuple

from agent.central.ingest import Publish
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import LamppostError
from agent.core.ids import new_id
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.wire.messages import Command, Message, Reply, decode, encode
from agent.wire.topics import Address, GatewayTopics

Verb = Literal["live", "live_stop", "clip", "previews", "export", "watch", "belongs", "configure", "hold", "release"]
Code = Literal["gateway_offline", "gateway_error", "gateway_silent"]
OnReply = Callable[[Reply | None], None]

REPLY_TIMEOUT_S = 10.0
_VALID_S = 30.0
_TICK_S = 0.25


class CommandFailed(LamppostError):
    """A gateway did not do what it was asked; `code` is the API's word for why."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code: Code = code


class _Waiting(NamedTuple):
    address: tuple[str, str]
    deadline_ns: int
    on_reply: OnReply


class Commander:
    """Sends commands; a worker only to notice replies that never come."""

    name = "commands"

    def __init__(
        self,
        signer: Signer,
        clock: Clock,
        publish: Publish,
        link_up: Callable[[], bool],
        is_online: Callable[[str, str], bool],
    ) -> None:
        self._signer, self._clock, self._publish = signer, clock, publish
        self._link_up, self._is_online = link_up, is_online
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def send(self, site: str, gateway: str, verb: Verb, args: Message, on_reply: OnReply | None = None) -> str:
        """Sign and publish; returns the command's id. `on_reply` gets the reply, or None after the time limit.

        Raises:
            CommandFailed: the broker or the gateway is away.
        """
        command = self.prepared(site, gateway, verb, args)
        self.dispatch(command, on_reply)
        return command.id

    def prepared(self, site: str, gateway: str, verb: Verb, args: Message) -> Command:
        """A signed command that is not sent yet, for who must write its id down before the reply may come.

        Raises:
            CommandFailed: the broker or the gateway is away.
        """
        if not self._link_up():
            raise CommandFailed("gateway_offline", "the centre has no connection to its broker; it keeps trying")
        if not self._is_online(site, gateway):
            raise CommandFailed("gateway_offline", f"gateway {gateway} at {site} is offline")
        return self._signed(site, gateway, verb, args)

    def dispatch(self, command: Command, on_reply: OnReply | None = None) -> None:
        """Publish it; `on_reply` as with `send`.

        Raises:
            CommandFailed: the broker is away.
        """
        site, gateway = command.site, command.gateway
        if on_reply is not None:
            deadline_ns = self._clock.mono_ns() + int(REPLY_TIMEOUT_S * NS)
            with self._lock:
                self._waiting[command.id] = _Waiting((site, gateway), deadline_ns, on_reply)
        if not self._publish(GatewayTopics(site, gateway).command(command.verb), encode(command)):
            with self._lock:
                self._waiting.pop(command.id, None)
            raise CommandFailed("gateway_offline", "the broker does not take the command now; try again")

    def ask(self, site: str, gateway: str, verb: Verb, args: Message) -> Reply:
        """Send and wait for the answer, on a thread that may wait.

        Raises:
            CommandFailed: the broker or the gateway is away, silent, or refuses.
        """
        answers: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self.send(site, gateway, verb, args, answers.put)
        try:  # once the worker has ended nobody tells that a reply is overdue
            reply = answers.get(timeout=REPLY_TIMEOUT_S + 1)
        except queue.Empty:
            reply = None
        if reply is None:
            raise CommandFailed("gateway_silent", f"gateway {gateway} at {site} did not answer")
        if not reply.ok:
            raise CommandFailed("gateway_error", reply.error)
        return reply

    def on_reply(self, address: Address, payload: bytes) -> None:
        """Hand a reply to who waits for it.

        Raises:
            WireError: not a reply.
        """
        reply = decode(Reply, payload)
        with self._lock:
            waiting = self._waiting.get(reply.id)
            if waiting is None or waiting.address != (address.site, address.gateway):
                return
            del self._waiting[reply.id]
        waiting.on_reply(reply)

    def run(self, stop: StopToken) -> None:
        """Tell those whose reply is overdue; at the end, all who wait: a request that goes on keeps the process."""
        while not stop.wait(_TICK_S):
            self._give_up(self._clock.mono_ns())
        self._give_up(None)

    def _give_up(self, until_ns: int | None) -> None:
        """None comes any more of those that were due until then, or of all."""
        with self._lock:
            late = [key for key, one in self._waiting.items() if until_ns is None or one.deadline_ns <= until_ns]
            callbacks = [self._waiting.pop(key).on_reply for key in late]
        for callback in callbacks:
            callback(None)

    def _signed(self, site: str, gateway: str, verb: Verb, args: Message) -> Command:
        now_ns = self._clock.wall_ns()
        command = Command(
            id=new_id(now_ns),
            verb=verb,
            site=site,
            gateway=gateway,
            issued=rfc3339(now_ns),
            expires=rfc3339(now_ns + int(_VALID_S * NS)),
            args=args.model_dump(mode="json"),
        )
        return command.model_copy(update={"signature": self._signer.sign(command.signed_part())})
