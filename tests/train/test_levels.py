"""A quantised net that takes bytes says what it said of floats."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.train.levels import grey_levels_in

GREY, FACTOR = 114.0, 1 / 58
CALIBRATED = 0.0171
"""Not quite `FACTOR`, as a calibration on pictures gives it."""
PICTURES = np.random.default_rng(5).integers(0, 256, (2, 3, 32, 48), np.uint8)


def quantised(grey: float = GREY, *more: onnx.NodeProto) -> onnx.ModelProto:
    """As `quantise_static` begins a net: bytes made of floats, a convolution of whole numbers with its bias."""
    random = np.random.default_rng(3)
    weights = random.integers(-60, 60, (4, 3, 3, 3)).astype(np.int8)
    scales = np.array([0.01, 0.02, 0.005, 0.015], np.float32)
    values = {
        "grey": np.float32(grey), "factor": np.float32(FACTOR), "scale": np.float32(CALIBRATED), "zero": np.uint8(114),
        "weights": weights, "weight_scales": scales, "weight_zeros": np.zeros(4, np.int8),
        "bias": random.integers(-9000, 9000, 4).astype(np.int32), "bias_scales": scales * np.float32(CALIBRATED),
        "bias_zeros": np.zeros(4, np.int32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Sub", ["images", "grey"], ["less"]),
        helper.make_node("Mul", ["less", "factor"], ["normal"]),
        helper.make_node("QuantizeLinear", ["normal", "scale", "zero"], ["bytes"]),
        helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["floats"]),
        helper.make_node("DequantizeLinear", ["weights", "weight_scales", "weight_zeros"], ["w"], axis=0),
        helper.make_node("DequantizeLinear", ["bias", "bias_scales", "bias_zeros"], ["b"], axis=0),
        helper.make_node("Conv", ["floats", "w", "b"], ["output"], pads=[1, 1, 1, 1]),
        *more,
    ]
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["pictures", 3, 32, 48])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["pictures", 4, 32, 48])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def said_of(model: onnx.ModelProto, pictures: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": pictures})[0])


def test_bytes_give_what_floats_gave():
    model = quantised()
    of_floats = said_of(model, PICTURES.astype(np.float32))
    grey_levels_in(model)
    of_bytes = said_of(model, PICTURES)
    assert of_bytes.shape == of_floats.shape
    assert np.abs(of_bytes - of_floats).max() < 0.02 * np.abs(of_floats).max()


def test_the_grey_of_the_padding_is_nothing_but_the_bias():
    model = quantised()
    before = said_of(model, np.full((1, 3, 32, 48), GREY, np.float32))
    grey_levels_in(model)
    after = said_of(model, np.full((1, 3, 32, 48), GREY, np.uint8))
    assert np.ptp(after, axis=(2, 3)) == pytest.approx(0, abs=1e-6)
    assert after == pytest.approx(before, rel=1e-3)


def test_nothing_of_the_normalisation_is_left():
    model = quantised()
    grey_levels_in(model)
    assert {node.op_type for node in model.graph.node} == {"DequantizeLinear", "Conv"}
    assert {one.name for one in model.graph.initializer} == {
        "scale", "zero", "weights", "weight_scales", "weight_zeros", "bias", "bias_scales", "bias_zeros"
    }  # fmt: skip


def test_a_net_that_begins_in_another_way_is_refused():
    with pytest.raises(ValueError, match="Sub was to read images, but Sub and Relu does"):
        grey_levels_in(quantised(GREY, helper.make_node("Relu", ["images"], ["aside"])))
    again = quantised()
    grey_levels_in(again)
    with pytest.raises(ValueError, match="Sub was to read images, but DequantizeLinear does"):
        grey_levels_in(again)


def test_a_grey_that_is_no_byte_is_refused():
    with pytest.raises(ValueError, match=r"113\.5 from each grey level"):
        grey_levels_in(quantised(113.5))
