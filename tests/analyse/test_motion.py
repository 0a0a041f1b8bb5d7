"""The motion gate, and motion as a detector."""

from __future__ import annotations

import numpy as np
import pytest

from agent.analyse.detect.moving import moving_objects
from agent.analyse.mask import GREY, Painter
from agent.analyse.motion import Motion, MotionGate
from agent.core.geometry import Box, iou
from tests.analyse.scene import at, street, walker, with_block

STEP_S = 0.2


def settled(picture, frames=10):
    gate = MotionGate()
    for number in range(frames):
        last = gate.look(picture, at(number * STEP_S))
    assert last.quiet
    return gate, frames


def test_the_first_picture_is_worth_a_look_and_then_a_still_one_is_quiet():
    gate = MotionGate()
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
    gate, rng = MotionGate(), np.random.default_rng(3)
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
    gate, rng = MotionGate(), np.random.default_rng(5)
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
    gate = MotionGate()
    for number in range(10):
        picture = with_block(street(), walker(0.5 + 0.01 * number))
        painter.paint(picture)
        motion = gate.look(picture, at(number * STEP_S))
    assert motion.quiet


def test_a_mask_covers_every_pixel_of_its_area_and_nothing_else():
    picture = np.zeros((100, 200, 3), np.uint8)
    Painter([[(0.25, 0.25), (0.5, 0.25), (0.5, 0.75), (0.25, 0.75)]]).paint(picture)
    assert (picture[25:76, 50:101] == GREY).all()
    assert picture[:25].max() == picture[77:].max() == picture[:, :50].max() == picture[:, 102:].max() == 0
