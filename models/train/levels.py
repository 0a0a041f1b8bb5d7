"""A quantised net that takes grey levels as they are, without floats before its first convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

INPUT = "images"


def grey_levels_in(model: onnx.ModelProto) -> None:
    """Let `images` be bytes: a picture's normalisation becomes the scale and the zero of its quantisation.

    Expects what `quantise_static` makes of `models.train.net.Nano`: Sub (the padding's grey), Mul, QuantizeLinear,
    DequantizeLinear, Conv. It is exact, which a calibration is not quite, and a picture need not become floats
    to be made bytes again.

    Raises:
        ValueError: the net begins in another way, or its grey is no whole number of 0 to 255.
    """
    graph = model.graph
    chain = _after(graph, INPUT, ["Sub", "Mul", "QuantizeLinear", "DequantizeLinear", "Conv"])
    minus, times, quantise, dequantise, conv = chain
    grey, factor = (float(_constant(graph, node.input[1])) for node in (minus, times))
    if grey != np.uint8(np.clip(grey, 0, 255)):
        raise ValueError(f"the net takes {grey} from each grey level, which is no byte")
    _set_bias(graph, conv, float(_constant(graph, dequantise.input[1])), factor)
    _set(graph, dequantise.input[1], np.array(factor, np.float32))
    _set(graph, dequantise.input[2], np.array(grey, np.uint8))
    dequantise.input[0] = INPUT
    for node in (minus, times, quantise):
        graph.node.remove(node)
    next(one for one in graph.input if one.name == INPUT).type.tensor_type.elem_type = onnx.TensorProto.UINT8
    _drop_unused(graph)
    onnx.checker.check_model(model)


def _after(graph: onnx.GraphProto, name: str, kinds: list[str]) -> list[onnx.NodeProto]:
    """The nodes of these kinds, each the only reader of the one before, from the value `name` on."""
    found = []
    for kind in kinds:
        readers = [node for node in graph.node if name in node.input]
        if len(readers) != 1 or readers[0].op_type != kind:
            got = " and ".join(node.op_type for node in readers) or "nothing"
            raise ValueError(f"{kind} was to read {name}, but {got} does")
        found += readers
        name = readers[0].output[0]
    return found


def _set_bias(graph: onnx.GraphProto, conv: onnx.NodeProto, was: float, becomes: float) -> None:
    """A bias counts in the input's scale times the weights': it follows the input's."""
    maker = next(node for node in graph.node if node.output[0] == conv.input[2])
    values, scales = _constant(graph, maker.input[0]), _constant(graph, maker.input[1])
    _set(graph, maker.input[0], np.round(values * (was / becomes)).astype(np.int32))
    _set(graph, maker.input[1], (scales * (becomes / was)).astype(np.float32))


def _constant(graph: onnx.GraphProto, name: str) -> NDArray[Any]:
    return numpy_helper.to_array(next(one for one in graph.initializer if one.name == name))


def _set(graph: onnx.GraphProto, name: str, value: NDArray[Any]) -> None:
    next(one for one in graph.initializer if one.name == name).CopyFrom(numpy_helper.from_array(value, name))


def _drop_unused(graph: onnx.GraphProto) -> None:
    read = {name for node in graph.node for name in node.input}
    for one in [one for one in graph.initializer if one.name not in read]:
        graph.initializer.remove(one)
