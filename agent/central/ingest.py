"""From the broker to the database: sort what comes, queue it within bounds, write it in batches, then acknowledge.

The queue full means "not taken": the link stops reading, the gateways' outboxes keep what waits and send again.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from agent.central.batch import AckKey, Batch
from agent.central.counts import Counts, Refused
from agent.central.fair import FairQueue
from agent.central.news import News
from agent.central.store.database import Database, Unstorable
from agent.central.store.days import Change
from agent.central.store.hooks import Hooks
from agent.central.store.keeper import LONGEST_DAYS
from agent.central.store.unread import READING, forget, known
from agent.central.watching import Watcher
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError, WireError
from agent.core.queues import BoundedQueue
from agent.core.sparing import SparingLog
from agent.core.stop import StopToken
from agent.wire.messages import CLASSES_OF_LEAF, MAX_JSON_BYTES, VERSION, Ack, Envelope, decode, encode
from agent.wire.topics import Address, GatewayTopics, parse

log = logging.getLogger(__name__)

QUEUE_ITEMS, QUEUE_BYTES = 10_000, 64 << 20
_BATCH, _BATCH_BYTES = 2000, 4 << 20
_ACK_SEQS = 10_000
_RETRY_S = 1.0
_DURABLE = frozenset({*CLASSES_OF_LEAF, "history"})
_SPOKEN = frozenset({"camera", "media", "live", "reply"})

Publish = Callable[[str, bytes], bool]
OnLive = Callable[[Address, bytes], None]
OnMedia = Callable[[Address, bytes], bool]


@contextmanager
def _uncollected() -> Iterator[None]:
    """A batch is a hundred thousand objects that live to its end: to look for garbage among them costs a third."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Arrival(NamedTuple):
    """A message that waits for the writer."""

    address: Address
    payload: bytes
    mono_ns: int


def _size(item: Arrival) -> int:
    return len(item.payload)


def _whose(item: Arrival) -> tuple[str, str]:
    address = item.address
    sort = "records" if address.path[-1] in _DURABLE else "status" if address.path == ("status",) else "state"
    return f"{address.site}/{address.gateway}", sort


def _alike(item: Arrival) -> tuple[object, ...] | None:
    """What tells how things stand replaces what said so before. Of status each counts: an old Will may come late."""
    return tuple(item.address) if _whose(item)[1] == "state" else None


class Reception:
    """The link's `on_message`: counts, checks the sender, and passes on. Never raises, never waits."""

    def __init__(
        self,
        clock: Clock,
        counts: Counts,
        known: Collection[tuple[str, str]] | None,
        *,
        to_live: OnLive,
        to_media: OnMedia,
    ) -> None:
        self._clock, self._counts, self._known = clock, counts, known
        self._to_live, self._to_media = to_live, to_media
        self._grumble = SparingLog(log, clock)
        self.queue: FairQueue[Arrival] = FairQueue(QUEUE_ITEMS, QUEUE_BYTES, _size, _whose, _alike)

    def on_message(self, topic: str, payload: bytes, retained: bool) -> bool:  # noqa: ARG002 - the link's signature
        """False: no room now, offer it again."""
        reason = "unknown_topic"
        try:
            address = parse(topic)
            reason = f"broken_{address.path[0]}" if address.path[0] in _SPOKEN else reason
            taken = self._pass_on(address, payload)
        except WireError as error:
            self._counts.rejected(error.reason if isinstance(error, Refused) else reason)
            log.debug("refused %s: %s", topic[:120], error)
            taken = True
        if taken:
            self._counts.received()
        return taken

    def _pass_on(self, address: Address, payload: bytes) -> bool:
        if self._known is not None and (address.site, address.gateway) not in self._known:
            raise Refused("unknown_gateway", f"no gateway {address.gateway} at {address.site} is configured")
        match address.path:
            case ("live", _) | ("camera", _, "frame"):
                self._to_live(address, payload)
                return True
            case ("media", *_):
                return self._to_media(address, payload)
        if len(payload) > MAX_JSON_BYTES:
            raise Refused("too_large", "a message larger than any of ours")
        arrival = Arrival(address, payload, self._clock.mono_ns())
        if self.queue.crowded_by(arrival):
            if self.queue.renew(arrival):
                return True
            self._grumble.warning("%s sends more than can be stored; it waits alone", _whose(arrival)[0])
            raise Refused("flooding", "what rests in its outbox comes again")
        if address.path[0] == "reply":
            self._to_live(address, payload)
        return self.queue.put(arrival)


