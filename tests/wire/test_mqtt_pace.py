"""The window follows the queue that the confirmations show."""

from __future__ import annotations

from agent.core.clock import NS
from agent.wire.mqtt_pace import LEAST_BYTES, MOST_BYTES, PROBE_EVERY_S, START_BYTES, Pace

MS = NS // 1000


def confirm(pace: Pace, took_ms: float, at_s: float, *, size: int = 4000, full: bool = True) -> None:
    pace.confirmed(size, int(took_ms * MS), int(at_s * NS), full=full)


def test_it_grows_while_confirmations_come_promptly_and_something_waits() -> None:
    pace = Pace()
    pace.answered(40 * MS, 0)
    for number in range(2000):
        confirm(pace, 45, 1 + number * 0.001)
    assert pace.window(4 * NS) == MOST_BYTES


def test_it_stays_when_nothing_waits_for_it() -> None:
    pace = Pace()
    for number in range(100):
        confirm(pace, 45, 1 + number * 0.01, full=False)
    assert pace.window(3 * NS) == START_BYTES


def test_it_shrinks_when_a_queue_builds_and_only_once_for_what_is_on_its_way() -> None:
    pace = Pace(target_s=0.3)
    pace.answered(40 * MS, 0)
    confirm(pace, 1000, 1)
    halved = pace.window(NS)
    assert halved == START_BYTES // 2
    confirm(pace, 1000, 1.1)
    assert pace.window(2 * NS) == halved
    for number in range(6):
        confirm(pace, 3000, 3 + 4 * number)
    assert pace.window(25 * NS) == LEAST_BYTES


def test_a_distance_is_no_queue() -> None:
    """A satellite's 700 ms are there without a byte of ours."""
    pace = Pace(target_s=0.3)
    pace.answered(700 * MS, 0)
    for number in range(200):
        confirm(pace, 720, 1 + number * 0.05)
    assert pace.window(12 * NS) > 10 * START_BYTES


def test_a_large_first_message_does_not_pass_for_the_distance() -> None:
    pace = Pace(target_s=0.3)
    pace.answered(40 * MS, 0)
    confirm(pace, 8000, 8, size=250_000)
    assert pace.window(8 * NS) <= START_BYTES


def test_now_and_then_it_looks_how_far_it_is_without_a_queue() -> None:
    pace = Pace()
    pace.answered(40 * MS, 0)
    moment = int((PROBE_EVERY_S + 0.1) * NS)
    assert pace.window(moment) == LEAST_BYTES
    confirm(pace, 90, PROBE_EVERY_S + 0.2)
    confirm(pace, 95, PROBE_EVERY_S + 0.7)
    assert pace._base_ns == 90 * MS  # the way has become longer
