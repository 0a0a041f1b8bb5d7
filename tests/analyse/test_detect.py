"""Reading each kind of model's output, letterboxing, suppression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.analyse.detect.decoders import decoder_of
from agent.analyse.detect.letterbox import Letterbox, place
from agent.analyse.detect.nms import SAME, iou_matrix, suppress
from agent.analyse.detect.port import Found
from agent.analyse.manifest import (
    FastestdetSpec,
    ModelInput,
    NanodetSpec,
    PlainSpec,
    ScoredSpec,
    SsdSpec,
    YoloxSpec,
)

SHAPE = ModelInput(width=416, height=416)
YOLOX = decoder_of(YoloxSpec(kind="yolox"), SHAPE, 80)


def row_of(stride: int, x: int, y: int) -> int:
    """Where the cell stands in YOLOX's output for 416 x 416."""
    before = {8: 0, 16: 52 * 52, 32: 52 * 52 + 26 * 26}[stride]
    return before + y * (416 // stride) + x


def raw_with(
    stride: int, cell: tuple[int, int], values: list[float], share: float, class_number: int
) -> list[np.ndarray]:
    raw = np.zeros((2, 3549, 85), np.float32)
    row = row_of(stride, *cell)
    raw[1, row, :5] = values
    raw[1, row, 5 + class_number] = share
    return [raw]


@pytest.mark.parametrize(("stride", "cell"), [(8, (0, 0)), (8, (51, 51)), (16, (25, 3)), (32, (12, 12)), (32, (5, 0))])
def test_yolox_a_cell_becomes_the_box_its_stride_says(stride, cell):
    raw = raw_with(stride, cell, [0.5, 0.25, np.log(2), np.log(3), 0.9], 0.8, 2)
    assert len(YOLOX.read(raw, 0, 0.1).scores) == 0
    boxes, scores, classes = YOLOX.read(raw, 1, 0.1)
    x, y = (cell[0] + 0.5) * stride, (cell[1] + 0.25) * stride
    assert boxes.tolist() == pytest.approx(np.array([[x - stride, y - 1.5 * stride, x + stride, y + 1.5 * stride]]))
    assert scores.tolist() == pytest.approx([0.72])
    assert classes.tolist() == [2]


def test_yolox_score_is_objectness_times_class_and_low_ones_go():
    assert len(YOLOX.read(raw_with(8, (1, 1), [0, 0, 0, 0, 0.3], 0.3, 0), 1, 0.1).scores) == 0
    assert len(YOLOX.read(raw_with(8, (1, 1), [0, 0, 0, 0, 0.4], 0.3, 0), 1, 0.1).scores) == 1


def test_yolox_sizes_beyond_reason_stay_numbers():
    boxes = YOLOX.read(raw_with(8, (1, 1), [0, 0, 500, 500, 0.9], 0.9, 0), 1, 0.1).boxes
    assert np.isfinite(boxes).all()


def nanodet_outputs(cell: tuple[int, int], distances: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """One sure cell at stride 16 of 64 x 64, as six outputs and as one."""
    shares = [np.full((1, side * side, 3), 0.01, np.float32) for side in (8, 4, 2)]
    sides = [np.zeros((1, side * side, 32), np.float32) for side in (8, 4, 2)]
    row = cell[1] * 4 + cell[0]
    shares[1][0, row, 2] = 0.7
    for number, distance in enumerate(distances):
        sides[1][0, row, 8 * number + distance] = 50.0  # all of the distribution at one distance
    return [*shares, *sides], [np.concatenate([np.concatenate(shares, 1), np.concatenate(sides, 1)], 2)]


@pytest.mark.parametrize("offset", [0.5, 0.0])
def test_nanodet_distances_are_means_of_their_distributions(offset):
    shape = ModelInput(width=64, height=64)
    decoder = decoder_of(NanodetSpec(kind="nanodet", offset=offset), shape, 3)
    x, y = (2 + offset) * 16, (1 + offset) * 16
    for outputs in nanodet_outputs((2, 1), (1, 0, 2, 1)):
        assert decoder.misfit(outputs, 1) == ""
        boxes, scores, classes = decoder.read(outputs, 0, 0.1)
        assert boxes.tolist() == pytest.approx(np.array([[x - 16, y, x + 32, y + 16]]), abs=1e-3)
        assert scores.tolist() == pytest.approx([0.7])
        assert classes.tolist() == [2]


def test_nanodet_an_undecided_distribution_is_its_middle():
    outputs, _ = nanodet_outputs((2, 1), ())
    decoder = decoder_of(NanodetSpec(kind="nanodet"), ModelInput(width=64, height=64), 3)
    (box,) = decoder.read(outputs, 0, 0.1).boxes.tolist()
    assert box == pytest.approx([40 - 56, 24 - 56, 40 + 56, 24 + 56])


def test_fastestdet_offsets_sizes_and_scores_as_its_example_reads_them():
    grid = np.zeros((1, 8, 22, 22), np.float32)
    grid[0, :, 5, 7] = [0.9, 0.3, -0.2, -1.0, 0.4, 0.1, 0.8, 0.1]
    decoder = decoder_of(FastestdetSpec(kind="fastestdet"), ModelInput(width=352, height=352), 3)
    boxes, scores, classes = decoder.read([grid], 0, 0.1)
    cx, cy = (7 + np.tanh(0.3)) / 22 * 352, (5 + np.tanh(-0.2)) / 22 * 352
    w, h = 352 / (1 + np.exp(1.0)), 352 / (1 + np.exp(-0.4))
    assert boxes.tolist() == pytest.approx(np.array([[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]]), abs=1e-3)
    assert scores.tolist() == pytest.approx([0.9**0.6 * 0.8**0.4])
    assert classes.tolist() == [1]


def ssd_outputs(count: float) -> list[np.ndarray]:
    boxes = np.array([[[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.6, 0.7], [0, 0, 1, 1]]], np.float32)
    return [
        boxes,
        np.array([[0, 2, 1]], np.float32),
        np.array([[0.9, 0.6, 0.8]], np.float32),
        np.array([count], np.float32),
    ]


def test_ssd_reads_as_many_as_count_and_turns_yxyx():
    decoder = decoder_of(SsdSpec(kind="ssd"), ModelInput(width=100, height=200), 3)
    boxes, scores, classes = decoder.read(ssd_outputs(2), 0, 0.1)
    assert boxes.tolist() == pytest.approx(np.array([[20, 20, 40, 60], [50, 100, 70, 120]]))
    assert scores.tolist() == pytest.approx([0.9, 0.6])
    assert classes.tolist() == [0, 2]
    assert len(decoder.read(ssd_outputs(-1), 0, 0.1).scores) == 0
    assert len(decoder.read(ssd_outputs(99), 0, 0.1).scores) == 3


def test_ssd_in_another_order_and_with_a_background_class():
    spec = SsdSpec(kind="ssd", order=("scores", "boxes", "count", "classes"), first_class=1)
    decoder = decoder_of(spec, ModelInput(width=100, height=200), 3)
    boxes, classes, scores, count = ssd_outputs(2)
    found = decoder.read([scores, boxes, count, classes], 0, 0.1)
    assert found.classes.tolist() == [-1, 1]  # -1: the background, no thing


def test_plain_columns_may_stand_anywhere_and_rows_of_all_pictures_in_one_list():
    spec = PlainSpec(kind="plain", columns=("batch", "x1", "y1", "x2", "y2", "class", "score"), unit="share")
    decoder = decoder_of(spec, ModelInput(width=100, height=200), 3)
    rows = np.array(
        [[0, 0.1, 0.1, 0.2, 0.2, 1, 0.9], [1, 0.3, 0.3, 0.4, 0.4, 2, 0.8], [1, 0, 0, 1, 1, 0, 0.05]], np.float32
    )
    assert decoder.misfit([rows], 2) == ""
    assert decoder.read([rows], 0, 0.1).boxes.tolist() == pytest.approx(np.array([[10, 20, 20, 40]]))
    assert decoder.read([rows], 1, 0.1).classes.tolist() == [2]
    assert len(decoder.read([rows[:0]], 0, 0.1).scores) == 0


def test_plain_a_class_that_is_no_number_is_none_of_ours():
    decoder = decoder_of(PlainSpec(kind="plain"), ModelInput(width=64, height=64), 3)
    rows = np.array([[0, 0, 9, 9, 0.9, 1.5], [0, 0, 9, 9, 0.9, np.nan], [0, 0, 9, 9, 0.9, 2.001]], np.float32)
    assert decoder.read([rows], 0, 0.1).classes.tolist() == [-1, -1, 2]


DECODERS = {
    "yolox": (decoder_of(YoloxSpec(kind="yolox"), ModelInput(width=64, height=64), 3), [(2, 84, 8)]),
    "nanodet": (
        decoder_of(NanodetSpec(kind="nanodet"), ModelInput(width=64, height=64), 3),
        [(2, 64, 3), (2, 16, 3), (2, 4, 3), (2, 64, 32), (2, 16, 32), (2, 4, 32)],
    ),
    "fastestdet": (decoder_of(FastestdetSpec(kind="fastestdet"), SHAPE, 3), [(2, 8, 22, 22)]),
    "ssd": (decoder_of(SsdSpec(kind="ssd"), SHAPE, 3), [(2, 10, 4), (2, 10), (2, 10), (2,)]),
    "plain": (decoder_of(PlainSpec(kind="plain"), SHAPE, 3), [(2, 10, 6)]),
    "scored": (decoder_of(ScoredSpec(kind="scored"), SHAPE, 3), [(2, 10, 7)]),
}


@pytest.mark.parametrize("kind", list(DECODERS))
def test_outputs_that_do_not_fit_are_named(kind):
    decoder, shapes = DECODERS[kind]
    outputs = [np.zeros(shape, np.float32) for shape in shapes]
    assert decoder.misfit(outputs, 2) == ""
    assert "instead of" in decoder.misfit([*outputs, outputs[0]], 2)
    assert "instead of" in decoder.misfit(outputs, 3)
    assert "instead of" in decoder.misfit([], 2)
    for number, output in enumerate(outputs):
        other = [*outputs]
        other[number] = np.zeros((*output.shape[:-1], output.shape[-1] + 1, 2), np.float32)
        assert "instead of" in decoder.misfit(other, 2)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(DECODERS)), st.integers(0, 2**32 - 1), st.sampled_from([1.0, 1e4, 1e30]))
