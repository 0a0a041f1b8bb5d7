"""Tells receivers of events: signed, retried with growing pauses for more than a day, each receiver by itself.

Requests follow Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature` (`v1,` and the
HMAC-SHA256 over `id.timestamp.body` in base64).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import random
import socket
import threading
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor

from agent import __version__
from agent.central.outgoing import Gate, Unsent, post
from agent.central.store.hooks import MOST_HOOKS, Delivery, Hooks
from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

PAUSES_S = (5, 30, 300, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600)
"""28 hours in all."""
_LOOK_S, _SWEEP_NS = 0.5, 3600 * NS
_LONGEST_NS = 30 * NS
"""Whoever answers a byte now and then is cut off."""
_GONE = 410
_GONE_FOR_GOOD = "the receiver wants no more: the webhook is switched off"
_OK = range(200, 300)


class HookRunner:
    """A worker. One delivery at a time per receiver, all receivers side by side: a slow one delays nobody else."""

    name = "webhooks"

    def __init__(self, hooks: Hooks, gate: Gate, clock: Clock) -> None:
        self._hooks, self._gate, self._clock = hooks, gate, clock
        self._lock = threading.Lock()
        self._busy: dict[str, tuple[int, socket.socket | None]] = {}
        self._swept_ns: int | None = None

    def run(self, stop: StopToken) -> None:
        """Deliver what is due, until `stop`; then cut off what is on its way: it is tried again."""
        with ThreadPoolExecutor(MOST_HOOKS, thread_name_prefix="webhook") as crowd:
            while not stop.is_set():
                with contextlib.suppress(StorageError):  # the ingest says so loudly enough
                    self._look(crowd, stop)
                self._cut_off(_LONGEST_NS)
                stop.wait(_LOOK_S)
            self._cut_off(0)

    def _look(self, crowd: ThreadPoolExecutor, stop: StopToken) -> None:
        now_ns = self._clock.mono_ns()
        with self._lock:
            busy = set(self._busy)
        for hook in set(self._hooks.waiting()) - busy:
            with self._lock:
                self._busy[hook] = now_ns, None
            crowd.submit(self._deliver, hook, stop)
        if self._swept_ns is None or now_ns - self._swept_ns > _SWEEP_NS:
            self._swept_ns = now_ns
            self._hooks.sweep()

    def _deliver(self, hook: str, stop: StopToken) -> None:
        """All that is due for one receiver, one after the other."""
        try:
            with contextlib.suppress(StorageError):  # the lease ends, and it is tried again
                while not stop.is_set() and (delivery := self._hooks.next_of(hook)) is not None:
                    with self._lock:
                        self._busy[hook] = self._clock.mono_ns(), None
                    self._attempt(delivery)
        finally:
            with self._lock:
                self._busy.pop(hook, None)

    def _attempt(self, delivery: Delivery) -> None:
        seconds, status, error = self._clock.wall_ns() // NS, None, ""
        if delivery.secret is None:
            self._settle(delivery, None, "its secret does not open with the centre's key: make another secret")
            return
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Lamppost/{__version__}",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(delivery.secret, delivery.id, seconds, body),
        }
        try:
            status = post(delivery.url, body, headers, self._gate, lambda opened: self._opened(delivery, opened))
        except Unsent as failed:
            error = str(failed)
        self._settle(delivery, status, error)

    def _settle(self, delivery: Delivery, status: int | None, error: str) -> None:
        now_ns = self._clock.wall_ns()
        if status in _OK:
            self._hooks.settle(delivery, "delivered", status, "", now_ns)
            return
        if status == _GONE:  # Standard Webhooks: the receiver wants no more
            log.warning("the receiver of a webhook is gone for good (410): it is switched off")
            self._hooks.settle(delivery, "failed", status, _GONE_FOR_GOOD, now_ns)
            self._hooks.change(delivery.hook, enabled=False)
            return
        error = error or ("redirects are not followed" if status is not None and 300 <= status < 400 else "")
        if delivery.attempts >= len(PAUSES_S):
            self._hooks.settle(delivery, "failed", status, error, now_ns)
            return
        pause_s = PAUSES_S[delivery.attempts] * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        self._hooks.settle(delivery, "waiting", status, error, now_ns + int(pause_s * NS))

    def _opened(self, delivery: Delivery, opened: socket.socket) -> None:
        with self._lock:
            began_ns, _ = self._busy[delivery.hook]
            self._busy[delivery.hook] = began_ns, opened

    def _cut_off(self, after_ns: int) -> None:
        now_ns = self._clock.mono_ns()
        with self._lock:
            late = [opened for began_ns, opened in self._busy.values() if now_ns - began_ns >= after_ns]
        for opened in late:
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)


def signature(secret: str, key: str, seconds: int, body: bytes) -> str:
    """`v1,` and the HMAC, for the header `webhook-signature`."""
    signed = hmac.new(b64decode(secret.removeprefix("whsec_")), f"{key}.{seconds}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(signed.digest()).decode()}"
