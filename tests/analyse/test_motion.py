"""The motion gate, and motion as a detector."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from agent.analyse.detect.moving import moving_objects
from agent.analyse.mask import GREY, Painter
from agent.analyse.motion import Motion, MotionGate, small_grey
from agent.core.geometry import Box, iou
from tests.analyse.scene import at, street, walker, with_block

STEP_S = 0.2


class Gate(MotionGate):
    """Takes coloured pictures of any size."""

    def look(self, picture, wall_ns):
        return super().look(small_grey(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)), wall_ns)


def settled(picture, frames=10):
    gate = Gate()
    for number in range(frames):
        last = gate.look(picture, at(number * STEP_S))
    assert last.quiet
    return gate, frames


def test_the_first_picture_is_worth_a_look_and_then_a_still_one_is_quiet():
    gate = Gate()
    assert not gate.look(street(), at(0)).quiet
    assert gate.look(street(), at(STEP_S)).quiet


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (320, 240), (352, 288), (360, 640)])
def test_what_moves_is_found_where_it_is(size):
    picture = street(*size)
    gate, frames = settled(picture)
    thing = Box(0.5, 0.4, 0.6, 0.7)
    motion = gate.look(with_block(picture, thing), at(frames * STEP_S))
    (only,) = moving_objects(motion)
    assert only.label == "object"
    assert iou(only.box, thing) > 0.6
    assert motion.touches(thing)
    assert not motion.touches(Box(0.0, 0.0, 0.1, 0.1))


def test_noise_and_slow_dusk_are_quiet():
    picture = street().astype(np.float32)
    gate, rng = Gate(), np.random.default_rng(3)
    busy = 0
    for number in range(100):
        dusk = picture * (1 - 0.001 * number) + rng.normal(0, 4, picture.shape)
        busy += not gate.look(np.clip(dusk, 0, 255).astype(np.uint8), at(number * STEP_S)).quiet
    assert busy == 1  # the first


def test_lightning_is_learnt_anew_and_claims_no_motion():
    picture = street()
    gate, frames = settled(picture)
    bright = np.clip(picture.astype(np.int32) * 2 - 200, 0, 255).astype(np.uint8)
    flash = gate.look(255 - bright, at(frames * STEP_S))
    assert flash.relearning
    assert flash.boxes == ()
    assert gate.look(255 - bright, at((frames + 1) * STEP_S)).quiet


def test_what_stops_is_still_soon_after():
    picture = street()
    gate, frames = settled(picture)
    parked = with_block(picture, Box(0.5, 0.4, 0.6, 0.7))
    quiet = [gate.look(parked, at((frames + number) * STEP_S)).quiet for number in range(200)]
    assert not quiet[0]
    assert quiet[-1]


def test_a_picture_of_another_shape_is_learnt_anew():
    gate, frames = settled(street(640, 360))
    assert gate.look(street(640, 480), at(frames * STEP_S)).relearning


def test_a_dark_flat_picture_does_not_amplify_its_noise():
    gate, rng = Gate(), np.random.default_rng(5)
    for number in range(20):
        dark = np.clip(rng.normal(16, 1.5, (360, 640, 3)), 0, 255).astype(np.uint8)
        motion = gate.look(dark, at(number * STEP_S))
    assert motion.quiet


def test_pieces_of_one_thing_are_one_object_and_dust_is_none():
    mask = np.zeros((180, 320), np.uint8)
    pieces = (Box(0.5, 0.4, 0.55, 0.5), Box(0.5, 0.505, 0.55, 0.6), Box(0.1, 0.1, 0.12, 0.12))
    found = moving_objects(Motion(pieces, mask))
    assert [one.box for one in found] == [Box(0.5, 0.4, 0.55, 0.6)]


def test_motion_under_a_privacy_mask_is_not_seen():
    painter = Painter([[(0.4, 0.3), (0.7, 0.3), (0.7, 0.8), (0.4, 0.8)]])
    gate = Gate()
    for number in range(10):
        picture = with_block(street(), walker(0.5 + 0.01 * number))
        painter.paint(picture)
        motion = gate.look(picture, at(number * STEP_S))
    assert motion.quiet


@pytest.mark.parametrize("seed", range(20))
def test_a_mask_covers_every_pixel_that_it_touches_and_little_else(seed):
    rng, width, height = np.random.default_rng(seed), 64, 36
    corners = rng.uniform(0.1, 0.9, (rng.integers(3, 6), 2))
    colour, grey = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    painter = Painter([corners.tolist()])
    painter.paint(colour)
    painter.paint_grey(grey)
    px = corners * (width, height)
    edges = zip(px, np.roll(px, 1, axis=0), strict=True)
    touched = np.concatenate([a + (b - a) * np.linspace(0, 1, 2000)[:, None] for a, b in edges]).astype(int)
    assert (colour[touched[:, 1], touched[:, 0]] == GREY).all()
    outline = px.astype(np.float32).reshape(-1, 1, 2)
    for y, x in itertools.product(range(height), range(width)):
        within = cv2.pointPolygonTest(outline, (x + 0.5, y + 0.5), measureDist=True)
        assert within < 0 or (colour[y, x] == GREY).all()
        assert within > -3.6 or not colour[y, x].any()
        assert within < -1.5 or grey[y, x] == GREY[0], "with a pixel around it"


def test_a_mask_along_the_rim_of_pixels_covers_the_left_and_upper_ones():
    picture = np.zeros((360, 640, 3), np.uint8)
    Painter([[(x / 640, y / 360) for x, y in ((100.6, 90.6), (200.4, 90.6), (200.4, 180.4), (100.6, 180.4))]]).paint(
        picture
    )
    assert (picture[90:181, 100:201] == GREY).all()
    assert picture[:88].max() == picture[183:].max() == picture[:, :98].max() == picture[:, 203:].max() == 0


def walked(gate, picture, frames, numbers, light=lambda shown, _: shown):
    """Somebody walks while the light does something; what the gate says of each picture."""
    shown = [with_block(picture, walker(0.2 + 0.02 * number, 0.5, 0.06, 0.3), (235, 235, 235)) for number in numbers]
    return [
        gate.look(light(one.astype(np.float32), number).clip(0, 255).astype(np.uint8), at((frames + number) * STEP_S))
        for number, one in zip(numbers, shown, strict=True)
    ]


@pytest.mark.parametrize("gain", [0.6, 0.75, 1.25])
def test_when_the_exposure_jumps_only_who_walks_moves(gain):
    picture = (street().astype(np.float32) * 0.7).astype(np.uint8)
    gate, frames = settled(picture)
    walked(gate, picture, frames, range(5))
    for number, motion in enumerate(walked(gate, picture, frames, range(5, 15), lambda shown, _: shown * gain), 5):
        here = walker(0.2 + 0.02 * number, 0.5, 0.06, 0.3)
        assert not motion.relearning
        assert motion.touches(here)
        assert sum(box.area for box in motion.boxes) < 0.12


def test_a_flash_gives_the_old_picture_back():
    picture = street()
    gate, frames = settled(picture)
    told = walked(gate, picture, frames, range(12), lambda shown, n: 255 - shown if n in {5, 6} else shown)
    assert [motion.relearning for motion in told] == [n == 5 for n in range(12)]
    for number in (7, 8, 9):
        assert told[number].touches(walker(0.2 + 0.02 * number, 0.5, 0.06, 0.3))
        assert sum(box.area for box in told[number].boxes) < 0.12


def test_infrared_is_learnt_anew_once():
    picture, rng = street(), np.random.default_rng(9)
    gate, frames = settled(picture)
    infrared = np.repeat(street(seed=8)[:, :, :1] // 2 + 40, 3, axis=2)
    noisy = [np.clip(infrared + rng.normal(0, 5, infrared.shape), 0, 255).astype(np.uint8) for _ in range(10)]
    told = [gate.look(one, at((frames + number) * STEP_S)) for number, one in enumerate(noisy)]
    assert [motion.relearning for motion in told] == [True] + [False] * 9
    assert all(motion.boxes == () for motion in told)


def test_what_is_unusual_is_told_without_being_learnt():
    picture = street()
    gate, _ = settled(picture)
    strange = small_grey(cv2.cvtColor(with_block(picture, Box(0.5, 0.4, 0.6, 0.7)), cv2.COLOR_BGR2GRAY))
    usual = small_grey(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    for _ in range(3):
        (box,) = gate.unusual(strange)[1]
        assert iou(box, Box(0.5, 0.4, 0.6, 0.7)) > 0.6
        assert gate.unusual(usual)[1] == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (7680, 4320)])
def test_the_small_picture_is_small_whatever_the_large_one_is(size):
    small = small_grey(np.zeros((size[1], size[0]), np.uint8))
    assert max(small.shape) == 320
    assert min(small.shape) >= 2
