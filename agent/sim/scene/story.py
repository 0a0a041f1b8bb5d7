"""Writes a cast: gives people looks and times, and makes each story close with the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.sim.scene.actors import STORY_S, Actor, Being, Hold, Person, Rest, Rider, Thing, Vehicle, beside
from agent.sim.scene.colours import HAIR, NAMES, SKIN
from agent.sim.scene.paths import Moment, Stop, Trip, trip
from agent.sim.scene.people import Look

_LOWER = ("black", "blue", "grey", "brown", "white", "green", "red", "purple", "black", "blue", "grey")
_LACK = ("red", "white", "blue", "grey", "black", "green", "yellow", "orange", "brown")
_FRAMES = ("red", "blue", "green", "black", "orange", "yellow")


@dataclass
class Cast:
    """Collects actors; every choice it makes comes from `rng`, in the order of the calls."""

    rng: np.random.Generator
    actors: list[Actor] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _decks: dict[str, list[str]] = field(default_factory=dict)

    def walker(self, start_s: float, stops: Sequence[Stop], speed: float | None = None) -> Trip:
        """Somebody who walks through `stops`."""
        way = trip(self._late(start_s), speed or float(self.rng.uniform(1.2, 1.5)), stops)
        self._person(way)
        return way

    def pair(self, start_s: float, stops: Sequence[Stop]) -> None:
        """Two who walk side by side."""
        start_s, speed = self._late(start_s), float(self.rng.uniform(1.1, 1.3))
        self._person(trip(start_s, speed, stops))
        self._person(trip(start_s + 0.15, speed, [(stop[0] + 0.25, stop[1] + 0.75, *stop[2:]) for stop in stops]))

    def sitter(self, x: float, y: float, facing_deg: float) -> None:
        """Somebody who sits on a bench all the time."""
        angle = math.radians(facing_deg)
        self._person(Moment(x, y, math.cos(angle), math.sin(angle), 0.0, 0.0), sits=True)

    def rider(self, start_s: float, stops: Sequence[Stop], speed: float = 4.2) -> None:
        """Somebody on a bicycle."""
        look = self._look()
        bicycle = Being(self._name("bicycle"), "two_wheeler", {"vehicle": self._deal("frame", _FRAMES)})
        self.actors.append(Rider(self._being(look), bicycle, look, trip(self._late(start_s), speed, stops)))

    def vehicle(self, start_s: float, stops: Sequence[Stop], kind: str = "car", speed: float = 8.0) -> None:
        """A car or van that drives through `stops`."""
        self.actors.append(Vehicle(self._lacked(kind), kind, trip(start_s, speed, stops)))

    def parked(self, x: float, y: float, facing_deg: float, kind: str = "car") -> None:
        """A vehicle that never moves."""
        angle = math.radians(facing_deg)
        self.actors.append(Vehicle(self._lacked(kind), kind, Moment(x, y, math.cos(angle), math.sin(angle), 0.0, 0.0)))

    def parked_bicycle(self, x: float, y: float, facing_deg: float) -> None:
        """A bicycle that never moves."""
        angle = math.radians(facing_deg)
        rest = Rest(x, y, math.cos(angle), math.sin(angle), 0.0, STORY_S)
        being = Being(self._name("bicycle"), "two_wheeler", {"vehicle": self._deal("frame", _FRAMES)})
        self.actors.append(Thing(being, "bicycle", rest, ()))

    def left_bag(
        self, kind: str, come: Sequence[Stop], left_at: int, take_s: float, fetch: Sequence[Stop], taken_at: int
    ) -> None:
        """Somebody brings a bag and goes without it; somebody else fetches it.

        `left_at` and `taken_at` say at which stop (counted from 0, each with a wait) the bag changes hands;
        the first comes at a second of the story that `rng` chose near 5, the other starts at `take_s`.
        """
        bring = trip(self._late(5.0), 1.3, come)
        fetched = trip(self._late(take_s), 1.3, fetch)
        put_s, taken_s = _hand_over(bring, come, left_at), _hand_over(fetched, fetch, taken_at)
        self._person(bring, stoops=(put_s,))
        self._person(fetched, stoops=(taken_s,))
        stand = bring.moment(put_s - bring.start_s)
        x, y, _ = beside(kind, stand)
        rest = Rest(x, y, stand.hx, stand.hy, put_s, taken_s)
        holds = (Hold(bring, bring.start_s, put_s, takes=False), Hold(fetched, taken_s, fetched.end_s, takes=True))
        being = Being(
            self._name("bag"), "bag", {"upper": self._deal("bag", ("red", "blue", "orange", "green", "black"))}
        )
        self.actors.append(Thing(being, kind, rest, holds))

    def borrowed_bicycle(
        self,
        x: float,
        y: float,
        facing_deg: float,
        take_s: float,
        off: Sequence[Stop],
        bring_s: float,
        back: Sequence[Stop],
    ) -> None:
        """A parked bicycle that somebody pushes away along `off` and later brings `back`.

        It is taken at the stop of `off` that has a wait, and put down at that of `back`.
        """
        taker, bringer = trip(self._late(take_s), 1.25, off), trip(self._late(bring_s), 1.25, back)
        taken_s, put_s = (_hand_over(way, stops, _waiting(stops)) for way, stops in ((taker, off), (bringer, back)))
        look = self._look()
        being = self._being(look)
        # the same person goes away with it and comes back with it: one object in truth, two trips
        self.actors.append(Person(being, look, taker))
        self.actors.append(Person(being, look, bringer))
        angle = math.radians(facing_deg)
        rest = Rest(x, y, math.cos(angle), math.sin(angle), put_s, taken_s + STORY_S)
        holds = (Hold(taker, taken_s, taker.end_s, takes=True), Hold(bringer, bringer.start_s, put_s, takes=False))
        bicycle = Being(self._name("bicycle"), "two_wheeler", {"vehicle": self._deal("frame", _FRAMES)})
        self.actors.append(Thing(bicycle, "bicycle", rest, holds))

    def _person(self, where: Trip | Moment, *, sits: bool = False, stoops: tuple[float, ...] = ()) -> None:
        look = self._look()
        self.actors.append(Person(self._being(look), look, where, sits, stoops))

    def _look(self) -> Look:
        rng = self.rng
        return Look(
            upper=self._deal("upper", NAMES),
            lower=self._deal("lower", _LOWER),
            skin=int(rng.integers(len(SKIN))),
            hair=int(rng.integers(len(HAIR))),
            height_m=float(rng.uniform(1.64, 1.88)),
            long_hair=bool(rng.random() < 0.45),
            short_sleeves=bool(rng.random() < 0.35),
            backpack=str(rng.choice(NAMES)) if rng.random() < 0.22 else None,
            hat=str(rng.choice(NAMES)) if rng.random() < 0.14 else None,
        )

    def _being(self, look: Look) -> Being:
        return Being(self._name("person"), "person", {"upper": look.upper, "lower": look.lower})

    def _lacked(self, kind: str) -> Being:
        return Being(self._name(kind), "vehicle", {"vehicle": self._deal("lack", _LACK)})

    def _name(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}-{self._counts[kind]}"

    def _deal(self, deck: str, names: tuple[str, ...]) -> str:
        """The next of shuffled `names`, so that all of them appear before one comes again."""
        if not self._decks.get(deck):
            self._decks[deck] = [str(name) for name in self.rng.permutation(names)]
        return self._decks[deck].pop()

    def _late(self, second: float) -> float:
        return second + float(self.rng.uniform(-0.8, 0.8))


def _hand_over(way: Trip, stops: Sequence[Stop], index: int) -> float:
    """The middle of the wait at stop number `index`."""
    waits = sum(1 for stop in stops[1:index] if len(stop) == 3 and stop[2] > 0)
    arrival = way.arrival_s(index + waits)
    wait = stops[index]
    return arrival + (wait[2] / 2 if len(wait) == 3 else 0.0)


def _waiting(stops: Sequence[Stop]) -> int:
    return next(index for index, stop in enumerate(stops) if len(stop) == 3)
