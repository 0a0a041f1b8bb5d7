"""Tracks on simulated streets, fixed seeds: no worse than they were."""

from __future__ import annotations

import itertools
import statistics

import pytest

from agent.analyse.track.tracker import Tracker
from agent.core.geometry import Box
from tests.fixtures.score import score
from tests.fixtures.traffic import STREETS, film

SEEDS = (1, 2)


def tracked(pictures) -> list[dict[int, Box]]:
    count, real, pages = itertools.count(1), set(), []
    tracker = Tracker(lambda _: str(next(count)))
    for picture in pictures:
        tracks = tracker.update(picture.found, picture.wall_ns, lambda _: False).tracks
        real |= {track.id for track in tracks if track.confirmed}
        pages.append({track.id: track.box for track in tracks if track.seen_ns == picture.wall_ns})
    return [{int(name): box for name, box in page.items() if name in real} for page in pages]


def scores(street: str, fps: float) -> tuple[float, float]:
    films = [film(STREETS[street], seed, fps, length_s=30) for seed in SEEDS]
    each = [
        score([{seen.number: seen.box for seen in picture.truth} for picture in pictures], tracked(pictures))
        for pictures in films
    ]
    return statistics.fmean(one.idf1 for one in each), statistics.fmean(one.mota for one in each)


@pytest.mark.parametrize(
    ("street", "fps", "idf1", "mota"),
    [
        ("pavement", 10, 0.85, 0.85), ("pavement", 5, 0.85, 0.85), ("pavement", 2, 0.75, 0.75),
        ("plaza", 5, 0.80, 0.85), ("plaza", 3, 0.80, 0.85), ("plaza", 2, 0.75, 0.80),
        ("road", 5, 0.85, 0.85), ("road", 2, 0.85, 0.85), ("eye", 5, 0.78, 0.85), ("eye", 2, 0.72, 0.80),
        ("far", 5, 0.88, 0.88), ("far", 2, 0.85, 0.85), ("motorway", 10, 0.80, 0.65),
    ],
)  # fmt: skip
def test_streets(street, fps, idf1, mota):
    found = scores(street, fps)
    assert found[0] > idf1
    assert found[1] > mota


def test_the_same_seed_gives_the_same_street_and_another_another():
    first, again, other = (film(STREETS["road"], seed, 5, length_s=5) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_score_of_perfect_and_of_swapped_tracks():
    a, b = Box(0.1, 0.1, 0.2, 0.3), Box(0.6, 0.1, 0.7, 0.3)
    truth = [{1: a, 2: b}] * 10
    assert score(truth, truth) == (1.0, 1.0, 0)
    swapped = [{7: a, 8: b}] * 5 + [{8: a, 7: b}] * 5
    assert score(truth, swapped) == (0.5, pytest.approx(0.9), 2)
    assert score(truth, [{}] * 10) == (0.0, 0.0, 0)
    assert score(truth, [{1: a, 2: b, 3: Box(0.3, 0.6, 0.4, 0.9)}] * 10)[1] == 0.5
