"""Which messages of each outbox have come: what was received, what was announced as dropped, what is lost.

Per (site, gateway, outbox, class): `high` is the contiguous mark, above it stand ranges. A number at or below the
greatest one seen that was neither received nor announced is lost until it arrives after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from agent.central.store.ranges import Range, Ranges
from agent.core.errors import WireError

MAX_SEQ = 1 << 53
MOST_RANGES = 4096


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

    def with_messages(self, seqs: Sequence[int], dropped: list[Range]) -> Ledger:
        """After an envelope with these numbers, which announces these drops.

        Raises:
            WireError: a number or a range beyond all reason.
            TooManyHoles: what lies between them would be more than can be kept.
        """
        ledger = self.with_message(seqs[0], dropped)
        for seq in seqs[1:]:
            ledger = ledger.with_message(seq, [])
        return ledger

    def with_message(self, seq: int, dropped: list[Range]) -> Ledger:
        """The same for one number."""
        if not 1 <= seq <= MAX_SEQ or any(not 1 <= first <= last <= MAX_SEQ for first, last in dropped):
            raise WireError(f"a sequence number is beyond the limits: {seq}")
        if seq == self.high + 1 and not (dropped or self.received or self.announced):  # as nearly all do
            return Ledger(seq, (), (), self.stored + 1, self.duplicates, self.dropped, self.lost)
        received = Ranges(self.received)
        known = self.is_known(seq)
        if seq > self.high:
            received.add(seq, seq)
        announced = Ranges([*self.announced, *dropped]).above(self.high)
        fresh = announced.without(Ranges(self.announced)).without(received)
        counted = replace(
            self,
            stored=self.stored + (not known),
            duplicates=self.duplicates + known,
            dropped=self.dropped + fresh.count(),
        )
        settled = _settled(counted, received, announced)
        if settled.holes > max(MOST_RANGES, self.holes):
            raise TooManyHoles(f"more than {MOST_RANGES} holes in an outbox's numbers: {seq} waits until they close")
        return settled

    @property
    def holes(self) -> int:
        """How many ranges lie above the mark."""
        return len(self.received) + len(self.announced)

    def is_known(self, seq: int) -> bool:
        """Was this number received before?"""
        return seq in Ranges(self.received) or seq <= self.high


def _settled(ledger: Ledger, received: Ranges, announced: Ranges) -> Ledger:
    both = Ranges([*received, *announced])
    high = both.end_of_run(ledger.high + 1)
    top = max(high, both.last)
    missing = top - high - both.above(high).count()
    return replace(
        ledger, high=high, received=tuple(received.above(high)), announced=tuple(announced.above(high)), lost=missing
    )
