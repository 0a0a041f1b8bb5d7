"""The averaged net as ONNX: `python -m models.train.export RUN OUT.onnx [--width 480 --height 320]`.

Any number of pictures goes in; out come finished rows per cell, which the manifest's decoder `scored` reads: corners
x1 y1 x2 y2 in px of the input, then a score per class. `--believe person=0.45,vehicle=0.5`, found with
`models.train.measure`, says from which raw score each class is believed; scores are shifted so that it lands on
`BELIEVED` for every class (the order within a class stays). Prints the largest difference between PyTorch and ONNX
Runtime on noise, and the lines that the manifest needs.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

from models.train.net import Nano, boxes_of, grid
from models.train.pack import CLASSES

INPUT = (480, 320)
BELIEVED = 0.4
"""The product's `BELIEVED_SCORE`."""
TOLERANCE = 0.05
"""Px, and far more than scores may differ."""


class Finished(nn.Module):
    """`Nano` with its boxes and scores worked out: n x cells x (4 + classes)."""

    def __init__(self, net: Nano, width: int, height: int, believe: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.net = net
        wanted = torch.tensor([(believe or {}).get(name, BELIEVED) for name in CLASSES])
        self.register_buffer("shift", torch.logit(torch.tensor(BELIEVED)) - torch.logit(wanted))
        cells, strides = grid(width, height)
        self.register_buffer("cells", cells)
        self.register_buffer("strides", strides)

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        raw = self.net(pictures)
        return torch.cat([boxes_of(raw[..., :4], self.cells, self.strides), (raw[..., 4:] + self.shift).sigmoid()], -1)


def load_net(path: Path) -> Nano:
    """The averaged net of a checkpoint."""
    net = Nano()
    net.load_state_dict(torch.load(path, weights_only=True)["average"])
    return net.eval()


def export(net: Nano, path: Path, width: int, height: int, believe: Mapping[str, float] | None = None) -> float:
    """Write the file; returns the largest difference to PyTorch in any number of the output."""
    whole, dummy = Finished(net, width, height, believe).eval(), torch.zeros(1, 3, height, width)
    batch = {"images": {0: "pictures"}, "output": {0: "pictures"}}
    torch.onnx.export(
        whole,
        (dummy,),
        str(path),
        input_names=["images"],
        output_names=["output"],
        opset_version=17,
        dynamic_axes=batch,
        dynamo=False,
    )
    noise = torch.rand(2, 3, height, width) * 255
    with torch.no_grad():
        expected = whole(noise).numpy()
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = np.asarray(session.run(None, {"images": noise.numpy()})[0])
    return float(np.abs(found - expected).max())


def _shares(text: str) -> dict[str, float]:
    return {name: float(score) for name, _, score in (part.partition("=") for part in text.split(","))}


def main() -> None:
    """Export and check."""
    parser = argparse.ArgumentParser(description="Export lamppost-nano.")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=INPUT[0])
    parser.add_argument("--height", type=int, default=INPUT[1])
    parser.add_argument("--believe", type=_shares, default={}, help="raw score per class: person=0.45,vehicle=0.5")
    asked = parser.parse_args()
    away = export(load_net(asked.run / "last.pt"), asked.out, asked.width, asked.height, asked.believe)
    body = asked.out.read_bytes()
    print(f"largest difference {away:.2e}")
    print(f'sha256 = "{hashlib.sha256(body).hexdigest()}"\nbytes = {len(body)}')
    if away > TOLERANCE:
        raise SystemExit(f"{asked.out}: ONNX Runtime and PyTorch differ by {away}")


if __name__ == "__main__":
    main()
