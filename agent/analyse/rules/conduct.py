"""Whatever a single thing does for a while: it drives too fast, runs, goes the wrong way, stands."""

from __future__ import annotations

from typing import Protocol

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.area import Area
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.port import Happening, Phase
from agent.analyse.rules.who import Who
from agent.core.clock import NS

UNKNOWN_NS = 2 * NS
"""Of what is found for so long and nobody can tell whether it does it, it does it no longer: events end."""


class Doing(Protocol):
    """One thing and one question about it, with what must be remembered for the answer."""

    def does(self, seen: Seen, observation: Observation, latch: Latch) -> bool | None:
        """Does it do that now? None: nobody can tell."""

    def facts(self) -> dict[str, object]:
        """What to say about it."""


class Maker(Protocol):
    """Makes a `Doing` for a thing that is new."""

    def __call__(self) -> Doing:
        """Nothing remembered yet."""


class _One:
    __slots__ = ("_unknown_ns", "doing", "last", "latch")

    def __init__(self, doing: Doing, latch: Latch, last: Seen) -> None:
        self.doing, self.latch, self.last = doing, latch, last
        self._unknown_ns: int | None = None

    def does(self, observation: Observation) -> bool | None:
        """Does it do that now that it was found?"""
        does = self.doing.does(self.last, observation, self.latch)
        if does is not None:
            self._unknown_ns = None
            return does
        if self._unknown_ns is None:
            self._unknown_ns = observation.wall_ns
        return False if observation.wall_ns - self._unknown_ns > UNKNOWN_NS else None


class Conduct:
    """An event for each thing in `area` that `who` lets pass, as long as it does it."""

    def __init__(
        self, kind: str, zone: str | None, area: Area, who: Who, make: Maker, after_s: float, clear_s: float
    ) -> None:
        self._kind, self._zone, self._area, self._who, self._make = kind, zone, area, who, make
        self._after_s, self._clear_s = after_s, clear_s
        self._all: dict[str, _One] = {}

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        looked = (self._look(seen, observation) for seen in observation.seen if seen.confirmed)
        said = [one for one in looked if one is not None]
        for seen in observation.ended:
            gone = self._all.pop(seen.track, None)
            if gone is not None and gone.latch.on:
                said.append(self._say("end", gone, gone.latch.off_at_ns or gone.last.seen_ns))
        return said

    def _look(self, seen: Seen, observation: Observation) -> Happening | None:
        one = self._all.get(seen.track)
        if one is None:
            if not (seen.now and self._who.passes(seen, observation) and self._area.holds(seen, observation)):
                return None
            one = self._all[seen.track] = _One(self._make(), Latch(self._after_s, self._clear_s), seen)
        does = None
        if seen.now:
            one.last = seen
            # size and kind may flicker: who has begun is followed to the end, whatever it looks like then
            counts = one.latch.on or self._who.passes(seen, observation)
            does = counts and self._area.holds(seen, observation) and one.does(observation)
        turn = one.latch.step(does, observation.wall_ns, blind=observation.blind_s > 0)
        if turn is None:
            return None
        return self._say(turn, one, one.latch.off_at_ns if turn == "end" else None)

    def _say(self, phase: Phase, one: _One, end_ns: int | None) -> Happening:
        return Happening(
            one.last.track, phase, self._kind, one.latch.since_ns, end_ns, one.last, zone=self._zone,
            direction=one.last.travel.direction, facts=one.doing.facts(),
        )  # fmt: skip
