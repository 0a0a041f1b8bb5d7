"""Everybody and everything that moves: what it is, where it is at a moment, and how it is painted there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from agent.sim.scene.backdrop import Spot, cast_shadow
from agent.sim.scene.body import pedalling, seated, walking
from agent.sim.scene.camera import Camera
from agent.sim.scene.colours import CLOTH
from agent.sim.scene.paint import Canvas, Patch
from agent.sim.scene.paths import Moment, Trip
from agent.sim.scene.people import Look, Stand, draw_person
from agent.sim.scene.solids import Frame
from agent.sim.scene.things import BAG_HEIGHT_M, BAGS, bag_canvas, bicycle_canvas, draw_bicycle
from agent.sim.scene.vehicles import SHAPES, canvas_for, draw_vehicle

STORY_S = 60.0
"""One round of every story, in the story's own seconds."""

Where = Trip | Moment


@dataclass(frozen=True, slots=True)
class Being:
    """What truth says of an object for its whole life; `colours` as upper, lower or vehicle -> name."""

    id: str
    label: str
    colours: dict[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One object in one frame: its drawing, how far it is, where it stands and the shadows it throws."""

    being: Being
    patch: Patch
    depth: float
    ground: Spot
    shadows: tuple[list[Spot], ...]


class Actor(Protocol):
    """Anything of the cast."""

    def beings(self) -> tuple[Being, ...]:
        """The objects that this actor puts into the picture."""

    def items(self, camera: Camera, time_s: float) -> Iterator[Item]:
        """Its drawings at a second of the story; none while it is away."""


def moment_of(where: Where, time_s: float) -> Moment | None:
    """Where somebody is, or None while away."""
    return where.at(time_s, STORY_S) if isinstance(where, Trip) else where


def bump(time_s: float, middle_s: float, half_s: float = 0.9) -> float:
    """0..1: a soft hill of `half_s` on either side of `middle_s`, around the loop."""
    off = abs((time_s - middle_s + STORY_S / 2) % STORY_S - STORY_S / 2)
    return 0.5 + 0.5 * math.cos(math.pi * off / half_s) if off < half_s else 0.0


@dataclass(frozen=True)
class Person:
    """Somebody on foot, or on a bench; `stoops` are the seconds at which they bend down."""

    being: Being
    look: Look
    where: Where
    sits: bool = False
    stoops: tuple[float, ...] = ()

    def beings(self) -> tuple[Being, ...]:
        """See `Actor`."""
        return (self.being,)

    def items(self, camera: Camera, time_s: float) -> Iterator[Item]:
        """See `Actor`."""
        moment = moment_of(self.where, time_s)
        if moment is None:
            return
        stoop = max((bump(time_s, at) for at in self.stoops), default=0.0)
        body = seated(time_s) if self.sits else walking(moment, stoop, time_s)
        stand = Stand(camera, moment.x, moment.y, moment.hx, moment.hy, self.look.height_m / 1.75)
        canvas = person_canvas(stand)
        draw_person(self.look, body, stand, canvas)
        shadow = cast_shadow(camera, moment.x, moment.y, 0.2, 1.3 if self.sits else 1.7 - 0.6 * stoop)
        feet = cast_shadow(camera, moment.x, moment.y, 0.22, 0.05)
        depth = camera.depth(moment.x, moment.y)
        yield Item(self.being, canvas.patch(), depth, (moment.x, moment.y), (shadow, feet))


def person_canvas(stand: Stand) -> Canvas:
    """A canvas that holds anybody who stands there."""
    foot, px = stand.camera.point(stand.x, stand.y), stand.px
    return Canvas(
        foot[0] - 0.85 * px, foot[1] - 2.05 * px, foot[0] + 0.85 * px, foot[1] + 0.45 * px, 3 if px < 62 else 2
    )


@dataclass(frozen=True)
class Rider:
    """Somebody on a bicycle: two objects."""

    being: Being
    bicycle: Being
    look: Look
    where: Where

    def beings(self) -> tuple[Being, ...]:
        """See `Actor`."""
        return (self.being, self.bicycle)

    def items(self, camera: Camera, time_s: float) -> Iterator[Item]:
        """See `Actor`."""
        moment = moment_of(self.where, time_s)
        if moment is None:
            return
        frame = Frame(camera, moment.x, moment.y, moment.hx, moment.hy)
        depth, ground = camera.depth(moment.x, moment.y), (moment.x, moment.y)
        patch, wheels = _bicycle_at(self.bicycle.colours["vehicle"], frame, moment.gone)
        yield Item(self.bicycle, patch, depth, ground, wheels)
        stand = Stand(camera, moment.x, moment.y, moment.hx, moment.hy, self.look.height_m / 1.75)
        canvas = person_canvas(stand)
        draw_person(self.look, pedalling(moment), stand, canvas)
        shadow = cast_shadow(camera, moment.x, moment.y, 0.22, 1.75)
        yield Item(self.being, canvas.patch(), depth - 0.01, ground, (shadow,))


@lru_cache(maxsize=64)
def _bicycle_at(colour: str, frame: Frame, gone_m: float) -> tuple[Patch, tuple[list[Spot], ...]]:
    canvas = bicycle_canvas(frame)
    draw_bicycle(colour, frame, canvas, gone_m)
    wheels = (frame.world(ahead, 0.0, 0.0) for ahead in (-0.5, 0.0, 0.5))
    return canvas.patch(), tuple(cast_shadow(frame.camera, x, y, 0.13, 0.7) for x, y, _ in wheels)


@dataclass(frozen=True)
class Vehicle:
    """A car or a van, driving or parked."""

    being: Being
    kind: str
    where: Where

    def beings(self) -> tuple[Being, ...]:
        """See `Actor`."""
        return (self.being,)

    def items(self, camera: Camera, time_s: float) -> Iterator[Item]:
        """See `Actor`."""
        moment = moment_of(self.where, time_s)
        if moment is None:
            return
        frame = Frame(camera, moment.x, moment.y, moment.hx, moment.hy)
        patch, shadows = _vehicle_at(self.kind, self.being.colours["vehicle"], frame)
        yield Item(self.being, patch, camera.depth(moment.x, moment.y), (moment.x, moment.y), shadows)


@lru_cache(maxsize=64)  # what is parked is drawn once
def _vehicle_at(kind: str, colour: str, frame: Frame) -> tuple[Patch, tuple[list[Spot], ...]]:
    canvas = canvas_for(frame, SHAPES[kind])
    draw_vehicle(kind, colour, frame, canvas)
    return canvas.patch(), vehicle_shadows(frame, kind)


def vehicle_shadows(frame: Frame, kind: str) -> tuple[list[Spot], ...]:
    """What lies in the dark beside and below a vehicle."""
    half, wide, high = (2.1, 0.85, 1.15) if kind == "car" else (2.6, 0.95, 2.0)
    outlines = []
    for ahead in (-half, -half / 3, half / 3, half * 0.9):
        x, y, _ = frame.world(ahead * 0.85, 0.0, 0.0)
        outlines.append(cast_shadow(frame.camera, x, y, wide, high if abs(ahead) < half else high * 0.7))
    under = [(-half, wide), (half, wide), (half, -wide), (-half, -wide)]
    outlines.append([frame.pixel(ahead, left, 0.0) for ahead, left in under])
    return tuple(outlines)


@dataclass(frozen=True)
class Hold:
    """From `start_s` on somebody carries or pushes the thing along `trip`, until `end_s`; `takes` it, or brings it."""

    trip: Trip
    start_s: float
    end_s: float
    takes: bool


@dataclass(frozen=True)
class Rest:
    """The thing stands alone from `start_s` to `end_s` (which may lie in the next round)."""

    x: float
    y: float
    hx: float
    hy: float
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Thing:
    """A bag, a parcel or a bicycle that people put down, leave, push and take."""

    being: Being
    kind: str
    rest: Rest
    holds: tuple[Hold, ...]

    def beings(self) -> tuple[Being, ...]:
        """See `Actor`."""
        return (self.being,)

    def items(self, camera: Camera, time_s: float) -> Iterator[Item]:
        """See `Actor`."""
        placed = self.placed(time_s)
        if placed is None:
            return
        moment, base = placed
        frame = Frame(camera, moment.x, moment.y, moment.hx, moment.hy)
        if self.kind == "bicycle":
            patch, shadows = _bicycle_at(self.being.colours["vehicle"], frame, moment.gone)
        else:
            canvas = bag_canvas(frame, base)
            BAGS[self.kind](frame, canvas, CLOTH[self.being.colours["upper"]], base)
            patch = canvas.patch()
            shadows = (cast_shadow(camera, moment.x, moment.y, 0.22, base + BAG_HEIGHT_M[self.kind] * 0.8),)
        yield Item(self.being, patch, camera.depth(moment.x, moment.y), (moment.x, moment.y), shadows)

    def placed(self, time_s: float) -> tuple[Moment, float] | None:
        """Where it is and how high above the ground; None while it is out of the story."""
        rest = self.rest
        if (time_s - rest.start_s) % STORY_S < rest.end_s - rest.start_s:
            return Moment(rest.x, rest.y, rest.hx, rest.hy, 0.0, 0.0), 0.0
        for hold in self.holds:
            since, lasts = (time_s - hold.start_s) % STORY_S, hold.end_s - hold.start_s
            if since < lasts:
                moment = hold.trip.at(hold.start_s + since, STORY_S)
                return None if moment is None else self._carried(moment, since, lasts, hold)
        return None

    def _carried(self, moment: Moment, since: float, lasts: float, hold: Hold) -> tuple[Moment, float]:
        x, y, base = beside(self.kind, moment)
        share = min(1.0, (since if hold.takes else lasts - since) / 0.8)
        share = share * share * (3 - 2 * share)
        rest = self.rest
        hx, hy = rest.hx + (moment.hx - rest.hx) * share, rest.hy + (moment.hy - rest.hy) * share
        length = math.hypot(hx, hy) or 1.0
        place = Moment(
            rest.x + (x - rest.x) * share,
            rest.y + (y - rest.y) * share,
            hx / length,
            hy / length,
            moment.speed,
            moment.gone,
        )
        return place, base * share


def beside(kind: str, moment: Moment) -> tuple[float, float, float]:
    """Where a thing is while somebody has it: pulled behind, carried in the hand, held in front, or pushed along."""
    ahead, right, base = {
        "suitcase": (-0.42, 0.22, 0.0),
        "rucksack": (0.02, 0.33, 0.36),
        "parcel": (0.36, 0.0, 0.80),
        "bicycle": (0.15, 0.55, 0.0),
    }[kind]
    return moment.x + moment.hx * ahead + moment.hy * right, moment.y + moment.hy * ahead - moment.hx * right, base
