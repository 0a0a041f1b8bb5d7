"""What the watch said, against what was to be said."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.still.change import Change
from agent.analyse.still.company import Actor
from agent.analyse.still.watch import Watch
from agent.config.gateway import Still
from agent.core.clock import NS
from agent.core.geometry import Box, iou
from agent.sim.sketch.stage import Expected

START_NS = 1_780_000_000 * NS
EARLY_S, LATE_S = 2.0, 45.0

Playing = Iterable[tuple[float, Image, list[Actor]]]


@dataclass(slots=True)
class Score:
    """What was found of what there was; `false` also counts second alarms for one thing."""

    events: int = 0
    found: int = 0
    wrong_kind: int = 0
    false: int = 0
    seconds: float = 0.0
    delays: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.events += other.events
        self.found += other.found
        self.wrong_kind += other.wrong_kind
        self.false += other.false
        self.seconds += other.seconds
        self.delays += other.delays
        self.ms += other.ms

    def row(self) -> dict[str, object]:
        hits = self.found
        return {
            "events": self.events, "recall": round(hits / self.events, 3) if self.events else None,
            "precision": round(hits / (hits + self.false + self.wrong_kind), 3) if hits else None,
            "wrong_kind": self.wrong_kind, "false": self.false,
            "false_per_camera_hour": round(self.false / self.seconds * 3600, 1) if self.seconds else None,
            "delay_s": round(float(np.median(self.delays)), 1) if self.delays else None,
            "ms": round(float(np.mean(self.ms)), 2) if self.ms else None, "minutes": round(self.seconds / 60, 1),
        }  # fmt: skip


def watch(playing: Playing, settings: Still) -> tuple[list[Change], Score]:
    """All that was said, with the seconds played and the cost of each picture."""
    one, said, score = Watch(settings), [], Score()
    for second, picture, actors in playing:
        begun = time.thread_time()
        said += one.look(picture, actors, START_NS + round(second * NS))
        score.ms.append((time.thread_time() - begun) * 1e3)
        score.seconds = second
    return [*said, *one.finish()], score


def judge(
    said: Iterable[Change], expected: list[Expected], score: Score, after_s: float, *, vehicles: bool = False
) -> Score:
    """Count hits, wrong kinds and false alarms among the starts; stopped vehicles only where they are looked at."""
    vehicles = vehicles or any(one.kind == "vehicle_stopped" for one in expected)
    open_, score.events = list(expected), len(expected)
    for change in said:
        if change.phase != "start" or (change.kind == "vehicle_stopped" and not vehicles):
            continue
        begun_s = (change.start_ns - START_NS) / NS
        at = [one for one in open_ if fits(change.box, one.box) and -EARLY_S <= begun_s - one.begins_s <= LATE_S]
        if not at:
            score.false += 1
        elif at[0].kind != change.kind:
            score.wrong_kind += 1
            open_.remove(at[0])
        else:
            score.found += 1
            score.delays.append(max(0.0, begun_s - at[0].begins_s) + change.lain_s - after_s)
            open_.remove(at[0])
    return score


def fits(found: Box, truth: Box) -> bool:
    """The same thing: overlapping by a fifth, or each one's middle in the other (things are a few pixels)."""
    (x, y), near = found.centre, truth.grown(0.5)
    middle = near.x1 <= x <= near.x2 and near.y1 <= y <= near.y2 and found.area < 6 * truth.area
    return iou(found, truth) >= 0.2 or middle


def total(scores: dict[str, Score]) -> Score:
    """All of them together."""
    one = Score()
    for score in scores.values():
        one.add(score)
    return one
