"""The tables `[[camera.rule]]`: one model per kind, so that a key which means nothing to a kind is a mistake."""

from __future__ import annotations

import difflib
from importlib.metadata import entry_points
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from agent.config.base import Id, Point, Section
from agent.config.hours import Hours

ENTRY_POINTS = "lamppost.rules"
"""Where packages of others announce kinds of rules: the entry point's name is the kind."""
PLUGIN = "plugin"
KEEPS_NOTHING = frozenset({"count"})
"""Kinds whose events go on all the time."""

Severity = Literal["info", "alarm"]
Unit = Literal["heights/s", "m/s", "km/h", "mph"]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Above = Annotated[float, Field(gt=0, le=1000)]
Labels = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=32)]


class Base(Section):
    """What all rules have. `when`: only in these hours, none: always."""

    kind: str
    name: Annotated[str, Field(max_length=100)] = ""
    severity: Severity = "info"
    cooldown_s: Seconds = 0
    when: Annotated[tuple[Hours, ...], Field(max_length=32)] = ()

    @property
    def place(self) -> str:
        """The zone or line that it is about, if any."""
        return str(getattr(self, "zone", None) or getattr(self, "line", None) or "")

    @property
    def title(self) -> str:
        """For people."""
        return self.name or f"{self.kind} {self.place}".strip()

    @property
    def metric(self) -> str:
        """The first key whose value can be known only with a calibrated ground; empty when there is none."""
        return ""

    @property
    def keeps_footage(self) -> bool:
        """Are its events reason to keep footage where only that of events is kept?"""
        return self.kind not in KEEPS_NOTHING


class About(Base):
    """A rule about things: which ones count. Sizes are of the box's longer side, shares of the picture's height."""

    labels: Labels = ()
    min_size: Annotated[float, Field(gt=0, le=2)] | None = None
    max_size: Annotated[float, Field(gt=0, le=2)] | None = None
    min_height_m: Above | None = None
    max_height_m: Above | None = None
    min_speed: Annotated[float, Field(ge=0, le=1000)] | None = None
    max_speed: Annotated[float, Field(ge=0, le=1000)] | None = None
    unit: Unit | None = None

    @property
    def metric(self) -> str:
        """See `Base.metric`."""
        if self.unit not in {None, "heights/s"}:
            return "unit"
        return next((key for key in ("min_height_m", "max_height_m") if getattr(self, key) is not None), "")

    @model_validator(mode="after")
    def _limits_leave_something(self) -> Self:
        for low, high in (("min_size", "max_size"), ("min_height_m", "max_height_m"), ("min_speed", "max_speed")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{low} is above {high}: nothing fits")
        return self


class ZoneEntered(About):
    """Somebody goes into the zone; lasts until they are out."""

    kind: Literal["zone_entered"]
    zone: Id


class ZoneLeft(About):
    """Somebody walks out of the zone."""

    kind: Literal["zone_left"]
    zone: Id


class Loitering(About):
    """Somebody is in the zone for longer than `after_s`; lasts until they are out."""

    kind: Literal["loitering"]
    zone: Id
    after_s: Annotated[float, Field(ge=1, le=86_400)] = 60


class Occupancy(About):
    """More than `over` are in the zone; lasts until they are not, and says how many whenever that changes."""

    kind: Literal["occupancy"]
    zone: Id
    over: Annotated[int, Field(ge=0, le=10_000)] = 0
    after_s: Seconds = 2
    clear_s: Seconds = 5


class LineCrossed(About):
    """Somebody crosses the line, in that direction or in both."""

    kind: Literal["line_crossed"]
    line: Id
    direction: Literal["both", "left_to_right", "right_to_left"] = "both"


class Count(About):
    """How many crossed the line in each direction, or went into and out of the zone, in each `every_s`."""

    kind: Literal["count"]
    line: Id | None = None
    zone: Id | None = None
    every_s: Annotated[int, Field(ge=10, le=86_400)] = 900

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.line is None) == (self.zone is None):
            raise ValueError("a rule of kind count needs one of the keys line and zone")
        return self


class VehicleStopped(About):
    """A vehicle stands for longer than `after_s`; lasts until it goes."""

    kind: Literal["vehicle_stopped"]
    zone: Id | None = None
    labels: Labels = ("vehicle",)
    after_s: Annotated[float, Field(ge=1, le=86_400)] = 30


