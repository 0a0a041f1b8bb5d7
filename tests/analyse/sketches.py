"""Sketches as the watch sees them: pictures, and who is there as tracks."""

from __future__ import annotations

from collections.abc import Iterator

from agent.analyse.detect.port import Image
from agent.analyse.still.company import Actor
from agent.sim.sketch.stage import FPS, Scene


def played(scene: Scene, fps: float = FPS) -> Iterator[tuple[float, Image, list[Actor]]]:
    """Second, picture, and whom a detector and a tracker would tell of."""
    for second, picture, present in scene.play(fps):
        yield second, picture, [Actor(one.track, one.label, one.box, now=True) for one in present]
