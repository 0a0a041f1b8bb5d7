"""Media: announced by a manifest, asked for piece by piece."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.config.base import Id
from agent.wire.messages.base import CHUNK_BYTES, MediaKindName, Message, Sha256, Text, Time


class MediaManifest(Message):
    """Announces a medium: whole and per-piece SHA-256, pieces of `chunk_bytes`, the last one shorter."""

    v: Literal[1] = 1
    id: Id
    camera: Id
    kind: MediaKindName
    type: Text
    bytes: Annotated[int, Field(ge=1, le=4 << 30)]
    chunk_bytes: Annotated[int, Field(ge=1024, le=CHUNK_BYTES)]
    sha256: Sha256
    chunks: Annotated[list[Sha256], Field(min_length=1, max_length=50_000)]
    start: Time
    end: Time
    codecs: Text = ""
    event: Id | None = None
    track: Id | None = None


class MediaAck(Message):
    """What the centre makes of a medium: wants these pieces (first, last), has all and the hash fits, or refuses."""

    v: Literal[1] = 1
    id: Id
    state: Literal["want", "done", "refused"]
    missing: Annotated[list[tuple[int, int]], Field(max_length=10_000)] = []
    reason: Text = ""
    now: Time
