"""Media and clips as the API tells of them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from agent.wire import messages as wire


class MediaOut(wire.MediaRef):
    """A medium of an event or a track; `edge`: it rests at the gateway; `gone`: it will never come, for that reason."""

    state: Literal["sent", "edge", "gone"]
    reason: str
    url: str | None


class ClipProgress(BaseModel):
    """Pieces received of how many (0: not known yet), and bytes."""

    received: int
    of: int
    bytes: int


class ClipOut(BaseModel):
    """A clip; `url` when it is ready, `error` when it failed. A `proxy` is the same in a few hundred kbit/s.

    `previews` are no clip, but a sheet of small pictures of that span, a JPEG that says which they are. An `export` is
    a ZIP file with the clip as it was recorded, its signed manifest and the program that checks both.
    """

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
    created: str