def test_whatever_numbers_a_model_gives_reading_them_does_not_fail(kind, seed, scale):
    decoder, shapes = DECODERS[kind]
    random = np.random.default_rng(seed)
    outputs = [(random.normal(size=shape) * scale).astype(np.float32) for shape in shapes]
    with np.errstate(all="ignore"):
        found = decoder.read(outputs, 1, 0.1)
    assert isinstance(found, Found)
    assert len(found.boxes) == len(found.scores) == len(found.classes)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 2000), st.integers(1, 2000), st.sampled_from(["top-left", "centre", "stretch"]),
    st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.1, 0.2),
)  # fmt: skip
def test_letterbox_and_back_is_the_same_box(width, height, where, x, y, size):
    placed = place(width, height, ModelInput(width=416, height=288, place=where))
    assert placed.x >= 0
    assert placed.y >= 0
    assert placed.x + placed.width <= 416
    assert placed.y + placed.height <= 288
    box = np.array([[x, y, x + size, y + size]], np.float32)
    there = box * np.array([placed.width, placed.height] * 2) + np.array([placed.x, placed.y] * 2)
    assert placed.back(there.astype(np.float32)) == pytest.approx(box, abs=1e-3)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("order", ["BGR", "RGB"])
@pytest.mark.parametrize("where", ["top-left", "centre", "stretch"])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_letterbox_gives_what_the_slow_way_gives(layout, order, where, kind):
    plain = kind == np.uint8
    mean, scale = ((0.0,) * 3, (1.0,) * 3) if plain else ((10.0, 20.0, 30.0), (2.0, 4.0, 8.0))
    shape = ModelInput(
        width=96, height=64, layout=layout, order=order, place=where, padding=114, mean=mean, scale=scale
    )
    box = Letterbox(shape, np.dtype(kind))
    for width, height in ((96, 64), (32, 64), (96, 16)):  # sizes that need no resizing, so that every value is known
        picture = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
        if where == "stretch":
            picture = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
        canvas = np.full((64, 96, 3), 114, np.float32)
        left, top = ((96 - picture.shape[1]) // 2, (64 - picture.shape[0]) // 2) if where == "centre" else (0, 0)
        canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        canvas = canvas[:, :, ::-1] if order == "RGB" else canvas
        wanted = (canvas - np.array(mean)) / np.array(scale)
        tensor, _ = box.fill([picture])
        got = tensor[0] if layout == "NHWC" else tensor[0].transpose(1, 2, 0)
        assert tensor.dtype == kind
        assert got == pytest.approx(wanted, abs=1e-3)


def test_suppression_keeps_the_best_of_each_label():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.5, 0.9, 0.8, 0.2], np.float32)
    assert suppress(boxes, scores, np.array([0, 0, 1, 0])) == [1, 2, 3]
    assert suppress(boxes[:0], scores[:0], np.zeros(0, np.int64)) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120))
def test_suppression_is_greedy(seed, count):
    random = np.random.default_rng(seed)
    middles = random.random((count // 6 + 1, 2))[random.integers(0, count // 6 + 1, count)]
    middles += random.normal(0, 0.004, (count, 2))
    halves = 0.03 + 0.03 * random.random((count, 2))
    boxes = np.concatenate([middles - halves, middles + halves], 1).astype(np.float32)
    scores, labels = random.random(count).astype(np.float32), random.integers(0, 3, count)
    overlaps, kept = iou_matrix(boxes, boxes), []
    for place_ in np.argsort(-scores, kind="stable"):
        if not any(labels[place_] == labels[other] and overlaps[place_, other] > SAME for other in kept):
            kept.append(int(place_))
    assert suppress(boxes, scores, labels) == kept
