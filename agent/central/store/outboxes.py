"""Which messages of each outbox have come: what was received, what was announced as dropped, what is lost.

Per (site, gateway, outbox, class): `high` is the contiguous mark, above it stand ranges. A number at or below the
greatest one seen that was neither received nor announced is lost until it arrives after all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import sqlalchemy as sa

from agent.central.store.ranges import Range, Ranges
from agent.central.store.schema import outbox_seq
from agent.core.errors import WireError
from agent.wire.messages import DURABLE_CLASSES

MAX_SEQ = 1 << 53
MOST_RANGES = 4096
MOST_OUTBOXES = 200
"""Of one gateway, as if each had all classes; beyond it only sums are known of the oldest."""
EARLIER = "-"
"""Stands for those; no outbox can be named so."""
_MOST_LEDGERS = MOST_OUTBOXES * len(DURABLE_CLASSES)
_SUMS = ("stored", "duplicates", "dropped", "lost")

Upsert = Callable[[sa.Connection, sa.Table, list[dict[str, Any]]], None]


class TooManyHoles(WireError):
    """More gaps in the numbers of an outbox than are kept: its gateway tells of gaps before it sends what follows."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The state of one outbox and class."""

    high: int = 0
    received: tuple[Range, ...] = field(default=())
    announced: tuple[Range, ...] = field(default=())
    stored: int = 0
    duplicates: int = 0
    dropped: int = 0
    lost: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Ledger:
        """As its row has it."""
        received, announced = (tuple((first, last) for first, last in row[name]) for name in ("received", "announced"))
        return cls(row["high"], received, announced, row["stored"], row["duplicates"], row["dropped"], row["lost"])

    def row(self) -> dict[str, Any]:
        """The opposite of `of`."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def with_messages(self, seqs: Sequence[int], dropped: Sequence[Range]) -> Ledger:
        """After an envelope with these numbers, which announces these drops.

        Raises:
            WireError: a number or a range beyond all reason.
            TooManyHoles: what lies between them would be more than can be kept.
        """
        if not all(1 <= seq <= MAX_SEQ for seq in seqs) or not all(1 <= one <= two <= MAX_SEQ for one, two in dropped):
            raise WireError(f"a sequence number is beyond the limits, of those from {seqs[0]} on")
        settled = (None if dropped else self._gone_on(seqs)) or _Counting(self).counted(seqs, dropped)
        if settled.holes > max(MOST_RANGES, self.holes):
            raise TooManyHoles(
                f"more than {MOST_RANGES} holes in an outbox's numbers: {seqs[0]} waits until they close"
            )
        return settled

    def _gone_on(self, seqs: Sequence[int]) -> Ledger | None:
        """As nearly all do: with what comes right after the last that came, whatever is missing before."""
        first, last = seqs[0], seqs[-1]
        top = self.received[-1][1] if self.received else self.high
        beyond = self.announced[-1][1] if self.announced else 0
        if first != top + 1 or beyond > top or list(seqs) != list(range(first, first + len(seqs))):
            return None
        received = (*self.received[:-1], (self.received[-1][0], last)) if self.received else ()
        return replace(
            self, high=self.high if received else last, received=received, stored=self.stored + len(seqs)
        )  # fmt: skip

    @property
    def holes(self) -> int:
        """How many ranges lie above the mark."""
        return len(self.received) + len(self.announced)


class _Counting:
    """A ledger that takes one number after the other; `_both` is all that is received or announced."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._high = ledger, ledger.high
        self._received, self._announced = Ranges(ledger.received), Ranges(ledger.announced)
        self._both = Ranges([*ledger.received, *ledger.announced])

    def counted(self, seqs: Sequence[int], dropped: Sequence[Range]) -> Ledger:
        """What is announced counts as said with the first number."""
        stored, fresh = int(self._took(seqs[0])), self._announce(dropped)
        self._high = self._both.end_of_run(self._high + 1)
        for seq in seqs[1:]:
            stored += self._took(seq)
            self._high = self._both.end_of_run(self._high + 1)
        return self._settled(stored, len(seqs) - stored, fresh)

    def _took(self, seq: int) -> bool:
        """Was it received for the first time?"""
        known = seq <= self._high or seq in self._received
        if seq > self._high:
            self._received.add(seq, seq)
            self._both.add(seq, seq)
        return not known

    def _announce(self, dropped: Sequence[Range]) -> int:
        """How many of these numbers nobody knew of."""
        told = Ranges(dropped).above(self._high)
        fresh = told.without(self._announced).without(self._received).count()
        for first, last in told:
            self._announced.add(first, last)
            self._both.add(first, last)
        return fresh

    def _settled(self, stored: int, duplicates: int, fresh: int) -> Ledger:
        was, high = self._ledger, self._high
        top = max(high, self._both.last)
        return Ledger(
            high, tuple(self._received.above(high)), tuple(self._announced.above(high)), was.stored + stored,
            was.duplicates + duplicates, was.dropped + fresh, top - high - self._both.above(high).count(),
        )  # fmt: skip


def fold(main: sa.Connection, upsert: Upsert, site: str, gateway: str) -> int:
    """Put the oldest of too many outboxes together: ids begin with the time. Returns how many ledgers went.

    A gateway that invents outboxes has an end, and one whose disk forgets goes on for ever.
    """
    table = outbox_seq
    here = (table.c.site == site, table.c.gateway == gateway)
    mine = (*here, table.c.outbox != EARLIER)
    many = (main.scalar(sa.select(sa.func.count()).select_from(table).where(*mine)) or 0) - _MOST_LEDGERS
    if many <= 0:
        return 0
    oldest = main.execute(sa.select(table).where(*mine).order_by(table.c.outbox).limit(many)).mappings().all()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in (*oldest, *main.execute(sa.select(table).where(*here, table.c.outbox == EARLIER)).mappings()):
        sums[row["kind"]].update({name: row[name] for name in _SUMS})
    key = {"site": site, "gateway": gateway, "outbox": EARLIER}
    rows = [
        key | {"kind": kind} | Ledger().row() | {name: summed[name] for name in _SUMS} for kind, summed in sums.items()
    ]
    upsert(main, table, rows)
    for outbox, kind in {(row["outbox"], row["kind"]) for row in oldest}:
        main.execute(sa.delete(table).where(*here, table.c.outbox == outbox, table.c.kind == kind))
    return many
