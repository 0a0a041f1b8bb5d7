"""A scene as it is played: ground, things that lie, figures that walk, and effects that change the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.core.geometry import Box
from agent.sim.sketch.drawing import HEIGHT, WIDTH, Picture, paste

FPS = 5.0
Effect = Callable[[Picture, float, np.random.Generator], Picture]
"""Changes a picture (height x width x 3, grey levels as floats) of that second."""


@dataclass(slots=True)
class Thing:
    """Lies at `x`, `y` (px) from `put_s` to `taken_s` (None: to the end); `put_s` below 0: from the start."""

    x: int
    y: int
    picture: Picture
    put_s: float
    taken_s: float | None = None

    @property
    def box(self) -> Box:
        """As a share of the picture."""
        h, w = self.picture.shape[:2]
        return Box(self.x / WIDTH, self.y / HEIGHT, (self.x + w) / WIDTH, (self.y + h) / HEIGHT)

    def lies(self, second: float) -> bool:
        """Is it there?"""
        return self.put_s <= second and (self.taken_s is None or second < self.taken_s)


@dataclass(slots=True)
class Walker:
    """A figure along `stops`: (second, x of the foot, y of the foot); it stands between equal places."""

    label: str
    stops: list[tuple[float, float, float]]
    picture: Picture
    known: float = 0.9
    """The share of pictures in which a detector finds it."""

    def foot(self, second: float) -> tuple[float, float] | None:
        """Where it stands, px; None while it is away."""
        times = [stop[0] for stop in self.stops]
        if not times[0] <= second <= times[-1]:
            return None
        return (
            float(np.interp(second, times, [stop[1] for stop in self.stops])),
            float(np.interp(second, times, [stop[2] for stop in self.stops])),
        )


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody as a detector and a tracker would tell of them."""

    track: str
    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be told: the event's kind, where, and the second at which it begins."""

    kind: str
    box: Box
    begins_s: float


@dataclass(slots=True)
class Scene:
    """`away` says when the camera looks elsewhere; nobody of the cast is in the picture then."""

    seconds: float
    ground: Picture
    things: list[Thing] = field(default_factory=list)
    walkers: list[Walker] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    away: Callable[[float], bool] | None = None
    noise: float = 2.0
    seed: int = 1

    def play(self, fps: float = FPS) -> Iterator[tuple[float, NDArray[np.uint8], list[Present]]]:
        """Second, picture (BGR) and who is in it, `fps` times a second."""
        rng = np.random.default_rng(self.seed + 7)
        for number in range(int(self.seconds * fps)):
            second = number / fps
            picture = self.ground.copy()
            for thing in self.things:
                if thing.lies(second):
                    paste(picture, thing.picture, thing.x, thing.y)
            present = self._walk(picture, second, rng)
            for effect in self.effects:
                picture = effect(picture, second, rng)
            if self.noise:
                picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(self.noise)
            yield second, picture.clip(0, 255).astype(np.uint8), present

    def _walk(self, picture: Picture, second: float, rng: np.random.Generator) -> list[Present]:
        present = []
        for number, walker in enumerate(self.walkers):
            foot = walker.foot(second)
            if foot is None:
                continue
            height, width = walker.picture.shape[:2]
            sway = rng.normal(0, 0.6, 2) if walker.label != "vehicle" else (0.0, 0.0)
            x, y = round(foot[0] - width / 2 + sway[0]), round(foot[1] - height + sway[1])
            paste(picture, walker.picture, x, y)
            box = Box(x / WIDTH, y / HEIGHT, (x + width) / WIDTH, (y + height) / HEIGHT).clipped()
            if box.area > 0 and rng.random() < walker.known:
                present.append(Present(f"w{number}", walker.label, box))
        return present if self.away is None or not self.away(second) else []
