"""What of a picture deserves the detector: regions, dull places, what stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.analyse.attention import MOST_REGIONS
from agent.analyse.dull import Dull
from agent.analyse.frames import Frame
from agent.analyse.motion import WHOLE
from agent.analyse.overlap import array, shares_inside
from agent.analyse.pipeline import Pipeline
from agent.analyse.regions import LEAST_PX, Sizes, cover, crop, is_cut, merged, placed, tour
from agent.config.gateway import Camera
from agent.core.clock import NS
from agent.core.errors import SourceBroken
from agent.core.geometry import Box, iou
from tests.analyse.scene import BlockDetector, at, found, ids, street, walker, with_block

STEP_S = 0.2
PICTURE = street()
SIZE = (640, 360)
SMALL = walker(0.3, 0.5, 0.02, 0.09)


def pipeline_of(detector) -> Pipeline:
    return Pipeline(Camera(id="cam", url="file:/x.mp4"), detector, ids(), fps=5, with_pictures=False)


def seen_in(pipeline, pictures, first=0):
    """Each picture's outcome."""
    return [pipeline.process(Frame(n, picture, at(n * STEP_S))) for n, picture in enumerate(pictures, first)]


# -- regions


def test_one_small_thing_is_looked_at_in_a_crop_around_it():
    (region,) = cover([SMALL], Sizes(), SIZE, MOST_REGIONS)
    assert region.width * 640 == pytest.approx(LEAST_PX)
    assert region.height * 360 == pytest.approx(LEAST_PX)
    assert shares_inside(array([SMALL]), array([region]))[0, 0] == pytest.approx(1)


def test_two_small_things_far_apart_get_a_crop_each_and_two_large_ones_the_whole_picture():
    far = walker(0.85, 0.5, 0.02, 0.09)
    size = (1280, 720)
    assert len(cover([SMALL, far], Sizes(), size, MOST_REGIONS)) == 2
    large = [walker(0.2, 0.5, 0.08, 0.4), walker(0.8, 0.5, 0.08, 0.4)]
    assert cover(large, Sizes(), size, MOST_REGIONS) == [WHOLE]


def test_more_regions_than_allowed_are_the_whole_picture():
    things = [walker(x, y, 0.01, 0.03) for x in (0.1, 0.5, 0.9) for y in (0.1, 0.9)]
    assert cover(things, Sizes(), (1920, 1080), MOST_REGIONS) == [WHOLE]


def test_where_objects_are_known_to_be_large_the_crop_is_too():
    sizes = Sizes()
    near = cover([SMALL], sizes, (1920, 1080), MOST_REGIONS)[0]
    sizes.learn([Box(0.25, 0.3, 0.35, SMALL.y2)] * 20)
    assert cover([SMALL], sizes, (1920, 1080), MOST_REGIONS)[0].height > 1.5 * near.height


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(-0.2, 1.1), st.floats(-0.2, 1.1), st.floats(0.001, 0.9), st.floats(0.001, 0.9),
)  # fmt: skip
sizes_px = st.tuples(st.integers(1, 4000), st.integers(1, 4000))


@given(st.lists(boxes, min_size=1, max_size=12), sizes_px)
def test_regions_lie_in_the_picture_show_all_targets_and_are_few(targets, size):
    regions = cover(targets, Sizes(), size, MOST_REGIONS)
    assert 1 <= len(regions) <= MOST_REGIONS
    for region in regions:
        assert -1e-9 <= region.x1 < region.x2 <= 1 + 1e-9
        assert -1e-9 <= region.y1 < region.y2 <= 1 + 1e-9
    visible = array([box.clipped() for box in targets if box.clipped().area > 0])
    assert (shares_inside(visible, array(regions)).max(1, initial=0) > 0.999).all()


@given(sizes_px)
def test_a_tour_sees_the_whole_picture(size):
    parts = tour(size)
    assert parts[0] == WHOLE
    cells = array([Box(x / 50, y / 50, (x + 1) / 50, (y + 1) / 50) for x in range(50) for y in range(50)])
    if len(parts) > 1:
        assert (shares_inside(cells, array(parts[1:])).max(1) > 0.4).all()


