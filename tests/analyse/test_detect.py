"""YOLOX's output, letterboxing, suppression, the session."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.analyse.detect.letterbox import letterbox, unletterbox
from agent.analyse.detect.nms import suppress
from agent.analyse.detect.onnx import OnnxDetector
from agent.analyse.detect.pool import DetectorPool
from agent.analyse.detect.yolox import decode_yolox, rows_of
from agent.analyse.models import ModelStore, load_manifest
from agent.core.errors import ModelError
from agent.core.geometry import Box, iou

SHAPE = load_manifest().entry("yolox-nano").input


def row_of(stride: int, x: int, y: int) -> int:
    """Where the cell stands in YOLOX's output for 416 x 416."""
    before = {8: 0, 16: 52 * 52, 32: 52 * 52 + 26 * 26}[stride]
    return before + y * (416 // stride) + x


def raw_with(stride: int, cell: tuple[int, int], values: list[float], share: float, class_number: int) -> np.ndarray:
    raw = np.zeros((rows_of(SHAPE), 85), np.float32)
    row = row_of(stride, *cell)
    raw[row, :5] = values
    raw[row, 5 + class_number] = share
    return raw


@pytest.mark.parametrize(("stride", "cell"), [(8, (0, 0)), (8, (51, 51)), (16, (25, 3)), (32, (12, 12)), (32, (5, 0))])
def test_yolox_a_cell_becomes_the_box_its_stride_says(stride, cell):
    raw = raw_with(stride, cell, [0.5, 0.25, np.log(2), np.log(3), 0.9], 0.8, 2)
    boxes, scores, classes = decode_yolox(raw, SHAPE, 0.1)
    x, y = (cell[0] + 0.5) * stride, (cell[1] + 0.25) * stride
    assert boxes.tolist() == pytest.approx(np.array([[x - stride, y - 1.5 * stride, x + stride, y + 1.5 * stride]]))
    assert scores.tolist() == pytest.approx([0.72])
    assert classes.tolist() == [2]


def test_yolox_score_is_objectness_times_class_and_low_ones_go():
    assert len(decode_yolox(raw_with(8, (1, 1), [0, 0, 0, 0, 0.3], 0.3, 0), SHAPE, 0.1)[0]) == 0
    assert len(decode_yolox(raw_with(8, (1, 1), [0, 0, 0, 0, 0.4], 0.3, 0), SHAPE, 0.1)[0]) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2000), st.integers(1, 2000), st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.1, 0.2))
def test_letterbox_and_back_is_the_same_box(width, height, x, y, size):
    box = np.array([[x, y, x + size, y + size]], np.float32)
    factor = min(416 / width, 416 / height)
    there = box * np.array([width, height, width, height], np.float32) * factor
    assert unletterbox(there, width, height, SHAPE) == pytest.approx(box, abs=1e-5)


def test_letterbox_puts_the_picture_top_left_and_pads_with_grey():
    values = letterbox(np.full((100, 200, 3), (10, 20, 30), np.uint8), SHAPE)
    assert values.shape == (1, 3, 416, 416)
    assert values[0, :, 207, 415].tolist() == [10, 20, 30]
    assert values[0, :, 209, 0].tolist() == [114, 114, 114]


def test_suppression_keeps_the_best_of_each_label():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.5, 0.9, 0.8, 0.2], np.float32)
    assert suppress(boxes, scores, ["person", "person", "vehicle", "person"]) == [1, 2, 3]
    assert suppress(boxes[:0], scores[:0], []) == []


@pytest.fixture(scope="module")
def detector(data) -> OnnxDetector:
    return OnnxDetector(ModelStore([data / "models"]).find("yolox-nano"), threads=1)


def test_a_person_in_a_real_picture_is_found_where_he_stands(detector, data):
    with av.open(str(data / "video" / "intel_one-by-one-person-detection.mp4")) as container:
        frames = container.decode(video=0)
        picture = next(frame.to_ndarray(format="bgr24") for number, frame in enumerate(frames) if number == 108)
    (found,) = detector.detect([picture])
    people = [one for one in found if one.label == "person" and one.score > 0.6]
    assert len(people) == 1
    assert iou(people[0].box, Box(0.505, 0.03, 0.668, 0.905)) > 0.8  # measured by hand


def test_an_empty_picture_and_a_tiny_one_are_no_trouble(detector):
    flat = np.full((360, 640, 3), 120, np.uint8)
    tiny = np.full((1, 1, 3), 120, np.uint8)
    found = detector.detect([flat, tiny])
    assert [one for one in found[0] if one.score > 0.4] == []
    assert len(found) == 2


def test_a_file_that_is_no_model_is_refused_in_one_line(data, tmp_path):
    model = ModelStore([data / "models"]).find("yolox-nano")
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    broken = type(model)(model.entry, model.labels, tmp_path / "m.onnx")
    with pytest.raises(ModelError) as caught:
        OnnxDetector(broken)
    assert "cannot be loaded" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_shape_is_refused(data):
    model = ModelStore([data / "models"]).find("yolox-nano")
    other = type(model)(
        model.entry, model.labels.model_copy(update={"names": (*model.labels.names, "one more")}), model.path
    )
    with pytest.raises(ModelError, match="wrong file"):
        OnnxDetector(other)


def test_one_session_serves_all_cameras(data):
    pool = DetectorPool(ModelStore([data / "models"]), threads=1)
    assert pool.get(None) is pool.get("yolox-nano")
    assert pool.notes == []
    assert pool.names() == "yolox-nano on onnxruntime"


def test_without_any_model_the_pool_says_so_once(tmp_path):
    pool = DetectorPool(ModelStore([tmp_path]), threads=1)
    assert [pool.get(None), pool.get(None)] == [None, None]
    assert len(pool.notes) == 1
    assert "no model found" in pool.notes[0]
    with pytest.raises(ModelError):
        pool.get("yolox-nano")
