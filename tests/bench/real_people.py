"""Real people with known clothes, looked at and listed by hand: where they are in the clips, and what they wear."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Image
from agent.analyse.frames import Frame
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.pipeline import Outcome, Pipeline
from agent.config.gateway import Camera
from agent.core.clock import NS
from agent.core.geometry import Box, iou
from agent.edge.offline import counted_ids
from agent.wire.messages import TrackSummary
from tests.bench.people import PEOPLE, Person
from tests.bench.quiet import DATA

FPS = 5
WIDEST = 1280
NEAR_S, LEAST_IOU = 0.5, 0.3
LEAD_S, TAIL_S = 12.0, 8.0
"""So much of a clip is played before the first and after the last of its people."""


def run(people: Sequence[Person] = PEOPLE) -> dict[str, object]:
    """Per clip and in all: how many parts have the right name first, first or second, or none; who was missed."""
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    figures: dict[str, object] = {}
    whole = Tally()
    for clip, group in itertools.groupby(sorted(people, key=lambda one: one.clip), key=lambda one: one.clip):
        path = DATA / "video" / clip
        if path.exists():
            tally = _judged(path, list(group))
            figures[clip] = tally.figures()
            whole.add(tally)
    return {"all": whole.figures(), **figures}


@dataclass
class Tally:
    """Counts of parts; `missed` are people that nobody followed."""

    asked: int = 0
    first: int = 0
    second: int = 0
    silent: int = 0
    missed: int = 0
    mistakes: list[str] = field(default_factory=list)

    def see(self, person: Person, track: TrackSummary | None) -> None:
        """One person."""
        if track is None:
            self.missed += 1
            return
        for part, names in person.wears.items():
            said = [name for name, _ in track.colours.get(part, [])[:2]]
            self.asked += 1
            self.silent += said in ([], ["unknown"])
            self.first += bool(said) and said[0] in names
            self.second += any(name in names for name in said)
            if not said or said[0] not in names:
                self.mistakes.append(f"{person.at_s:.0f} s {part} {'/'.join(names)} -> {'/'.join(said)}")

    def add(self, other: Tally) -> None:
        """Both together; the mistakes stand with the clips."""
        for name in ("asked", "first", "second", "silent", "missed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> dict[str, object]:
        """As numbers."""
        told = max(1, self.asked - self.silent)
        return {
            "parts": self.asked, "top1": round(self.first / max(1, self.asked), 3),
            "top2": round(self.second / max(1, self.asked), 3), "top1_of_told": round(self.first / told, 3),
            "not_told": self.silent, "missed_people": self.missed, "mistakes": self.mistakes,
        }  # fmt: skip


def _judged(path: Path, people: Sequence[Person]) -> Tally:
    boxes: dict[str, dict[int, Box]] = defaultdict(dict)
    tracks: dict[str, TrackSummary] = {}
    first, last = min(one.at_s for one in people) - LEAD_S, max(one.at_s for one in people) + TAIL_S
    for outcome, wall_ns in _played(path, first, last):
        tracks |= {track.id: track for track in outcome.tracks}
        if outcome.observation is not None:
            for seen in outcome.observation.seen:
                if seen.now:
                    boxes[seen.track][wall_ns] = seen.box
    tally = Tally()
    for person in people:
        tally.see(person, _track_of(person, boxes, tracks))
    return tally


def _track_of(person: Person, boxes: dict[str, dict[int, Box]], tracks: dict[str, TrackSummary]) -> TrackSummary | None:
    best, most = None, LEAST_IOU
    for name, sights in boxes.items():
        for wall_ns, box in sights.items():
            if abs(wall_ns / NS - person.at_s) < NEAR_S and iou(box, person.box) > most and name in tracks:
                best, most = tracks[name], iou(box, person.box)
    return best


def _played(path: Path, first_s: float, last_s: float) -> Iterator[tuple[Outcome, int]]:
    pool = DetectorPool(ModelStore(model_folders(None)), Engines(1, ("cpu",), ""))
    camera = Camera(id="bench", url="file:///dev/null", still={"enabled": False}, sprites=False)
    pipeline = Pipeline(camera, pool.get("yolox-nano"), counted_ids(path.name), fps=FPS, with_pictures=False)
    wall_ns = 0
    for number, (picture, seconds) in enumerate(_pictures(path, first_s, last_s)):
        wall_ns = round(seconds * NS) + 1
        yield pipeline.process(Frame(number + 1, picture, wall_ns)), wall_ns
    yield pipeline.finish(), wall_ns


def _pictures(path: Path, first_s: float, last_s: float) -> Iterator[tuple[Image, float]]:
    due = first_s
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            seconds = float(frame.time or 0.0)
            if seconds > last_s:
                return
            if seconds >= due:
                due = seconds + 1 / FPS - 1e-3
                yield _fitting(np.ascontiguousarray(frame.to_ndarray(format="bgr24"))), seconds


def _fitting(picture: Image) -> Image:
    height, width = picture.shape[:2]
    if width <= WIDEST:
        return picture
    return np.asarray(cv2.resize(picture, (WIDEST, height * WIDEST // width), interpolation=cv2.INTER_AREA), np.uint8)
