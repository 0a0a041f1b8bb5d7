"""Media and clips as the API tells of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from agent.central.api.examples import finds, shown
from agent.central.api.models import NO_NUL, Body, Moment
from agent.config.base import Id
from agent.wire import messages as wire


class _OfCamera(Body):
    """Of which camera footage is wanted."""

    site: Annotated[Id, Field(examples=["hartford"])]
    gateway: Annotated[Id, Field(examples=["pole-17"])]
    camera: Annotated[Id, Field(examples=["main-and-park"])]


class _Span(_OfCamera):
    """From when up to when, too."""

    start: Moment
    end: Moment


class ClipIn(_Span):
    """Which footage to fetch; `exact`: a clip of just this time, none of a longer one that has it."""

    model_config = shown(finds.CLIP_IN)

    quality: Literal["auto", "proxy", "full"] = "auto"
    exact: bool = False


class FootageExportIn(_Span):
    """Which footage to take out as evidence, and why; without `reason` the one given for the session."""

    model_config = shown(finds.EXPORT_IN)

    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL, examples=["incident 4711"])] = ""


class PreviewsIn(_OfCamera):
    """Small pictures of which camera around which moment, and how far apart, seconds."""

    model_config = shown(finds.SHEET_IN)

    at: Moment
    step_s: Annotated[Literal[2, 5, 10, 30, 60, 300, 600, 1800, 3600], Field(examples=[60])]


class MediaOut(wire.MediaRef):
    """A medium of an event or a track; `edge`: it rests at the gateway; `gone`: it will never come, for that reason.

    `held`: it is here, and may not leave (see `/holds`).
    """

    state: Literal["sent", "edge", "gone"]
    held: bool
    reason: str
    url: str | None


class ClipProgress(BaseModel):
    """Pieces received of how many (0: not known yet), and bytes."""

    received: int
    of: int
    bytes: int


class ClipOut(BaseModel):
    """A clip; `url` when it is ready, `error` when it failed. A `proxy` is the same in a few hundred kbit/s.

    `start` and `end` are what it was asked for first, `actual_start` and `actual_end` what its medium has.

    `previews` are no clip, but a sheet of small pictures of that span, a JPEG that says which they are. An `export` is
    a ZIP file with the clip as it was recorded, its signed manifest and the program that checks both. `held`: it is
    here, and may not leave (see `/holds`).
    """

    model_config = shown(finds.CLIP)

    id: str
    site: str
    gateway: str
    camera: str
    event: str | None
    start: str
    end: str
    quality: Literal["full", "proxy", "previews", "export"]
    state: Literal["requested", "sending", "ready", "failed", "cancelled"]
    error: str
    progress: ClipProgress
    media: str | None
    url: str | None
    actual_start: str | None
    actual_end: str | None
    codecs: str
    bytes: int | None
    held: bool
    created: str
