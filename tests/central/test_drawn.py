"""What is drawn on a picture finds the tracks that were there, crossed and went so: asked of many paths at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest

from agent.central.store.drawn import Drawn, Way, feet_of, fitting, near_tiles
from agent.central.store.pack import pack_paths, points_of, unpack_paths
from agent.central.store.tiles import tiles_of_path
from agent.core.edges import clear_of, crossing, meetings
from agent.core.geometry import Point, inside
from agent.wire.messages import PathPoint

GATE = ((0.2, 0.5), (0.8, 0.5))
WAYS: tuple[Way, ...] = ("both", "left_to_right", "right_to_left")


def walk(*feet: Point, height: float = 0.2) -> list[PathPoint]:
    """Boxes on these feet, half a second apart."""
    return [(k / 2, max(0, x - 0.02), max(0, y - height), min(1, x + 0.02), y) for k, (x, y) in enumerate(feet)]


def along(start: Point, end: Point, steps: int = 12, trembling: float = 0.0) -> list[Point]:
    rng = random.Random(4)
    ways = [k / steps for k in range(steps + 1)]
    return [
        (start[0] + k * (end[0] - start[0]) + rng.uniform(-trembling, trembling),
         start[1] + k * (end[1] - start[1]) + rng.uniform(-trembling, trembling)) for k in ways
    ]  # fmt: skip


def asked(drawn: Drawn, *paths: Sequence[PathPoint]) -> list[bool]:
    """Which fit; whoever fits has passed the tiles, too."""
    packed = [path or b"" for path in pack_paths(paths).paths]
    found: list[bool] = fitting(drawn, feet_of(*unpack_paths(packed))).tolist()
    masks = [one.left.right.value for one in near_tiles(drawn)]
    for path, fits in zip(packed, found, strict=True):
        assert not fits or all(tiles_of_path(points_of(path)) & mask for mask in masks)
    return found


def random_walk(rng: random.Random) -> list[PathPoint]:
    x, y, dx, dy = (rng.random(), rng.random(), rng.gauss(0, 0.03), rng.gauss(0, 0.03))
    feet = []
    for _ in range(rng.randrange(1, 40)):
        feet.append((min(0.98, max(0.02, x)), min(1.0, max(0.0, y))))
        dx, dy = dx + rng.gauss(0, 0.01), dy + rng.gauss(0, 0.01)
        x, y = x + dx, y + dy
    return walk(*feet)


def feet_in(path: Sequence[PathPoint]) -> list[Point]:
    """As they are kept: in ten-thousandths."""
    return [((round(x1 * 1e4) + round(x2 * 1e4)) / 2e4, round(y2 * 1e4) / 1e4) for _, x1, _, x2, y2 in path]


def ways_over(feet: Sequence[Point], line: Sequence[Point]) -> set[str]:
    """As the gateway counts them: from clear of the line to clear of it."""
    clear = feet[:1] + [foot for foot in feet[1:] if clear_of(foot, line)]
    return {way for a, b in itertools.pairwise(clear) if (way := crossing(a, b, line))}


def test_regions_and_lines_mean_what_they_mean_at_the_gateway() -> None:
    rng = random.Random(6)
    paths = [random_walk(rng) for _ in range(400)]
    for _ in range(12):
        shape = [(rng.random(), rng.random()) for _ in range(rng.randrange(3, 8))]
        was_in = [
            any(inside(foot, shape) for foot in feet) or any(meetings(a, b, shape) for a, b in itertools.pairwise(feet))
            for feet in map(feet_in, paths)
        ]
        assert asked(Drawn(region=shape), *paths) == was_in
        line, way = shape[: rng.randrange(2, 4)], rng.choice(WAYS)
        over = [ways_over(feet_in(path), line) for path in paths]
        crossed = [way in ways or (way == "both" and bool(ways)) for ways in over]
        assert asked(Drawn(line=line, way=way), *paths) == crossed


def test_a_line_is_crossed_from_one_side_to_the_other() -> None:
    down, up = walk(*along((0.5, 0.3), (0.5, 0.8))), walk(*along((0.5, 0.8), (0.5, 0.3)))
    beside, up_to_it = walk(*along((0.9, 0.3), (0.9, 0.8))), walk(*along((0.5, 0.3), (0.5, 0.495)))
    there_and_back = walk(*along((0.5, 0.3), (0.5, 0.8)), *along((0.5, 0.8), (0.5, 0.3)))
    everybody = (down, up, beside, up_to_it, there_and_back)
    assert asked(Drawn(line=GATE), *everybody) == [True, True, False, False, True]
    assert asked(Drawn(line=GATE, way="left_to_right"), *everybody) == [True, False, False, False, True]
    assert asked(Drawn(line=GATE, way="right_to_left"), *everybody) == [False, True, False, False, True]


def test_only_feet_count_for_a_region() -> None:
    box = ((0.4, 0.1), (0.6, 0.1), (0.6, 0.4), (0.4, 0.4))
    behind = walk(*along((0.3, 0.5), (0.7, 0.5)), height=0.4)  # her head is in it, her feet are before it
    through = walk((0.35, 0.3), (0.65, 0.3))
    assert asked(Drawn(region=box), behind, through, []) == [False, True, False]


LONG = ((0.1, 0.9), (0.5, 0.5), (0.9, 0.5))
WHOLE = [*along((0.1, 0.9), (0.5, 0.5)), *along((0.5, 0.5), (0.9, 0.5))]


@pytest.mark.parametrize(("feet", "fits"), [
    (WHOLE, True), (WHOLE[::-1], False), ([*WHOLE[::-1], *WHOLE], True), ([*WHOLE, *WHOLE[::-1]], True),
    (WHOLE[: len(WHOLE) // 2], False), (WHOLE[3:-3], True), ([(x, y - 0.3) for x, y in WHOLE], False),
    ([(x, y + 0.05) for x, y in WHOLE], True), ([WHOLE[0], WHOLE[12], WHOLE[-1]], True), (WHOLE[:1], False),
    (along((0.1, 0.9), (0.9, 0.9)), False), ([*along((0.1, 0.1), (0.1, 0.9)), *WHOLE], True), ([WHOLE[9]] * 40, False),
])  # fmt: skip
def test_a_path_is_gone_along_for_most_of_its_length_and_forward(feet: list[Point], fits: bool) -> None:
    assert asked(Drawn(path=LONG), walk(*feet)) == [fits]


def test_who_trembles_or_goes_the_other_way_does_not_add_up_to_forward() -> None:
    back = walk(*along((0.9, 0.5), (0.1, 0.5), 60, trembling=0.02))
    forth = walk(*along((0.1, 0.5), (0.9, 0.5), 60, trembling=0.02))
    stands = walk(*along((0.5, 0.5), (0.5, 0.5), 200, trembling=0.03))
    assert asked(Drawn(path=((0.1, 0.5), (0.9, 0.5))), back, forth, stands) == [False, True, False]


def test_arms_of_a_bend_that_lie_close_are_not_leapt_between() -> None:
    bend = ((0.1, 0.4), (0.9, 0.4), (0.9, 0.5), (0.1, 0.5))
    across = walk(*along((0.2, 0.3), (0.2, 0.7)))
    round_it = walk(*along((0.1, 0.4), (0.9, 0.4)), (0.9, 0.45), *along((0.9, 0.5), (0.1, 0.5)))
    assert asked(Drawn(path=bend, near=0.04), across, round_it) == [False, True]


def test_whatever_fits_has_been_on_its_tiles() -> None:
    rng = random.Random(9)
    paths, found = [random_walk(rng) for _ in range(400)], 0
    for _ in range(20):
        path = [(rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)) for _ in range(3)]
        drawn = Drawn(path=path, near=rng.choice([0.02, 0.08, 0.3]))
        found += sum(asked(drawn, *paths))
    assert found > 20


def test_many_paths_come_out_of_their_bytes_as_each_does_alone() -> None:
    rng = random.Random(3)
    paths = [[], random_walk(rng), walk((0.5, 0.5)), [], [(1e9, 0.0, 0.0, 1.0, 1.0)], random_walk(rng), []]
    packed = [path or b"" for path in pack_paths(paths).paths]
    points, lengths = unpack_paths(packed)
    assert lengths.tolist() == [len(path) for path in paths]
    assert np.array_equal(points, np.concatenate([points_of(path) for path in packed]))
    assert unpack_paths([])[0].shape == unpack_paths([b""])[0].shape == (0, 5)
