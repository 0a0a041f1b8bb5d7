"""Left and taken objects against truth: drawn scenes with fresh seeds, and real clips played in many ways.

`python -m tests.bench.still [drawn | clips | cost] [--seeds N] [--seed FIRST] [--only NAME]` prints a line per group
and writes tests/output/still.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from agent.config.gateway import Still
from agent.sim.sketch.happenings import HAPPENINGS, left_crowd
from agent.sim.sketch.nuisances import NUISANCES
from tests.analyse.sketches import played
from tests.bench.still_clips import clips
from tests.bench.still_score import Score, judge, total, watch

OUTPUT = Path(__file__).parents[1] / "output" / "still.json"


def drawn(seeds: Iterable[int], after_s: float, only: str = "") -> dict[str, Score]:
    """Every kind of scene with every seed."""
    scores: dict[str, Score] = {}
    for name, make in (HAPPENINGS | NUISANCES).items():
        if only not in name:
            continue
        total = scores.setdefault(name, Score())
        for seed in seeds:
            scene = make(seed, after_s)
            said, score = watch(played(scene), Still(enabled=True, after_s=after_s))
            total.add(judge(said, scene.expected, score, after_s))
    return scores


def cost() -> dict[str, float]:
    """Milliseconds of one thread for a picture, the mean and the same an hour of pictures later, by size."""
    found = {}
    for width, height in ((320, 180), (640, 360)):
        scene = left_crowd(3, 10.0)
        settings = Still(enabled=True, after_s=10, detail_px=width)
        pictures = [
            (cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), actors)
            for _, picture, actors in played(scene)
        ]
        rounds = 8
        playing = ((number / 5, *pictures[number % len(pictures)]) for number in range(rounds * len(pictures)))
        _, score = watch(playing, settings)
        first, last = score.ms[: len(pictures)], score.ms[-len(pictures) :]
        found[f"{width}x{height}"] = round(float(np.mean(first)), 2)
        found[f"{width}x{height} later"] = round(float(np.mean(last)), 2)
    return found


def main() -> int:
    """Run what is asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["cost", "drawn", "clips"])
    parser.add_argument("--seeds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--after", type=float, default=6.0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    results: dict[str, object] = {"first seed": chosen.seed}
    if "cost" in chosen.parts:
        results["cost"] = cost()
        print(results["cost"], flush=True)
    for part in ("drawn", "clips"):
        if part in chosen.parts:
            seeds = range(chosen.seed, chosen.seed + chosen.seeds)
            scores = drawn(seeds, chosen.after, chosen.only) if part == "drawn" else clips(chosen.only)
            results[part] = {name: score.row() for name, score in (*scores.items(), ("all", total(scores)))}
            for name, row in results[part].items():
                print(f"{name:44} {row}", flush=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
