"""How much moved in what was recorded: put together from what was told, and shown for a timeline."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.central.store.motion import density, step_of, union
from agent.core.clock import NS, rfc3339
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, running, span, wait_for

NO = wire.UNSEEN
MINUTE = 20
"""Seconds after the first moment of these tests a minute begins."""
levels = st.lists(st.sampled_from([0, 1, 50, 100, NO]), max_size=6).map(bytes)


def row(start_s: float, motion: list[int], shift_ms: int = 0, end_s: float | None = None) -> dict[str, Any]:
    start_ns = T0_NS + round(start_s * NS)
    end_ns = start_ns + len(motion) * NS if end_s is None else T0_NS + round(end_s * NS)
    return {"start_ns": start_ns, "end_ns": end_ns, "shift_ms": shift_ms, "motion": bytes(motion)}


def shown(rows: list[dict[str, Any]], first_s: float, last_s: float, most: int) -> tuple[float, int, list[int | None]]:
    """Begin in seconds, seconds a point, levels."""
    found = density(rows, T0_NS + round(first_s * NS), T0_NS + round(last_s * NS), most)
    assert found is not None
    begun = next(second for second in range(-4000, 4000) if rfc3339(T0_NS + second * NS) == found["start"])
    return begun, found["step_s"], found["levels"]


@given(levels, levels, levels)
def test_what_is_told_gives_the_same_in_any_order_and_as_often_as_it_comes(one: bytes, two: bytes, more: bytes) -> None:
    orders = [union(union(a or None, b or None), c or None) for a, b, c in itertools.permutations([one, two, more])]
    assert len(set(orders)) == 1
    whole = orders[0]
    assert union(whole, one) == whole
    for second in range(max(map(len, (one, two, more)))):
        seen = [told[second] for told in (one, two, more) if second < len(told) and told[second] != NO]
        assert whole is not None
        assert whole[second] == max(seen, default=NO)


def test_each_second_stands_where_it_was_and_where_nobody_looked_is_nothing() -> None:
    rows = [row(0.6, [1, NO, 3]), row(3, [4]), row(8, [5, 6])]
    assert shown(rows, 0, 60, 600) == (0, 1, [1, None, 3, 4, None, None, None, None, 5, 6])
    assert shown(rows, 2, 9, 600) == (2, 1, [3, 4, None, None, None, None, 5])
    assert density(rows, T0_NS + 4 * NS, T0_NS + 8 * NS, 600) is None
    assert density([row(0, [NO, NO])], T0_NS, T0_NS + 4 * NS, 600) is None


def test_a_second_that_two_segments_share_has_the_higher_level() -> None:
    assert shown([row(0, [1, 2]), row(1.5, [7, 1])], 0, 4, 600) == (0, 1, [1, 7, 1])


def test_coarse_points_have_the_highest_level_in_them() -> None:
    rows = [row(MINUTE + 10 * number, [0, 0, 9, 0, 0, 0, number, 0, 0, NO]) for number in range(6)]
    assert shown(rows, MINUTE, MINUTE + 60, 4) == (MINUTE, 15, [9, 9, 9, 9])
    assert shown(rows, MINUTE, MINUTE + 60, 12) == (MINUTE, 5, [9, 0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5])
    assert shown([row(0, [NO, 0, 5])], 0, 3600, 4) == (-1600, 1800, [5])


def test_footage_of_a_wrong_clock_keeps_its_seconds_when_it_is_moved() -> None:
    assert shown([row(100.9, [3, 8], shift_ms=100_600)], 90, 110, 600) == (100, 1, [3, 8])
    assert shown([row(100.9, [3, 8], shift_ms=100_400)], 90, 110, 600) == (100, 1, [3, 8])


def test_levels_beyond_the_end_of_their_footage_are_not_shown() -> None:
    assert shown([row(0, [1, 2, 3, 4], end_s=2)], 0, 10, 600) == (0, 1, [1, 2])


@given(st.integers(-(10**18), 4 * 10**18), st.integers(1, 4 * 10**18), st.integers(1, 2000))
def test_there_are_never_more_points_than_were_asked_for(start_ns: int, length_ns: int, most: int) -> None:
    start_ns, end_ns = max(0, start_ns), max(0, start_ns) + length_ns
    step_ns = step_of(start_ns, end_ns, most) * NS
    assert -(-end_ns // step_ns) - start_ns // step_ns <= most
    found = density([row(0, [1]), row(3 * 10**8, [2])], start_ns, end_ns, most)
    assert found is None or len(found["levels"]) <= most


def test_a_span_from_before_all_time_ends() -> None:
    assert density([row(0, [1])], -(10**18), T0_NS + NS, 1) is not None


def test_a_timeline_asks_for_motion_over_the_api(tmp_path: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway, centre.admin() as api:
        gateway.hello()
        gateway.envelope("recording", 1, span("a", 0, 4, motion=wire.pack_motion(bytes([0, 12, NO, 3]))))
        gateway.envelope("recording", 2, span("b", 4, 8).model_copy(update={"motion": "!!!!"}))
        wait_for(lambda: gateway.acked("recording") >= {1, 2})
        place = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
        asked = {**place, "start": rfc3339(T0_NS), "end": rfc3339(T0_NS + 60 * NS), "segments": False}
        plain = api.get("/api/v1/recordings", params=asked).raise_for_status().json()
        assert (len(plain["spans"]), plain["spans"][0]["segments"], plain["motion"]) == (1, 1, None)
        moved = api.get("/api/v1/recordings", params={**asked, "motion": 100}).raise_for_status().json()
        assert moved["motion"] == {"start": rfc3339(T0_NS), "step_s": 1, "levels": [0, 12, None, 3]}
        for wrong in (-1, 2001, "many"):
            assert api.get("/api/v1/recordings", params={**asked, "motion": wrong}).status_code == 422


@pytest.mark.parametrize("most", [1, 2, 2000])
def test_a_whole_life_has_few_points(most: int) -> None:
    found = density([row(0, [1]), row(10 * 365 * 86_400, [2])], 0, 1 << 62, most)
    assert found is not None
    assert 1 <= len(found["levels"]) <= most
