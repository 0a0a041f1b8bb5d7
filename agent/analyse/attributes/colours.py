"""The colours of a camera's tracks: every sight is sampled at a few points, and all sights of a track vote.

All tracks of a picture are looked at together: a handful of array operations instead of a handful for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.analyse.attributes.backdrop import Backdrop
from agent.analyse.attributes.beside import Other, leave_out, others_of
from agent.analyse.attributes.grid import SLIM, parts_of, points_of, prior
from agent.analyse.attributes.light import LUMA, Light, largest
from agent.analyse.attributes.names import NAMES, index_of, table
from agent.analyse.attributes.sight import sharpness_of, worth_of
from agent.analyse.attributes.votes import Colour, Votes
from agent.analyse.detect.port import Image
from agent.analyse.mask import Painter
from agent.analyse.motion import Grey
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box

BEAT_S = 0.4
"""Tracks are sampled so often at most, all in the same picture: many at once cost little more than one."""
RUN, SLOWEST = 5, 12
"""Each is sampled at every beat at first, and half as often after each `RUN` sights, at least once in so many beats: it
hardly changes its clothes."""
BETTER = 1.25
"""A sight that is so much wider than all before is taken at the next beat."""
LEAST_WORTH = 0.02
DIFFERENT, PLAIN, CLEAR = 40.0, 0.2, 0.5
"""Grey levels by which a point of the thing differs from the street behind it. Where fewer than the first share of the
points do the thing looks like the street; from the second on, what does not differ is taken for street."""
STRONGEST, WEAKEST, HIGH = 80.0, 25.0, 0.85
"""Bounds of the difference that makes a point wholly the thing: the quantile of its part. At the edge of thin legs half
a pixel is street."""
FLOOR = 0.05
MOVING = 0.35
"""Of a part that the motion mask must cover before points outside of it count for less."""
GLOOM = (14.0, 40.0)
"""Brightness of the street behind (0..255, as by day): below the first nothing can be told, from the second on all."""
UNLEARNT = 0.2
"""What a sight counts while nobody has seen the street behind it free: its points may be lawn or wall as well."""
GLARE, SILHOUETTE, BACKLIT = 225.0, 70.0, 0.3
"""What is darker than the second before a street that is brighter than the first may be anything against the light."""
NEAR_WHITE, WHITE = 185.0, 235.0
"""The darkest channel of what begins to be clipped, and is."""
LIT, SAME_CLOTH, DARKEST = 0.8, 0.05, 0.45
"""Cloth is as bright as the quantile of its points that light falls on; what has nearly its chromaticity (shares of red
and green) and not less than the third of its brightness is the same cloth in its folds' shade."""
MOST_LIFT = 1.8
UNLIT = 70.0
"""Brightness below which nothing is lifted: black cloth between the legs of which light shines stays black."""
Floats = NDArray[np.floating[Any]]


