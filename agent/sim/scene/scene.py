"""A scene: which place, whose story, what size and speed. Everything about it follows from its `Spec`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from agent.sim.scene import crossing, plaza, yard
from agent.sim.scene.actors import STORY_S, Actor
from agent.sim.scene.backdrop import Place, Spot
from agent.sim.scene.story import Cast


@dataclass(frozen=True)
class Spec:
    """What is drawn: camera number (from 0), seed, picture size and loop. A shorter loop plays the story faster."""

    camera: int
    seed: int
    width: int = 1280
    height: int = 720
    fps: int = 15
    seconds: int = 60

    @property
    def frames(self) -> int:
        """Frames in one loop."""
        return self.fps * self.seconds

    @property
    def pace(self) -> float:
        """Story seconds per second of video."""
        return STORY_S / self.seconds


@dataclass(frozen=True)
class Scene:
    """A place with its cast."""

    spec: Spec
    id: str
    title: str
    place: Place
    actors: tuple[Actor, ...]
    zones: dict[str, tuple[Spot, ...]]
    """Name -> polygon in the picture, 0..1."""


_Play = Callable[[Cast], None]
_Zones = Mapping[str, tuple[Spot, ...]]
_SITES: tuple[tuple[Place, _Play, _Zones], ...] = (
    (plaza.PLACE, plaza.play, plaza.ZONES),
    (crossing.PLACE, crossing.play, crossing.ZONES),
    (yard.PLACE, yard.play, yard.ZONES),
)


def scene_for(spec: Spec) -> Scene:
    """The scene of a camera; cameras beyond the places that exist see them again with other people."""
    place, play, zones = _SITES[spec.camera % len(_SITES)]
    cast = Cast(np.random.default_rng((spec.seed, spec.camera)))
    play(cast)
    camera = place.camera(spec.width, spec.height)
    shares = {name: tuple(_rounded(camera.share(x, y)) for x, y in area) for name, area in zones.items()}
    again = spec.camera // len(_SITES)
    name, title = (
        (place.name, place.title) if not again else (f"{place.name}-{again + 1}", f"{place.title} {again + 1}")
    )
    return Scene(spec, name, title, place, tuple(cast.actors), shares)


def _rounded(point: Spot) -> Spot:
    return round(min(1.0, max(0.0, point[0])), 4), round(min(1.0, max(0.0, point[1])), 4)
