"""Samples of a minute, made of the health of moments."""

from __future__ import annotations

import pytest

from agent.core.stop import StopToken
from agent.edge.health import HealthReporter
from agent.edge.history import History
from agent.wire.messages import CameraHealth, Health, HealthSample, Message, OutboxDepth, UplinkState
from tests.fixtures.clock import FakeClock


def health(at_s: float, *, month: int = 0, limited: bool = False, **more: object) -> Health:
    camera = {"id": "cam", "online": True, "recording": True, "analysing": True} | more
    return Health(
        time=f"2026-01-01T00:{int(at_s) // 60:02}:{int(at_s) % 60:02}Z", uptime_s=at_s, temperature_c=50 + at_s / 10,
        outbox=OutboxDepth(messages=3, media=1, media_bytes=500), uplink=UplinkState(limited=limited, month=month),
        cameras=[CameraHealth.model_validate(camera)],
    )  # fmt: skip


@pytest.fixture
def kept() -> list[HealthSample]:
    return []


def test_six_looks_make_a_minute(kept: list[HealthSample]) -> None:
    history = History(kept.append)
    for number in range(13):
        history.hear(health(10 * number, month=100 * number, packets_recorded=150 * number, packets_lost=number // 12))
    first, second = kept
    assert (first.time, first.span_s, first.uplink_bytes) == ("2026-01-01T00:00:00Z", 60, 600)
    assert (first.temperature_c, first.outbox_messages, first.outbox_bytes) == (56, 3, 500)
    assert (second.time, second.cameras[0].recorded, second.cameras[0].lost) == ("2026-01-01T00:01:00Z", 900, 1)


def test_a_camera_that_was_away_for_some_looks_was_there_for_a_part(kept: list[HealthSample]) -> None:
    history = History(kept.append)
    for number in range(7):
        history.hear(health(10 * number, online=number % 2 == 0, reconnects=number // 2))
    assert (kept[0].cameras[0].online, kept[0].cameras[0].reconnects) == (0.5, 3)


def test_bytes_are_not_counted_backwards_when_the_month_turns(kept: list[HealthSample]) -> None:
    history = History(kept.append)
    for number, month in enumerate([1000, 1010, 0, 4, 9, 9, 9]):
        history.hear(health(10 * number, month=month))
    assert kept[0].uplink_bytes == 10 + 0 + 4 + 5


def test_the_last_minute_is_kept_at_the_end_and_once(kept: list[HealthSample]) -> None:
    history = History(kept.append)
    history.flush()
    history.hear(health(0))
    history.hear(health(10))
    history.flush()
    history.flush()
    assert [sample.span_s for sample in kept] == [10]


class Board:
    """A gateway that is well, until something is not."""

    def __init__(self, clock: FakeClock, *, limited: bool) -> None:
        self._clock, self._limited, self._began_ns = clock, limited, clock.mono_ns()
        self.problems: list[str] = []

    def now(self) -> Health:
        at_s = (self._clock.mono_ns() - self._began_ns) / 1e9
        return health(at_s, limited=self._limited).model_copy(update={"problems": list(self.problems)})

    def infos(self) -> list[Message]:
        return []

    states = infos


@pytest.mark.parametrize(("limited", "said"), [(False, [0, 10, 20, 30, 40, 50, 60, 70]), (True, [0, 30, 40, 70])])
def test_where_every_byte_counts_health_is_said_less_often_but_for_news(
    kept: list[HealthSample], clock: FakeClock, limited: bool, said: list[int]
) -> None:
    heard: list[Message] = []
    board, stop = Board(clock, limited=limited), StopToken()
    stop.wait = lambda _: _pass(clock, board, stop)  # type: ignore[method-assign]
    reporter = HealthReporter(board, lambda _, message: heard.append(message), History(kept.append), clock)  # type: ignore[arg-type]
    reporter.run(stop)
    moments = [round(one.uptime_s) for one in heard if isinstance(one, Health)]
    assert moments == said
    assert kept[0].span_s == 60


def _pass(clock: FakeClock, board: Board, stop: StopToken) -> bool:
    clock.advance(1)
    uptime_s = board.now().uptime_s
    if uptime_s >= 35:
        board.problems = ["something is wrong"]
    if uptime_s >= 75:
        stop.set()
    return stop.is_set()
