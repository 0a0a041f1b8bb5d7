"""TFLite files of one operator, written by hand: what goes in and comes out in whole numbers."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

KINDS = {"float32": schema.TensorType.FLOAT32, "uint8": schema.TensorType.UINT8, "int8": schema.TensorType.INT8}
Form = tuple[str, float, int]
"""Kind of numbers, scale, zero point; scale 0: no quantisation."""


def one_operator(path: Path, operator: int, given: Form, wanted: Form, shape: tuple[int, ...]) -> Path:
    """A model that applies `operator` (QUANTIZE or DEQUANTIZE) to its input."""
    model = schema.ModelT()
    model.version = 3
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = 2
    model.operatorCodes = [code]
    model.buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    step = schema.OperatorT()
    step.opcodeIndex, step.inputs, step.outputs = 0, [0], [1]
    graph = schema.SubGraphT()
    graph.tensors = [_tensor("given", given, shape, 1), _tensor("wanted", wanted, shape, 2)]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [step]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _tensor(name: str, form: Form, shape: tuple[int, ...], buffer: int) -> schema.TensorT:
    kind, scale, zero = form
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), KINDS[kind], buffer
    if scale:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero]
    return tensor
