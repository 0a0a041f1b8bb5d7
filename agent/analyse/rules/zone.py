"""Somebody enters a zone, somebody leaves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.area import Area
from agent.analyse.rules.port import Happening, instant
from agent.analyse.rules.who import Who
from agent.core.clock import NS
from agent.core.edges import MARGIN, clearly_outside, meetings, point_at
from agent.core.geometry import Point

ENTER_S = 0.4
ENTER_SIGHTS = 2
LEAVE_S = 1.5
MISSED_NS = 5 * NS
LONGEST_STEP_S = 1.0
"""Between two sights further apart nobody knows the way."""
STRIDE = 0.5
"""Of its own size (the smaller side): who comes out so far from where it went in has passed, not just trembled."""


@dataclass(slots=True)
class Visit:
    """A track and one zone: since when and from where its foot is in, when it was last in, since when it is out.

    `steady_ns` is since when it is in without a step out.
    """

    since_ns: int
    steady_ns: int
    gate: Point
    sights: int
    last: Seen
    entered: bool = False
    out_ns: int | None = None
    blind_ns: int = 0

    @property
    def dwell_ns(self) -> int:
        """For how long it was seen to be there; time in which nobody looked does not count."""
        return max(0, (self.out_ns or self.last.seen_ns) - self.since_ns - self.blind_ns)


@dataclass(frozen=True, slots=True)
class Over:
    """A visit that has ended, when, and whether by walking out."""

    visit: Visit
    end_ns: int
    walked: bool


class Visits:
    """Who is in one zone: the hysteresis that all rules about zones share. One may serve several rules.

    A visit begins when the foot was inside in two pictures at least 0.4 s apart, or when it has passed through: in
    at one place and out at another, between two pictures even. It is over when the foot was clearly outside for
    1.5 s, or when the track ended.
    """

    def __init__(self, area: Area, who: Who) -> None:
        self._area, self._who, self._polygon = area, who, area.polygon or ()
        self._visits: dict[str, Visit] = {}
        self._before: dict[str, Seen] = {}
        self._of: Observation | None = None
        self._said: tuple[list[Visit], list[Over]] = [], []

    def step(self, observation: Observation) -> tuple[list[Visit], list[Over]]:
        """Visits that began now, and visits that are over. The same observation again gives the same answer."""
        if observation is not self._of:
            self._of = observation
            self._said = self._step(observation, observation.wall_ns)
        return self._said

    @property
    def present(self) -> list[Visit]:
        """Who is in now, as far as is known; not those who were not seen for a while, hidden or gone."""
        least_ns = (0 if self._of is None else self._of.wall_ns) - MISSED_NS
        visits = self._visits.values()
        return [one for one in visits if one.entered and one.out_ns is None and one.last.seen_ns >= least_ns]

    def came_in(self, visit: Visit) -> bool:
        """Did it come from outside, or was it there when it was first seen?"""
        return not self._area.has(visit.last.birth_foot)

    def _step(self, observation: Observation, wall_ns: int) -> tuple[list[Visit], list[Over]]:
        if observation.blind_s:
            for visit in self._visits.values():
                visit.blind_ns += round(observation.blind_s * NS)
        begun = [one for seen in observation.seen if (one := self._look(seen, wall_ns))]
        over = [self._over(track) for track in self._walked_out(wall_ns)]
        over += [self._over(seen.track) for seen in observation.ended if seen.track in self._visits]
        for seen in observation.ended:
            self._before.pop(seen.track, None)
        return begun, [item for item in over if item.visit.entered]

    def _counts(self, seen: Seen) -> bool:
        return self._of is None or self._who.passes(seen, self._of)

    def _holds(self, seen: Seen) -> bool:
        return self._area.has(seen.foot) if self._of is None else self._area.holds(seen, self._of)

    def _look(self, seen: Seen, wall_ns: int) -> Visit | None:
        if not (seen.confirmed and seen.now):
            return None
        visit, foot = self._visits.get(seen.track), seen.foot
        before, self._before[seen.track] = self._before.get(seen.track), seen
        if self._holds(seen):
            return self._inside(visit, before, seen, wall_ns)
        if visit is None:
            return self._passed(before, seen, wall_ns)
        if not clearly_outside(foot, self._polygon) and wall_ns - visit.last.seen_ns <= LONGEST_STEP_S * NS:
            visit.sights = 0  # it may be trembling along the edge: only where it comes out will tell
            return None
        if not visit.entered:
            return self._came_out(visit, before, seen, wall_ns)
        if visit.out_ns is None and clearly_outside(foot, self._polygon):
            visit.out_ns = wall_ns
        return None

    def _inside(self, visit: Visit | None, before: Seen | None, seen: Seen, wall_ns: int) -> Visit | None:
        if visit is None:
            if self._counts(seen):
                self._visits[seen.track] = Visit(wall_ns, wall_ns, self._gate(before, seen), 1, seen)
            return None
        visit.last, visit.out_ns = seen, None
        visit.sights += 1
        if visit.sights == 1:
            visit.steady_ns = wall_ns
        if visit.entered or visit.sights < ENTER_SIGHTS or wall_ns - visit.steady_ns < ENTER_S * NS:
            return None
        if not self._counts(seen):  # by now it votes to be something else
            return None
        visit.entered = True
        return visit

    def _gate(self, out: Seen | None, within: Seen) -> Point:
        """Where the way between a sight outside and one inside meets the edge; the inner end when that is unknown."""
        if out is None or abs(within.seen_ns - out.seen_ns) > LONGEST_STEP_S * NS:
            return within.foot
        shares = meetings(within.foot, out.foot, self._polygon)
        return point_at(within.foot, out.foot, shares[0]) if shares else within.foot

    def _came_out(self, visit: Visit, before: Seen | None, seen: Seen, wall_ns: int) -> Visit | None:
        """Out again before it counted: it does when it came out far from where it went in."""
        way_out = self._gate(seen, before) if before is not None else seen.foot
        if _strode(visit.gate, way_out, seen) and self._counts(seen):
            visit.entered, visit.out_ns = True, wall_ns
            return visit
        del self._visits[seen.track]
        return None

    def _passed(self, before: Seen | None, seen: Seen, wall_ns: int) -> Visit | None:
        """Outside in two pictures, and right across between them."""
        if before is None or self._area.is_far_from(before.foot, seen.foot):
            return None
        if wall_ns - before.seen_ns > LONGEST_STEP_S * NS or not self._counts(seen):
            return None
        shares = meetings(before.foot, seen.foot, self._polygon)
        if not shares:
            return None
        way_in, way_out = (point_at(before.foot, seen.foot, share) for share in (shares[0], shares[-1]))
        if not _strode(way_in, way_out, seen):
            return None
        since_ns = before.seen_ns + round(shares[0] * (wall_ns - before.seen_ns))
        visit = self._visits[seen.track] = Visit(since_ns, since_ns, way_in, 0, seen, entered=True, out_ns=wall_ns)
        return visit

    def _walked_out(self, wall_ns: int) -> list[str]:
        return [
            track
            for track, visit in self._visits.items()
            if visit.out_ns is not None and wall_ns - visit.out_ns >= LEAVE_S * NS
        ]

    def _over(self, track: str) -> Over:
        visit = self._visits.pop(track)
        if visit.out_ns is not None:
            return Over(visit, visit.out_ns, walked=True)
        return Over(visit, visit.last.seen_ns, walked=False)


def _strode(start: Point, end: Point, seen: Seen) -> bool:
    stride = STRIDE * min(seen.box.width, seen.box.height)
    return math.dist(start, end) >= max(2 * MARGIN, stride)


class ZoneEntered:
    """An event as long as the visit."""

    def __init__(self, zone: str, visits: Visits) -> None:
        self._zone, self._visits = zone, visits

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        begun, over = self._visits.step(observation)
        starts = [self._say("start", visit, None) for visit in begun]
        return starts + [self._say("end", one.visit, one.end_ns) for one in over]

    def _say(self, phase: Literal["start", "end"], visit: Visit, end_ns: int | None) -> Happening:
        return Happening(
            visit.last.track, phase, "zone_entered", visit.since_ns, end_ns, visit.last, zone=self._zone,
            facts={} if end_ns is None else {"dwell_s": round(visit.dwell_ns / NS, 2)},
        )  # fmt: skip


class ZoneLeft:
    """An event without duration, when somebody who was in has walked out; not when the track ends inside."""

    def __init__(self, zone: str, visits: Visits) -> None:
        self._zone, self._visits = zone, visits

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        _, over = self._visits.step(observation)
        return [
            said
            for one in over
            if one.walked
            for said in instant(one.visit.last.track, "zone_left", one.end_ns, one.visit.last, zone=self._zone)
        ]
