"""Several cameras in one run of the model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from agent.analyse.detect.port import Detection
from agent.analyse.thinker import Thinker
from agent.analyse.together import Together
from agent.analyse.turns import Turns
from agent.core.errors import ModelError
from agent.core.geometry import Box

BOX = Box(0, 0, 1, 1)


class Counting:
    """Says of each picture its first value; `runs` has how many pictures came at a time."""

    name, at_once = "counting", 8

    def __init__(self, *, broken: bool = False) -> None:
        self.runs: list[int] = []
        self._broken = broken

    def detect(self, pictures):
        self.runs.append(len(pictures))
        if self._broken:
            raise ModelError("the device is lost")
        return [[Detection("person", int(picture[0, 0, 0]) / 255, BOX)] for picture in pictures]


def picture(value: int) -> np.ndarray:
    return np.full((2, 2, 3), value, np.uint8)


@pytest.fixture
def together() -> Iterator[Together]:
    one = Together(8)
    yield one
    one.close()


def look(detector, answers: dict[int, list[float]], camera: int, rounds: int = 1) -> None:
    answers[camera] = []
    for number in range(rounds):
        found = detector.detect([picture(camera), picture(camera + number)])
        answers[camera] += [round(one.score * 255) for (one,) in found]


def test_all_who_wait_are_served_in_one_run_and_get_their_own(together):
    inner, answers = Counting(), {}
    together.run([partial(look, together.detector(inner), answers, camera) for camera in (10, 20, 30)])
    assert inner.runs == [6]
    assert answers == {10: [10, 10], 20: [20, 20], 30: [30, 30]}


def test_who_looks_twice_or_not_at_all_holds_nobody_up(together):
    inner, answers = Counting(), {}
    jobs = [
        partial(look, together.detector(inner), answers, camera, rounds) for camera, rounds in ((1, 1), (2, 3), (3, 0))
    ]
    together.run(jobs)
    assert inner.runs == [4, 2, 2]
    assert answers == {1: [1, 1], 2: [2, 2, 2, 3, 2, 4], 3: []}
    together.run(jobs)  # and again
    assert inner.runs == [4, 2, 2] * 2


def test_two_models_are_two_runs(together):
    first, second, answers = Counting(), Counting(), {}
    detectors = [together.detector(inner) for inner in (first, second, first)]
    together.run([partial(look, detector, answers, number) for number, detector in enumerate(detectors)])
    assert (first.runs, second.runs) == ([4], [2])


def test_a_lost_model_is_told_to_all_who_asked(together):
    inner, said = Counting(broken=True), []

    def job() -> None:
        with pytest.raises(ModelError, match="lost"):
            together.detector(inner).detect([picture(1)])
        said.append(1)

    together.run([job] * 3)
    assert said == [1] * 3


def test_a_job_that_falls_is_told_and_the_others_are_served(together):
    inner, answers = Counting(), {}

    def fall() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        together.run([fall, partial(look, together.detector(inner), answers, 5)])
    assert answers == {5: [5, 5]}


def test_outside_of_jobs_it_is_the_detector_itself(together):
    inner = Counting()
    shared = together.detector(inner)
    assert shared.detect([picture(7)])[0][0].score == pytest.approx(7 / 255)
    assert (shared.name, shared.at_once) == ("counting", 8)
    together.run([lambda: None])


def thinker(turns: Turns, together: Together, at_once: int) -> Thinker:
    clock = SimpleNamespace(mono_ns=lambda: 0)
    return Thinker({}, turns, None, None, None, clock, lambda: None, together, lambda: at_once, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("at_once", "wanted"), [(1, [1, 1, 1, 1]), (2, [2, 2]), (8, [3, 1])])
def test_the_thinker_takes_as_many_cameras_as_the_detector_likes_but_each_once(together, at_once, wanted):
    turns: Turns = Turns(["a", "b", "c"], time.monotonic_ns)
    for name in "abc":
        turns.put(name, name)
    one = thinker(turns, together, at_once)
    taken = [one._take_turns()]
    turns.put("a", "a2")
    while served := one._take_turns():
        taken.append(served)
    assert [len(served) for served in taken] == wanted
    assert sorted(item for served in taken for _, item in served) == ["a", "a2", "b", "c"]
