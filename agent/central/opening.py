"""Envelopes as they come: from whom they say they are, which version, and how many days their records spread over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from agent.central.counts import Refused
from agent.core.errors import WireError
from agent.wire.messages import VERSION, DurableClass, LaterHead, Message, Opened, decode, open_records
from agent.wire.topics import Address

MOST_DAYS = 200
"""Of one envelope: as many as a gateway packs records into it."""


class _Later(Message):
    v: Annotated[int, Field(gt=VERSION, lt=1 << 31)]


class Spread(NamedTuple):
    """What is taken of an envelope, on which dates it began, and how many records are left out."""

    opened: Opened
    dates: set[str]
    left_out: int


def open_envelope(address: Address, leaf: str, classes: Collection[DurableClass], payload: bytes) -> Opened:
    """An envelope, with its records.

    Raises:
        WireError: it is none, or not from whom its topic says.
    """
    opened = open_records(payload, leaf)
    sender = (opened.head.site, opened.head.gateway)
    if sender != (address.site, address.gateway) or opened.head.kind not in classes:
        raise Refused("wrong_sender", "the envelope names another sender or class than its topic")
    return opened


def later_head(address: Address, classes: Collection[DurableClass], payload: bytes) -> LaterHead | None:
    """The head of an envelope of a later version, from whom it says it is; None of anything else."""
    with suppress(WireError):
        head = decode(LaterHead, payload)
        if (head.site, head.gateway) == (address.site, address.gateway) and head.kind in classes:
            return head
    return None


def later_version(payload: bytes) -> int | None:
    """Of a message without an envelope: its version, if it is after ours."""
    with suppress(WireError):
        return decode(_Later, payload).v
    return None


def spread(opened: Opened) -> Spread:
    """Every day is a file to be held open until all of a batch is written: so there is an end to how many."""
    records: Sequence[Message | dict[str, Any]] = opened.records
    dates: dict[str, None] = {}
    taken: list[Any] = []
    for record in records:
        date = _date(record)
        if date in dates or len(dates) < MOST_DAYS:
            dates[date] = None
            taken.append(record)
    left_out = len(records) - len(taken)
    return Spread(opened._replace(records=taken) if left_out else opened, set(dates), left_out)


def _date(record: Message | dict[str, Any]) -> str:
    """As it is written; of what has no start always the same."""
    start = record.get("start") if isinstance(record, dict) else getattr(record, "start", None)
    return str(start)[:10]
