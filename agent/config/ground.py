"""The table `[camera.ground]`: what is known of the ground that a camera sees."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from agent.config.base import Point, Section
from agent.core.earth import way

Metre = Annotated[float, Field(ge=-1000, le=1000)]
Distance = Annotated[float, Field(gt=0, le=1000)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
DISTANCES = 5
FLAT_SHARE = 0.02
"""Three points whose triangle is smaller than this share of a square over its longest side lie on one line."""


class Ground(Section):
    """Points whose places are known (metres, distances or positions); without points: from the people who pass."""

    points: Annotated[tuple[Point, ...], Field(max_length=16)] = ()
    metres: Annotated[tuple[tuple[Metre, Metre], ...], Field(max_length=16)] = ()
    distances: Annotated[tuple[Distance, ...], Field(max_length=DISTANCES)] = ()
    positions: Annotated[tuple[tuple[Latitude, Longitude], ...], Field(max_length=16)] = ()
    bearing: Annotated[float, Field(ge=0, lt=360)] | None = None
    hfov: Annotated[float, Field(ge=5, le=150)] | None = None
    person_height: Annotated[float, Field(ge=1, le=2.2)] = 1.7

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        given = [name for name in ("metres", "distances", "positions") if getattr(self, name)]
        if not self.points:
            _people_suffice(self, given)
            return self
        if len(self.points) < 4:
            raise ValueError(f"points has {len(self.points)} points; four are needed")
        if len(given) != 1:
            raise ValueError("points needs one of metres, distances and positions beside it")
        _counts_fit(self, given[0])
        plan = plan_of(self)
        for name, corners in (("points", self.points), (given[0], plan)):
            if _on_a_line(corners):
                raise ValueError(f"of the first four {name} three lie on one line: nothing follows from them")
        _same_way_round(self, given[0], plan)
        return self


def plan_of(ground: Ground) -> tuple[tuple[float, float], ...]:
    """Where the points lie on the ground, in metres as seen from above: x to the right of y."""
    if ground.metres:
        return ground.metres
    if ground.distances:
        plan = _from_distances(ground.distances)
        mirrored = _area(*ground.points[:3]) * _area(*plan[:3]) > 0
        return tuple((-x, y) for x, y in plan) if mirrored else plan
    return tuple(way(ground.positions[0], position) for position in ground.positions)


def _people_suffice(ground: Ground, given: list[str]) -> None:
    if given or ground.bearing is not None:
        raise ValueError(f"{(given or ['bearing'])[0]} says nothing without points")
    if ground.hfov is None:
        raise ValueError("needs points, or hfov (the lens's horizontal angle of view) to go by the people who pass")


def _counts_fit(ground: Ground, given: str) -> None:
    if given == "distances":
        if len(ground.points) != 4 or len(ground.distances) != DISTANCES:
            raise ValueError("distances are five, of four points: 1-2, 2-3, 3-4, 4-1 and across, 1-3")
        _from_distances(ground.distances)
    elif len(getattr(ground, given)) != len(ground.points):
        raise ValueError(f"{given} has {len(getattr(ground, given))} entries for {len(ground.points)} points")


def _from_distances(sides: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Two triangles on either side of the way across."""
    ab, bc, cd, da, ac = sides
    b, d = _corner(ab, bc, ac), _corner(da, cd, ac)
    return (0.0, 0.0), (-b[0], b[1]), (0.0, ac), (d[0], d[1])


def _corner(near: float, far: float, base: float) -> tuple[float, float]:
    """Across from and along the base, of the corner at these distances from its ends."""
    along = (near * near - far * far + base * base) / (2 * base)
    across = near * near - along * along
    if across <= 0:
        raise ValueError(f"distances: {near:g}, {far:g} and {base:g} m make no triangle")
    return math.sqrt(across), along


def _area(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])


def _on_a_line(corners: tuple[tuple[float, float], ...]) -> bool:
    for three in itertools.combinations(corners[:4], 3):
        side = max(math.dist(a, b) for a, b in itertools.combinations(three, 2))
        if abs(_area(*three)) <= FLAT_SHARE * side * side:
            return True
    return False


def _same_way_round(ground: Ground, given: str, plan: tuple[tuple[float, float], ...]) -> None:
    """Seen from above, the ground turns as in the picture; y is down there and up on a plan."""
    turns = [
        _area(*(picture[n] for n in three)) * _area(*(plan[n] for n in three)) < 0
        for picture in (ground.points,)
        for three in itertools.combinations(range(4), 3)
    ]
    if all(turns):
        return
    if not any(turns):
        raise ValueError(f"points and {given} turn different ways: is {given} mirrored, or are two of them swapped?")
    raise ValueError(f"points and {given} do not fit: they are not in the same order, or one is above the horizon")
