"""What somebody draws on a camera's picture - a region, a line, a path - and the tracks that were, crossed or went so.

A track stands where its foot is, the middle of the lower edge of its box, and a line is crossed as `core.edges` has it:
the gateway's own zones and lines mean the same. Many paths are looked at at once, their points behind each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.day_schema import track, track_body
from agent.central.store.pack import Points, unpack_paths
from agent.central.store.tiles import tiles_where
from agent.core.edges import MARGIN, point_at, side
from agent.core.geometry import Box, Point, inside

NEAR = 0.08
MOST_OF = 0.6
"""So much of a drawn path's length must have been gone along."""
_STRIDE, _MOST_PIECES = 0.3, 64
_WHOLE = 10_000

Way = Literal["both", "left_to_right", "right_to_left"]
Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Edge = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Points of the picture, 0..1, y down; of what is not drawn there are none. A track must fit all that is.

    `region`: its foot was in this polygon, or passed through. `line`: it crossed this line; `way` is as seen from its
    first point to its last. `path`: it went along this one, from its first point towards its last, no further than
    `near` from it for most of its length.
    """

    region: Sequence[Point] = ()
    line: Sequence[Point] = ()
    way: Way = "both"
    path: Sequence[Point] = ()
    near: float = NEAR


class Feet(NamedTuple):
    """Where the tracks of some paths stood: all points behind each other, and which path each is of."""

    xs: Numbers
    ys: Numbers
    of: npt.NDArray[np.int64]
    paths: int

    def where(self, kept: Mask) -> Feet:
        """Some of the points."""
        return Feet(self.xs[kept], self.ys[kept], self.of[kept], self.paths)

    def any_of(self, points: Mask) -> Mask:
        """The paths of which that is so for any point."""
        return np.asarray(np.bincount(self.of[points], minlength=self.paths) > 0, bool)

    def firsts(self) -> Mask:
        """The first point of each path."""
        return np.asarray(np.diff(self.of, prepend=-1) != 0, bool)


def feet_of(points: Points, lengths: npt.NDArray[np.int64]) -> Feet:
    """The feet of some paths, of so many points each."""
    xs, ys = (points[:, 1] + points[:, 3]) / (2 * _WHOLE), points[:, 4] / _WHOLE
    return Feet(xs, ys, np.repeat(np.arange(len(lengths)), lengths), len(lengths))


def near_tiles(drawn: Drawn) -> list[Any]:
    """Conditions on rows of `track`: those that may fit, and some more."""
    masks = [tiles_where(lambda tile: _in_region(tile, drawn.region))] if drawn.region else []
    masks += [_tiles_along(drawn.line, MARGIN)] if drawn.line else []
    masks += [_tiles_along(part, drawn.near) for part in _stretches(drawn.path)] if drawn.path else []
    return [track.c.tiles.op("&")(sa.literal(mask, sa.BigInteger)) != 0 for mask in masks]


def fitting(drawn: Drawn, feet: Feet) -> Mask:
    """Which paths fit."""
    found = np.ones(feet.paths, bool)
    if drawn.region:
        found &= _were_in(feet, drawn.region)
    if drawn.line:
        found &= _crossed(feet, drawn.line, drawn.way)
    if drawn.path:
        found &= _went_along(feet.where(found[feet.of]), drawn.path, drawn.near)
    return found


def that_fit(drawn: Drawn, connection: sa.Connection, day: int, keys: Sequence[str]) -> set[str]:
    """Those of these tracks of a day that fit."""
    if not keys:
        return set()
    body = track_body.c
    query = sa.select(body.id, body.path).where(body.day == day, one_of(connection, body.id, keys), body.path != b"")
    rows = connection.execute(query).all()
    fits = fitting(drawn, feet_of(*unpack_paths([row.path for row in rows])))
    return {row.id for row, one in zip(rows, fits.tolist(), strict=True) if one}


def _were_in(feet: Feet, polygon: Sequence[Point]) -> Mask:
    """A foot was inside, or the straight way between two sights meets the edge."""
    odd, met = np.zeros(len(feet.xs), bool), np.zeros(len(feet.xs), bool)
    goes_on = ~feet.firsts()
    for a, b in _sides(polygon):
        odd ^= _left_of(feet, a, b)
        met |= _crosses(feet, a, b)
    return feet.any_of(odd | (met & goes_on))


def _left_of(feet: Feet, a: Point, b: Point) -> Mask:
    """Does a ray to the right meet this edge? See `core.geometry.inside`."""
    (xa, ya), (xb, yb) = a, b
    if ya == yb:
        return np.zeros(len(feet.xs), bool)
    spans = (ya > feet.ys) != (yb > feet.ys)
    return np.asarray(spans & (feet.xs < (xb - xa) * (feet.ys - ya) / (yb - ya) + xa), bool)


def _crossed(feet: Feet, line: Sequence[Point], way: Way) -> Mask:
    """From clear of it to clear of it, as the gateway's lines have it."""
    clear = np.ones(len(feet.xs), bool)
    for a, b in pairwise(line):
        clear &= _away(feet, a, b)[0] > MARGIN
    feet = feet.where(clear | feet.firsts())
    count, to_right = np.zeros(len(feet.xs), np.int64), np.zeros(len(feet.xs), bool)
    for a, b in pairwise(line):
        crosses = _crosses(feet, a, b)
        to_right[crosses & (count == 0)] = (_before(_sides_of(feet, a, b)) < 0)[crosses & (count == 0)]
        count += crosses
    over = (count % 2 == 1) & ~feet.firsts()
    return feet.any_of(over if way == "both" else over & (to_right == (way == "left_to_right")))


