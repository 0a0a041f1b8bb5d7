"""Training views made where the net trains: all pictures lie in the device's memory, a batch is a few large gathers.

What `augment.py` does for the processor, this does for a GPU, where the processor could not make views fast enough; and
it looks closer: half of the parts of a view are chosen around something, from far to so near that it is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.train.augment import GREY, KEPT, SMALLEST_PX
from models.train.merge import Taught
from models.train.pack import IGNORE, LONGEST_PX, Image

ROWS = 96
"""Boxes of a picture or a view at most: firm ones first."""
ENLARGED = 4.0
"""No picture is shown larger than so many times its own size."""
LOG = math.log


class Shelf(NamedTuple):
    """Which pictures, and how often each."""

    numbers: Tensor
    shares: Tensor


class Stage(NamedTuple):
    """All pictures: n x 448 x 448 x 3 (uint8), half as large, sizes n x 2 px, rows n x ROWS x 6, drawn n."""

    whole: Tensor
    half: Tensor
    sizes: Tensor
    rows: Tensor
    drawn: Tensor
    shelves: tuple[Shelf, ...]


class Recipe(NamedTuple):
    """How views are made during a part of the training."""

    until: float
    size: tuple[int, int]
    mosaic: float
    close: float
    blended: float
    mix: tuple[float, float, float]
    """Shares of the shelves: street, drawn, empty."""


class Views(NamedTuple):
    """Pictures n x 3 x h x w (0..255), rows n x ROWS x 6, cells' share of real pictures n x h x w, blended n."""

    pictures: Tensor
    rows: Tensor
    real: Tensor
    blended: Tensor


def stage(
    pictures: Sequence[Image], taught: Sequence[Taught], drawn: Sequence[bool], shelves: tuple[Shelf, ...]
) -> Stage:
    """Put everything into the memory of torch's default device."""
    count = len(pictures)
    whole = np.full((count, LONGEST_PX, LONGEST_PX, 3), GREY, np.uint8)
    rows = np.zeros((count, ROWS, 6), np.float32)
    for number, (picture, one) in enumerate(zip(pictures, taught, strict=True)):
        whole[number, : picture.shape[0], : picture.shape[1]] = picture
        all_rows = np.concatenate([one.boxes, one.labels[:, None], one.weights[:, None]], 1)
        all_rows = all_rows[np.argsort(-all_rows[:, 5], kind="stable")][:ROWS]
        rows[number, : len(all_rows)] = all_rows
    sizes = torch.tensor([[picture.shape[1], picture.shape[0]] for picture in pictures], dtype=torch.float32)
    on = torch.tensor(0.0).device
    pixels = torch.from_numpy(whole).to(on)
    halves = [
        functional.avg_pool2d(part.permute(0, 3, 1, 2).float(), 2).round().byte().permute(0, 2, 3, 1).contiguous()
        for part in pixels.split(256)
    ]
    return Stage(
        pixels, torch.cat(halves), sizes.to(on), torch.from_numpy(rows).to(on), torch.tensor(drawn).to(on), shelves
    )


