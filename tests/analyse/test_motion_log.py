"""How much of the pictures moved, by the second: what the gateway is told."""

from __future__ import annotations

import numpy as np
import pytest

from agent.analyse.frames import Frame
from agent.analyse.motion import Motion
from agent.analyse.motion_log import LONGEST_REST_S, MOST_S, MotionLog
from agent.analyse.pipeline import Pipeline
from agent.config.gateway import Camera
from agent.core.clock import NS
from agent.core.geometry import Box
from agent.wire.messages import level_of
from tests.analyse.scene import ScriptedDetector, at, found, ids, street, walker, whole, with_block

T = 1_780_000_000


def test_the_most_of_a_second_counts_and_seconds_without_a_picture_are_not_there() -> None:
    log = MotionLog()
    for second, share in ((0.1, 0.0), (0.5, 0.04), (0.9, 0.01), (3.0, 0.0), (4.0, None)):
        log.note(round((T + second) * NS), share)
    assert log.take() == [(T, 20), (T + 3, 0)]
    assert log.take() == []


def test_a_camera_at_rest_was_watched_since_its_last_picture_but_not_over_a_gap() -> None:
    log = MotionLog()
    log.note(T * NS, 0.01)
    log.rest((T + 3) * NS)
    assert log.take() == [(T, 10), (T + 1, 0), (T + 2, 0), (T + 3, 0)]
    log.rest((T + 4 + LONGEST_REST_S) * NS)
    assert log.take() == [(T + 4 + LONGEST_REST_S, 0)]
    log.rest((T - 5) * NS)  # the clock went back
    assert log.take() == [(T - 5, 0)]


def test_what_nobody_takes_is_bounded() -> None:
    log = MotionLog()
    for second in range(MOST_S + 10):
        log.note((T + second) * NS, 0.0)
    assert [second for second, _ in log.take()] == list(range(T + 10, T + 10 + MOST_S))


def test_a_person_far_away_shows_and_nothing_passes_the_whole() -> None:
    assert [level_of(share) for share in (0.0, 1e-6, 0.001, 0.01, 0.25, 1.0)] == [0, 1, 3, 10, 50, 100]


def test_a_picture_that_was_learnt_anew_says_nothing_of_motion() -> None:
    mask = np.zeros((10, 10), np.uint8)
    assert Motion((), mask, relearning=True).share is None
    mask[:5] = 255
    assert Motion((), mask).share == 0.5


def _walk(pipeline: Pipeline, pictures: int, *, still: bool) -> list[float | None]:
    return [
        pipeline.process(
            Frame(
                number + 1,
                street() if still else with_block(street(), _box(number)),
                at(number * 0.2),
            )
        ).moving
        for number in range(pictures)
    ]


def _box(number: int) -> Box:
    return walker(0.1 + 0.02 * number, 0.5, 0.06, 0.3)


@pytest.mark.parametrize("seen", [None, [], [0.8]])
def test_the_pipeline_says_how_much_moves_with_a_model_and_without(seen: list[float] | None) -> None:
    def pipeline() -> Pipeline:
        script = ScriptedDetector(lambda number: [found(_box(number), score) for score in seen or ()])
        camera = Camera.model_validate({"id": "cam", "url": "file:/x.mp4"})
        return Pipeline(camera, None if seen is None else script, ids(), attention=whole)

    walking = _walk(pipeline(), 20, still=False)
    assert walking[0] is None, "the first picture has none before it"
    assert all(share is not None and 0.005 < share < 0.2 for share in walking[3:])
    assert set(_walk(pipeline(), 20, still=True)[1:]) == {0.0}