@dataclass(slots=True)
class _Looks:
    """What is known of one track."""

    votes: dict[str, Votes] = field(default_factory=dict)
    sights: int = 0
    next: int = 0
    """The beat at which it is looked at again."""
    widest: float = 0.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of one thing in the picture now."""

    track: str
    name: str
    area: tuple[float, float, float, float]
    box: Box
    worth: float
    others: tuple[Other, ...]


class Colours:
    """One per camera."""

    def __init__(self, painter: Painter) -> None:
        self._backdrop, self.light = Backdrop(painter), Light()
        self._tracks: dict[str, _Looks] = {}
        self._beat, self._sampled = 0, -1
        """Now, and when something was sampled last."""

    def forget_scene(self) -> None:
        """The camera has turned, or the light has changed at once; what was seen of the tracks stays true."""
        self._backdrop.forget()
        self.light.forget()

    def look(
        self, picture: Image, tracks: Sequence[Track], around: Iterable[Box], moving: Grey | None, wall_ns: int
    ) -> None:
        """Take in a picture (blue green red) in which `tracks` were just found.

        `around`: the boxes of everything that may be there. `moving` (0 or 255, the whole picture at any size): where
        something moves, where that is known.
        """
        if self._backdrop.due(wall_ns):
            self._backdrop.learn(picture, moving, around, wall_ns)
            self.light.look(self._backdrop, picture)
        self._beat = wall_ns // round(BEAT_S * NS)
        if self._beat == self._sampled or self.light.now.sort != "colour":
            return
        parts = self._parts(picture, tracks)
        if parts:
            self._sampled = self._beat
            self._vote(parts, picture, moving)

    def told(self, track: str) -> Mapping[str, Colour | None]:
        """Part -> its colour; None where it cannot be told (yet)."""
        looks = self._tracks.get(track)
        return {name: votes.told() for name, votes in looks.votes.items()} if looks is not None else {}

    def drop(self, track: str) -> None:
        """It is over."""
        self._tracks.pop(track, None)

    def _parts(self, picture: Image, tracks: Sequence[Track]) -> list[_Part]:
        size = picture.shape[1], picture.shape[0]
        found: list[_Part] = []
        for track in tracks:
            areas = parts_of(track.label, track.kind)
            if not areas or not self._due(track):
                continue
            box = track.box.clipped()
            worth = worth_of(track.label, box, size)
            if max(worth.upper, worth.lower) >= LEAST_WORTH:
                self._took(track)
                sharp = sharpness_of(picture, box)
                others = others_of(track.box, track, tracks)
                found += [
                    _Part(track.id, name, area, track.box, sharp * worth.of(name), others)
                    for name, area in areas.items()
                ]
        return found

    def _due(self, track: Track) -> bool:
        looks = self._tracks.get(track.id)
        return looks is None or self._beat >= looks.next or track.box.width >= BETTER * looks.widest

    def _took(self, track: Track) -> None:
        looks = self._tracks.setdefault(track.id, _Looks())
        looks.next = self._beat + min(SLOWEST, 2 ** min(8, looks.sights // RUN))
        looks.sights += 1
        looks.widest = max(looks.widest, track.box.width)

    def _vote(self, parts: list[_Part], picture: Image, moving: Grey | None) -> None:
        places = _places(parts, picture.shape[1] / picture.shape[0])
        raw = _taken(picture, _cells(picture, places))
        on, visible, light, learnt = self._weights(parts, places, raw, moving)
        seen = np.clip(_lit(_by_day(raw, self.light.now.gains), on), 0, 255)
        rows = np.take(table(), index_of(seen.astype(np.uint8)), axis=0)
        names = rows[..., : len(NAMES)] * on[..., None]
        shares = names.sum(axis=1)
        labs = np.matmul(names.transpose(0, 2, 1), rows[..., len(NAMES) :])
        shadowed = (light > GLARE) & (np.einsum("pnc,c,pn->p", seen, LUMA, on) < SILHOUETTE)
        bright = np.clip((light - GLOOM[0]) / (GLOOM[1] - GLOOM[0]), 0.0, 1.0)
        weights = visible * bright * np.where(shadowed, BACKLIT, 1.0)
        trust = UNLEARNT + learnt * (1.0 - UNLEARNT)
        for row, part in enumerate(parts):
            votes = self._tracks[part.track].votes.setdefault(part.name, Votes())
            worth = part.worth * float(weights[row])
            if worth > 0:
                votes.add(shares[row], labs[row], worth, float(trust[row]))

    def _weights(
        self, parts: list[_Part], places: Floats, raw: Floats, moving: Grey | None
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """For each point how surely it is the thing: 1 in all over a part.

        Then how much of the part is in sight, how bright the street behind it is, and how much of that is known.
        """
        guess = np.repeat(prior()[None], len(parts), axis=0)
        whole = guess.sum(axis=1)
        for row, part in enumerate(parts):
            leave_out(part.others, part.box, places[row], guess[row])
        outside = (places < 0) | (places >= 1)
        guess[outside[..., 0] | outside[..., 1]] = 0.0
        visible = (guess.sum(axis=1) / whole) ** 0.75
        cells = _cells(self._backdrop.known, places)
        behind, known = _taken(self._backdrop.colours, cells), np.take(self._backdrop.known, cells) > 0
        guess *= _unlike(np.where(known, largest(np.abs(raw - behind)), STRONGEST))
        if moving is not None:
            mask = np.take(moving, _cells(moving, places)) / np.float32(255)
            guess *= _trusted(mask, mask, MOVING, MOVING + 0.2)
        light = ((behind * self.light.now.gains) @ LUMA).mean(axis=1)
        return guess / np.maximum(guess.sum(axis=1, keepdims=True), 1e-6), visible, light, known.mean(axis=1)


def _places(parts: Sequence[_Part], aspect: float) -> Floats:
    """The points of each part in the picture: [parts, points, x and y], 0..1 where they lie in it."""
    boxes = np.array([_core(part, aspect) for part in parts], np.float32)
    points = np.stack([points_of(part.area) for part in parts])
    return np.asarray(boxes[:, None, :2] + points * (boxes[:, 2:] - boxes[:, :2])[:, None, :])


def _core(part: _Part, aspect: float) -> Box:
    """The box without what swings: never wider than a body of that height. Vehicles are as wide as they are."""
    box, widest = part.box, SLIM / (part.area[2] - part.area[0]) * part.box.height / aspect
    if part.name == "vehicle" or box.width <= widest:
        return box
    middle = (box.x1 + box.x2) / 2
    return Box(middle - widest / 2, box.y1, middle + widest / 2, box.y2)


def _cells(picture: NDArray[np.generic], places: Floats) -> NDArray[np.intp]:
    """The numbers, row by row, of the pixels of a picture of any size at `places`."""
    height, width = picture.shape[:2]
    xs = np.clip(places[..., 0] * width, 0, width - 1).astype(np.intp)
    ys = np.clip(places[..., 1] * height, 0, height - 1).astype(np.intp)
    return np.asarray(ys * width + xs)


def _taken(picture: NDArray[np.generic], cells: NDArray[np.intp]) -> Floats:
    """The colours of a picture at those pixels: [..., channels]."""
    return np.asarray(np.take(picture.reshape(-1, picture.shape[2]), cells, axis=0), np.float32)


def _by_day(raw: Floats, gains: Floats) -> Floats:
    """Colours in daylight; what is as good as clipped has lost the light's colour, and stays white."""
    darkest = np.minimum(np.minimum(raw[..., 0], raw[..., 1]), raw[..., 2])
    kept = np.clip((darkest - NEAR_WHITE) / (WHITE - NEAR_WHITE), 0.0, 1.0)[..., None]
    return np.asarray(raw * (gains + kept * (1.0 - gains)), np.float32)


