"""Killed at any moment, again and again over the same folder: at most the last fragment of each camera is missing."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash import site
from tests.crash.lab import FRAGMENT, START_NS, Films, Footage, Losses, Nursery, restarted_copy, seed, times
from tests.crash.plan import FRAME_NS, Life

_FOREVER_S = 3600
_SPEED = 20.0
_LONGEST_S = 1.2
"""24 s of film: enough to close segments of both kinds and to delete some."""


def kill_at_random_moments(films: Films, nursery: Nursery, folder: Path, kills: int) -> Losses:
    number = seed()
    print(f"LAMPPOST_SEED={number}")  # noqa: T201 - shown when the test fails
    chance, losses = random.Random(number), Losses(films)
    root, lives, saved, start_ns = folder / "store", list[Life](), dict[tuple[int, Life], int](), START_NS
    for turn in range(kills):
        plan = films.plan(root, folder / f"notes{turn}", start_ns=start_ns, seconds=_FOREVER_S, speed=_SPEED)
        life = nursery.kill_after(plan, chance.uniform(0, _LONGEST_S))
        assert life.trouble == ()
        assert site.verify(root) == []
        footage = Footage(films, restarted_copy(root, folder / "copy"))
        lives.append(life)
        assert footage.holes(life) == []
        assert footage.strangers(lives) == []
        assert footage.revenants(lives) == []
        losses.add(footage, life, most=FRAGMENT)
        for spot, before in saved.items():
            assert footage.reach(*spot) in {before, 0}, "what was saved from an earlier kill"  # 0: retention took it
        saved |= {(camera, life): footage.reach(camera, life) for camera in range(len(films.paths))}
        start_ns += life.handed * FRAME_NS + FRAME_NS
    return losses


def test_a_kill_at_a_random_moment_costs_at_most_the_last_fragment(
    films: Films, nursery: Nursery, tmp_path: Path
) -> None:
    losses = kill_at_random_moments(films, nursery, tmp_path, 12)
    print(losses.report("kills"))  # noqa: T201


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_kills_at_random_moments_cost_at_most_the_last_fragment(
    films: Films, nursery: Nursery, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    tell(kill_at_random_moments(films, nursery, tmp_path, times("KILLS", 200)).report("kills"))
