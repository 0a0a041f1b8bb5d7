"""The mast's shaking is measured and taken out, and nothing else is taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from agent.analyse.still.steady import MOST_PX, Steady
from agent.sim.sketch.cast import passer
from agent.sim.sketch.drawing import paste, street


def scene(seed: int = 1) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(street(np.random.default_rng(seed)), (3, 3), 0))


def seen(ground: np.ndarray, x: float = 0, y: float = 0, gain: float = 1.0, people: int = 0) -> np.ndarray:
    rng = np.random.default_rng(7)
    picture = ground.copy()
    for number in range(people):
        paste(picture, passer(rng, 0).picture, 40 * number, 60)
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    picture = cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE) * gain
    return (picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shift", [(0.7, -0.4), (-0.3, 0.2), (2.2, 1.4), (-3.5, 3.0)])
@pytest.mark.parametrize("more", [{}, {"gain": 1.3}, {"people": 5}])
def test_a_shift_is_measured_to_a_fraction_of_a_pixel(shift, more):
    ground, steady = scene(), Steady()
    picture = seen(ground, *shift, **more)
    aligned = steady.aligned(picture, ground, 0.0)
    assert np.allclose(steady.shift, shift, atol=0.15)
    inner = np.s_[8:-8, 8:-8]
    gap = [np.abs(one[inner].astype(float) - ground[inner] * more.get("gain", 1)).mean() for one in (picture, aligned)]
    assert gap[1] < gap[0]


@pytest.mark.parametrize("more", [{}, {"gain": 0.6}, {"people": 6}])
def test_a_camera_that_stands_still_is_left_as_it_is(more):
    ground = scene()
    picture = seen(ground, **more)
    assert Steady().aligned(picture, ground, 0.0) is picture


def test_another_view_is_no_shift():
    picture = seen(scene(2))
    assert Steady().aligned(picture, scene(1), 0.0) is picture
    far = seen(scene(), MOST_PX + 4, 0)
    assert Steady().aligned(far, scene(), 0.0) is far


@pytest.mark.parametrize("size", [(9, 9), (12, 700), (500, 10)])
def test_pictures_of_any_shape_are_taken(size):
    ground = np.full((*size, 3), 80, np.float32)
    picture = ground.astype(np.uint8)
    assert Steady().aligned(picture, ground, 0.0) is picture
