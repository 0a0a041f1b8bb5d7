"""The mean of the averaged nets of some runs, as a run of its own: `python -m models.train.mean OUT RUN RUN [RUN ...]`.

Runs that began at each other's ends lie in one valley: their mean is a little better than either (Wortsman et al.,
Model soups, arXiv 2203.05482).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def main() -> None:
    """Read, average and write."""
    out, *runs = (Path(word) for word in sys.argv[1:])
    nets = [torch.load(run / "last.pt", weights_only=True)["average"] for run in runs]
    out.mkdir(parents=True, exist_ok=True)
    torch.save({"average": mean(nets)}, out / "last.pt")


def mean(nets: Sequence[Weights]) -> Weights:
    """Number by number; what counts steps is taken from the last."""
    found = dict(nets[-1])
    for name, values in found.items():
        if values.is_floating_point():
            found[name] = torch.stack([net[name] for net in nets]).mean(0)
    return found


if __name__ == "__main__":
    main()
