"""The model that the package carries: whole, small, and it finds the people and vehicles of scenes it never saw."""

from __future__ import annotations

import numpy as np
import pytest

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import BELIEVED_SCORE
from agent.analyse.models import ModelStore, bundled_folder, load_manifest
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from tests.bench.accuracy import Judged, Truth, matched

NAME = "lamppost-nano"
DEMO_SEED = 1
"""The training draws from seed 100 on."""
HIDDEN = 0.5
"""What is less visible than this need not be found."""


def truth_of(seen) -> Truth:
    boxes = np.array([one.box for one in seen], np.float32).reshape(-1, 4)
    names, clear = [one.label for one in seen], [one.visible >= HIDDEN for one in seen]
    kept, hidden = (np.flatnonzero(np.array(clear, bool) == state) for state in (True, False))
    return Truth(
        boxes[kept], tuple(names[at] for at in kept), boxes[hidden], tuple(names[at] for at in hidden),
        frozenset(names),
    )  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    detector = DetectorPool(ModelStore([bundled_folder()]), Engines(threads=2, providers=("cpu",))).get(NAME)
    pictures = []
    for camera in range(3):
        renderer = Renderer(scene_for(Spec(camera, DEMO_SEED)))
        for number in range(20, 900, 180):
            picture, seen = renderer.frame(number)
            found = [one for one in detector.detect([picture])[0] if one.score >= BELIEVED_SCORE]
            pictures.append(Judged(found, truth_of(seen)))
    return pictures


def test_it_is_here_whole_and_small():
    entry = load_manifest().entry(NAME)
    files = [bundled_folder() / file.name for file in entry.file]
    assert ModelStore([bundled_folder()]).verify(NAME) == files
    assert all(file.bytes <= 4_000_000 for file in entry.file)
    assert ModelStore([bundled_folder()]).ranked() == [NAME]


@pytest.mark.parametrize(("label", "recall"), [("person", 0.75), ("vehicle", 0.9)])
def test_it_finds_whom_the_demo_draws(judged, label, recall):
    """In single whole pictures; with tracking and crops around what moves, `analyse` finds more (the model's card)."""
    marks = [hit for picture in judged for _, hit in matched(picture, label)]
    there = sum(picture.truth.labels.count(label) for picture in judged)
    assert sum(marks) > recall * there
    assert sum(marks) > 0.9 * len(marks)
