"""The training run on a GPU, with the teacher beside it: `python -m models.train.distil PACKS RUN TEACHER.onnx`.

Every view is shown to the teacher too, and ours learns what it says of each cell, on the very same pixels (Beyer et
al., Knowledge distillation: a good teacher is patient and consistent, arXiv 2106.05237). Labels teach as in `fit.py`;
what the teacher sees in a view and no label has is left alone there. Drawn scenes are taught by their labels only, and
views that are two pictures in one by the teacher only. RUN keeps `last.pt`, the averaged net alone; where it has one,
the run begins from its averaged net.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.train.elder import Elder, Opinion
from models.train.feed import shelf, shelf_names
from models.train.fit import optimiser, rate
from models.train.loss import BOX_GAIN, NEGATIVE_GAIN, NEGATIVE_POWER, OVERLAP_POWER, SCORE_POWER, TOP, paired_overlap
from models.train.merge import Taught
from models.train.net import Nano, boxes_of, grid
from models.train.pack import CLASSES, Image
from models.train.views import Recipe, Shelf, Stage, Views, stage, views

BATCH = 256
PEAK_RATE = 3.5e-3
AVERAGE = 0.998
LOG_EVERY = 100
KEPT_STATES = 6
FORGIVEN = 0.2
"""What the teacher believes so much is no mistake even where no label is."""
HEARD = 0.1
"""From this score of the teacher its box is taught too."""

RECIPES = (
    Recipe(0.35, (352, 256), 0.6, 0.45, 0.1, (0.75, 0.13, 0.12)),
    Recipe(0.80, (416, 288), 0.5, 0.45, 0.1, (0.75, 0.13, 0.12)),
    Recipe(0.92, (480, 320), 0.25, 0.4, 0.05, (0.72, 0.14, 0.14)),
    Recipe(1.01, (480, 320), 0.0, 0.35, 0.0, (0.6, 0.22, 0.18)),
)

POLISH = (Recipe(1.01, (480, 320), 0.0, 0.35, 0.0, (0.3, 0.6, 0.1)),)
"""For a last run at a low rate, on a processor too: most of it drawn, with somebody and with nobody."""
POLISH_RATE, POLISH_BATCH = 8e-4, 32


class Lesson(NamedTuple):
    """The parts of the loss."""

    classes: Tensor
    boxes: Tensor
    heard: Tensor
    heard_boxes: Tensor


class _Place(NamedTuple):
    """The cells of one input size."""

    cells: Tensor
    strides: Tensor

    @property
    def middles(self) -> Tensor:
        return (self.cells + 0.5) * self.strides


def lesson(raw: Tensor, made: Views, said: Opinion, place: _Place) -> Lesson:
    """What a batch costs. `raw` n x cells x (4 + classes), as `net.Nano` gives it."""
    logits, boxes = raw[..., 4:], boxes_of(raw[..., :4], place.cells, place.strides)
    scores = logits.detach().sigmoid()
    # which cells look at real pixels, and may be asked about
    asked = made.real[:, place.middles[:, 1].long(), place.middles[:, 0].long()][..., None]
    heard = said.scores * asked
    target, mask, wanted = assign(scores, boxes.detach(), place, made.rows)
    mask = torch.where((heard > FORGIVEN) & (target == 0), 0.0, mask) * (~made.blended).float()[:, None, None]
    target = target * mask
    weight = torch.where(target > 0, target, NEGATIVE_GAIN * scores**NEGATIVE_POWER) * mask
    total = target.sum().clamp(min=1.0)
    classes = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum() / total
    belief = target.amax(-1)
    giou = paired_overlap(boxes, wanted)[1]
    # where a label knows better, the teacher is not listened to
    near = (0.1 + torch.maximum(scores, said.scores)) * asked * (target <= said.scores)
    heard_total = heard.sum().clamp(min=1.0)
    echo = functional.binary_cross_entropy_with_logits(logits, said.scores, reduction="none") * near
    firm = heard.amax(-1)
    firm = torch.where(firm > HEARD, firm, torch.zeros_like(firm))
    echo_giou = paired_overlap(boxes, said.boxes)[1]
    return Lesson(
        classes,
        BOX_GAIN * ((1 - giou) * belief).sum() / total,
        echo.sum() / heard_total,
        BOX_GAIN * ((1 - echo_giou) * firm).sum() / firm.sum().clamp(min=1.0),
    )


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, place: _Place, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`loss.assign` for a whole batch: targets and mask n x cells x classes, the box that each cell answers for.

    `rows` n x r x 6; a weight of 0 is no box.
    """
    middles, classes = place.middles, scores.shape[-1]
    labels = rows[..., 4].long()
    firm, left = rows[..., 5] > 0, rows[..., 5] < 0
    kinds = functional.one_hot(labels, classes).float()
    inside = ((middles > rows[:, :, None, :2]) & (middles < rows[:, :, None, 2:4])).all(-1)
    ignored = (inside & left[..., None]).float().transpose(1, 2) @ kinds
    mask = (ignored == 0).float()
    centres = (rows[..., :2] + rows[..., 2:4]) / 2
    near = (inside | ((middles - centres[:, :, None]).abs() < place.strides).all(-1)) & firm[..., None]
    iou = paired_overlap(rows[:, :, None, :4], boxes[:, None])[0]
    asked = scores.transpose(1, 2).gather(1, labels[..., None].expand(-1, -1, scores.shape[1]))
    align = torch.where(near, asked.clamp(min=1e-4) ** SCORE_POWER * iou**OVERLAP_POWER + 1e-9, torch.zeros_like(iou))
    best = align.topk(TOP, 2)
    chosen = torch.zeros_like(near).scatter_(2, best.indices, best.values > 0) & near
    owner = torch.where(chosen, iou + 1e-6, torch.zeros_like(iou)).max(1)
    taken = owner.values > 0
    top_align = torch.where(chosen, align, torch.zeros_like(align)).amax(2).clamp(min=1e-9)
    top_iou = torch.where(chosen, iou, torch.zeros_like(iou)).amax(2).clamp(min=0.05)
    mine = align.gather(1, owner.indices[:, None])[:, 0]
    quality = mine / top_align.gather(1, owner.indices) * top_iou.gather(1, owner.indices)
    quality = quality * rows[..., 5].gather(1, owner.indices) * taken
    label = labels.gather(1, owner.indices)
    target = torch.zeros_like(scores).scatter_(2, label[..., None], quality[..., None])
    mask = torch.where(target > 0, torch.ones_like(mask), mask)
    return target, mask, rows[..., :4].gather(1, owner.indices[..., None].expand(-1, -1, 4))


