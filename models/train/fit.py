"""The training run: `python -m models.train.fit PACKS RUN --minutes N [--until EPOCH] [--again]`.

RUN keeps `last.pt` (net, averaged net, optimiser, progress, steps), written every few minutes, and goes on from it.
Progress is 0..1 of the learning rate's cosine and is spread over the time that is left, so that it ends when it must,
whether the process was paused or the machine was slow; RUN/until (seconds of the epoch) moves the end while it runs.
SIGTERM saves and ends it.
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from models.train.feed import POLISH, Feed, Mix, phase_at
from models.train.loss import cost
from models.train.net import Nano, boxes_of, grid

BATCH = 16
PEAK_RATE, LAST_SHARE = 1.8e-3, 0.01
POLISH_RATE = 3e-4
DECAY = 0.03
WARM_STEPS = 200
AVERAGE = 0.9985
SAVE_EVERY_S = 180
LOG_EVERY = 25


class _Batches(IterableDataset[Any]):
    """`Feed` as torch wants it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def __iter__(self) -> Any:
        return iter(self._feed)


@dataclass
class State:
    """All that a run needs to go on."""

    net: Nano
    average: Nano
    optimiser: torch.optim.Optimizer
    progress: float = 0.0
    step: int = 0
    views: int = 0
    peak: float = PEAK_RATE
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def save(self, path: Path) -> None:
        """Write beside, then rename: a kill leaves the old one."""
        body = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": self.progress,
            "step": self.step,
            "views": self.views,
        }
        torch.save(body, path.with_suffix(".partial"))
        path.with_suffix(".partial").rename(path)

    def load(self, path: Path, *, again: bool) -> None:
        """Go on from `path`; `again` begins a new cosine with the weights that were reached."""
        body = torch.load(path, weights_only=True)
        self.net.load_state_dict(body["net"])
        self.average.load_state_dict(body["average"])
        self.optimiser.load_state_dict(body["optimiser"])
        self.step, self.views = body["step"], body["views"]
        self.progress = 0.0 if again else body["progress"]


def rate(progress: float, step: int, peak: float = PEAK_RATE) -> float:
    """The learning rate: a short linear rise, then half a cosine down to a hundredth."""
    cosine = LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))
    return peak * cosine * min(1.0, (step + 1) / WARM_STEPS)


def optimiser(net: nn.Module) -> torch.optim.Optimizer:
    """AdamW that lets the matrices decay, not the shifts and scales."""
    decayed = [one for one in net.parameters() if one.ndim > 1]
    plain = [one for one in net.parameters() if one.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE)


@torch.no_grad()
def _averaged(state: State) -> None:
    keep = min(AVERAGE, (1 + state.step) / (20 + state.step))
    live = state.net.state_dict()
    for name, kept in state.average.state_dict().items():
        if kept.is_floating_point():
            kept.lerp_(live[name], 1 - keep)
        else:
            kept.copy_(live[name])


def _taught(state: State, pictures: Tensor, rows: list[Tensor]) -> tuple[float, float, int]:
    """One step."""
    height, width = pictures.shape[2:]
    cells, strides = grid(width, height)
    with torch.autocast("cpu", torch.bfloat16):
        raw = state.net(pictures.bfloat16().contiguous(memory_format=torch.channels_last))
    raw = raw.float()
    boxes = boxes_of(raw[..., :4], cells, strides)
    found = cost(raw[..., 4:], boxes, (cells + 0.5) * strides, strides, rows)
    for group in state.optimiser.param_groups:
        group["lr"] = rate(state.progress, state.step, state.peak)
    state.optimiser.zero_grad(set_to_none=True)
    (found.classes + found.boxes).backward()
    nn.utils.clip_grad_norm_(state.net.parameters(), 10.0)
    state.optimiser.step()
    state.step += 1
    state.views += len(pictures)
    _averaged(state)
    return float(found.classes), float(found.boxes), found.positives


def _until(run: Path, default: float) -> float:
    try:
        return float((run / "until").read_text())
    except (OSError, ValueError):
        return default


def run_training(packs: Path, run: Path, until: float, *, again: bool, polish: bool) -> None:
    """Train until progress is 1."""
    run.mkdir(parents=True, exist_ok=True)
    net = Nano().to(memory_format=torch.channels_last)
    state = State(net, copy.deepcopy(net), optimiser(net))
    if (run / "last.pt").exists():
        state.load(run / "last.pt", again=again or polish)
    state.peak = POLISH_RATE if polish else PEAK_RATE
    shared = multiprocessing.Value("d", 1.0 if polish else state.progress)
    feed = Feed(packs, BATCH, shared, state.step + 1, POLISH if polish else Mix())
    batches = DataLoader(_Batches(feed), batch_size=None, num_workers=1, prefetch_factor=3)
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    then = saved = logged = time.time()
    for pictures, rows, counts in batches:
        classes, boxes, positives = _taught(state, pictures, list(rows.split(counts.tolist())))
        state.sums = [a + b for a, b in zip(state.sums, (classes, boxes, positives / len(pictures)), strict=True)]
        now = time.time()
        left = max(1e-3, _until(run, until) - then)
        state.progress = min(1.0, state.progress + (1 - state.progress) * min(1.0, (now - then) / left))
        then = now
        shared.value = 1.0 if polish else state.progress
        if state.step % LOG_EVERY == 0:
            means = " ".join(f"{value / LOG_EVERY:.3f}" for value in state.sums)
            print(
                f"{time.strftime('%H:%M:%S')} step {state.step} views {state.views} progress {state.progress:.3f} "
                f"size {phase_at(state.progress).size} classes/boxes/positives {means} "
                f"{LOG_EVERY * len(pictures) / (now - logged):.1f} pictures/s",
                flush=True,
            )
            state.sums, logged = [0.0, 0.0, 0.0], now
        ends = state.progress >= 1.0 or told.is_set()
        if now - saved > SAVE_EVERY_S or ends:
            state.save(run / "last.pt")
            saved = now
        if ends:
            return


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train lamppost-nano.")
    parser.add_argument("packs", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=180.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="a new cosine from the weights that were reached")
    parser.add_argument("--polish", action="store_true", help="a short run at a low rate: more drawn, more empty ones")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(1)
    run_training(asked.packs, asked.run, time.time() + asked.minutes * 60, again=asked.again, polish=asked.polish)


if __name__ == "__main__":
    main()
