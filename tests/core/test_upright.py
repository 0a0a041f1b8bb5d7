"""What display matrices say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.upright import rotation, rotation_of

ONE = 1 << 16


@pytest.mark.parametrize(
    ("across", "down", "degrees"),
    [
        ((1, 0), (0, 1), 0), ((0, -1), (1, 0), 90), ((-1, 0), (0, -1), 180), ((0, 1), (-1, 0), 270),
        ((2, 0), (0, 2), 0), ((0.1, 0.99), (-0.99, 0.1), 270), ((0, 0), (0, 0), 0),
    ],
)  # fmt: skip
def test_turned_to_the_nearest_quarter(across, down, degrees):
    assert rotation(matrix(across, down)) == degrees


@pytest.mark.parametrize(("across", "down", "degrees"), [((-1, 0), (0, 1), 0), ((1, 0), (0, -1), 180)])
def test_what_is_mirrored_is_not_stood_on_its_head(across, down, degrees):
    assert rotation(matrix(across, down)) == degrees


def matrix(across: tuple[float, float], down: tuple[float, float]) -> list[int]:
    (a, b), (c, d) = across, down
    return [round(value * ONE) for value in (a, b, 0, c, d, 0, 0, 0)] + [1 << 30]


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_give_a_quarter(before, after):
    assert rotation_of(before) in {0, 90, 180, 270}
    assert rotation_of(before + b"tkhd" + after) in {0, 90, 180, 270}