def load_stage(packs: Path) -> Stage:
    """All packs into the device's memory."""
    pictures, taught = list[Image](), list[Taught]()
    drawn, shelves = list[bool](), list[Shelf]()
    for names in shelf_names(packs):
        one = shelf(packs, names)
        first = len(pictures)
        for number in range(len(one)):
            picture, known = one.sample(number)
            pictures.append(picture)
            taught.append(known)
        drawn += one.drawn
        shelves.append(Shelf(torch.arange(first, len(pictures)), torch.as_tensor(one.shares)))
    return stage(pictures, taught, drawn, tuple(shelves))


class Way(NamedTuple):
    """How a run goes."""

    recipes: tuple[Recipe, ...] = RECIPES
    batch: int = BATCH
    peak: float = PEAK_RATE


class Run:
    """A run and its state."""

    def __init__(self, folder: Path, stage: Stage, elder: Elder, way: Way) -> None:
        self.folder, self.stage, self.elder, self.way = folder, stage, elder, way
        self.net = Nano()
        if (folder / "last.pt").exists():
            self.net.load_state_dict(torch.load(folder / "last.pt", weights_only=True)["average"])
        self.net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optimiser = optimiser(self.net)
        self.places = {one.size: _Place(*grid(*one.size)) for one in way.recipes}
        self.step, self.kind = 0, torch.tensor(0.0).device.type
        self.half = torch.float16 if self.kind == "cuda" else torch.float32

    def learn(self, progress: float) -> Lesson:
        """One step."""
        recipe = next(one for one in self.way.recipes if progress < one.until)
        place = self.places[recipe.size]
        with torch.no_grad():
            made = views(self.stage, recipe, self.way.batch)
            said = self._heard(made, place)
        with torch.autocast(self.kind, torch.bfloat16):
            raw = self.net(made.pictures.bfloat16().contiguous(memory_format=torch.channels_last))
        cost = lesson(raw.float(), made, said, place)
        for group in self.optimiser.param_groups:
            group["lr"] = rate(progress, self.step, self.way.peak)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(cost)).sum().backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return Lesson(*(part.detach() for part in cost))

    def _heard(self, made: Views, place: _Place) -> Opinion:
        """What the teacher says of the views that are not wholly drawn; of the others nothing."""
        count, cells = len(made.pictures), len(place.cells)
        asked = made.real.flatten(1).amax(1).nonzero()[:, 0]
        shown = made.pictures[asked].to(self.half).contiguous(memory_format=torch.channels_last)
        found = self.elder(shown, place.cells, place.strides)
        said = Opinion(torch.zeros(count, cells, len(CLASSES)), torch.zeros(count, cells, 4))
        return Opinion(*(part.index_copy(0, asked, some) for part, some in zip(said, found, strict=True)))

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(AVERAGE, (1 + self.step) / (20 + self.step))
        live, kept = list(self.net.state_dict().values()), list(self.average.state_dict().values())
        floats = [place for place, one in enumerate(kept) if one.is_floating_point()]
        torch._foreach_lerp_([kept[n] for n in floats], [live[n] for n in floats], 1 - keep)

    def save(self, name: str) -> None:
        """Write beside, then rename."""
        body = {"average": {key: one.cpu() for key, one in self.average.state_dict().items()}}
        torch.save(body, self.folder / "partial")
        (self.folder / "partial").rename(self.folder / name)

    def train(self, seconds: float) -> None:
        """For so long."""
        began = time.monotonic()
        sums, logged, saved = torch.zeros(4), began, 0
        while (progress := (time.monotonic() - began) / seconds) < 1.0:
            sums += torch.stack(list(self.learn(progress)))
            if self.step % LOG_EVERY == 0:
                parts, now = " ".join(f"{one:.3f}" for one in (sums / LOG_EVERY).tolist()), time.monotonic()
                speed = LOG_EVERY * self.way.batch / (now - logged)
                print(
                    f"step {self.step} progress {progress:.3f} labels/boxes/heard/boxes {parts} {speed:.0f}/s",
                    flush=True,
                )
                sums, logged = torch.zeros(4), now
            if progress * KEPT_STATES >= saved + 1:
                saved += 1
                self.save(f"state-{saved}.pt")
        self.save("last.pt")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train lamppost-nano on a GPU, beside its teacher.")
    parser.add_argument("packs", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--polish", action="store_true", help="a short run at a low rate: more drawn, more empty ones")
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args()
    asked.run.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    torch.set_default_device(asked.device)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    elder = Elder(asked.teacher).to(asked.device)
    if asked.device == "cuda":
        elder = elder.half().to(memory_format=torch.channels_last)
    way = Way(POLISH, POLISH_BATCH, POLISH_RATE) if asked.polish else Way()
    run = Run(asked.run, load_stage(asked.packs), elder, way)
    left = asked.seconds - (time.monotonic() - began)
    print(f"ready after {asked.seconds - left:.0f} s: {len(run.stage.whole)} pictures", flush=True)
    if left <= 0:
        parser.error(f"--seconds: to get ready took {asked.seconds - left:.0f} s; ask for more")
    run.train(left)


if __name__ == "__main__":
    main()
