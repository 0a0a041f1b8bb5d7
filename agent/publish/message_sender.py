"""Empties the outbox: the most urgent first, several records in an envelope, each again until the centre has it.

A record is due again when the centre did not speak of it within `resend_s`, or spoke of several envelopes of its class
that left later (brokers keep the order of a topic: it was dropped on the way). While the centre says nothing at all,
one envelope goes as a question, less and less often, and only alarms are sent besides.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.core.errors import WireError
from agent.publish.budget import Budget
from agent.publish.envelope import Gap, Packer
from agent.publish.outbox import MOST_SEQ, Outbox, Waiting
from agent.wire.messages import DURABLE_CLASSES, Ack, DurableClass, leaf_of
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

WINDOW, URGENT_WINDOW = 2000, 3000
"""Records without the centre's word, at most; alarms may go beyond the first number, up to the second."""
MOST_RECORDS = 200
LEAST_BYTES, MOST_BYTES = 4 << 10, 64 << 10
"""Of the records in an envelope, as far as the link bears it: a quarter of its window."""
SLOW_BYTES, SHRINKS = 256 << 10, 4
"""Below this window envelopes are compressed, and may hold so many times more: records repeat each other's words."""
OVERTAKEN_BY = 8
RESEND_S, RESEND_MOST_S = 10.0, 300.0
SAMPLES_EVERY_S = 300.0
"""Where every byte counts, samples of the gateway's health are in no hurry: those of so long share an envelope."""
SETTLE_S = 0.2
"""After a new connection: acknowledgements that a broker kept for us come first."""
MOST_TOLD = 128
_HEAD_BYTES = 8 << 10
"""Room for the envelope around the records, with its numbers and gaps."""
URGENT_BACKLOG = 16
"""Envelopes of alarms that may wait in the connection beyond its room."""


class Link(Protocol):
    """What is needed of `MqttLink`."""

    @property
    def room(self) -> int:
        """Bytes that may go now."""

    @property
    def window(self) -> int:
        """Bytes that the link bears."""

    @property
    def backlog(self) -> int:
        """Messages on their way."""

    def max_payload(self, topic: str) -> int:
        """The broker's limit."""

    def publish(self, topic: str, payload: bytes, *, urgent: bool = False) -> bool:
        """Queue it; False when that is not possible now."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An envelope on its way: its number on this connection, when it left, and which gaps it told of."""

    number: int
    at_ns: int
    told: tuple[Gap, ...]


