"""What never moves: ground, houses and furniture, once under clouds and once in the sun."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from agent.sim.scene.camera import Camera
from agent.sim.scene.facade import Front, set_up
from agent.sim.scene.ground import Ground
from agent.sim.scene.light import SUN_SHIFT
from agent.sim.scene.paint import Image, Patch
from agent.sim.scene.props import Prop, drawn_prop
from agent.sim.scene.trees import Crown, Tree

Spot = tuple[float, float]
_ROUND = tuple((math.cos(math.pi * step / 6), math.sin(math.pi * step / 6)) for step in range(12))


@dataclass(frozen=True)
class Walk:
    """A pedestrian light: where it hangs, and the spans of the story (seconds) in which it is green."""

    x: float
    y: float
    z: float
    green: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Place:
    """A place to look at: its camera's stand and all that never moves."""

    name: str
    title: str
    height_m: float
    pitch_deg: float
    hfov_deg: float
    lay: Callable[[Ground], None]
    fronts: tuple[Front, ...]
    props: tuple[Prop, ...]
    trees: tuple[Tree, ...]
    shades: tuple[tuple[Spot, ...], ...] = ()
    """Shadows of houses behind the camera, on the ground."""
    walks: tuple[Walk, ...] = ()

    def camera(self, width: int, height: int) -> Camera:
        """This place's camera at a picture size."""
        return Camera(width, height, self.height_m, self.pitch_deg, self.hfov_deg)


@dataclass(frozen=True)
class Backdrop:
    """The still picture in both lights, and the furniture that can stand in front of somebody (depth, patch)."""

    cloudy: Image
    sunny: Image
    props: tuple[tuple[float, Patch], ...]
    crowns: tuple[tuple[float, Crown], ...]
    walls: tuple[tuple[float, Image], ...]
    """What people pass behind: depth, and the share (0..255) of each pixel that it covers."""


def build(place: Place, camera: Camera, seed: int) -> Backdrop:
    """Draw the place. About a second at 1280 x 720; the same for the same arguments."""
    rng = np.random.default_rng((seed, 11))
    ground = Ground(max(12.0, 44.0 * camera.width / 1280), rng)
    place.lay(ground)
    picture = ground.seen(camera)
    _sky(picture, camera)
    walls = _houses(place, camera, picture, rng)
    cloudy, sunny = _lit(picture, _shadows(place, camera))
    props: list[tuple[float, Patch]] = []
    trunks = [Prop("trunk", tree.x, tree.y, colour=(54, 70, 88)) for tree in place.trees]
    for prop in sorted((*place.props, *trunks), key=lambda prop: -prop.y):
        patch = drawn_prop(prop, camera)
        patch.blend(cloudy)
        patch.blend(sunny)
        props.append((camera.depth(prop.x, prop.y), patch))
    crowns = tuple((camera.depth(tree.x, tree.y), Crown(tree, camera, rng)) for tree in place.trees)
    return Backdrop(cloudy, sunny, tuple(props), crowns, walls)


def _houses(place: Place, camera: Camera, picture: Image, rng: np.random.Generator) -> tuple[tuple[float, Image], ...]:
    walls = []
    for front in sorted(place.fronts, key=lambda front: -(front.start[1] + front.end[1])):
        across = abs(front.end[1] - front.start[1]) < 2
        cover = set_up(picture, camera, front, rng, 1.0 if across else 0.86)
        if front.hides:
            walls.append((camera.depth(0.0, max(front.start[1], front.end[1])), cover))
    return tuple(walls)


def _sky(picture: Image, camera: Camera) -> None:
    horizon = max(0, int(camera.point(0.0, 5000.0, 0.0)[1]))
    if horizon <= 0:
        return
    share = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None]
    top, low = np.array((226, 190, 150), np.float32), np.array((236, 226, 214), np.float32)
    picture[:horizon] = (top * (1 - share) + low * share).astype(np.uint8)


def _lit(picture: Image, shadow: Image) -> tuple[Image, Image]:
    cloudy = cv2.convertScaleAbs(picture, alpha=0.93)
    dark = 255 - cv2.cvtColor(cv2.convertScaleAbs(shadow, alpha=0.36), cv2.COLOR_GRAY2BGR)
    bright = cv2.convertScaleAbs(picture, alpha=1.04)
    return cloudy, cv2.multiply(bright, dark, scale=1 / 255)


def _shadows(place: Place, camera: Camera) -> Image:
    mask: Image = np.zeros((camera.height, camera.width), np.uint8)
    for shade in place.shades:
        _fill(mask, [camera.point(x, y) for x, y in shade])
    for prop in place.props:
        reach, high = prop.reach_m
        _fill(mask, cast_shadow(camera, prop.x, prop.y, min(reach, 0.35) if high > 1.5 else reach * 0.8, high * 0.9))
    soft = cv2.GaussianBlur(mask, (0, 0), camera.width / 900)
    for tree in place.trees:
        leaves: Image = np.zeros_like(mask)
        _fill(leaves, cast_shadow(camera, tree.x, tree.y, 0.15, 3.4))
        x, y = tree.x + SUN_SHIFT[0] * 4.2, tree.y + SUN_SHIFT[1] * 4.2
        _fill(leaves, round_spot(camera, x, y, 2.1 * tree.size))
        soft = cv2.max(soft, cv2.GaussianBlur(leaves, (0, 0), camera.width / 160))
    return np.asarray(soft, np.uint8)


def round_spot(camera: Camera, x: float, y: float, radius_m: float, z: float = 0.0) -> list[Spot]:
    """A circle on the ground, in the picture."""
    return [camera.point(x + radius_m * cos, max(1.0, y + radius_m * sin), z) for cos, sin in _ROUND]


def cast_shadow(camera: Camera, x: float, y: float, radius_m: float, height_m: float) -> list[Spot]:
    """The shadow on the ground of an upright thing: the hull of its foot and of its top, shifted by the sun."""
    top = round_spot(camera, x + SUN_SHIFT[0] * height_m, y + SUN_SHIFT[1] * height_m, radius_m)
    points = np.array([*round_spot(camera, x, y, radius_m), *top], np.float32)
    hull: list[Spot] = cv2.convexHull(points)[:, 0].tolist()
    return hull


def _fill(mask: Image, outline: list[Spot]) -> None:
    cv2.fillPoly(mask, [np.rint(np.array(outline) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
