"""The net: anchor-free, strides 8, 16, 32, dense 3x3 convolutions with few channels, ReLU throughout.

Input n x 3 x height x width, BGR 0..255. Output as YOLOX writes it before its sigmoid: per cell centre x, y (cells from
the cell's corner), log width, log height (strides), then a logit per class.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.train.pack import CLASSES

STRIDES = (8, 16, 32)
GREY = 114.0
"""The padding's grey, which the net sees as zero."""
SPREAD = 58.0
PRIOR_LOGIT = -4.6
"""Every cell starts with one percent of belief in every class."""


class Widths(NamedTuple):
    """Channels and depth of the backbone's steps, and of neck and head."""

    stem: int = 16
    quarter: int = 24
    eighth: int = 64
    sixteenth: int = 128
    last: int = 160
    depths: tuple[int, int, int, int] = (0, 1, 2, 1)
    neck: int = 48
    tower: int = 32


class Conv(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, into: int, out: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(into, out, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(out, eps=1e-3, momentum=0.03),
            nn.ReLU(inplace=True),
        )


class Block(nn.Module):
    """Residual bottleneck: 1x1 to half the channels, 3x3 back."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = Conv(channels, channels // 2, 1)
        self.wide = nn.Sequential(
            nn.Conv2d(channels // 2, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03),
        )

    def forward(self, values: Tensor) -> Tensor:
        """Same shape out."""
        return torch.relu(values + self.wide(self.narrow(values)))


class Pyramid(nn.Module):
    """Three maxima over growing surroundings beside the values themselves (the fast SPP of YOLOv5, idea only)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = Conv(channels, channels // 2, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.join = Conv(channels * 2, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        """Same shape out."""
        steps = [self.narrow(values)]
        for _ in range(3):
            steps.append(self.pool(steps[-1]))
        return self.join(torch.cat(steps, 1))


def _stage(into: int, out: int, depth: int) -> nn.Sequential:
    return nn.Sequential(Conv(into, out, 3, 2), *(Block(out) for _ in range(depth)))


class Head(nn.Module):
    """Two towers of one convolution each, in one; then boxes from the one, classes from the other."""

    def __init__(self, channels: int, tower: int) -> None:
        super().__init__()
        self.towers = Conv(channels, tower * 2)
        self.box, self.classes = nn.Conv2d(tower, 4, 1), nn.Conv2d(tower, len(CLASSES), 1)
        self.tower = tower
        nn.init.zeros_(self.box.weight)
        self.box.bias.data.copy_(torch.tensor([0.5, 0.5, 1.2, 1.2]))
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.constant_(self.classes.bias, PRIOR_LOGIT)

    def forward(self, values: Tensor) -> Tensor:
        """N x (4 + classes) x height x width."""
        values = self.towers(values)
        return torch.cat([self.box(values[:, : self.tower]), self.classes(values[:, self.tower :])], 1)


class Nano(nn.Module):
    """The whole net."""

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        w = widths or Widths()
        self.quarter = nn.Sequential(Conv(3, w.stem, 3, 2), _stage(w.stem, w.quarter, w.depths[0]))
        self.eighth = _stage(w.quarter, w.eighth, w.depths[1])
        self.sixteenth = _stage(w.eighth, w.sixteenth, w.depths[2])
        self.last = nn.Sequential(_stage(w.sixteenth, w.last, w.depths[3]), Pyramid(w.last))
        self.sides = nn.ModuleList(Conv(c, w.neck, 1) for c in (w.eighth, w.sixteenth, w.last))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.down_path = nn.ModuleList(Block(w.neck) for _ in range(2))
        self.up_path = nn.ModuleList(Conv(w.neck, w.neck, 3, 2) for _ in range(2))
        self.mixed = nn.ModuleList(Block(w.neck) for _ in range(2))
        self.heads = nn.ModuleList(Head(w.neck, w.tower) for _ in STRIDES)

    def forward(self, pictures: Tensor) -> Tensor:
        """N x cells x (4 + classes): all cells of stride 8, row by row, then 16, then 32."""
        eighth = self.eighth(self.quarter((pictures - GREY) * (1 / SPREAD)))
        sixteenth = self.sixteenth(eighth)
        sides = [side(v) for side, v in zip(self.sides, (eighth, sixteenth, self.last(sixteenth)), strict=True)]
        middle = self.down_path[0](sides[1] + self.up(sides[2]))
        fine = self.down_path[1](sides[0] + self.up(middle))
        middle = self.mixed[0](middle + self.up_path[0](fine))
        coarse = self.mixed[1](sides[2] + self.up_path[1](middle))
        levels = [head(v) for head, v in zip(self.heads, (fine, middle, coarse), strict=True)]
        return torch.cat([level.flatten(2) for level in levels], 2).transpose(1, 2)


def grid(width: int, height: int) -> tuple[Tensor, Tensor]:
    """Corner of each cell in cells (cells x 2) and its stride (cells x 1), in the order of the output."""
    cells, strides = [], []
    for stride in STRIDES:
        ys, xs = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        cells.append(torch.stack([xs.flatten(), ys.flatten()], 1))
        strides.append(torch.full((xs.numel(), 1), stride))
    return torch.cat(cells).float(), torch.cat(strides).float()


def boxes_of(raw: Tensor, cells: Tensor, strides: Tensor) -> Tensor:
    """Raw ... x cells x 4 to x1 y1 x2 y2 in px."""
    centres = (raw[..., :2] + cells) * strides
    halves = raw[..., 2:4].clamp(max=8.0).exp() * strides / 2
    return torch.cat([centres - halves, centres + halves], -1)
