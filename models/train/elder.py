"""YOLOX-nano in torch, to be asked about every view while ours trains (its file stays outside the repository).

The ONNX graph is walked node by node up to the three levels of its head, so that any size that is a multiple of 32
goes in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from models.train.net import boxes_of
from models.train.pack import CLASSES

MANIFEST = Path(__file__).parents[1] / "manifest.toml"


class Opinion(NamedTuple):
    """What it says of a batch: scores n x cells x classes (0..1), boxes n x cells x 4 in px."""

    scores: Tensor
    boxes: Tensor


class Elder(nn.Module):
    """The teacher as it is, without gradients."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        self._levels = [node.input[0] for node in graph.node if node.op_type == "Reshape"]
        self._nodes, self._ours = list(graph.node), _ours()
        self._numbers: dict[str, list[int]] = {}
        for one in graph.initializer:
            values = numpy_helper.to_array(one)
            if values.dtype == np.float32 and values.ndim in (1, 4):
                self.register_buffer(_safe(one.name), torch.from_numpy(values.copy()))
            self._numbers[one.name] = values.reshape(-1).tolist() if values.size < 16 else []
        for node in graph.node:
            if node.op_type == "Constant":
                self._numbers[node.output[0]] = numpy_helper.to_array(node.attribute[0].t).reshape(-1).tolist()

    @torch.no_grad()
    def forward(self, pictures: Tensor, cells: Tensor, strides: Tensor) -> Opinion:
        """`pictures` n x 3 x h x w, BGR 0..255; `cells` and `strides` of `net.grid` for that size."""
        held = {"images": pictures}
        for node in self._nodes:
            held[node.output[0]] = self._step(node, held)
            if node.output[0] == self._levels[-1]:
                break
        raw = torch.cat([held[name].float().flatten(2) for name in self._levels], 2).transpose(1, 2)
        each = raw[..., 4:5] * raw[..., 5:]
        scores = torch.stack([each[..., numbers].amax(-1) for numbers in self._ours], -1)
        return Opinion(scores, boxes_of(raw[..., :4], cells, strides))

    def _step(self, node: onnx.NodeProto, held: dict[str, Tensor]) -> Tensor:
        ins = [held[name] for name in node.input if name in held]
        said = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Conv":
            weight, bias = (getattr(self, _safe(name)) for name in node.input[1:3])
            return functional.conv2d(ins[0], weight, bias, said["strides"], said["pads"][0], 1, said["group"])
        if node.op_type == "Slice":
            start, axis, step = (self._numbers[node.input[place]][0] for place in (1, 3, 4))
            return ins[0][:, :, start::step] if axis == 2 else ins[0][:, :, :, start::step]
        if node.op_type == "MaxPool":
            return functional.max_pool2d(ins[0], said["kernel_shape"], said["strides"], said["pads"][0])
        if node.op_type == "Concat":
            return torch.cat(ins, said["axis"])
        return _PLAIN[node.op_type](*ins)


_PLAIN: dict[str, Callable[..., Tensor]] = {
    "Add": torch.add,
    "Mul": torch.mul,
    "Sigmoid": torch.sigmoid,
    "Resize": lambda values: functional.interpolate(values, scale_factor=2, mode="nearest"),
}
"""What has no numbers of its own; Resize is always the neck's, twice as large."""


def _ours() -> list[list[int]]:
    """The numbers of COCO's classes for each of ours, as the product has them."""
    labels = tomllib.loads(MANIFEST.read_text())["labels"]["coco"]
    return [[labels["names"].index(theirs) for theirs in labels["ours"][name]] for name in CLASSES]


def _safe(name: str) -> str:
    return "held_" + name.replace(".", "_")
