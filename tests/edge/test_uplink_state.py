"""What health says of the uplink: what it cost, what waits, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.core.clock import rfc3339
from agent.edge.status import format_status
from agent.edge.uplink_state import uplink_state
from agent.publish.budget import Budget
from agent.publish.outbox import Outbox
from agent.publish.uplink import UplinkHealth
from agent.wire.messages import Health, OutboxDepth
from tests.fixtures.clock import FakeClock


class Connected:
    """As much of an uplink as is asked."""

    class media:  # noqa: N801
        rate = 900_000.0

    def health(self):
        refused = {"unsigned": 3, "retained": 1}
        return UplinkHealth(True, 5, "", "", 0, 0, refused, "centre.example:8883")


@pytest.fixture
def outbox(tmp_path: Path, clock: FakeClock):
    made = Outbox(tmp_path / "outbox.db", clock)
    now = rfc3339(clock.wall_ns())
    for name, kind, more in (("a", "clip", {}), ("b", "clip", {"asked": True}), ("c", "snapshot", {})):
        made.put_media(id=name, camera="cam", kind=kind, type="x/y", source=b"x" * 1000, start=now, end=now, **more)
    yield made
    made.close()


def test_what_waits_and_why(outbox: Outbox, clock: FakeClock):
    budget = Budget(outbox.database, clock, metered=True, rate_limit=100_000, bytes_per_month=100_000_000)
    budget.spend("event", 5000)
    state = uplink_state(budget, outbox, Connected(), lambda: ["cam sub"])  # type: ignore[arg-type]
    assert state is not None
    assert {one.kind: (one.number, one.bytes, one.reason) for one in state.waiting} == {
        "asked": (1, 1000, ""), "snapshot": (1, 1000, ""),
        "clip": (1, 1000, "a metered link: it waits for a cheap one, or until somebody asks"),
    }  # fmt: skip
    assert (state.limited, state.metered, state.rate, state.month, state.month_limit) == (
        True, True, 100_000, 5000, 100_000_000,
    )  # fmt: skip
    health = Health(
        time=rfc3339(clock.wall_ns()), uptime_s=1, cameras=[], uplink=state,
        outbox=OutboxDepth(messages=0, media=3, media_bytes=3000, dropped={"event": 7, "media": 1}),
    )  # fmt: skip
    told = format_status(health)
    assert "uplink: 0.0 MB this hour, 0.0 MB this month of 100 MB, at most 800 kbit/s" in told
    assert "waits: 1 of class clip, 0.0 MB: a metered link" in told
    assert "live: cam sub" in told
    assert "broker: centre.example:8883, MQTT 5; commands refused: 1 retained, 3 unsigned" in told
    assert "given up so far: 7 event, 1 media" in told


def test_without_a_connection_that_is_the_reason(outbox: Outbox, clock: FakeClock):
    state = uplink_state(Budget(outbox.database, clock), outbox, None, list)
    assert state is not None
    assert {one.reason for one in state.waiting} == {"no connection"}
    assert (state.limited, state.broker) == (False, "")