def _between(low: float | Tensor, high: float | Tensor, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(*shape)


class _Laid(NamedTuple):
    """Where four pictures lie on each view: everything n x 4 (x 2)."""

    chosen: Tensor
    regions: Tensor
    scale: Tensor
    corner: Tensor
    mirrored: Tensor


def views(source: Stage, recipe: Recipe, count: int) -> Views:
    """`count` new views."""
    laid = _lay(source, recipe, count)
    pictures, real = _painted(source, laid, recipe.size)
    rows = _moved(source, laid)
    blended = torch.rand(count) < recipe.blended
    share = torch.where(blended, _between(0.5, 0.8, count), torch.ones(count))[:, None, None, None]
    pictures = pictures * share + pictures.flip(0) * (1 - share)
    real = torch.where(blended[:, None, None], torch.minimum(real, real.flip(0)), real)
    return Views(weather(pictures), rows, real, blended)


def _choose(shelves: tuple[Shelf, ...], mix: Sequence[float], count: int) -> Tensor:
    lots = torch.multinomial(torch.tensor(mix), count * 4, replacement=True)
    picked = torch.stack([
        one.numbers[torch.multinomial(one.shares, count * 4, replacement=True)] for one in shelves
    ])  # fmt: skip
    return picked.gather(0, lots[None])[0].reshape(count, 4)


def _lay(source: Stage, recipe: Recipe, count: int) -> _Laid:
    width, height = recipe.size
    chosen = _choose(source.shelves, recipe.mix, count)
    many = torch.rand(count) < recipe.mosaic
    split_x = torch.where(many, _between(0.3, 0.7, count) * width, torch.full((count,), float(width))).round()
    split_y = torch.where(many, _between(0.3, 0.7, count) * height, torch.full((count,), float(height))).round()
    zero, wide, high = torch.zeros(count), torch.full((count,), float(width)), torch.full((count,), float(height))
    lefts, rights = torch.stack([zero, split_x, zero, split_x], 1), torch.stack([split_x, wide, split_x, wide], 1)
    tops, bottoms = torch.stack([zero, zero, split_y, split_y], 1), torch.stack([split_y, split_y, high, high], 1)
    regions = torch.stack([lefts, tops, rights, bottoms], -1)
    room, sizes = regions[..., 2:] - regions[..., :2], source.sizes[chosen]
    fit = (room.clamp(min=1) / sizes).amin(-1)
    low, high_zoom = torch.where(many, 0.9, 0.75)[:, None], torch.where(many, 2.4, 1.7)[:, None]
    zoom = torch.exp(_between(low.log(), high_zoom.log(), count, 4))
    middle, size = _something(source, chosen)
    close = (torch.rand(count, 4) < recipe.close) & (size > 0) & ~source.drawn[chosen]
    wanted = torch.exp(_between(LOG(0.15), LOG(1.25), count, 4)) * room[..., 1].clamp(min=1)
    zoom = torch.where(close, (wanted / (size.clamp(min=4) * fit)).clamp(min=0.75), zoom)
    zoom = torch.minimum(zoom, (ENLARGED / fit).clamp(min=0.75))
    stretch = torch.exp(_between(-0.12, 0.12, count, 4))
    scale = (fit * zoom)[..., None] * torch.stack([stretch, 1 / stretch], -1)
    mirrored = torch.rand(count, 4) < 0.5
    spare = room - sizes * scale
    anywhere = torch.rand(count, 4, 2) * spare
    seen_middle = torch.stack(
        [torch.where(mirrored, sizes[..., 0] - middle[..., 0], middle[..., 0]), middle[..., 1]], -1
    )
    around = _between(0.15, 0.85, count, 4, 2) * room - seen_middle * scale
    around = torch.minimum(torch.maximum(around, spare.clamp(max=0)), spare.clamp(min=0))
    corner = torch.where(close[..., None], around, anywhere) + regions[..., :2]
    return _Laid(chosen, regions, scale, corner, mirrored)


def _something(source: Stage, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """The middle and the height in px of one firm box of each picture; height 0 where there is none."""
    rows = source.rows[chosen]
    firm = (rows[..., 5] > 0).float() + 1e-6
    # people are what is wanted close by, but not alone
    firm = firm * torch.where(rows[..., 4] == 0, 2.0, 1.0)
    lot = torch.multinomial(firm.flatten(0, 1), 1)[:, 0].reshape(chosen.shape)
    row = rows.gather(2, lot[..., None, None].expand(-1, -1, 1, 6))[:, :, 0]
    height = torch.maximum(row[..., 3] - row[..., 1], 0.6 * (row[..., 2] - row[..., 0]))
    return (row[..., :2] + row[..., 2:4]) / 2, torch.where(row[..., 5] > 0, height, torch.zeros_like(height))


def _painted(source: Stage, laid: _Laid, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The views' pixels n x 3 x h x w, and which of them may be asked about (not drawn) n x h x w."""
    width, height = size
    count = len(laid.chosen)
    xs, ys = torch.arange(width), torch.arange(height)
    right = xs[None] >= laid.regions[:, 1, 0, None]
    low = ys[None] >= laid.regions[:, 2, 1, None]
    part = right[:, None, :].long() + 2 * low[:, :, None].long()
    batch = torch.arange(count)[:, None, None]

    def of(values: Tensor) -> Tensor:
        return values[batch, part]

    sides = source.sizes[laid.chosen]
    sx = (xs + 0.5 - of(laid.corner[..., 0])) / of(laid.scale[..., 0])
    sy = (ys[:, None] + 0.5 - of(laid.corner[..., 1])) / of(laid.scale[..., 1])
    wide, high = of(sides[..., 0]), of(sides[..., 1])
    sx = torch.where(of(laid.mirrored), wide - sx, sx)
    inside = (sx >= 0) & (sx < wide) & (sy >= 0) & (sy < high)
    number = of(laid.chosen)
    small = of(laid.scale.mean(-1)) < 0.6
    whole = _sampled(source.whole, number, sx, sy, wide, high)
    half = _sampled(source.half, number, sx / 2, sy / 2, (wide / 2).floor(), (high / 2).floor())
    pixels = torch.where(small[..., None], half, whole)
    pixels = torch.where(inside[..., None], pixels, torch.full_like(pixels, GREY))
    return pixels.permute(0, 3, 1, 2), (~source.drawn[number]).float()


def _sampled(store: Tensor, number: Tensor, sx: Tensor, sy: Tensor, wide: Tensor, high: Tensor) -> Tensor:
    """Bilinear samples of pictures `number` at px coordinates: ... x 3, float."""
    side = store.shape[1]
    sx, sy = torch.minimum((sx - 0.5).clamp(min=0), wide - 1), torch.minimum((sy - 0.5).clamp(min=0), high - 1)
    x1, y1 = sx.floor(), sy.floor()
    x2, y2 = torch.minimum(x1 + 1, wide - 1), torch.minimum(y1 + 1, high - 1)
    fx, fy = (sx - x1)[..., None], (sy - y1)[..., None]
    flat, base = store.view(-1, 3), number * (side * side)

    def at(x: Tensor, y: Tensor) -> Tensor:
        return flat[base + y.long() * side + x.long()].float()

    upper = at(x1, y1) * (1 - fx) + at(x2, y1) * fx
    lower = at(x1, y2) * (1 - fx) + at(x2, y2) * fx
    return upper * (1 - fy) + lower * fy


def _moved(source: Stage, laid: _Laid) -> Tensor:
    """The rows of the four pictures where they lie now, as `augment.clipped` treats them: n x ROWS x 6."""
    rows = source.rows[laid.chosen].clone()
    wide = source.sizes[laid.chosen][..., :1]
    flipped = torch.stack([wide - rows[..., 2], rows[..., 1], wide - rows[..., 0], rows[..., 3]], -1)
    boxes = torch.where(laid.mirrored[..., None, None], flipped, rows[..., :4])
    boxes = boxes * laid.scale.repeat(1, 1, 2)[:, :, None] + laid.corner.repeat(1, 1, 2)[:, :, None]
    low, high = laid.regions[:, :, None, :2], laid.regions[:, :, None, 2:]
    cut = torch.cat([boxes[..., :2].clamp(low, high), boxes[..., 2:].clamp(low, high)], -1)
    sides = cut[..., 2:] - cut[..., :2]
    share = sides.prod(-1) / (boxes[..., 2:] - boxes[..., :2]).prod(-1).clamp(min=1e-6)
    tiny = (sides < torch.tensor(SMALLEST_PX)).any(-1)
    weights = torch.where((share < KEPT) | tiny, torch.full_like(share, IGNORE), rows[..., 5])
    there = (rows[..., 5] != 0) & (sides > 1).all(-1) & (share > 0.05)
    weights = torch.where(there, weights, torch.zeros_like(weights))
    moved = torch.cat([cut, rows[..., 4:5], weights[..., None]], -1).flatten(1, 2)
    order = torch.where(moved[..., 5] > 0, 2, torch.where(moved[..., 5] < 0, 1, 0))
    best = order.topk(ROWS, 1)
    found = moved.gather(1, best.indices[..., None].expand(-1, -1, 6))
    return found[:, : max(1, int((best.values > 0).sum(1).max()))]


def weather(pictures: Tensor) -> Tensor:
    """Colour, light, blur, noise and compression, each for some of the views."""
    count = len(pictures)

    def some(chance: float) -> Tensor:
        return (torch.rand(count) < chance)[:, None, None, None]

    def amount(low: float, high: float) -> Tensor:
        return _between(low, high, count)[:, None, None, None]

    luma = (pictures * torch.tensor([0.114, 0.587, 0.299])[None, :, None, None]).sum(1, keepdim=True)
    colour = torch.where(some(0.08), torch.zeros(count, 1, 1, 1), torch.where(some(0.8), amount(0.4, 1.5), 1.0))
    tint = torch.where(some(0.3), _between(0.88, 1.12, count, 3)[..., None, None], 1.0)
    light = torch.where(some(0.8), amount(0.65, 1.35), 1.0)
    made = ((luma + (pictures - luma) * colour) * tint * light).clamp(0, 255)
    gamma = torch.where(some(0.3), torch.exp(amount(-0.5, 0.5)), 1.0)
    made = 255 * (made / 255) ** gamma
    soft = functional.avg_pool2d(functional.pad(made, (1, 1, 1, 1), mode="replicate"), 3, 1)
    made = torch.where(some(0.12), torch.lerp(made, soft, amount(0.4, 1.0)), made)
    noise = torch.randn(count, 1, *made.shape[2:]) * amount(3, 12)
    made = torch.where(some(0.08), made + noise, made)
    coded = count // 6
    return torch.cat([_compressed(made[:coded]), made[coded:]]).clamp(0, 255).round()


_STEP = torch.arange(8)
_DCT = torch.cos((2 * _STEP[None] + 1) * _STEP[:, None] * math.pi / 16) / 2
_DCT[0] /= math.sqrt(2)
_LUMA = torch.tensor([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99.0,
]).reshape(8, 8)  # fmt: skip
"""ISO/IEC 10918-1, table K.1."""


def _compressed(pictures: Tensor) -> Tensor:
    """Each channel's blocks of 8 x 8 rounded as JPEG would at quality 20 to 75; colour is not thinned out."""
    count, _, height, width = pictures.shape
    basis = _DCT.to(pictures.device)
    blocks = pictures.reshape(count, 3, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5) - 128
    quality = _between(20, 75, count)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)[:, None, None, None, None, None]
    steps = (_LUMA.to(pictures.device) * factor).clamp(min=1)
    spectrum = ((basis @ blocks @ basis.T) / steps).round() * steps
    blocks = basis.T @ spectrum @ basis + 128
    return blocks.permute(0, 1, 2, 4, 3, 5).reshape(count, 3, height, width)
