"""Whom a track continues: when the tracker loses somebody and finds them again a moment later, rules see one."""

from __future__ import annotations

import math
from dataclasses import replace

from agent.analyse.observe import Observation, Seen
from agent.core.clock import NS
from agent.core.geometry import Point

PATIENCE_S = 2.5
"""So long after it was last seen a track may be continued; its end is told to the rules only then."""
MISSED_S = 0.3
"""One that still lives may be, too, when it was not found for so long: the tracker took it for somebody else."""
REACH = 0.5
"""Of its height: as far from where it was expected, and as much more for each second, it may be found again."""
EDGE = 0.02
"""Who was last seen so near the picture's edge has left."""
LIKE = 0.6
"""The smaller of the two heights must be so much of the larger."""


class Lineage:
    """Gives every track the name of the first one that it continues."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._heirs: dict[str, str] = {}
        self._gone: list[Seen] = []
        self._born: dict[str, Point] = {}
        """Where those stood who turned out to be somebody of their own: what they did before was another's doing."""

    def step(self, observation: Observation, *, last: bool = False) -> Observation:
        """The same observation with lasting names, ends told when nobody came after; `last`: at once."""
        for sleeper, newborn in observation.woken:
            self._wake(sleeper, newborn, observation)
        for seen in observation.seen:
            if seen.now and seen.track in self._heirs:
                self._return(seen.track, observation)
        for seen in observation.seen:
            if seen.confirmed and seen.track not in self._names:
                self._meet(seen, observation)
        living = tuple(self._named(seen) for seen in observation.seen if seen.track not in self._heirs)
        self._gone += [self._named(seen) for seen in observation.ended if seen.track not in self._heirs]
        for seen in observation.ended:
            self._names.pop(seen.track, None)
            self._born.pop(seen.track, None)
            heir = self._heirs.pop(seen.track, None)
            if heir is not None:
                self._pass_on(seen.track, heir)
        over = tuple(seen for seen in self._gone if last or not _may_return(seen, observation.wall_ns))
        self._gone = [] if last else [seen for seen in self._gone if seen not in over]
        return replace(observation, seen=living, ended=over)

    def _meet(self, seen: Seen, observation: Observation) -> None:
        """A name for one that is new: its own, or that of the nearest who is missed there."""
        missed = [one for one in observation.seen if self._is_missed(one, seen)]
        near = [(_miss(one, seen, observation.aspect), number) for number, one in enumerate((*self._gone, *missed))]
        share, number = min(near, default=(math.inf, 0))
        if share > 1:
            self._names[seen.track] = seen.track
        elif number < len(self._gone):
            before = self._gone.pop(number)
            self._names[seen.track] = before.track
            self._pass_on(before.ids[-1], seen.track)
        else:
            before = missed[number - len(self._gone)]
            self._names[seen.track] = self._names[before.track]
            self._heirs[before.track] = seen.track

    def _is_missed(self, one: Seen, by: Seen) -> bool:
        known = one.track in self._names and one.track not in self._heirs
        return known and not one.now and MISSED_S * NS < by.seen_ns - one.seen_ns <= PATIENCE_S * NS

    def _return(self, track: str, observation: Observation) -> None:
        """Who was thought to go on as somebody else is there again: that one, and whoever continued it, is another."""
        name = last = self._heirs.pop(track)
        line = [name]
        while last in self._heirs:
            last = self._heirs[last]
            line.append(last)
        self._names |= {heir: name for heir in line if heir in self._names}
        self._born |= {seen.track: seen.foot for seen in observation.seen if seen.track in line}
        self._gone = [one._replace(track=name) if one.ids[-1] == last else one for one in self._gone]

    def _wake(self, sleeper: str, newborn: str, observation: Observation) -> None:
        """One who was away for long is back and goes on as rules have known him since, so that nothing is told twice.

        What they knew of him before ends, unless somebody else goes on with it.
        """
        name = self._names.pop(newborn, None)
        if name in {None, self._names.get(sleeper)} or newborn in self._heirs:
            return
        if self._heirs.pop(sleeper, None) is None:
            before = (self._named(seen) for seen in observation.seen if seen.track == sleeper)
            self._gone += [seen._replace(confirmed=False) for seen in before]
        self._names[sleeper], self._heirs[newborn] = name, sleeper

    def _pass_on(self, heir: str, to: str) -> None:
        """Whoever was thought to go on as `heir` goes on as `to` from now on."""
        self._heirs = {track: to if one == heir else one for track, one in self._heirs.items()}

    def _named(self, seen: Seen) -> Seen:
        name = self._names.get(seen.track, seen.track)
        if seen.track in self._born:
            seen = seen._replace(birth_foot=self._born[seen.track])
        return seen if name == seen.track else seen._replace(track=name, known_as=seen.track)


def _may_return(last: Seen, wall_ns: int) -> bool:
    if not last.confirmed or wall_ns - last.seen_ns > PATIENCE_S * NS:
        return False
    box = last.box
    return box.x1 > EDGE and box.y1 > EDGE and box.x2 < 1 - EDGE and box.y2 < 1 - EDGE


def _miss(last: Seen, seen: Seen, aspect: float) -> float:
    """How far a new track is from where the old one was expected, against how far it may be."""
    small, large = sorted((last.box.height, seen.box.height))
    if last.label != seen.label or small < LIKE * large or large <= 0:
        return math.inf
    elapsed_s = max(0.0, (seen.seen_ns - last.seen_ns) / NS)
    (x, y), (to_x, to_y) = last.box.foot, seen.box.foot
    pace = (last.travel.heights_s or 0.0) * last.box.height * elapsed_s
    turn = math.radians(last.travel.angle or 0.0)
    dx = (to_x - x) * aspect - math.sin(turn) * pace
    dy = to_y - y + math.cos(turn) * pace
    return math.hypot(dx, dy) / (REACH * large * (1 + elapsed_s))
