"""Frame number in, picture and truth of that frame out. Nothing is remembered between frames but what never changes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from agent.sim.scene.actors import STORY_S, Item
from agent.sim.scene.backdrop import Backdrop, Spot, build
from agent.sim.scene.light import SensorNoise, exposed, sunshine
from agent.sim.scene.overlay import burn_clock
from agent.sim.scene.paint import Image, Patch
from agent.sim.scene.scene import Scene


@dataclass(frozen=True, slots=True)
class Seen:
    """One object in one frame: box in 0..1 of the picture, how much of it is visible, where it stands (metres)."""

    id: str
    label: str
    box: tuple[float, float, float, float]
    visible: float
    ground: Spot


class Renderer:
    """Draws the frames of one scene."""

    def __init__(self, scene: Scene, backdrop: Backdrop | None = None) -> None:
        self.scene = scene
        self.camera = scene.place.camera(scene.spec.width, scene.spec.height)
        self.backdrop = backdrop or build(scene.place, self.camera, scene.spec.seed)
        self._noise = SensorNoise(scene.spec.width, scene.spec.height, scene.spec.seed)
        self._base: tuple[int, Image] | None = None
        self._walls: list[tuple[float, Patch]] = []

    def frame(self, number: int) -> tuple[Image, list[Seen]]:
        """Picture (BGR) and truth of frame `number`."""
        phase = number / self.scene.spec.frames
        items = self.items(number)
        picture = self._lit_base(phase)
        self._show_lights(picture, phase)
        self._throw_shadows(picture, items, sunshine(phase))
        ids = self._paint(picture, items, phase)
        seen = self._truth(items, ids)
        picture = self._noise.added(exposed(picture, phase), number)
        burn_clock(picture, self.scene, number)
        return picture, seen

    def items(self, number: int) -> list[Item]:
        """The drawings of everybody who is there, the farthest first."""
        time_s = number / self.scene.spec.frames * STORY_S
        items = [item for actor in self.scene.actors for item in actor.items(self.camera, time_s)]
        return sorted(items, key=lambda item: -item.depth)

    def empty(self, number: int) -> Image:
        """The same frame with nobody in it, without noise and clock."""
        phase = number / self.scene.spec.frames
        picture = self._lit_base(phase)
        self._paint(picture, [], phase)
        return exposed(picture, phase)

    def _lit_base(self, phase: float) -> Image:
        step = round(sunshine(phase) * 96)
        if self._base is None or self._base[0] != step:
            share = step / 96
            mixed = cv2.addWeighted(self.backdrop.sunny, share, self.backdrop.cloudy, 1 - share, 0)
            self._base = (step, np.asarray(mixed, np.uint8))
            self._walls = [(depth, _cut_out(self._base[1], cover)) for depth, cover in self.backdrop.walls]
        return self._base[1].copy()

    def _show_lights(self, picture: Image, phase: float) -> None:
        """The pedestrian lights: red above, green below."""
        for walk in self.scene.place.walks:
            green = any(begin <= phase * STORY_S < end for begin, end in walk.green)
            x, y = self.camera.point(walk.x, walk.y, walk.z + (-0.22 if green else 0.22))
            radius = 0.10 * self.camera.scale(walk.x, walk.y, walk.z)
            centre = (round(x * 16), round(y * 16))
            cv2.circle(
                picture, centre, round(radius * 16), (120, 220, 90) if green else (60, 50, 230), -1, cv2.LINE_AA, 4
            )

    def _throw_shadows(self, picture: Image, items: list[Item], sun: float) -> None:
        half: Image = np.zeros((self.camera.height // 2, self.camera.width // 2), np.uint8)
        for item in items:
            for outline in item.shadows:
                points = np.rint(np.array(outline) * 8).astype(np.int32)
                cv2.fillPoly(half, [points], 255, cv2.LINE_AA, 4)
        rows = np.flatnonzero(half.any(axis=1))
        if not len(rows):
            return
        top, bottom = max(0, int(rows[0]) - 4), min(half.shape[0], int(rows[-1]) + 5)
        soft = cv2.GaussianBlur(half[top:bottom], (0, 0), 0.9 * self.camera.width / 1280 + 0.2)
        wide = cv2.resize(soft, (self.camera.width, (bottom - top) * 2), interpolation=cv2.INTER_LINEAR)
        dark = cv2.cvtColor(cv2.bitwise_not(cv2.convertScaleAbs(wide, alpha=0.16 + 0.24 * sun)), cv2.COLOR_GRAY2BGR)
        part = picture[top * 2 : bottom * 2]
        cv2.multiply(part, dark, dst=part, scale=1 / 255)

    def _paint(self, picture: Image, items: list[Item], phase: float) -> npt.NDArray[np.uint16]:
        """Paint everybody, the crowns, and furniture that stands in front of somebody; returns who owns each pixel."""
        ids = np.zeros(picture.shape[:2], np.uint16)
        layers: list[tuple[float, int, Patch]] = [
            (item.depth, index + 1, item.patch) for index, item in enumerate(items)
        ]
        layers += [(depth, 0, crown.at(phase)) for depth, crown in self.backdrop.crowns]
        layers += [(depth, 0, patch) for depth, patch in self.backdrop.props if _hides(patch, depth, items)]
        layers += [(depth, 0, patch) for depth, patch in self._walls if _hides(patch, depth, items)]
        for _depth, owner, patch in sorted(layers, key=lambda layer: -layer[0]):
            patch.blend(picture)
            _own(ids, patch, owner)
        return ids

    def _truth(self, items: list[Item], ids: npt.NDArray[np.uint16]) -> list[Seen]:
        seen = []
        for index, item in enumerate(items):
            box, whole = _extent(item.patch, self.camera.width, self.camera.height)
            owned = _owned(ids, item.patch, index + 1)
            if box is not None and owned:
                visible = round(min(1.0, owned / whole), 3)
                seen.append(Seen(item.being.id, item.being.label, box, visible, item.ground))
        return seen


def _cut_out(picture: Image, cover: Image) -> Patch:
    """The part of a picture that a wall covers, to be laid over who passes behind it."""
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    alpha = np.ascontiguousarray(cover[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1])
    part = picture[top : top + alpha.shape[0], left : left + alpha.shape[1]]
    colour = cv2.multiply(part, cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    return Patch(left, top, np.asarray(colour, np.uint8), alpha)


def _hides(patch: Patch, depth: float, items: list[Item]) -> bool:
    rows, columns = patch.alpha.shape
    for item in items:
        high, wide = item.patch.alpha.shape
        if (
            depth < item.depth
            and patch.left < item.patch.left + wide
            and item.patch.left < patch.left + columns
            and patch.top < item.patch.top + high
            and item.patch.top < patch.top + rows
        ):
            return True
    return False


def _own(ids: npt.NDArray[np.uint16], patch: Patch, owner: int) -> None:
    clip = patch.clip(ids.shape[1], ids.shape[0])
    if clip is not None:
        ys, xs, rows, columns = clip
        ids[ys, xs][patch.alpha[rows, columns] > 127] = owner


def _owned(ids: npt.NDArray[np.uint16], patch: Patch, owner: int) -> int:
    clip = patch.clip(ids.shape[1], ids.shape[0])
    return 0 if clip is None else int(np.count_nonzero(ids[clip[0], clip[1]] == owner))


def _extent(patch: Patch, width: int, height: int) -> tuple[tuple[float, float, float, float] | None, int]:
    """The tight box of a patch inside the picture (0..1; None when outside) and its whole size in pixels."""
    solid = patch.alpha > 100
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return None, 1
    x1, x2 = patch.left + int(columns[0]), patch.left + int(columns[-1]) + 1
    y1, y2 = patch.top + int(rows[0]), patch.top + int(rows[-1]) + 1
    x1, x2, y1, y2 = max(0, x1), min(width, x2), max(0, y1), min(height, y2)
    if x1 >= x2 or y1 >= y2:
        return None, 1
    box = (round(x1 / width, 5), round(y1 / height, 5), round(x2 / width, 5), round(y2 / height, 5))
    return box, max(1, int(solid.sum()))
