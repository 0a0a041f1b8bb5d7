"""How well left and taken things are found: drawn scenes with fresh seeds, and clips with truth."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import pytest

from agent.analyse.still.company import Actor
from agent.analyse.still.watch import Watch
from agent.config.gateway import Still
from tests.analyse.scene import at
from tests.analyse.sketches import played
from tests.analyse.test_still import put_and_taken
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


def test_what_a_hand_takes_and_puts_back_is_told_in_order(data, tell):
    said = still_clips.played_bottles()
    told = sorted((change.end_ns or change.start_ns, change.phase, change.outcome, _place(change)) for change in said)
    steps = [(phase, outcome, place) for _, phase, outcome, place in told]
    tell(f"bottles: {steps}")
    both = [("start", "", "left"), ("start", "", "middle")]
    assert sorted(steps[2:4], key=lambda step: step[2]) == both
    assert steps[:2] + steps[4:] == [
        ("start", "", "left"), ("end", "put_back", "left"), ("end", "put_back", "middle"), ("end", "put_back", "left"),
        ("start", "", "right"), ("end", "put_back", "right"),
    ]  # fmt: skip
    assert {change.kind for change in said} == {"object_removed"}


def _place(change):
    return ("left", "middle", "right")[round(2 * change.box.centre[0])]


def test_where_nothing_is_left_or_taken_nothing_is_told(data):
    (score,) = still_clips.clips("intel_one-by-one-person-detection.mp4").values()
    assert score.false == 0


def test_eight_hours_leave_memory_flat_and_nothing_open(tell):
    """Every two and a half minutes somebody else leaves a thing and takes it again; between them few pictures come."""
    whole = enumerate(played(put_and_taken(150.0), 3))
    visit = [one for number, one in whole if one[0] < 45 or number % 12 == 0]
    watch, starts, ends = Watch(Still(enabled=True, after_s=3.0)), 0, 0
    resident = []
    for number in range(8 * 3600 // 150):
        for second, picture, actors in visit:
            others = [Actor(f"{one.track}-{number}", one.label, one.box, now=True) for one in actors]
            for change in watch.look(picture, others, at(150.0 * number + second)):
                starts, ends = starts + (change.phase == "start"), ends + (change.phase == "end")
        resident.append(_resident_mb())
    hour = len(resident) // 8
    growth = max(resident[-hour:]) / max(resident[: 2 * hour])
    tell(f"{starts} told, {ends} ended; {resident[hour]} MB after an hour, {resident[-1]} MB after eight")
    assert starts == ends == len(resident)
    assert watch.quiet
    assert growth < 1.05


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000
