"""Sees to holds: ends those whose time has come, and asks gateways until each has answered.

One process does it for all. What it has asked it knows in memory alone: after a restart it asks again, and a gateway
that is asked twice says the same.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from typing import NamedTuple

from agent.central.commands import Commander, CommandFailed
from agent.central.news import Item, News
from agent.central.store.audit import Audit
from agent.central.store.holds import Holds, Order
from agent.central.store.views import Views
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.wire.messages import HoldArgs, ReleaseArgs, Reply

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_AGAIN_NS, _REFUSED_NS = 20 * NS, 600 * NS
"""So long a gateway has to answer before it is asked again; and so long one that could not is left alone."""
_CENTRE = "centre"
"""Who did it, in the audit log."""


class _Answer(NamedTuple):
    order: Order
    error: str
    size: int | None


class Holding:
    """A worker."""

    name = "holds"

    def __init__(
        self, holds: Holds, audit: Audit, views: Views, commander: Commander, clock: Clock, news: News
    ) -> None:
        self._holds, self._audit, self._views = holds, audit, views
        self._commander, self._clock, self._news = commander, clock, news
        self._due_ns: dict[tuple[str, str, str, bool], int] = {}
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()

    def run(self, stop: StopToken) -> None:
        """Look every second."""
        while not stop.wait(_LOOK_S):
            try:
                self.look()
            except StorageError as error:
                log.warning("holds cannot be looked at, will try again: %s", error)

    def look(self) -> None:
        """What gateways have answered first, then what is over, then whom to ask."""
        while not self._answers.empty():
            self._hear(self._answers.get())
        for key in self._holds.due():
            self._audit.write(_CENTRE, "hold.end", f"hold {key}: its time is over", "")
            self._holds.expire(key)
            self._news.tell(Item("hold", (key,)))
        self._ask()

    def _ask(self) -> None:
        now_ns, orders = self._clock.mono_ns(), {_key(order): order for order in self._holds.orders()}
        self._due_ns = {key: due_ns for key, due_ns in self._due_ns.items() if key in orders}
        due = {key: order for key, order in orders.items() if self._due_ns.get(key, now_ns) <= now_ns}
        there = {place: self._views.is_online(*place) for place in {order[1:3] for order in due.values()}}
        for key, order in due.items():
            if there[order.site, order.gateway] and self._send(order):
                self._due_ns[key] = now_ns + _AGAIN_NS

    def _send(self, order: Order) -> bool:
        """False: the broker or the gateway went away; it waits."""
        answer = self._answered(order)
        try:
            if order.release:
                told = ReleaseArgs(hold=order.hold, by=order.by, reason=order.reason)
                self._commander.send(order.site, order.gateway, "release", told, answer)
            else:
                self._commander.send(order.site, order.gateway, "hold", _args(order), answer)
        except CommandFailed:
            return False
        return True

    def _answered(self, order: Order) -> Callable[[Reply | None], None]:
        """Called on the link's thread, which must not wait for the database."""

        def answered(reply: Reply | None) -> None:
            if reply is not None:
                size = reply.result.get("bytes")
                error = "" if reply.ok else reply.error or "refused"
                self._answers.put(_Answer(order, error, size if type(size) is int and 0 <= size < 1 << 62 else None))

        return answered

    def _hear(self, answer: _Answer) -> None:
        order, error, size = answer
        if error:
            self._due_ns[_key(order)] = self._clock.mono_ns() + _REFUSED_NS
        if not self._holds.answered(order, error, size):
            return
        self._news.tell(Item("hold", (order.hold,)))
        if error:
            what = f"{'release of ' if order.release else ''}hold {order.hold} at {order.site}/{order.gateway}: {error}"
            log.warning("%s", what)
            self._audit.write(_CENTRE, "hold.failed", what, "")


def _key(order: Order) -> tuple[str, str, str, bool]:
    return order.hold, order.site, order.gateway, order.release


def _args(order: Order) -> HoldArgs:
    return HoldArgs(
        hold=order.hold, cameras=list(order.cameras), start=rfc3339(order.start_ns), end=rfc3339(order.end_ns),
        until=None if order.until_ns is None else rfc3339(order.until_ns), by=order.by, reason=order.reason,
    )  # fmt: skip
