"""Which cell answers for which box, and what its answer costs.

Task-aligned assignment (Feng et al., TOOD, arXiv 2108.07755); varifocal loss (Zhang et al., arXiv 2008.13367); boxes by
generalised IoU (Rezatofighi et al., arXiv 1902.09630).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

TOP = 10
"""Cells per box at most."""
SCORE_POWER, OVERLAP_POWER = 0.5, 4.0
BOX_GAIN = 2.5
NEGATIVE_GAIN, NEGATIVE_POWER = 0.75, 2.0


class Targets(NamedTuple):
    """For one picture: cell numbers k, their boxes k x 4, scores cells x classes, mask cells x classes (0: ignored)."""

    cells: Tensor
    boxes: Tensor
    scores: Tensor
    mask: Tensor


class Cost(NamedTuple):
    """The parts of the loss, and how many cells were taught."""

    classes: Tensor
    boxes: Tensor
    positives: int


def paired_overlap(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and GIoU of boxes that broadcast, each ... x 4."""
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    union = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1) - shared
    hull = (torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])).prod(-1)
    iou = shared / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, middles: Tensor, strides: Tensor, rows: Tensor) -> Targets:
    """Who answers for what in one picture.

    `scores` cells x classes (0..1), `boxes` cells x 4, `middles` cells x 2 px, `strides` cells x 1, `rows` n x 6: x1 y1
    x2 y2 class weight.
    """
    target, mask = torch.zeros_like(scores), torch.ones_like(scores)
    for row in rows[rows[:, 5] < 0]:
        inside = ((middles > row[:2]) & (middles < row[2:4])).all(-1)
        mask[inside, int(row[4])] = 0
    firm = rows[rows[:, 5] > 0]
    if not len(firm):
        return Targets(torch.zeros(0, dtype=torch.long), boxes[:0], target, mask)
    labels = firm[:, 4].long()
    iou, _ = paired_overlap(firm[:, None, :4], boxes[None])
    align = scores[:, labels].T.clamp(min=1e-4) ** SCORE_POWER * iou**OVERLAP_POWER
    near = _candidates(firm, middles, strides)
    align = torch.where(near, align + 1e-9, torch.zeros_like(align))
    best = align.topk(min(TOP, align.shape[1]), 1)
    chosen = torch.zeros_like(near).scatter_(1, best.indices, best.values > 0) & near
    owner = torch.where(chosen, iou + 1e-6, torch.zeros_like(iou)).max(0)
    cells = owner.values.nonzero()[:, 0]
    owners = owner.indices[cells]
    top_align = torch.where(chosen, align, torch.zeros_like(align)).amax(1).clamp(min=1e-9)
    top_iou = torch.where(chosen, iou, torch.zeros_like(iou)).amax(1)
    quality = align[owners, cells] / top_align[owners] * top_iou[owners].clamp(min=0.05)
    target[cells, labels[owners]] = quality * firm[owners, 5]
    mask[cells, labels[owners]] = 1
    return Targets(cells, firm[owners, :4], target, mask)


def _candidates(rows: Tensor, middles: Tensor, strides: Tensor) -> Tensor:
    """Cells inside a box, or so near its middle that a tiny box has some: n x cells."""
    inside = ((middles[None] > rows[:, None, :2]) & (middles[None] < rows[:, None, 2:4])).all(-1)
    centres = (rows[:, :2] + rows[:, 2:4]) / 2
    return inside | ((middles[None] - centres[:, None]).abs() < strides[None]).all(-1)


def cost(logits: Tensor, boxes: Tensor, middles: Tensor, strides: Tensor, rows: list[Tensor]) -> Cost:
    """The loss of a batch. `logits` n x cells x classes, `boxes` n x cells x 4, `rows` per picture as for `assign`."""
    scores = logits.detach().sigmoid()
    found = [
        assign(score, box, middles, strides, ones)
        for score, box, ones in zip(scores, boxes.detach(), rows, strict=True)
    ]
    target, mask = torch.stack([one.scores for one in found]), torch.stack([one.mask for one in found])
    weight = torch.where(target > 0, target, NEGATIVE_GAIN * scores**NEGATIVE_POWER) * mask
    total = target.sum().clamp(min=1.0)
    classes = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum() / total
    answers = torch.cat([box[one.cells] for box, one in zip(boxes, found, strict=True)])
    _, giou = paired_overlap(answers, torch.cat([one.boxes for one in found]))
    belief = torch.cat([one.scores[one.cells].amax(-1) for one in found])
    return Cost(classes, BOX_GAIN * ((1 - giou) * belief).sum() / total, len(belief))