class Writer:
    """The one worker that turns queued messages into rows. What it holds when the database fails, it tries again."""

    name = "ingest"

    def __init__(
        self,
        queue: BoundedQueue[Arrival],
        database: Database,
        clock: Clock,
        counts: Counts,
        news: News,
        publish: Publish,
        watcher: Watcher | None = None,
        hooks: Hooks | None = None,
        keep_days: int = LONGEST_DAYS,
    ) -> None:
        self._watcher, self._hooks, self._keep_days = watcher, hooks, keep_days
        self._queue, self._database, self._clock = queue, database, clock
        self._counts, self._news, self._publish = counts, news, publish
        self._grumble = SparingLog(log, clock)
        self._held: list[Arrival] = []
        self.error = ""

    @property
    def queued(self) -> int:
        """Messages that wait, those in hand included."""
        return len(self._queue) + len(self._held)

    @property
    def lag_s(self) -> float:
        """How long the oldest message in hand has waited."""
        held = self._held
        return (self._clock.mono_ns() - held[0].mono_ns) / NS if held else 0.0

    def run(self, stop: StopToken) -> None:
        """Read what could not be read before; write until `stop`, then what is left in the queue."""
        self._read_again()
        while not stop.is_set():
            self._turn(stop)
        while self._queue and not self.error:
            self._turn(stop)

    def _read_again(self) -> None:
        """What was kept as it came, and what we speak by now."""
        most, more = _BATCH, True
        while more:
            keys: list[str] = []
            try:
                more = self._read_some_again(most, keys)
            except Unstorable:
                if len(keys) == 1:
                    self._forget_unread(keys[0])
                most = 1  # one of them is poison, and will be the first
            except StorageError as error:
                log.warning("messages of a later version stay unread for now: %s", error)
                return

    def _read_some_again(self, most: int, keys: list[str]) -> bool:
        """`keys` are filled with whose turn it was."""
        with self._database.change() as change:
            self._database.alone(change.main, READING)
            kept = known(change.main, VERSION, most, _BATCH_BYTES)
            batch = self._batch(change, again=True)
            for key, message in kept:
                if batch.is_full:
                    break
                keys.append(key)
                self._take(batch, Arrival(message.address, message.payload, 0))
            batch.write()
            forget(change.main, keys)
        if self._watcher is not None:
            self._watcher.settle(batch.raised)
        self._news.tell(*batch.news)
        return bool(kept)

    def _forget_unread(self, key: str) -> None:
        with self._database.change() as change:
            forget(change.main, [key])
        self._counts.rejected("unstorable")

    def _turn(self, stop: StopToken) -> None:
        if not self._held:
            first = self._queue.get(0.2)
            self._held = [] if first is None else [first, *self._queue.drain(_BATCH - 1, _BATCH_BYTES)]
        try:
            with _uncollected():
                self._write_held()
            self.error = ""
        except StorageError as error:
            if not self.error:
                log.error(  # noqa: TRY400 - one clear line; the traceback says nothing more
                    "cannot store, will try again: %s",
                    error,
                )
            self.error = str(error)
            stop.wait(_RETRY_S)

    def _write_held(self) -> None:
        try:
            written = self._write(self._held)
        except (Unstorable, WireError):
            # one of them is poison: write them one by one and leave that one out
            for arrival in self._held:
                self._write_alone(arrival)
            written = len(self._held)
        self._held = self._held[written:]

    def _write_alone(self, arrival: Arrival) -> None:
        try:
            self._write([arrival])
        except (Unstorable, WireError) as error:
            self._counts.rejected("unstorable")
            log.warning("a message of %s cannot be stored: %s", "/".join(arrival.address.path), error)
            self._give_up(arrival)

    def _give_up(self, arrival: Arrival) -> None:
        """Unanswered, the gateway would send it for ever and hold back what comes behind; its number counts as lost."""
        match arrival.address.path:
            case ("camera", _, _) | ("health", "history") as path if path[-1] in _DURABLE:
                envelope = decode(Envelope, arrival.payload)
                key = AckKey(arrival.address.site, arrival.address.gateway, envelope.outbox, envelope.kind)
                self._acknowledge({key: envelope.numbers})

    def _write(self, arrivals: list[Arrival]) -> int:
        """Returns how many of them, from the first, are written: a batch that touches very many days ends early."""
        if not arrivals:
            return 0
        with self._database.change() as change:
            batch, taken = self._batch(change), 0
            while taken < len(arrivals) and not batch.is_full:
                self._take(batch, arrivals[taken])
                taken += 1
            batch.write()
        if self._watcher is not None:
            self._watcher.settle(batch.raised)
        self._acknowledge(batch.acks)
        for problem in batch.problems[:1]:
            self._grumble.warning("%s", problem)
        self._news.tell(*batch.news)
        return taken

    def _batch(self, change: Change, *, again: bool = False) -> Batch:
        return Batch(
            self._database, change, self._clock, self._counts, self._watcher, self._hooks, again=again,
            keep_days=self._keep_days,
        )  # fmt: skip

    def _take(self, batch: Batch, arrival: Arrival) -> None:
        try:
            batch.take(arrival.address, arrival.payload)
        except Refused as error:
            self._refuse(arrival, error.reason, error)
        except WireError as error:
            self._refuse(
                arrival, f"broken_{arrival.address.path[-1 if arrival.address.path[0] == 'camera' else 0]}", error
            )

    def _refuse(self, arrival: Arrival, reason: str, error: WireError) -> None:
        self._counts.rejected(reason)
        log.debug("refused a message of %s: %s", "/".join(arrival.address.path), error)

    def _acknowledge(self, acks: dict[AckKey, list[int]]) -> None:
        now = rfc3339(self._clock.wall_ns())
        for key, seqs in acks.items():
            topic = GatewayTopics(key.site, key.gateway).ack(key.kind)
            for first in range(0, len(seqs), _ACK_SEQS):
                self._publish(topic, encode(Ack(outbox=key.outbox, seqs=seqs[first : first + _ACK_SEQS], now=now)))
