"""What the ladder is told of the load."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from agent.analyse.gauge import Gauge


def desk(**counts) -> SimpleNamespace:
    intake = SimpleNamespace(packets=0, decodes=0, decode_ns=0, offered=0)
    return SimpleNamespace(analysed=0, lag_max_s=0.0, intake=intake, **counts)


def test_lateness_is_the_cameras_median_and_is_taken_once():
    gauge, desks = Gauge(2), [desk() for _ in range(5)]
    for one, lag_s in zip(desks, (0.1, 0.2, 0.3, 9.0, 0.0), strict=True):
        one.lag_max_s = lag_s
    assert gauge.load(desks, 0, 1.0).late_s == pytest.approx(0.25)
    assert gauge.load(desks, 0, 1.0).late_s == 0


def test_what_was_lost_and_what_things_cost_is_per_second_and_per_picture():
    gauge, desks = Gauge(4), [desk(), desk(), desk()]
    for one in desks[:2]:
        one.intake.packets, one.intake.decodes, one.intake.decode_ns, one.intake.offered = 30, 15, 30_000_000, 10
        one.analysed = 6
    gauge.thought_ns = 120_000_000
    load = gauge.load(desks, 8, 2.0)
    assert (load.streams, load.cores) == (2, 4)
    assert load.lost_share == pytest.approx(0.4)
    assert load.think_s == pytest.approx(0.01)
    assert load.decode_s == pytest.approx(0.002 * 30)  # 2 ms a packet, 60 packets in 2 s
    again = gauge.load(desks, 8, 1.0)
    assert (again.streams, again.lost_share, again.decode_s) == (0, 0, 0)
    assert again.think_s == pytest.approx(0.01)
