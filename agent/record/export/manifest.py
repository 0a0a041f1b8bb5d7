"""What an export states: the document `manifest.json`, signed like everything the gateway states."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from agent.config.base import Id
from agent.core.clock import rfc3339
from agent.record.segment import Head, Tail
from agent.record.statement import Ns, Sha256, Statement
from agent.record.tombstone_file import Tombstone

NAME = "manifest.json"

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Offset = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Span(_Part):
    """A stretch of wall time, for machines and for people."""

    start_ns: Ns
    end_ns: Ns

    @computed_field  # type: ignore[prop-decorator]
    @property
    def start(self) -> str:
        """RFC 3339."""
        return rfc3339(self.start_ns)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def end(self) -> str:
        """RFC 3339."""
        return rfc3339(self.end_ns)


class FileEntry(_Part):
    """A file of the export."""

    name: str
    bytes: int
    sha256: Sha256


class ReencodedPart(Span):
    """Pictures of a clip that are made from the camera's, not copied."""

    pictures: int


class Clocks(_Part):
    """How the times of a clip came about: `offset_ns` is the camera's clock minus the gateway's, least and most."""

    sources: tuple[str, ...]
    offset_ns: tuple[Offset, Offset] | None
    synced: bool | None


class ClipEntry(FileEntry, Span):
    """A clip: what it shows, where decoding began (`keyframe_ns`), and the segments it was cut from."""

    codecs: str
    keyframe_ns: Ns
    reencoded: tuple[ReencodedPart, ...]
    clocks: Clocks
    segments: tuple[Id, ...]


class Gap(Span):
    """Nothing is shown of a part of the span asked for. `why` is a word for programs, `text` a sentence for people."""

    why: str
    text: str


class Original(FileEntry):
    """A segment's file as it was stored, up to where it was whole."""

    encrypted: bool


class SegmentEntry(_Part):
    """A segment's notes. `tail` is missing while it was still being written.

    `used` is False when it stands here only because the chain leads over it; `shift_ns` is a correction of the
    gateway's clock that was found later.
    """

    head: Head
    tail: Tail | None
    shift_ns: Offset
    used: bool
    original: Original | None


class CameraEntry(_Part):
    """All that is exported of one camera."""

    camera: Id
    clips: tuple[ClipEntry, ...]
    gaps: tuple[Gap, ...]
    segments: tuple[SegmentEntry, ...]
    tombstones: tuple[Tombstone, ...]


class Manifest(Statement, Span):
    """The whole. `keys` are the public keys, 32 bytes each in hex, by their ids; `synced` is of the gateway's clock."""

    format: Literal["lamppost-export"] = "lamppost-export"
    version: Literal[1] = 1
    product: str = "lamppost"
    software: str
    site: Id
    gateway: Id
    by: Words
    reason: Words
    made_ns: Ns
    synced: bool | None
    exact: bool
    keys: dict[str, str]
    verifier: FileEntry
    cameras: tuple[CameraEntry, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def made(self) -> str:
        """RFC 3339."""
        return rfc3339(self.made_ns)

    def text(self) -> bytes:
        """The file's content."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False).encode() + b"\n"
