"""Somebody enters a zone, somebody leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.place import clearly_outside
from agent.analyse.rules.port import Happening, concerns, instant
from agent.config.gateway import Zone
from agent.core.clock import NS
from agent.core.geometry import inside

ENTER_S = 0.4
ENTER_SIGHTS = 2
LEAVE_S = 1.5


@dataclass(slots=True)
class Visit:
    """A track and one zone: since when its foot is in, when it was last in, since when it is out."""

    since_ns: int
    sights: int
    last: Seen
    entered: bool = False
    out_ns: int | None = None


class Visits:
    """Who is in one zone: the hysteresis that all rules about zones share.

    A visit begins when the foot was inside in two pictures at least 0.4 s apart, and is over when it was clearly
    outside for 1.5 s, or when the track ended.
    """

    def __init__(self, zone: Zone, labels: tuple[str, ...]) -> None:
        self._polygon, self._labels = zone.polygon, labels
        self._visits: dict[str, Visit] = {}

    def step(self, observation: Observation) -> tuple[list[Visit], list[tuple[Visit, int, bool]]]:
        """Visits that began now; visits that are over, with the time they ended and whether they walked out."""
        begun = [visit for seen in observation.seen if (visit := self._look(seen, observation.wall_ns))]
        over = [self._over(track) for track in self._walked_out(observation.wall_ns)]
        over += [self._over(seen.track) for seen in observation.ended if seen.track in self._visits]
        return begun, [item for item in over if item[0].entered]

    def _look(self, seen: Seen, wall_ns: int) -> Visit | None:
        if not (seen.confirmed and seen.now):
            return None
        visit, foot = self._visits.get(seen.track), seen.foot
        if inside(foot, self._polygon):
            return self._inside(visit, seen, wall_ns)
        if visit is not None and (not visit.entered or clearly_outside(foot, self._polygon)):
            self._outside(visit, seen, wall_ns)
        return None

    def _inside(self, visit: Visit | None, seen: Seen, wall_ns: int) -> Visit | None:
        if visit is None:
            if concerns(self._labels, seen):
                self._visits[seen.track] = Visit(wall_ns, 1, seen)
            return None
        visit.last, visit.out_ns = seen, None
        visit.sights += 1
        if visit.entered or visit.sights < ENTER_SIGHTS or wall_ns - visit.since_ns < ENTER_S * NS:
            return None
        if not concerns(self._labels, seen):  # by now it votes to be something else
            return None
        visit.entered = True
        return visit

    def _outside(self, visit: Visit, seen: Seen, wall_ns: int) -> None:
        if not visit.entered:
            del self._visits[seen.track]
        elif visit.out_ns is None:
            visit.out_ns = wall_ns

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
