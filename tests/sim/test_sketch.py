"""The quick scenes: the same seed gives the same pictures, and each is as its name says."""

from __future__ import annotations

import av
import numpy as np
import pytest

from agent.sim.sketch.film import write_film
from agent.sim.sketch.happenings import HAPPENINGS
from agent.sim.sketch.nuisances import NUISANCES

EVERY = HAPPENINGS | NUISANCES


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_gives_the_same_scene_again_and_another_one_another(name):
    first, again, other = (_some(name, seed) for seed in (5, 5, 6))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[-1], other[-1])
    assert {(one.shape, one.dtype.name) for one in first} == {((180, 320, 3), "uint8")}


def _some(name: str, seed: int) -> list[np.ndarray]:
    scene = EVERY[name](seed, 3.0)
    scene.seconds = 4.0
    return [picture for _, picture, _ in scene.play(2)]


@pytest.mark.parametrize("name", NUISANCES)
def test_in_a_nuisance_nothing_is_left_or_taken(name):
    assert NUISANCES[name](5, 3.0).expected == []


@pytest.mark.parametrize("name", HAPPENINGS)
def test_what_is_expected_is_in_the_picture(name):
    scene = HAPPENINGS[name](5, 3.0)
    (one,) = scene.expected
    assert 0 < one.begins_s < scene.seconds
    assert one.box == one.box.clipped()


def test_a_film_has_all_of_it(tmp_path):
    scene = HAPPENINGS["left"](5, 3.0)
    scene.seconds = 3.0
    write_film(scene, tmp_path / "left.mp4")
    with av.open(str(tmp_path / "left.mp4")) as film:
        frames = list(film.decode(video=0))
    assert (len(frames), frames[0].width, frames[0].height) == (45, 320, 180)