def _lit(seen: Floats, on: Floats) -> Floats:
    """Each part without its own shading: orange cloth in its folds is no brown cloth."""
    total = np.maximum(seen[..., 0] + seen[..., 1] + seen[..., 2], 1.0)
    order, rows = np.argsort(total, axis=1), np.arange(len(seen))
    filled = np.cumsum(np.take_along_axis(on, order, axis=1), axis=1)
    place = order[rows, np.minimum((filled < LIT).sum(axis=1), seen.shape[1] - 1)]
    reference = total[rows, place][:, None]
    tint = seen[..., 1:] / total[..., None]
    apart = np.abs(tint - tint[rows, place][:, None, :])
    shaded = (np.maximum(apart[..., 0], apart[..., 1]) < SAME_CLOTH) & (
        total >= np.maximum(DARKEST * reference, 3 * UNLIT)
    )
    return seen * np.where(shaded, np.clip(reference / total, 1.0, MOST_LIFT), 1.0)[..., None].astype(np.float32)


def _unlike(difference: Floats) -> Floats:
    """Factors for points by how far they differ from the street, grey levels."""
    rank = int(HIGH * (difference.shape[1] - 1))
    strong = np.clip(np.partition(difference, rank, axis=1)[:, rank, None], WEAKEST, STRONGEST)
    return _trusted(np.minimum(difference / DIFFERENT, 1.0), np.minimum(difference / strong, 1.0) ** 2, PLAIN, CLEAR)


def _trusted(evidence: Floats, factors: Floats, none: float, all_of_it: float) -> Floats:
    """`factors` (0..1) as far as enough of the part bears the `evidence` (0..1), 1 where the part does not."""
    trust = np.clip((evidence.mean(axis=1, keepdims=True) - none) / (all_of_it - none), 0.0, 1.0)
    return np.asarray(1.0 - trust * (1.0 - FLOOR) * (1.0 - factors), np.float32)