class MessageSender:
    """Part of the uplink; all calls on its thread."""

    def __init__(
        self,
        site: str,
        gateway: str,
        outbox: Outbox,
        link: Link,
        clock: Clock,
        *,
        resend_s: float = RESEND_S,
        compress: bool = True,
        budget: Budget | None = None,
    ) -> None:
        self._outbox, self._link, self._clock, self._budget = outbox, link, clock, budget
        self._packer, self._compress = Packer(site, gateway), compress
        self._topics = GatewayTopics(site, gateway)
        self._resend_ns = int(resend_s * NS)
        self._asking = Backoff(resend_s, max(resend_s, RESEND_MOST_S))
        self._name = ""
        self._sent_ns = 0
        self._forget()

    # -- what the uplink calls ----------------------------------------------------------------------------------

    def begin_again(self) -> None:
        """A new connection: what is unacknowledged goes again, the first of it as a question."""
        self._asking.reset()
        self._answered, self._ask_ns = not self._window, 0
        self._before = self._number
        self._samples_ns = 0
        self._settled_ns = self._clock.mono_ns() + int(SETTLE_S * NS)

    def acknowledged(self, kind: DurableClass, acks: Iterable[Ack]) -> None:
        """The centre has stored these.

        Raises:
            WireError: an acknowledgement is of another outbox; it changes nothing, the others count.
        """
        own = self._outbox.id
        mine, foreign = [ack for ack in acks if ack.outbox == own], [ack.outbox for ack in acks if ack.outbox != own]
        seqs = [seq for ack in mine for seq in ack.seqs]
        if seqs:
            self._take_out(kind, seqs)
        if foreign:
            raise WireError(f"it acknowledges messages of another outbox, {foreign[0]}")

    def step(self) -> bool:
        """Send what may go now; True when something did."""
        self._check_outbox()
        before = self._number
        now_ns = self._clock.mono_ns()
        if self._silent(now_ns):
            self._send_fresh("alarm", now_ns)
            self._ask(now_ns)
        else:
            due = self._due(now_ns)
            for kind in DURABLE_CLASSES:
                self._send_again(kind, due[kind], now_ns)
                if kind == "alarm" or now_ns >= self._settled_ns:
                    self._send_fresh(kind, now_ns)
        return self._number != before

    @property
    def busy(self) -> bool:
        """Did messages go within the last second? From any thread."""
        return self._sent_ns > 0 and self._clock.mono_ns() - self._sent_ns < NS

    # -- what is known of the way -------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._window: dict[tuple[DurableClass, int], Sent] = {}
        self._fresh: dict[DurableClass, deque[Waiting]] = {kind: deque() for kind in DURABLE_CLASSES}
        self._read: dict[DurableClass, int] = dict.fromkeys(DURABLE_CLASSES, 0)
        self._top: dict[DurableClass, int] = dict.fromkeys(DURABLE_CLASSES, 0)
        self._telling: dict[DurableClass, set[Gap]] = {kind: set() for kind in DURABLE_CLASSES}
        self._number: int = 0
        self._before = self._heard_ns = self._ask_ns = self._settled_ns = self._samples_ns = 0
        self._answered = True

    def _check_outbox(self) -> None:
        """A file that had to be begun anew counts from 1 again."""
        if self._outbox.id != self._name:
            self._name = self._outbox.id
            self._forget()

    def _take_out(self, kind: DurableClass, seqs: list[int]) -> None:
        sent = [one for seq in seqs if (one := self._pop(kind, seq)) is not None]
        self._top[kind] = max([self._top[kind], *(one.number for one in sent)])
        self._outbox.acknowledge(kind, seqs, {gap for one in sent for gap in one.told})
        self._heard_ns, self._answered = self._clock.mono_ns(), True
        self._asking.reset()

    def _pop(self, kind: DurableClass, seq: int) -> Sent | None:
        sent = self._window.pop((kind, seq), None)
        if sent is not None and sent.told:
            self._telling[kind].difference_update(sent.told)
        return sent

    def _silent(self, now_ns: int) -> bool:
        """Has nothing been heard on this connection, or since the oldest record left, which is due by now?"""
        oldest = next(iter(self._window.values()), None)
        if oldest is None:
            return False
        return not self._answered or self._heard_ns <= oldest.at_ns <= now_ns - self._resend_ns

    # -- choosing -----------------------------------------------------------------------------------------------

    def _ask(self, now_ns: int) -> None:
        if now_ns < max(self._ask_ns, self._settled_ns):
            return
        self._ask_ns = now_ns + int(self._asking.next_s() * NS)
        kind, seq = next(iter(self._window))
        self._untell(kind, [seq])
        if rows := self._outbox.rows(kind, [seq]):
            self._send(kind, rows, self._untold(kind)[0], now_ns)
        else:
            self._pop(kind, seq)

    def _due(self, now_ns: int) -> dict[DurableClass, list[int]]:
        """What to send again; the window is in the order of sending, so the search ends at the first that is not."""
        due: dict[DurableClass, list[int]] = {kind: [] for kind in DURABLE_CLASSES}
        top = max(self._top.values())
        for (kind, seq), sent in self._window.items():
            late = sent.number <= self._before or now_ns - sent.at_ns >= self._resend_ns
            if late or sent.number + OVERTAKEN_BY < self._top[kind]:
                due[kind].append(seq)
            elif sent.number + OVERTAKEN_BY >= top:
                break
        return due

    def _send_again(self, kind: DurableClass, due: list[int], now_ns: int) -> None:
        for at in range(0, len(due), MOST_RECORDS):
            seqs = due[at : at + MOST_RECORDS]
            rows = deque(self._outbox.rows(kind, seqs))
            self._untell(kind, seqs)
            for gone in set(seqs) - {row.seq for row in rows}:  # dropped under pressure meanwhile
                self._pop(kind, gone)
            while rows:
                told, bound = self._untold(kind)
                if not self._may_send(kind) or not self._send(kind, self._batch(kind, rows, bound), told, now_ns):
                    return

    def _send_fresh(self, kind: DurableClass, now_ns: int) -> None:
        if kind == "health" and self._gathers and now_ns < self._samples_ns:
            return
        most = URGENT_WINDOW if kind == "alarm" else WINDOW
        while len(self._window) < most and self._may_send(kind):
            fresh = self._fresh[kind]
            if not fresh:
                fresh.extend(self._outbox.after(kind, self._read[kind], MOST_RECORDS))
                if not fresh:
                    self._rest(kind, now_ns)
                    return
                self._read[kind] = fresh[-1].seq
            told, bound = self._untold(kind)
            rows = self._batch(kind, fresh, bound)
            if not self._send(kind, rows, told, now_ns):
                fresh.extendleft(reversed(rows))
                return

    @property
    def _gathers(self) -> bool:
        return self._budget is not None and self._budget.limited

    def _rest(self, kind: DurableClass, now_ns: int) -> None:
        """All of that class went."""
        if kind == "health" and now_ns >= self._samples_ns:
            self._samples_ns = now_ns + int(SAMPLES_EVERY_S * NS)

    def _may_send(self, kind: DurableClass) -> bool:
        if self._budget is not None and self._budget.refusal(kind):
            return False
        return self._link.room > 0 or (kind == "alarm" and self._link.backlog < URGENT_BACKLOG)

    def _untold(self, kind: DurableClass) -> tuple[tuple[Gap, ...], int]:
        """The gaps to tell of next, and the number where the first begins that must wait for another envelope.

        What is told late leaves the centre with a hole for each: it keeps some thousands, and refuses more.
        """
        telling = self._telling[kind]
        gaps = [gap for gap in self._outbox.gaps(kind, MOST_TOLD + 1 + len(telling)) if gap not in telling]
        return tuple(gaps[:MOST_TOLD]), gaps[MOST_TOLD][0] if len(gaps) > MOST_TOLD else MOST_SEQ

    def _untell(self, kind: DurableClass, seqs: Sequence[int]) -> None:
        """What was told with these may not have arrived: it is told again."""
        for seq in seqs:
            if (sent := self._window.get((kind, seq))) is not None:
                self._telling[kind].difference_update(sent.told)

    def _batch(self, kind: DurableClass, rows: deque[Waiting], bound: int) -> list[Waiting]:
        """Take the first row out of `rows`, and what else of its camera and below `bound` fits in beside it."""
        first = rows.popleft()
        limit = self._link.max_payload(self._topic(kind, first.camera)) - _HEAD_BYTES
        wanted = self._link.window // 4 * (SHRINKS if self._slow else 1)
        room = min(max(LEAST_BYTES, min(MOST_BYTES, wanted)), limit) - len(first.record)
        batch, left = [first], []
        while rows:
            row = rows.popleft()
            fits = len(row.record) < room and row.seq < bound and len(batch) < MOST_RECORDS
            if row.camera == first.camera and fits:
                batch.append(row)
                room -= len(row.record) + 1
            else:
                left.append(row)
        rows.extend(left)
        return batch

    # -- sending ------------------------------------------------------------------------------------------------

    def _send(self, kind: DurableClass, rows: list[Waiting], told: tuple[Gap, ...], now_ns: int) -> bool:
        """False when the connection takes no more now."""
        topic = self._topic(kind, rows[0].camera)
        payload, most = self._pack(kind, rows, told, compress=self._slow), self._link.max_payload(topic)
        if len(payload) > most:
            payload, told = self._pack(kind, rows, (), compress=self._compress), ()
        if len(payload) > most:
            self._give_up(kind, rows, f"the broker takes no message of {len(payload)} bytes")
            return True
        if not self._link.publish(topic, payload, urgent=kind == "alarm"):
            return False
        self._note(kind, rows, Sent(self._number + 1, now_ns, told))
        if self._budget is not None:
            self._budget.spend(kind, len(payload))
        return True

    def _pack(self, kind: DurableClass, rows: list[Waiting], told: Sequence[Gap], *, compress: bool) -> bytes:
        return self._packer.pack(self._name, kind, rows, told, compress=compress)

    @property
    def _slow(self) -> bool:
        """Is the link so slow that compressing is worth the reader's trouble?"""
        return self._compress and self._link.window < SLOW_BYTES

    def _note(self, kind: DurableClass, rows: list[Waiting], sent: Sent) -> None:
        self._number, self._sent_ns = sent.number, sent.at_ns
        for row in rows:
            self._pop(kind, row.seq)  # the order of the window is that of sending
            self._window[kind, row.seq] = sent
        self._telling[kind].update(sent.told)
        self._outbox.mark_sent(kind, [row.seq for row in rows])

    def _give_up(self, kind: DurableClass, rows: list[Waiting], reason: str) -> None:
        """A record that the broker will never take would come again for ever, and hold back what is behind it."""
        for row in rows:
            self._pop(kind, row.seq)
            self._outbox.drop(kind, row.seq, reason)

    def _topic(self, kind: DurableClass, camera: str) -> str:
        return self._topics.history if kind == "health" else self._topics.camera(camera, leaf_of(kind))