class WrongWay(About):
    """Somebody moves against the `arrow`, within `tolerance` degrees."""

    kind: Literal["wrong_way"]
    zone: Id | None = None
    arrow: tuple[Point, Point]
    tolerance: Annotated[float, Field(gt=0, le=120)] = 60
    after_s: Seconds = 1

    @model_validator(mode="after")
    def _arrow_points(self) -> Self:
        if self.arrow[0] == self.arrow[1]:
            raise ValueError("arrow begins and ends at one point: it says no direction")
        return self


class Speeding(About):
    """Something is faster than `over`."""

    kind: Literal["speeding"]
    zone: Id | None = None
    over: Annotated[float, Field(gt=0, le=1000)]
    after_s: Seconds = 0.4


class Running(About):
    """A person runs: faster than `over`, none: 2.5 m/s, without a calibrated ground 1.5 heights/s."""

    kind: Literal["running"]
    zone: Id | None = None
    labels: Labels = ("person",)
    over: Annotated[float, Field(gt=0, le=1000)] | None = None
    after_s: Seconds = 1


class Crowd(About):
    """Somewhere more than `over` are within `radius` of one of them: metres, or without a ground their own heights."""

    kind: Literal["crowd"]
    zone: Id | None = None
    labels: Labels = ("person",)
    over: Annotated[int, Field(ge=1, le=10_000)] = 8
    radius: Annotated[float, Field(gt=0, le=100)] = 3
    after_s: Seconds = 5
    clear_s: Seconds = 10


Sign = Literal["covered", "moved", "defocused", "dark", "bright", "frozen"]


class Tamper(Base):
    """The camera sees no longer what it saw: one of `signs`, for longer than `after_s`."""

    kind: Literal["tamper"]
    severity: Severity = "alarm"
    signs: Annotated[tuple[Sign, ...], Field(min_length=1)] = get_args(Sign)
    after_s: Annotated[float, Field(ge=2, le=3600)] = 15
    frozen_s: Annotated[float, Field(ge=10, le=86_400)] = 60


class Motion(Base):
    """Something moves, whatever it is: more than `min_area` of the picture."""

    kind: Literal["motion"]
    zone: Id | None = None
    min_area: Annotated[float, Field(gt=0, le=1)] = 0.002
    after_s: Seconds = 0.4
    clear_s: Seconds = 3


def known_plugins() -> tuple[str, ...]:
    """The kinds that installed packages bring; nothing of them is imported."""
    return tuple(sorted({point.name for point in entry_points(group=ENTRY_POINTS)}))


def _known(kind: str) -> str:
    kinds = (*KINDS, *known_plugins())
    if kind in kinds:
        return kind
    near = difflib.get_close_matches(kind, kinds, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(kinds)}"
    raise ValueError(f"no kind of rule is called {kind!r} and no installed package brings it; {hint}")


class Plugin(About):
    """A kind that an installed package brings, and what that wants to know."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$"), AfterValidator(_known)]
    zone: Id | None = None
    line: Id | None = None
    options: Annotated[dict[str, Any], Field(default_factory=dict)]


BUILT_IN: tuple[type[Base], ...] = (
    ZoneEntered, ZoneLeft, Loitering, Occupancy, LineCrossed, Count, VehicleStopped, WrongWay, Speeding, Running, Crowd,
    Tamper, Motion,
)  # fmt: skip
KINDS: tuple[str, ...] = tuple(get_args(model.model_fields["kind"].annotation)[0] for model in BUILT_IN)
TAGS = frozenset({*KINDS, PLUGIN})


def _tag(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if isinstance(kind, str) and kind in KINDS else PLUGIN


Rule = Annotated[
    Annotated[ZoneEntered, Tag("zone_entered")]
    | Annotated[ZoneLeft, Tag("zone_left")]
    | Annotated[Loitering, Tag("loitering")]
    | Annotated[Occupancy, Tag("occupancy")]
    | Annotated[LineCrossed, Tag("line_crossed")]
    | Annotated[Count, Tag("count")]
    | Annotated[VehicleStopped, Tag("vehicle_stopped")]
    | Annotated[WrongWay, Tag("wrong_way")]
    | Annotated[Speeding, Tag("speeding")]
    | Annotated[Running, Tag("running")]
    | Annotated[Crowd, Tag("crowd")]
    | Annotated[Tamper, Tag("tamper")]
    | Annotated[Motion, Tag("motion")]
    | Annotated[Plugin, Tag("plugin")],
    Discriminator(_tag),
]