def test_what_is_found_in_a_crop_is_told_in_the_picture():
    region = Box(0.25, 0.0, 0.75, 1.0)
    (one,) = placed([found(Box(0.5, 0.2, 1.0, 0.6))], region)
    assert one.box == Box(0.5, 0.2, 0.75, 0.6)
    assert is_cut(one.box, region, SIZE)
    assert not is_cut(one.box, WHOLE, SIZE)
    assert not is_cut(Box(0.5, 0.0, 0.6, 1.0), region, SIZE)  # cut by the picture's own edge
    assert crop(PICTURE, region).shape == (360, 320, 3)
    assert crop(PICTURE[:1, :1], Box(0.4, 0.4, 0.45, 0.45)).shape == (1, 1, 3)


def test_what_two_regions_found_is_one():
    twice = [found(SMALL, 0.6), found(SMALL.grown(0.05), 0.7), found(SMALL, 0.5, "vehicle")]
    assert [(one.score, one.label) for one in merged(twice)] == [(0.7, "person"), (0.5, "vehicle")]


# -- dull places


CLOCK = Box(0.3, 0.95, 0.34, 0.99)


def ticking(dull: Dull, seconds: int, first: int = 0, found_there=()) -> list[bool]:
    """Once a second the clock changes and the detector looks; says whether it was told of."""
    told = []
    for second in range(first, first + seconds):
        told.append(bool(dull.without([CLOCK], at(second))))
        dull.looked(found_there, [WHOLE])
    return told


def test_a_clock_wakes_nobody_after_a_while_and_is_forgotten_when_it_stops():
    dull = Dull()
    told = ticking(dull, 60)
    assert told[0]
    assert not any(told[12:])
    assert not dull.without_known([CLOCK])
    assert dull.without([], at(250)) == []
    assert dull.without_known([CLOCK]) == [CLOCK]


def test_who_passes_a_clock_is_told_of():
    dull = Dull()
    ticking(dull, 30)
    passing = Box(0.25, 0.8, 0.4, 1.0)
    assert dull.without([passing, CLOCK], at(31)) == [passing]


def test_a_place_where_the_detector_finds_something_is_never_dull():
    dull = Dull()
    assert all(ticking(dull, 60, found_there=[CLOCK]))
    assert dull.places == ()


def test_what_goes_somewhere_is_told_of_all_the_way():
    dull = Dull()
    for number in range(150):
        box = walker(0.1 + 0.005 * number, 0.5, 0.02, 0.05)
        assert dull.without([box], at(number * STEP_S)) == [box]
        dull.looked([], [WHOLE])


def test_a_large_place_is_never_dull():
    dull, large = Dull(), Box(0.1, 0.1, 0.5, 0.5)
    for second in range(60):
        assert dull.without([large], at(second)) == [large]
        dull.looked([], [WHOLE])


# -- in the pipeline


def with_clock(picture, second):
    return with_block(picture, CLOCK, (240, 240, 240) if second % 2 else (10, 10, 10))


