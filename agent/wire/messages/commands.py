"""What the centre asks of a gateway, and the answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.wire.messages.base import Id, Message, Text, Time
from agent.wire.messages.media import ClipQuality


class Command(Message):
    """The centre asks; `signature` (Ed25519, hex) covers all other fields in canonical JSON."""

    v: Literal[1] = 1
    id: Id
    verb: Literal["live", "live_stop", "clip", "previews", "export", "watch", "belongs", "configure", "hold", "release"]
    site: Id
    gateway: Id
    issued: Time
    expires: Time
    args: dict[str, Any]
    signature: str = ""

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})


class LiveArgs(Message):
    """Start or renew a lease: pieces of that stream go to `live/<lease>` until it runs out."""

    camera: Id
    stream: Literal["main", "sub"] = "sub"
    lease: Id
    seconds: Annotated[int, Field(ge=1, le=120)] = 20


class LiveStopArgs(Message):
    """End a lease before its time."""

    lease: Id


class ClipArgs(Message):
    """Cut a clip of the main stream and send it as a medium; the reply names its id."""

    camera: Id
    start: Time
    end: Time
    quality: ClipQuality = "full"
    event: Id | None = None


class PreviewsArgs(Message):
    """Draw a small picture for each of `count` equal parts of a span, and send them as one medium, a sheet.

    The reply names its id. Parts of which nothing was recorded have no picture: the sheet says which it has.
    """

    camera: Id
    start: Time
    end: Time
    count: Annotated[int, Field(ge=1, le=48)] = 24


class ExportArgs(Message):
    """Cut a clip of the main stream as evidence and send it as one medium, a ZIP file with its signed manifest.

    The manifest says who took it out and why; the reply names the medium's id.
    """

    camera: Id
    start: Time
    end: Time
    by: Annotated[Text, Field(min_length=1)]
    reason: Annotated[Text, Field(min_length=1)]


class WatchArgs(Message):
    """Send boxes of a camera for that long."""

    camera: Id
    seconds: Annotated[int, Field(ge=0, le=120)] = 20


class BelongsArgs(Message):
    """What an event of a thing left or taken tells of belongs there: the event ends, its place is background at once.

    `by` is the person who said so.
    """

    camera: Id
    event: Id
    by: Text


class HoldArgs(Message):
    """Delete nothing of these cameras' footage between the two times, recorded or still to come, until it is released.

    `hold` is its id at the centre; to ask twice changes nothing. With `until` the gateway lets go by itself then. `by`
    is the person who wants it. The reply says how many bytes (`bytes`) that are now.
    """

    hold: Id
    cameras: Annotated[list[Id], Field(min_length=1, max_length=64)]
    start: Time
    end: Time
    until: Time | None = None
    by: Annotated[Text, Field(min_length=1)]
    reason: Annotated[Text, Field(min_length=1)]


class ReleaseArgs(Message):
    """Let go of a hold; one that is over, or never came, is no error."""

    hold: Id
    by: Annotated[Text, Field(min_length=1)]
    reason: Annotated[Text, Field(min_length=1)]


class Reply(Message):
    """The answer to a command. `error` is one clear line when `ok` is false."""

    v: Literal[1] = 1
    id: Id
    ok: bool
    error: Text = ""
    result: dict[str, Any] = {}
