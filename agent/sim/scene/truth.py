"""What really happened in a loop: the answer that detections, tracks and events are compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.core.geometry import inside
from agent.sim.scene.actors import STORY_S, Thing
from agent.sim.scene.render import Seen
from agent.sim.scene.scene import Scene, Spec

Row = tuple[str, str, float, float, float, float, float]
"""Object id, class, x1, y1, x2, y2 (0..1, y down), share of it that is visible."""


@dataclass(frozen=True)
class Happening:
    """An event that a rule should find. `box` is set for left and removed things, `zone` for entries."""

    kind: str  # zone_entered | object_left | object_removed
    frame: int
    time_s: float
    object: str
    label: str
    zone: str | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Truth:
    """Everything known about one loop of one camera."""

    camera: str
    title: str
    seed: int
    fps: int
    frames: int
    size: tuple[int, int]
    zones: dict[str, tuple[tuple[float, float], ...]]
    objects: tuple[dict[str, Any], ...]
    boxes: tuple[tuple[Row, ...], ...]
    events: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What the worker that draws a frame learns: the rows, and who stands in which zone."""

    rows: tuple[Row, ...]
    zones: dict[str, list[str]]


def frame_truth(scene: Scene, seen: Sequence[Seen]) -> FrameTruth:
    """Truth of one frame."""
    camera = scene.place.camera(scene.spec.width, scene.spec.height)
    feet = {one.id: camera.share(*one.ground) for one in seen}
    zones = {name: [one for one, foot in feet.items() if inside(foot, area)] for name, area in scene.zones.items()}
    return FrameTruth(tuple((one.id, one.label, *one.box, one.visible) for one in seen), zones)


def whole_truth(scene: Scene, frames: Sequence[FrameTruth]) -> Truth:
    """Put the frames of a whole loop together and find what happened."""
    spec = scene.spec
    objects = {being.id: being for actor in scene.actors for being in actor.beings()}
    rows = [{row[0]: row for row in frame.rows} for frame in frames]
    happenings = [*_entries(spec, frames, {name: being.label for name, being in objects.items()}), *_moves(scene, rows)]
    listed = ({"id": one.id, "class": one.label, "colours": one.colours} for one in objects.values())
    return Truth(
        camera=scene.id,
        title=scene.title,
        seed=spec.seed,
        fps=spec.fps,
        frames=spec.frames,
        size=(spec.width, spec.height),
        zones=scene.zones,
        objects=tuple(listed),
        boxes=tuple(frame.rows for frame in frames),
        events=tuple(sorted(happenings, key=lambda one: (one.frame, one.object))),
    )


def save(truth: Truth, path: Path) -> None:
    """Write the truth as JSON."""
    body = asdict(truth)
    body["zones"] = [{"name": name, "polygon": area} for name, area in truth.zones.items()]
    path.write_text(json.dumps(body, separators=(",", ":")) + "\n")


def load(path: Path) -> Truth:
    """Read what `save` wrote."""
    body = json.loads(path.read_text())
    body["zones"] = {zone["name"]: tuple(map(tuple, zone["polygon"])) for zone in body["zones"]}
    body["boxes"] = tuple(tuple(tuple(row) for row in rows) for rows in body["boxes"])
    body["events"] = tuple(
        Happening(**{**event, "box": event["box"] and tuple(event["box"])}) for event in body["events"]
    )
    body["objects"], body["size"] = tuple(body["objects"]), tuple(body["size"])
    return Truth(**body)


def _entries(spec: Spec, frames: Sequence[FrameTruth], labels: dict[str, str]) -> list[Happening]:
    found: list[Happening] = []
    for zone in frames[0].zones:
        for name in sorted({name for frame in frames for name in frame.zones[zone]}):
            present = [name in frame.zones[zone] for frame in frames]
            seen = [any(row[0] == name for row in frame.rows) for frame in frames]
            found.extend(
                Happening("zone_entered", number, _time_s(spec, number), name, labels[name], zone=zone)
                for number in _rises(present, seen, spec.fps)
            )
    return found


def _rises(present: list[bool], seen: list[bool], patience: int) -> list[int]:
    """Frames at which somebody who was outside is inside; who was only hidden for a moment did not go out."""
    last, hidden = present[-1], 0
    rises = []
    for number, (here, visible) in enumerate(zip(present, seen, strict=True)):
        if not visible and last and hidden < patience:
            hidden += 1
            continue
        hidden = 0
        if here and not last:
            rises.append(number)
        last = here
    return rises


def _moves(scene: Scene, rows: Sequence[dict[str, Row]]) -> list[Happening]:
    found = []
    for actor in scene.actors:
        if isinstance(actor, Thing) and actor.holds:
            left, taken = (_frame_at(scene.spec, second) for second in (actor.rest.start_s, actor.rest.end_s))
            name, label = actor.being.id, actor.being.label
            for kind, number, look in (("object_left", left, left), ("object_removed", taken, taken - 1)):
                box = _box_near(rows, look % len(rows), name, 1 if kind == "object_left" else -1)
                found.append(Happening(kind, number, _time_s(scene.spec, number), name, label, box=box))
    return found


def _frame_at(spec: Spec, story_s: float) -> int:
    return int(-(-story_s * spec.frames // STORY_S)) % spec.frames


def _box_near(
    rows: Sequence[dict[str, Row]], number: int, name: str, step: int
) -> tuple[float, float, float, float] | None:
    for away in range(len(rows)):
        row = rows[(number + away * step) % len(rows)].get(name)
        if row is not None:
            return row[2:6]
    return None


def _time_s(spec: Spec, number: int) -> float:
    return round(number / spec.fps, 3)
