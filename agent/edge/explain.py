"""What `config check` has understood, in words: rules with their places and hours, and how good the ground is."""

from __future__ import annotations

from collections.abc import Iterator

from agent.analyse.ground.plane import Plane
from agent.analyse.ground.points import from_points, worst_miss
from agent.analyse.rules.plugin import make
from agent.config.gateway import Camera, GatewayConfig
from agent.config.ground import Ground, plan_of
from agent.config.hours import DAYS, Hours
from agent.config.rules import About, Base, Plugin
from agent.core.errors import ConfigError

ASPECT = 16 / 9
WORST_MISS = 0.05
"""Points that miss by more than this share of the ground they span were not measured well."""


def explain(config: GatewayConfig) -> list[str]:
    """Lines for people.

    Raises:
        ConfigError: a rule of a package cannot be made; every one.
    """
    problems: list[str] = []
    lines = [line for camera in config.camera for line in _camera(camera, problems)]
    if problems:
        raise ConfigError(*problems)
    return lines


def _camera(camera: Camera, problems: list[str]) -> Iterator[str]:
    yield f"camera {camera.id}: {_many(len(camera.zone), 'zone')}, {_many(len(camera.line), 'line')}"
    for number, rule in enumerate(camera.rule, 1):
        yield f"  rule {number}: {_rule(rule)}"
        if isinstance(rule, Plugin):
            try:
                make(rule, camera)
            except ConfigError as error:
                problems.append(f"camera {camera.id}: {error}")
    if camera.ground is not None:
        yield f"  ground: {_ground(camera, camera.ground)}"


def _rule(rule: Base) -> str:
    parts = [
        f"{rule.name} ({rule.kind} {rule.place})".replace(" )", ")") if rule.name else rule.title,
        (", ".join(rule.labels) or "everything") if isinstance(rule, About) else "", rule.severity,
        f"at most every {rule.cooldown_s:g} s" if rule.cooldown_s else "",
        " or ".join(_hours(hours) for hours in rule.when) or "always",
    ]  # fmt: skip
    return "; ".join(part for part in parts if part)


def _hours(hours: Hours) -> str:
    clock = "all day" if hours.since == hours.until else f"{hours.since} to {hours.until}"
    days = " ".join(day for day in DAYS if day in hours.days)
    dates = f"on {', '.join(hours.dates)}" if hours.dates else ""
    without = f"not on {', '.join(hours.except_dates)}" if hours.except_dates else ""
    return " ".join(part for part in (days, clock, dates, without) if part)


def _ground(camera: Camera, ground: Ground) -> str:
    if not ground.points:
        return f"from the people who pass, by a lens of {ground.hfov:g} degrees; the map needs [camera.place]"
    plane, plan = from_points(ground, camera.place, ASPECT), plan_of(ground)
    miss, span = worst_miss(plane, plan, ground.points), _span(plan)
    doubt = "; that is much: measure again" if miss > WORST_MISS * span else ""
    return f"from {len(plan)} points over {span:.1f} m, the worst off by {miss:.2f} m{doubt}; {_knows(plane)}"


def _knows(plane: Plane) -> str:
    known = [
        "speed in m/s", "bearing" if plane.north is not None else "", "position" if plane.anchor is not None else "",
    ]  # fmt: skip
    missing = "" if plane.north is not None else ", no bearing: give the bearing of the way from point 1 to point 2"
    return ", ".join(part for part in known if part) + missing


def _span(plan: tuple[tuple[float, float], ...]) -> float:
    xs, ys = zip(*plan, strict=True)
    return float(max(max(xs) - min(xs), max(ys) - min(ys)))


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