def _crosses(feet: Feet, a: Point, b: Point) -> Mask:
    """Does the way to each foot, from the one before it, cross this edge? See `core.edges`."""
    now = _sides_of(feet, a, b)
    xs, ys = _before(feet.xs), _before(feet.ys)
    dx, dy = feet.xs - xs, feet.ys - ys
    from_a, from_b = (dx * (y - ys) - dy * (x - xs) for x, y in (a, b))
    return np.asarray(((_before(now) < 0) != (now < 0)) & ((from_a < 0) != (from_b < 0)), bool)


def _sides_of(feet: Feet, a: Point, b: Point) -> Numbers:
    return np.asarray((b[0] - a[0]) * (feet.ys - a[1]) - (b[1] - a[1]) * (feet.xs - a[0]), float)


def _before(values: Numbers) -> Numbers:
    return np.concatenate((values[:1], values[:-1]))


def _away(feet: Feet, a: Point, b: Point) -> tuple[Numbers, Numbers]:
    """How far from the segment, and after which share of it the nearest point lies."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    along = ((feet.xs - a[0]) * dx + (feet.ys - a[1]) * dy) / length2 if length2 else np.zeros(len(feet.xs))
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(feet.xs - a[0] - along * dx, feet.ys - a[1] - along * dy), along


def _went_along(feet: Feet, path: Sequence[Point], near: float) -> Mask:
    length = _length(path)
    feet = _finer(feet, _STRIDE * length)
    away, places = _places_on(feet, path)
    close, found = away <= near, np.zeros(feet.paths, bool)
    for first, last in pairwise([*np.flatnonzero(feet.firsts()).tolist(), len(feet.of)]):
        steps = zip(places[first:last].tolist(), close[first:last].tolist(), strict=True)
        found[feet.of[first]] = _furthest(steps, near, (1 - MOST_OF) * length) >= MOST_OF * length
    return found


def _furthest(steps: Iterable[tuple[float, bool]], near: float, leap: float) -> float:
    """How much of the drawn path was gone forward along in one go; who turns back begins again."""
    best = covered = reached = 0.0
    began = was_close = False
    for place, close in steps:
        if close and (not began or place < reached - near):
            covered, reached, began = 0.0, place, True
        elif close and place > reached:
            if was_close and place - reached <= leap:  # else it is another arm of the path
                covered += place - reached
            reached = place
        was_close, best = close, max(best, covered)
    return best


def _finer(feet: Feet, stride: float) -> Feet:
    """With points between those that are further apart than that, on the straight way."""
    xs, ys = _before(feet.xs), _before(feet.ys)
    dx, dy = feet.xs - xs, feet.ys - ys
    pieces = np.clip(np.ceil(np.hypot(dx, dy) / stride), 1, _MOST_PIECES).astype(np.int64)
    pieces[feet.firsts()] = 1
    whole = np.repeat(pieces, pieces)
    left = np.repeat(pieces.cumsum(), pieces) - 1 - np.arange(len(whole))
    back = left / whole
    return Feet(
        np.repeat(feet.xs, pieces) - back * np.repeat(dx, pieces),
        np.repeat(feet.ys, pieces) - back * np.repeat(dy, pieces), np.repeat(feet.of, pieces), feet.paths,
    )  # fmt: skip


def _places_on(feet: Feet, path: Sequence[Point]) -> tuple[Numbers, Numbers]:
    """How far each foot is from the path, and after which length of it the nearest point lies."""
    best, places, passed = np.full(len(feet.xs), np.inf), np.zeros(len(feet.xs)), 0.0
    for a, b in pairwise(path):
        away, along = _away(feet, a, b)
        length = _length((a, b))
        nearer = away < best
        best[nearer], places[nearer] = away[nearer], passed + along[nearer] * length
        passed += length
    return best, places


def _length(path: Sequence[Point]) -> float:
    return sum(float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(path))


def _stretches(path: Sequence[Point]) -> list[list[Point]]:
    """The path in three, a little more than what may be left out each."""
    length = _length(path)
    spans = [(low * length, min(length, (low + 1 - MOST_OF + 0.01) * length)) for low in (0.0, 0.3, MOST_OF - 0.01)]
    return [_between(path, low, high) for low, high in spans]


def _between(path: Sequence[Point], low: float, high: float) -> list[Point]:
    found, passed = list[Point](), 0.0
    for a, b in pairwise(path):
        length = _length((a, b))
        shares = (
            [(max(low, passed) - passed) / length, (min(high, passed + length) - passed) / length] if length else []
        )
        if shares and shares[0] < shares[1]:
            found += [point_at(a, b, share) for share in shares]
        passed += length
    return found


def _tiles_along(line: Sequence[Point], near: float) -> int:
    return tiles_where(lambda tile: any(_touches(_wider(tile, near), edge) for edge in pairwise(line)))


def _wider(tile: Box, by: float) -> Box:
    return Box(tile.x1 - by, tile.y1 - by, tile.x2 + by, tile.y2 + by)


def _in_region(tile: Box, polygon: Sequence[Point]) -> bool:
    return inside(tile.centre, polygon) or any(_touches(tile, edge) for edge in _sides(polygon))


def _touches(tile: Box, edge: Edge) -> bool:
    """Have a rectangle and a segment a point in common?"""
    (xa, ya), (xb, yb) = edge
    apart = max(xa, xb) < tile.x1 or min(xa, xb) > tile.x2 or max(ya, yb) < tile.y1 or min(ya, yb) > tile.y2
    corners = [(x, y) for x in (tile.x1, tile.x2) for y in (tile.y1, tile.y2)]
    sides = [side(corner, *edge) for corner in corners]
    return not apart and min(sides) <= 0 <= max(sides)


def _sides(polygon: Sequence[Point]) -> Iterator[Edge]:
    return pairwise((*polygon[-1:], *polygon))
