"""Incidents as the API takes them and tells of them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from agent.central.api.examples import incidents, shown
from agent.central.api.models import NO_NUL, Body, CameraName, Moment
from agent.central.store.incidents import Severity, State

Kind = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$", examples=["shot"])]
Text = Annotated[str, Field(max_length=400, pattern=NO_NUL, examples=["Two shots"])]
Note = Annotated[str, Field(max_length=400, pattern=NO_NUL, examples=["Fireworks."])]
Source = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$", examples=["gunshot sensor 4"])]
External = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$", examples=["2026-118"])]
Latitude = Annotated[float, Field(ge=-90, le=90, examples=[41.7637])]
Longitude = Annotated[float, Field(ge=-180, le=180, examples=[-72.6851])]


class Placed(Body):
    """`latitude` and `longitude`, or a `camera` (`site/gateway/camera`) whose place is taken."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    camera: Annotated[CameraName | None, Field(examples=["hartford/pole-17/main-and-park"])] = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        if self.latitude is not None and self.camera is not None:
            raise ValueError("give latitude and longitude, or a camera, not both")
        return self

    @property
    def says_where(self) -> bool:
        """Is there a place?"""
        return self.latitude is not None or self.camera is not None


class IncidentBody(Placed):
    """What happened. `time` of null is now; `source` of null is the name of who tells.

    `external` is what the source calls it: told again under the same name, it is the same incident.
    """

    model_config = shown(incidents.INCIDENT_IN)

    kind: Kind
    text: Text = ""
    time: Moment | None = None
    source: Source | None = None
    severity: Severity = "info"
    external: External | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not self.says_where:
            raise ValueError("say where: latitude and longitude, or a camera")
        return self


class IncidentChange(Placed):
    """What shall be otherwise; what is not named stays. `note`: what was found, for whoever looks back."""

    model_config = shown(incidents.INCIDENT_CHANGE)

    kind: Kind | None = None
    text: Text | None = None
    severity: Severity | None = None
    state: State | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("name what shall be otherwise")
        return self


class Incident(BaseModel):
    """Something that happened at a place and time, whoever says so."""

    model_config = shown(incidents.INCIDENT)

    id: str
    kind: str
    text: str
    latitude: float
    longitude: float
    time: str
    source: str
    external: str | None
    severity: Severity
    state: State
    made_by: str
    made_at: str
    closed_by: str | None
    closed_at: str | None
    note: str


class CameraThere(BaseModel):
    """A camera around an incident; `covers`: the place lies in its field of view, within 100 m."""

    site: str
    gateway: str
    camera: str
    name: str
    distance_m: float
    covers: bool


class IncidentThere(Incident):
    """With up to twelve cameras within 1 km: those that see the place first, then the nearest."""

    model_config = shown(incidents.INCIDENT_THERE)

    cameras: list[CameraThere]


class IncidentPage(BaseModel):
    """Incidents, the newest first; `next` is the cursor of the page after this, also where this one is short."""

    model_config = shown(incidents.INCIDENTS)

    items: list[Incident]
    next: str | None
