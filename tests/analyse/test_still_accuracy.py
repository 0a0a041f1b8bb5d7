"""How well left and taken things are found: drawn scenes with fresh seeds, and clips with truth."""

from __future__ import annotations

import time

import cv2
import pytest

from tests.bench import still, still_clips, still_score

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def one_thread():
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


def test_drawn_scenes_with_fresh_seeds(tell):
    seed = int(time.time()) % 1_000_000
    scores = still.drawn(range(seed, seed + 3), after_s=6.0)
    whole = still_score.total(scores)
    tell(f"seeds from {seed}: {whole.row()}")
    missed = {name: score.row() for name, score in scores.items() if score.false or score.found < score.events}
    assert whole.found / whole.events >= 0.95, missed
    assert whole.wrong_kind == 0, missed
    assert whole.false / (whole.seconds / 60) <= 0.06, missed


@pytest.mark.parametrize(("name", "after_s", "events"), [("aban3.mp4", 3.0, 5), ("easycampus.mp4", 20.0, 1)])
def test_clips_with_truth(data, tell, name, after_s, events):
    (plain,) = [score for way, score in still_clips.clips(name, ["5 fps"]).items() if way.endswith(" 5 fps")]
    tell(f"{name}: {plain.row()}")
    assert (plain.events, plain.found, plain.false, plain.wrong_kind) == (events, events, 0, 0)


def test_where_nothing_is_left_or_taken_nothing_is_told(data):
    (score,) = still_clips.clips("intel_one-by-one-person-detection.mp4").values()
    assert score.false == 0
