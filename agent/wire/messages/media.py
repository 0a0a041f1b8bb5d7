"""Media: announced by a manifest, asked for piece by piece, and said to be gone where they will not come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.wire.messages.base import CHUNK_BYTES, Id, MediaKindName, Message, Sha256, Text, Time

ClipQuality = Literal["full", "proxy"]
"""A clip as it was recorded, or made smaller at the gateway: a few hundred kbit/s, without sound."""

MOST_PIECES = 50_000


class MediaManifest(Message):
    """Announces a medium: whole and per-piece SHA-256, pieces of `chunk_bytes`, the last one shorter.

    Where the hashes do not fit into one packet of the broker, several messages have them, each from piece `first` on.
    One without any asks what is missing of a medium that was announced before. `quality` is of clips.
    A picture with a `track` shows that thing alone, one with an `event` and no track all that the camera saw.
    """

    v: Literal[1] = 1
    id: Id
    camera: Id
    kind: MediaKindName
    type: Text
    bytes: Annotated[int, Field(ge=1, le=4 << 30)]
    chunk_bytes: Annotated[int, Field(ge=1024, le=CHUNK_BYTES)]
    sha256: Sha256
    chunks: Annotated[list[Sha256], Field(max_length=MOST_PIECES)]
    first: Annotated[int, Field(ge=0, lt=MOST_PIECES)] = 0
    start: Time
    end: Time
    codecs: Text = ""
    event: Id | None = None
    track: Id | None = None
    quality: ClipQuality | None = None

    @property
    def pieces(self) -> int:
        """How many there are in all."""
        return -(-self.bytes // self.chunk_bytes)


class MediaGone(Message):
    """A medium that was named or asked for will not come: the gateway gave it up. Sent until it is acknowledged."""

    v: Literal[1] = 1
    id: Id
    camera: Id
    kind: MediaKindName
    reason: Text
    start: Time
    end: Time
    event: Id | None = None
    track: Id | None = None
    quality: ClipQuality | None = None


class MediaAck(Message):
    """What the centre makes of a medium.

    It wants these pieces (first, last), does not know it (its whole manifest is wanted), has all and the hash fits,
    refuses it, or nobody wants it any more.
    """

    v: Literal[1] = 1
    id: Id
    state: Literal["want", "unknown", "done", "refused", "cancelled"]
    missing: Annotated[list[tuple[int, int]], Field(max_length=10_000)] = []
    reason: Text = ""
    now: Time
