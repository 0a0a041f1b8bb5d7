"""What the uplink may do, has cost, and keeps waiting: put together for health."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.errors import StorageError
from agent.publish.budget import Budget
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import UplinkState, WaitingClass

_NO_LINK = "no connection"
_VERSIONS = {5: "5", 4: "3.1.1"}


def uplink_state(
    budget: Budget, outbox: Outbox, uplink: Uplink | None, live: Callable[[], list[str]]
) -> UplinkState | None:
    """None when what is known of it cannot be read now; `live` says in words what live pictures go."""
    try:
        waiting = _waiting(budget, outbox, uplink)
    except (OSError, StorageError):
        return None
    spent, link = budget.spent(), uplink.health() if uplink is not None else None
    return UplinkState(
        broker=f"{link.broker}, MQTT {_VERSIONS[link.protocol]}" if link and link.broker else "",
        refused_commands=link.commands_refused if link else {},
        limited=budget.limited, cheap=budget.cheap, metered=budget.metered, quiet=budget.quiet,
        rate=_rate(budget, uplink), rate_limit=budget.rate_limit, hour=spent.hour,
        hour_limit=budget.bytes_per_hour, month=spent.month, month_limit=budget.bytes_per_month,
        month_by_class=spent.classes, cheap_bytes=spent.cheap, live=live(), waiting=waiting,
    )  # fmt: skip


def _rate(budget: Budget, uplink: Uplink | None) -> float:
    """Of a moment; what may go in the long run is less where there is a limit."""
    rate = round(uplink.media.rate) if uplink is not None else 0
    limit = None if budget.cheap else budget.rate_limit
    return rate if limit is None else min(rate, limit)


def _waiting(budget: Budget, outbox: Outbox, uplink: Uplink | None) -> list[WaitingClass]:
    up = uplink is not None and uplink.health().connected
    messages = outbox.depth().messages
    found = [("message", messages, 0, "event")] if messages else []
    found += [(kind, number, size, kind) for kind, (number, size) in outbox.media.classes().items()]
    return [
        WaitingClass(kind=kind, number=number, bytes=size, reason=budget.refusal(like) if up else _NO_LINK)
        for kind, number, size, like in found
    ]
