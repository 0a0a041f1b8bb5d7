"""A camera's rules from its configuration."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from agent.analyse.rules.area import Area
from agent.analyse.rules.conduct import Conduct
from agent.analyse.rules.count import Count, over_line, through_zone
from agent.analyse.rules.crowd import Crowd
from agent.analyse.rules.fast import Fast
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.line import Crossings, LineCrossed
from agent.analyse.rules.loitering import Loitering
from agent.analyse.rules.motion import Motion
from agent.analyse.rules.occupancy import Occupancy
from agent.analyse.rules.plugin import foreign
from agent.analyse.rules.port import Rule
from agent.analyse.rules.stopped import Stopped
from agent.analyse.rules.tamper.tamper import Tamper
from agent.analyse.rules.who import Who, unit_of, who_of
from agent.analyse.rules.wrong_way import WrongWay
from agent.analyse.rules.zone import Visits, ZoneEntered, ZoneLeft
from agent.config import rules as tables
from agent.config.gateway import Camera

IsOpen = Callable[[int], bool]
Kind = Literal["speeding", "running"]
MOVES_CLEAR_S, STANDS_CLEAR_S = 1.0, 2.0


class Builder:
    """Rules about one place and the same things share what they know of it."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._areas: dict[str | None, Area] = {None: Area(None)}
        self._areas |= {zone.name: Area(zone.polygon) for zone in camera.zone}
        self._lines = {line.name: line.points for line in camera.line}
        self._visits: dict[tuple[str, Who], Visits] = {}
        self._crossings: dict[tuple[str, Who], Crossings] = {}

    def rule(self, wanted: tables.Rule, is_open: IsOpen) -> Rule:  # noqa: C901, PLR0911, PLR0912 - a table in prose
        """The rule of one table; `is_open` says whether its hours have come."""
        match wanted:
            case tables.ZoneEntered(zone=zone):
                return ZoneEntered(zone, self._visits_to(zone, wanted))
            case tables.ZoneLeft(zone=zone):
                return ZoneLeft(zone, self._visits_to(zone, wanted))
            case tables.Loitering(zone=zone):
                return Loitering(zone, self._visits_to(zone, wanted), wanted.after_s)
            case tables.Occupancy(zone=zone):
                latch = Latch(wanted.after_s, wanted.clear_s)
                return Occupancy(zone, self._visits_to(zone, wanted), wanted.over, latch)
            case tables.LineCrossed(line=line):
                return LineCrossed(line, self._crossings_of(line, wanted), wanted.direction)
            case tables.Count():
                return self._count(wanted, is_open)
            case tables.VehicleStopped():
                return self._conduct(wanted, wanted.zone, Stopped, wanted.after_s, STANDS_CLEAR_S)
            case tables.WrongWay():
                made = partial(WrongWay, wanted.arrow, wanted.tolerance)
                return self._conduct(wanted, wanted.zone, made, wanted.after_s, MOVES_CLEAR_S)
            case tables.Speeding() | tables.Running():
                fast = partial(Fast, wanted.over, unit_of(wanted, self._camera))
                return self._conduct(wanted, wanted.zone, fast, wanted.after_s, MOVES_CLEAR_S)
            case tables.Crowd(zone=zone):
                latch = Latch(wanted.after_s, wanted.clear_s)
                return Crowd(zone, self._areas[zone], who_of(wanted, self._camera), wanted.over, wanted.radius, latch)
            case tables.Tamper():
                hidden = [mask.polygon for mask in self._camera.mask]
                return Tamper(wanted.signs, wanted.after_s, wanted.frozen_s, hidden)
            case tables.Motion(zone=zone):
                return Motion(zone, self._areas[zone], wanted.min_area, Latch(wanted.after_s, wanted.clear_s))
            case tables.Plugin():
                return foreign(wanted, self._camera)

    def _visits_to(self, zone: str, wanted: tables.About) -> Visits:
        key = zone, who_of(wanted, self._camera)
        if key not in self._visits:
            self._visits[key] = Visits(self._areas[zone], key[1])
        return self._visits[key]

    def _crossings_of(self, line: str, wanted: tables.About) -> Crossings:
        key = line, who_of(wanted, self._camera)
        if key not in self._crossings:
            self._crossings[key] = Crossings(self._lines[line], key[1])
        return self._crossings[key]

    def _count(self, wanted: tables.Count, is_open: IsOpen) -> Count:
        if wanted.line is not None:
            passed = over_line(self._crossings_of(wanted.line, wanted))
            return Count({"line": wanted.line}, passed, wanted.every_s, is_open)
        zone = wanted.zone or ""
        return Count({"zone": zone}, through_zone(self._visits_to(zone, wanted)), wanted.every_s, is_open)

    def _conduct(
        self, wanted: tables.About, zone: str | None, make: Callable[[], Stopped | WrongWay | Fast], after_s: float,
        clear_s: float,
    ) -> Conduct:  # fmt: skip
        return Conduct(wanted.kind, zone, self._areas[zone], who_of(wanted, self._camera), make, after_s, clear_s)
