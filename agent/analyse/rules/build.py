"""A camera's rules from its configuration."""

from __future__ import annotations

from agent.analyse.rules.line import LineCrossed
from agent.analyse.rules.port import Rule
from agent.analyse.rules.zone import ZoneEntered, ZoneLeft
from agent.config.gateway import Camera
from agent.config.gateway import Rule as RuleConfig


def rules_of(camera: Camera) -> list[Rule]:
    """One rule per table `[[camera.rule]]`; the configuration has checked that their places exist."""
    return [_rule(camera, wanted) for wanted in camera.rule]


def _rule(camera: Camera, wanted: RuleConfig) -> Rule:
    if wanted.kind == "line_crossed":
        line = next(line for line in camera.line if line.name == wanted.line)
        return LineCrossed(line, wanted.labels, wanted.severity)
    zone = next(zone for zone in camera.zone if zone.name == wanted.zone)
    made = ZoneEntered if wanted.kind == "zone_entered" else ZoneLeft
    return made(zone, wanted.labels, wanted.severity)
