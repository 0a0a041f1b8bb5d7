"""Colours of drawn people and vehicles in five lights, through the whole pipeline: minutes, so by `make test-slow`."""

from __future__ import annotations

import pytest

from tests.bench.attributes import SEEDS, drawn

LEAST = {"neutral": 0.95, "warm": 0.9, "cool": 0.9, "sodium": 0.8, "dusk": 0.8}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_first_name_is_the_right_one() -> None:
    figures = drawn(SEEDS)
    assert {lamp: row["top1"] for lamp, row in figures.items() if row["top1"] < LEAST[lamp]} == {}, figures
