"""What searches answer, typed: events, tracks, and how many there are of each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from agent.central.api.examples import finds, shown
from agent.central.api.media_models import ClipOut, MediaOut
from agent.wire import messages as wire


class ByOut(BaseModel):
    """Who did it, and when."""

    by: str
    time: str


class NoteOut(ByOut):
    """What somebody wrote."""

    text: str


class ReviewOut(BaseModel):
    """What people have made of an event; `version` counts changes, but for notes, which are only ever added."""

    version: int
    acknowledged: ByOut | None
    assigned: str | None
    severity: Literal["info", "alarm"] | None
    notes: list[NoteOut]


class EventOut(wire.Event):
    """An event with where it comes from and what became of its media; `clips` has the best first, which is `clip`.

    `severity` is what it counts for now: what people made it (`review`), else what its gateway said.
    """

    model_config = shown(finds.EVENT)

    site: str
    gateway: str
    camera_name: str
    media: list[MediaOut]  # type: ignore[assignment] # the same refs, with more to each
    picture: str | None
    clip: ClipOut | None
    clips: list[ClipOut]
    review: ReviewOut
    received: str


class Neighbours(BaseModel):
    """The events before and after one, among those that the filters find; null at an end.

    `complete` is false when the time was up before that was known.
    """

    model_config = shown(finds.NEIGHBOURS)

    older: str | None
    newer: str | None
    complete: bool


class CountOut(BaseModel):
    """How many there are of a value."""

    value: str
    count: int


class CameraCount(BaseModel):
    """How many there are of a camera."""

    site: str
    gateway: str
    camera: str
    count: int


class HourCount(BaseModel):
    """How many began in the hour from `start` on."""

    start: str
    count: int


class MinuteCount(BaseModel):
    """How many began in the minute from `start` on."""

    start: str
    count: int


class FacetsOut(BaseModel):
    """How many there are of each, the most first; `exact`: counted, else estimated. Kinds and severities: of events.

    `minutes` is there for tracks that lie in three hours at most and were counted one by one (20,000 in those hours, of
    those cameras, at most); else it is empty.
    """

    exact: bool
    cameras: list[CameraCount]
    labels: list[CountOut]
    kinds: list[CountOut]
    severities: list[CountOut]
    upper: list[CountOut]
    lower: list[CountOut]
    vehicle: list[CountOut]
    hours: list[HourCount]
    minutes: list[MinuteCount]


class Found(BaseModel):
    """`next` is the cursor of the page after this; `complete` is false when the time was up after `reached`."""

    next: str | None
    complete: bool
    reached: str | None
    facets: FacetsOut | None


class Events(Found):
    """A page, by time."""

    model_config = shown(finds.EVENTS)

    items: list[EventOut]


class TrackOut(wire.TrackSummary):
    """A track with where it comes from and what became of its media."""

    model_config = shown(finds.TRACK)

    site: str
    gateway: str
    camera_name: str
    media: list[MediaOut]  # type: ignore[assignment]
    picture: str | None
    received: str
    appearance: None = Field(default=None, exclude=True)  # stays at the centre
    likeness: float | None = None


class EventTracks(BaseModel):
    """Who took part in an event, as far as it is known, in the event's order."""

    model_config = shown(finds.EVENT_TRACKS)

    items: list[TrackOut]


class Tracks(Found):
    """A page, in the order that was asked for.

    `alike` says by what tracks were compared that should look like one (`like`): `appearance`, or `colours` where its
    gateway sent no vector; `likeness` of an item is 0..1.
    """

    model_config = shown(finds.TRACKS)

    alike: Literal["appearance", "colours"] | None = None
    items: list[TrackOut]
