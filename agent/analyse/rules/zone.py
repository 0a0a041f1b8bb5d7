"""Somebody enters a zone, somebody leaves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.place import MARGIN, clearly_outside, meetings, point_at
from agent.analyse.rules.port import Happening, concerns, instant
from agent.config.gateway import Zone
from agent.core.clock import NS
from agent.core.geometry import Point, inside

ENTER_S = 0.4
ENTER_SIGHTS = 2
LEAVE_S = 1.5
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


class Visits:
    """Who is in one zone: the hysteresis that all rules about zones share.

    A visit begins when the foot was inside in two pictures at least 0.4 s apart, or when it has passed through: in
    at one place and out at another, between two pictures even. It is over when the foot was clearly outside for
    1.5 s, or when the track ended.
    """

    def __init__(self, zone: Zone, labels: tuple[str, ...]) -> None:
        self._polygon, self._labels = zone.polygon, labels
        self._visits: dict[str, Visit] = {}
        self._before: dict[str, Seen] = {}

    def step(self, observation: Observation) -> tuple[list[Visit], list[tuple[Visit, int, bool]]]:
        """Visits that began now; visits that are over, with the time they ended and whether they walked out."""
        begun = [visit for seen in observation.seen if (visit := self._look(seen, observation.wall_ns))]
        over = [self._over(track) for track in self._walked_out(observation.wall_ns)]
        over += [self._over(seen.track) for seen in observation.ended if seen.track in self._visits]
        for seen in observation.ended:
            self._before.pop(seen.track, None)
        return begun, [item for item in over if item[0].entered]

    def _look(self, seen: Seen, wall_ns: int) -> Visit | None:
        if not (seen.confirmed and seen.now):
            return None
        visit, foot = self._visits.get(seen.track), seen.foot
        before, self._before[seen.track] = self._before.get(seen.track), seen
        if inside(foot, self._polygon):
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
            if concerns(self._labels, seen):
                self._visits[seen.track] = Visit(wall_ns, wall_ns, self._gate(before, seen), 1, seen)
            return None
        visit.last, visit.out_ns = seen, None
        visit.sights += 1
        if visit.sights == 1:
            visit.steady_ns = wall_ns
        if visit.entered or visit.sights < ENTER_SIGHTS or wall_ns - visit.steady_ns < ENTER_S * NS:
            return None
        if not concerns(self._labels, seen):  # by now it votes to be something else
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
        if _strode(visit.gate, way_out, seen) and concerns(self._labels, seen):
            visit.entered, visit.out_ns = True, wall_ns
            return visit
        del self._visits[seen.track]
        return None

    def _passed(self, before: Seen | None, seen: Seen, wall_ns: int) -> Visit | None:
        """Outside in two pictures, and right across between them."""
        if before is None or wall_ns - before.seen_ns > LONGEST_STEP_S * NS or not concerns(self._labels, seen):
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

    def _over(self, track: str) -> tuple[Visit, int, bool]:
        visit = self._visits.pop(track)
        if visit.out_ns is not None:
            return visit, visit.out_ns, True
        return visit, visit.last.seen_ns, False


def _strode(start: Point, end: Point, seen: Seen) -> bool:
    stride = STRIDE * min(seen.box.width, seen.box.height)
    return math.dist(start, end) >= max(2 * MARGIN, stride)


class ZoneEntered:
    """An event as long as the visit."""

    def __init__(self, zone: Zone, labels: tuple[str, ...], severity: Literal["info", "alarm"]) -> None:
        self.name, self.severity = f"zone_entered {zone.name}", severity
        self._zone, self._visits = zone.name, Visits(zone, labels)

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        begun, over = self._visits.step(observation)
        starts = [self._say("start", visit, None) for visit in begun]
        return starts + [self._say("end", visit, end_ns) for visit, end_ns, _ in over]

    def _say(self, phase: Literal["start", "end"], visit: Visit, end_ns: int | None) -> Happening:
        return Happening(visit.last.track, phase, "zone_entered", visit.since_ns, end_ns, visit.last, zone=self._zone)


class ZoneLeft:
    """An event without duration, when somebody who was in has walked out; not when the track ends inside."""

    def __init__(self, zone: Zone, labels: tuple[str, ...], severity: Literal["info", "alarm"]) -> None:
        self.name, self.severity = f"zone_left {zone.name}", severity
        self._zone, self._visits = zone.name, Visits(zone, labels)

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        _, over = self._visits.step(observation)
        return [
            one
            for visit, end_ns, walked in over
            if walked
            for one in instant(visit.last.track, "zone_left", end_ns, visit.last, zone=self._zone)
        ]
