"""Small models that really run: they find the bright part of a picture, and say it in each decoder's form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from agent.analyse.manifest import DecoderSpec, LabelSet, ModelEntry, ModelFile, ModelInput
from agent.analyse.models import LocalFile, Model

SIDE = 64
"""Px of the models' square input."""
BRIGHT = 200.0
LABELS = LabelSet(names=("thing", "person", "car"), ours={"person": ("person",), "vehicle": ("car",)})
CLASS = 1
"""What the bright part is called: a person."""
SCORE = 0.9


def bright(
    path: Path, form: str, *, batch: int | str = "n", dtype: int = TensorProto.FLOAT, score: float = SCORE
) -> Path:
    """Write a model: `form` is plain, share, ssd, scored or nan; `batch` a number or a name for any."""
    nodes = _box_nodes(dtype, score)
    outputs, more = _said(form, batch)
    graph = helper.make_graph(
        [*nodes, *more],
        "bright",
        [helper.make_tensor_value_info("images", dtype, [batch, 3, SIDE, SIDE])],
        outputs,
        [
            numpy_helper.from_array(np.array(BRIGHT, np.float32), "limit"),
            numpy_helper.from_array(np.array(score, np.float32), "score_value"),
            numpy_helper.from_array(np.array(float(CLASS), np.float32), "class_value"),
            numpy_helper.from_array(np.array(1.0, np.float32), "one"),
            numpy_helper.from_array(np.array(1 / SIDE, np.float32), "unit"),
            numpy_helper.from_array(np.array(np.nan, np.float32), "nan"),
            numpy_helper.from_array(np.array([2], np.int64), "axis2"),
            numpy_helper.from_array(np.array([1], np.int64), "axis1"),
            numpy_helper.from_array(np.array([-1], np.int64), "last"),
            numpy_helper.from_array(np.array([0], np.int64), "zero"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def grid_looks(path: Path) -> str:
    """Write a model of appearance, the mean colours of four quarters; its entry in a manifest."""
    node, info = helper.make_node, helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            node("AveragePool", ["images"], ["quarters"], kernel_shape=[32, 16], strides=[32, 16]),
            node("Flatten", ["quarters"], ["looks"]),
        ],
        "looks",
        [info("images", TensorProto.FLOAT, [1, 3, 64, 32])],
        [info("looks", TensorProto.FLOAT, [1, 12])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    body = path.read_bytes()
    return f"""
[[model]]
name = "grid-looks"
licence = "Apache-2.0"
source = "made by a test"
input = {{ width = 32, height = 64, mean = [110, 110, 110], scale = [60, 60, 60], padding = 0, place = "stretch" }}
decoder = {{ kind = "appearance", dimensions = 12 }}

[[model.file]]
name = "{path.name}"
sha256 = "{hashlib.sha256(body).hexdigest()}"
bytes = {len(body)}
"""


def _box_nodes(dtype: int, score: float) -> list[onnx.NodeProto]:
    """x1 y1 x2 y2 (n x 1 each, px) of the bright part, `score` (n x 1; 0 where nothing is bright), `class` (n x 1)."""
    node = helper.make_node
    nodes = [
        node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        node("ReduceMin", ["floats", "axis1"], ["grey"], keepdims=0),
        node("Greater", ["grey", "limit"], ["is_bright"]),
        node("Cast", ["is_bright"], ["mask"], to=TensorProto.FLOAT),
        node("ReduceMax", ["mask", "axis1"], ["columns"], keepdims=0),
        node("ReduceMax", ["mask", "axis2"], ["rows"], keepdims=0),
        node("ReduceMax", ["columns", "axis1"], ["any"], keepdims=1),
        node("Mul", ["any", "score_value"], ["score"]),
        node("Mul", ["any", "class_value"], ["class"]),
    ]
    for side, line in (("x", "columns"), ("y", "rows")):
        nodes += [
            node("ArgMax", [line], [f"{side}_first"], axis=1, keepdims=1),
            node("ArgMax", [line], [f"{side}_last"], axis=1, keepdims=1, select_last_index=1),
            node("Cast", [f"{side}_first"], [f"{side}1"], to=TensorProto.FLOAT),
            node("Cast", [f"{side}_last"], [f"{side}2_inside"], to=TensorProto.FLOAT),
            node("Add", [f"{side}2_inside", "one"], [f"{side}2"]),
        ]
    return nodes


def _said(form: str, batch: int | str) -> tuple[list[onnx.ValueInfoProto], list[onnx.NodeProto]]:
    node, info = helper.make_node, helper.make_tensor_value_info
    px = ["x1", "y1", "x2", "y2"]
    shares = [node("Mul", [name, "unit"], [f"{name}_share"]) for name in px]
    if form == "ssd":
        yxyx = ["y1_share", "x1_share", "y2_share", "x2_share"]
        return [
            info("boxes", TensorProto.FLOAT, [batch, 1, 4]), info("classes", TensorProto.FLOAT, [batch, 1]),
            info("scores", TensorProto.FLOAT, [batch, 1]), info("count", TensorProto.FLOAT, [batch]),
        ], [
            *shares, node("Concat", yxyx, ["flat"], axis=1), node("Unsqueeze", ["flat", "axis1"], ["boxes"]),
            node("Identity", ["class"], ["classes"]), node("Identity", ["score"], ["scores"]),
            node("Squeeze", ["any", "last"], ["count"]),
        ]  # fmt: skip
    columns = {
        "plain": [*px, "score", "class"], "share": [*(f"{name}_share" for name in px), "score", "class"],
        "scored": [*px, "nothing", "score", "nothing"], "nan": [*px, "nan_score", "class"],
    }[form]  # fmt: skip
    extra = [node("Sub", ["score", "score"], ["nothing"]), node("Mul", ["score", "nan"], ["nan_score"])]
    nodes = [
        *shares,
        *extra,
        node("Concat", columns, ["flat"], axis=1),
        node("Unsqueeze", ["flat", "axis1"], ["rows_out"]),
    ]
    return [info("rows_out", TensorProto.FLOAT, [batch, 1, len(columns)])], nodes


def made(
    path: Path, decoder: DecoderSpec, *, labels: LabelSet = LABELS, name: str = "bright", **shape: object
) -> Model:
    """The model whose file that is, as the store would give it."""
    content = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    wanted = {"width": SIDE, "height": SIDE, "padding": 0, **shape}
    entry = ModelEntry(
        name=name, licence="CC0-1.0", source="made here", input=ModelInput.model_validate(wanted), decoder=decoder,
        labels="few", file=(file,),
    )  # fmt: skip
    return Model(entry, labels, (LocalFile(file, path),))


def scene(width: int, height: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """A dark picture with one bright part, px."""
    picture = np.full((height, width, 3), 40, np.uint8)
    x1, y1, x2, y2 = box
    picture[y1:y2, x1:x2] = 255
    return picture