def test_a_burnt_in_clock_costs_no_looks_and_hides_nobody():
    detector = BlockDetector()
    pipeline = pipeline_of(detector)
    seen_in(pipeline, [with_clock(PICTURE, n // 5) for n in range(150)])
    before = len(detector.shown)
    seen_in(pipeline, [with_clock(PICTURE, n // 5) for n in range(150, 300)], 150)
    assert len(detector.shown) - before < 10
    walk = [with_clock(with_block(PICTURE, walker(0.1 + 0.02 * n, 0.8, 0.06, 0.3)), n // 5) for n in range(30)]
    seen = [one.observation.seen for one in seen_in(pipeline, walk, 300)]
    assert all(len(tracks) == 1 for tracks in seen)


def test_who_stands_costs_little_is_seen_all_the_time_and_is_missed_when_gone():
    detector, thing = BlockDetector(), walker(0.5, 0.5, 0.06, 0.3)
    pipeline = pipeline_of(detector)
    standing = seen_in(pipeline, [with_block(PICTURE, thing)] * 300)
    assert len(detector.shown) < 60
    assert all(one.observation.seen[0].now for one in standing[2:])
    assert len({one.observation.seen[0].track for one in standing}) == 1
    gone = seen_in(pipeline, [PICTURE] * 60, 300)
    ended = next(n for n, one in enumerate(gone) if one.observation.ended)
    assert ended * STEP_S < 10


def test_who_stands_far_from_what_moves_is_kept_though_nobody_looks_at_him():
    detector, still = BlockDetector(), walker(0.9, 0.5, 0.03, 0.1)
    pipeline = pipeline_of(detector)
    seen_in(pipeline, [with_block(PICTURE, still)] * 60)
    moving = [with_block(with_block(PICTURE, still), walker(0.05 + 0.008 * n, 0.5, 0.03, 0.1)) for n in range(50)]
    detector.shown.clear()
    seen = [one.observation.seen for one in seen_in(pipeline, moving, 60)]
    assert sum(size == (LEAST_PX, LEAST_PX) for size in detector.shown) > 35
    assert all(sum(track.now and iou(track.box, still) > 0.8 for track in tracks) == 1 for tracks in seen)


def test_a_thing_that_a_crop_cuts_through_is_looked_at_whole():
    detector, wide = BlockDetector(), Box(0.2, 0.45, 0.75, 0.55)
    pipeline = pipeline_of(detector)
    seen_in(pipeline, [PICTURE] * 20)
    nudged = PICTURE.copy()
    nudged[:] = with_block(nudged, wide)
    seen = seen_in(pipeline, [nudged], 20)[0].observation.seen
    assert any(iou(track.box, wide) > 0.9 for track in seen)


def test_two_in_the_same_picture_never_cost_more_than_the_cap_and_one():
    rng, detector = np.random.default_rng(2), BlockDetector()
    pipeline = pipeline_of(detector)
    for number in range(80):
        picture = PICTURE
        for _ in range(int(rng.integers(0, 8))):
            picture = with_block(picture, walker(*rng.uniform(0.1, 0.9, 2), *rng.uniform(0.02, 0.3, 2)))
        assert pipeline.process(Frame(number, picture.copy(), at(number * STEP_S))).looks <= MOST_REGIONS + 2


def test_the_whole_picture_is_toured_while_something_moves_in_a_corner():
    detector = BlockDetector()
    pipeline = pipeline_of(detector)
    seen_in(pipeline, [PICTURE] * 20)
    corner = [with_block(PICTURE, walker(0.1 + 0.01 * (n % 10), 0.2, 0.03, 0.1)) for n in range(100)]
    detector.shown.clear()
    seen_in(pipeline, corner, 20)
    assert sum(size == (360, 640) for size in detector.shown) >= 3


# -- blindness and bad input


def test_rules_are_told_for_how_long_nobody_looked():
    pipeline = pipeline_of(BlockDetector())
    told = [
        pipeline.process(Frame(n, PICTURE, at(seconds))).observation.blind_s
        for n, seconds in enumerate([0, 0.2, 0.4, 2.4, 2.8, 3.0])
    ]
    assert told == [0, 0, 0, pytest.approx(2.0), 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 5), (7680, 4320)])
def test_a_picture_of_any_size_is_looked_at(size):
    pipeline = pipeline_of(BlockDetector())
    for number in range(3):
        picture = np.full((size[1], size[0], 3), 90 + number, np.uint8)
        pipeline.process(Frame(number, picture, at(number * STEP_S)))


@pytest.mark.parametrize("size", [(0, 0), (0, 360), (640, 0)])
def test_a_picture_without_any_size_is_refused_in_one_line_and_the_next_one_is_looked_at(size):
    pipeline = pipeline_of(BlockDetector())
    seen_in(pipeline, [with_block(PICTURE, walker(0.5, 0.5, 0.06, 0.3))] * 5)
    with pytest.raises(SourceBroken, match=f"picture 5 is {size[0]} x {size[1]} px: nothing to see"):
        pipeline.process(Frame(5, np.zeros((size[1], size[0], 3), np.uint8), at(1)))
    assert len(seen_in(pipeline, [with_block(PICTURE, walker(0.5, 0.5, 0.06, 0.3))], 6)[0].observation.seen) == 1


def test_a_picture_that_changes_its_size_mid_stream_goes_on():
    pipeline = pipeline_of(BlockDetector())
    thing = walker(0.5, 0.5, 0.06, 0.3)
    seen_in(pipeline, [with_block(street(640, 360), thing)] * 15)
    for first, size in ((15, (1280, 720)), (30, (320, 240)), (45, (360, 640))):
        outcomes = seen_in(pipeline, [with_block(street(*size), thing)] * 15, first)
        (seen,) = outcomes[-1].observation.seen
        assert iou(seen.box, thing) > 0.8
    assert (outcomes[-1].observation.wall_ns - at(0)) / NS == pytest.approx(59 * STEP_S)
