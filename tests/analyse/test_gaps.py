"""Which gaps between pictures are blindness, and which are how the stream comes or is thinned on purpose."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from agent.analyse.frames import Frame
from agent.analyse.gaps import Spacing, Unseen
from agent.analyse.pipeline import Pipeline
from agent.config.gateway import Camera
from agent.core.geometry import Box
from tests.analyse.offered import NEVER, offered_of
from tests.analyse.scene import BlockDetector, at, ids, street, with_block
from tests.fixtures.clips import make_clip

PICTURE = with_block(street(), Box(0.4, 0.4, 0.46, 0.6))
EMPTY = street()
SECONDS = 30.0
RULES: dict[str, dict[str, Any]] = {
    "person": {"kind": "loitering", "zone": "all", "after_s": 10},
    "vehicle": {"kind": "vehicle_stopped", "after_s": 10},
}
ALL = {"name": "all", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}


def pipeline_of(label: str) -> Pipeline:
    camera = Camera.model_validate({"id": "cam", "url": "file:/x.mp4", "zone": [ALL], "rule": [RULES[label]]})
    return Pipeline(camera, BlockDetector(label=label), ids(), fps=5, with_pictures=False)


def moments(*steps_s: float) -> list[float]:
    """Times from 0 on, the steps between them again and again."""
    return list(
        itertools.takewhile(lambda now: now < SECONDS, itertools.accumulate(itertools.cycle(steps_s), initial=0))
    )


RATES = {
    "5": moments(0.2),
    "2": moments(0.5),
    "2 of 15": moments(7 / 15, 8 / 15),
    "1.8": moments(1 / 1.8),
    "1": moments(1.0),
    "about 1": moments(0.9, 1.2, 0.8, 1.1),
}


@pytest.mark.parametrize("label", RULES)
@pytest.mark.parametrize("times", RATES.values(), ids=RATES)
def test_however_rarely_a_stream_brings_pictures_who_stays_is_told(label: str, times: list[float]):
    pipeline, told = pipeline_of(label), []
    for number, now_s in enumerate(times):
        outcome = pipeline.process(Frame(number + 1, PICTURE.copy(), at(now_s)))
        told += [(now_s, event) for event in outcome.events if event.phase == "start"]
    ((start_s, event),) = told
    assert 10 <= start_s <= 15
    assert "blind_s" not in event.attributes
    (track,) = pipeline.finish().tracks
    assert track.dwell["all"] == pytest.approx(times[-1], abs=3)


def blindness(times: list[float], fps: float = 5, steps_s: list[float] | None = None) -> dict[int, float]:
    """At which of the pictures nobody had looked for how long."""
    unseen, said = Unseen(fps), {}
    for number, now_s in enumerate(times):
        step_ns = None if steps_s is None else round(steps_s[number] * 1e9)
        blind_s = unseen.before_s(Frame(number, EMPTY, at(now_s), step_ns=step_ns), rested=False)
        if blind_s:
            said[number] = blind_s
    return said


@pytest.mark.parametrize(("step_s", "hole_s"), [(0.2, 8), (1 / 15, 2), (0.5, 2), (1.0, 3.1), (0.2, 0.6)])
def test_a_hole_is_blindness_however_the_stream_comes(step_s: float, hole_s: float):
    times = [number * step_s for number in range(20)]
    times += [times[-1] + hole_s + number * step_s for number in range(20)]
    said = {number: blind_s for number, blind_s in blindness(times).items() if number > 2}
    assert said == {20: pytest.approx(hole_s)}


def test_many_holes_in_a_quick_stream_are_all_blindness():
    times = list(itertools.accumulate([0.2, 0.2, 3.0] * 10, initial=0.0))
    assert len(blindness(times)) == 10


def test_the_first_gap_of_all_and_the_first_after_a_session_are_holes():
    assert blindness([0, 8, 8.2, 8.4, 8.6]) == {1: 8}
    unseen = Unseen(5)
    for number in range(10):
        unseen.before_s(Frame(number, EMPTY, at(number)), rested=False)
    unseen.begin_again()
    assert unseen.before_s(Frame(10, EMPTY, at(11)), rested=False) == pytest.approx(2)


def test_a_camera_that_slows_down_is_believed_after_a_few_pictures():
    times = [number / 15 for number in range(30)] + [2 + number for number in range(20)]
    said = blindness(times)
    assert list(said) == [31, 32, 33, 34]
    assert max(said.values()) == pytest.approx(1)


def test_pictures_further_apart_than_tracks_live_are_never_the_usual():
    assert len(blindness([number * 4.0 for number in range(20)])) == 19


def test_what_is_said_of_the_step_counts_and_not_how_pictures_came():
    """Shed pictures come as regularly as any."""
    times = [number * 2.0 for number in range(20)]
    assert len(blindness(times, steps_s=[0.2] * 20)) == 19
    assert blindness(times, steps_s=[2.0] * 20) == {}


def test_the_usual_gap_is_unknown_at_first_and_not_learnt_from_what_was_lost():
    spacing = Spacing()
    for moment in (5, 6, 7):
        spacing.note(moment)
    assert spacing.usual == 0
    spacing.lose()
    spacing.note(90)
    assert spacing.usual == 0
    spacing.note(91)
    spacing.note(3)
    assert spacing.usual == 1


@pytest.mark.parametrize(
    ("rate", "gop", "fps", "only", "step_s", "blind"),
    [
        (15, 15, 5, NEVER, 1 / 5, 0),
        (15, 15, 2, NEVER, 1 / 2, 0),
        (1, 4, 5, NEVER, 1, 2),  # until its rate is known
        (15, 15, 2, range(1000), 1 / 2, 0),
        (15, 60, 2, range(1000), 1 / 2, 3),
    ],
    ids=["all", "two a second", "one a second comes", "a keyframe a second", "a keyframe each four seconds"],
)
def test_what_is_thinned_on_purpose_is_no_blindness_but_seconds_shed_are(
    tmp_path: Path, rate: int, gop: int, fps: int, only: range, step_s: float, blind: int
):
    looks = offered_of(make_clip(tmp_path / "c.mp4", seconds=16, fps=rate, gop=gop), fps, only)[1].looks
    assert looks[-1].frame.step_ns == pytest.approx(step_s * 1e9, rel=0.01)
    unseen = Unseen(5)
    assert sum(unseen.before_s(look.frame, rested=False) > 0 for look in looks) == blind
